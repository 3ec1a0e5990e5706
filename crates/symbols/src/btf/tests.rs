//! BTF against what was put into it, against damage, and against the DWARF of a kernel.

mod against_dwarf;
mod builder;
mod damage;

use super::{Btf, Tag};
use builder::{Builder, kflag, member};
use kdive_types::{Kind, Type};

fn members(ty: &Type) -> Vec<String> {
    let Kind::Composite(body) = ty.kind() else { panic!("{ty:?}") };
    let line = |member: &kdive_types::Member| {
        let name = member.name.as_deref().unwrap_or_default();
        let bits = member.bit_size.map(|size| format!(":{size}")).unwrap_or_default();
        format!("{}{bits} {}", member.bit_offset, member.ty.get().declaration(name))
    };
    body.members().iter().map(line).collect()
}

#[test]
fn every_kind_of_type() {
    let mut b = Builder::new();
    let int = b.int("int", 4, 1, 32);
    let long = b.int("long unsigned int", 8, 0, 64);
    let char = b.int("char", 1, 1, 8);
    let bool = b.int("_Bool", 1, 4, 8);
    let float = b.float("double", 8);
    let text = b.refer(2, "", char);
    let constant = b.refer(10, "", char);
    let tagged = b.refer(18, "user", constant);
    let text_const = b.refer(2, "", tagged);
    let row = b.array(int, 3);
    let matrix = b.array(row, 2);
    let open = b.array(char, 0);
    let word = b.refer(8, "word_t", long);
    let seen = b.refer(9, "", word);
    let forward = b.forward("opaque", false);
    let hidden = b.refer(2, "", forward);
    let proto = b.function(int, &[("a", text_const), ("", 0)]);
    let handler = b.refer(2, "", proto);
    let nested = b.composite(5, false, "", 8, &[member("i", int, 0), member("l", long, 0)]);
    let colour = b.enumeration("colour", true, &[("RED", -1), ("GREEN", 7)]);
    let flags = b.enumeration("flags", false, &[("HIGH", u32::MAX as i32)]);
    let wide = b.enumeration64("wide", false, &[("BIG", 1 << 40)]);
    b.composite(
        4,
        true,
        "shape",
        96,
        &[
            member("name", text, 0),
            member("matrix", matrix, 64),
            member("seen", seen, 256),
            member("hidden", hidden, 320),
            member("handler", handler, 384),
            member("", nested, 448),
            kflag("low", int, 512, 3),
            kflag("on", bool, 515, 1),
            member("colour", colour, 544),
            member("flags", flags, 576),
            member("wide", wide, 640),
            member("weight", float, 704),
            member("tail", open, 768),
        ],
    );
    b.enumeration("only_declared", false, &[]);
    b.variable("counter", word, 1);
    let btf = Btf::parse(b.finish(), None).unwrap();
    let shape = btf.ty(Tag::Struct, "shape").unwrap();
    assert_eq!(shape.size(), Some(96));
    assert_eq!(
        members(&shape),
        [
            "0 char *name",
            "64 int matrix[2][3]",
            "256 volatile word_t seen",
            "320 struct opaque *hidden",
            "384 int (*handler)(const char *, ...)",
            "448 union {...}",
            "512:3 int low",
            "515:1 _Bool on",
            "544 enum colour colour",
            "576 enum flags flags",
            "640 enum wide wide",
            "704 double weight",
            "768 char tail[]",
        ]
    );
    assert_eq!(shape.member("l").map(|(offset, _)| offset), Some(448));
    assert_eq!(btf.enumerator("RED").map(|(_, value)| value), Some(-1));
    // With signs in the file, what is not marked as signed is not.
    assert_eq!(btf.enumerator("HIGH").map(|(_, value)| value), Some(i64::from(u32::MAX)));
    assert_eq!(btf.enumerator("BIG").map(|(_, value)| value), Some(1 << 40));
    assert_eq!(btf.ty(Tag::Typedef, "word_t").unwrap().size(), Some(8));
    assert_eq!(btf.ty(Tag::Typedef, "unsigned long").map(|ty| ty.size()), None, "by the compiler's name");
    assert!(btf.ty(Tag::Struct, "opaque").is_none() && btf.ty(Tag::Enum, "only_declared").is_none());
    assert!(btf.ty(Tag::Union, "shape").is_none());
    assert_eq!(btf.variable("counter").map(|found| (found.ty, found.external)), Some((word, true)));
    assert!(shape.same_node(&btf.ty(Tag::Struct, "shape").unwrap()));
}

#[test]
fn bit_fields_and_enumerations_of_old_files() {
    let mut b = Builder::new();
    let narrow = b.int_at("unsigned int", 4, 0, 5, 3);
    let negative = b.enumeration("old", false, &[("MINUS", -2), ("PLUS", 3)]);
    b.composite(4, false, "old", 8, &[member("narrow", narrow, 0), member("e", negative, 32)]);
    let btf = Btf::parse(b.finish(), None).unwrap();
    assert_eq!(members(&btf.ty(Tag::Struct, "old").unwrap()), ["5:3 unsigned int narrow", "32 enum old e"]);
    assert_eq!(btf.enumerator("MINUS").map(|(_, value)| value), Some(-2));
}

#[test]
fn split_btf_goes_on_where_its_base_ends() {
    let mut base = Builder::new();
    let int = base.int("int", 4, 1, 32);
    let list = base.composite(4, false, "list", 4, &[member("next", int, 0)]);
    let mut split = base.split();
    let split_struct =
        split.composite(4, false, "own", 8, &[member("list", list, 0), member("int", int, 32)]);
    split.refer(8, "own_t", split_struct);
    let (base, split) = (base.finish(), split.finish());
    assert!(Btf::parse(split.clone(), None).is_none(), "nothing without its base");
    let base = Btf::parse(base, None).unwrap();
    let btf = Btf::parse(split, Some(base.clone())).unwrap();
    assert!(!btf.is_whole() && base.is_whole());
    let split_struct = btf.ty(Tag::Struct, "own").unwrap();
    assert_eq!(members(&split_struct), ["0 struct list list", "32 int int"]);
    assert!(
        split_struct.member("list").unwrap().1.ty.get().same_node(&base.ty(Tag::Struct, "list").unwrap())
    );
    assert!(btf.ty(Tag::Struct, "list").is_some() && base.ty(Tag::Struct, "own").is_none());
    assert_eq!(btf.ty(Tag::Typedef, "own_t").unwrap().size(), Some(8));
}
