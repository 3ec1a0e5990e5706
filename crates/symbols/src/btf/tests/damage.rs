//! Whatever bytes it is given, every look-up ends, and nothing panics.

use super::builder::{Builder, kflag, member};
use crate::{Btf, Tag};
use kdive_types::{Kind, Type};
use proptest::prelude::*;

fn look(ty: &Type, depth: u32) {
    let _ = (ty.size(), ty.declaration("x"), ty.alignment(), ty.member("nothing"), ty.unaliased());
    let Some(depth) = depth.checked_sub(1) else { return };
    match ty.kind() {
        Kind::Composite(body) => {
            body.members().iter().take(8).for_each(|member| look(&member.ty.get(), depth));
        }
        Kind::Pointer(target) | Kind::Typedef(target) | Kind::Qualified(_, target) => {
            look(&target.get(), depth)
        }
        Kind::Array(array) => look(&array.elem.get(), depth),
        Kind::Function(function) => {
            look(&function.ret.get(), depth);
            function.params.iter().take(4).for_each(|param| look(&param.ty.get(), depth));
        }
        _ => {}
    }
}

fn ask_everything(bytes: Vec<u8>) {
    let base = Btf::parse(good(), None).unwrap();
    for base in [None, Some(base)] {
        let Some(btf) = Btf::parse(bytes.clone(), base) else { continue };
        let mut names = 0;
        btf.for_each_name(|_, name| names += name.len());
        for id in (0..btf.len() as u32 + 2).take(400).chain([u32::MAX]) {
            look(&btf.type_by_id(id), 3);
        }
        for tag in [Tag::Struct, Tag::Union, Tag::Enum, Tag::Typedef] {
            for name in ["a", "b", "outer", "inner", "e", "word_t", ""] {
                btf.all(tag, name).iter().for_each(|ty| look(ty, 3));
            }
        }
        let _ = (btf.enumerator("A"), btf.enumerator(""), btf.variable("v"));
    }
}

fn good() -> Vec<u8> {
    let mut b = Builder::new();
    let int = b.int("int", 4, 1, 32);
    let array = b.array(int, 4);
    let word = b.refer(8, "word_t", array);
    let inner = b.composite(5, false, "inner", 16, &[member("a", word, 0), member("i", int, 0)]);
    let pointer = b.refer(2, "", 7);
    let e = b.enumeration("e", true, &[("A", -1)]);
    b.composite(
        4,
        true,
        "outer",
        32,
        &[member("", inner, 0), member("self", pointer, 128), kflag("f", e, 192, 4)],
    );
    b.function(int, &[("a", pointer), ("", 0)]);
    b.variable("v", word, 0);
    b.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn changed_bytes(changes in prop::collection::vec((0usize..400, any::<u8>()), 1..12)) {
        let mut bytes = good();
        for (at, byte) in changes {
            let len = bytes.len();
            bytes[at % len] = byte;
        }
        ask_everything(bytes);
    }

    #[test]
    fn small_numbers_in_records(changes in prop::collection::vec((6usize..80, 0u32..12), 1..12)) {
        let mut bytes = good();
        for (word, value) in changes {
            if let Some(place) = bytes.get_mut(word * 4..word * 4 + 4) {
                place.copy_from_slice(&value.to_le_bytes());
            }
        }
        ask_everything(bytes);
    }

    #[test]
    fn anything_behind_a_head(rest in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = good()[..24].to_vec();
        bytes.extend(rest);
        ask_everything(bytes);
    }
}

#[test]
fn files_that_end_early() {
    let bytes = good();
    for end in 0..bytes.len() {
        ask_everything(bytes[..end].to_vec());
    }
}

/// A structure that holds itself, at once, through another, or through an array without length, would never end.
#[test]
fn what_contains_itself_is_an_error() {
    let mut b = Builder::new();
    let open = b.array(3, 0);
    b.composite(4, false, "a", 4, &[member("", 2, 0), member("x", 2, 0)]);
    b.composite(4, false, "b", 8, &[member("", 4, 0), member("y", 4, 0)]);
    b.composite(5, false, "", 8, &[member("", 3, 0), member("z", 3, 0)]);
    b.composite(4, false, "d", 4, &[member("more", open, 32), member("ok", 6, 0)]);
    b.int("int", 4, 1, 32);
    let bytes = b.finish();
    ask_everything(bytes.clone());
    let btf = Btf::parse(bytes, None).unwrap();
    for name in ["a", "b"] {
        let ty = btf.ty(Tag::Struct, name).unwrap();
        let Kind::Composite(body) = ty.kind() else { panic!() };
        assert!(
            body.members().iter().all(|member| matches!(member.ty.get().kind(), Kind::Error(_))),
            "{name}"
        );
        assert!(ty.member("nothing").is_none());
    }
    // One that only points on to those is as it says.
    assert!(btf.ty(Tag::Struct, "d").unwrap().member("ok").is_some());
}

/// Chains of names and tags that lead back to their beginning.
#[test]
fn circles_of_references_end() {
    for kind in [2, 8, 9, 10, 11, 12, 18] {
        let mut b = Builder::new();
        b.refer(kind, "round", 2);
        b.refer(kind, "and_round", 1);
        b.array(3, 4);
        b.composite(4, false, "outer", 4, &[member("a", 1, 0), member("b", 3, 0)]);
        // Qualifiers of an array are those of its elements.
        b.refer(10, "", 3);
        ask_everything(b.finish());
    }
}

/// A function that takes pointers to itself and returns one: as a declaration it has no end.
#[test]
fn a_function_of_itself_is_cut_short() {
    let mut b = Builder::new();
    let pointer = b.refer(2, "", 2);
    b.function(pointer, &[("a", pointer), ("b", pointer)]);
    let btf = Btf::parse(b.finish(), None).unwrap();
    let text = btf.type_by_id(2).declaration("f");
    assert!(text.contains("...") && text.len() < 100_000, "{}", text.len());
}
