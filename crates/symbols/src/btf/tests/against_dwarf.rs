//! Every type of a kernel, as its BTF and as its DWARF have it.

use crate::dwarf::{DebugInfo, DieKey, IndexKind};
use crate::{Btf, ObjectFile, OpenOptions, Tag};
use gimli::constants as dw;
use kdive_types::{Composite, Encoding, Enum, Kind, Type};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Deepest nesting of types without a name.
const MAX_DEPTH: usize = 40;

/// What is the same in both: all but alignment, prototypes of functions without parameters, `[0]` against `[]`, and the dimensions
/// of an array, of which there is only the product. Types with a name are compared by it, where they are referred to.
fn describe(ty: &Type, whole: bool, depth: usize, text: &mut String) {
    assert!(depth < MAX_DEPTH, "{text}");
    let name = ty.name().unwrap_or_default();
    match ty.kind() {
        Kind::Void => text.push_str("void"),
        Kind::Base(base) => {
            // Integers of one byte are characters, whatever they are called.
            let encoding = match (base.encoding, ty.size()) {
                (Encoding::Signed, Some(1)) => Encoding::SignedChar,
                (Encoding::Unsigned, Some(1)) => Encoding::UnsignedChar,
                (encoding, _) => encoding,
            };
            let _ = write!(text, "{name} {encoding:?} {:?}", ty.size());
        }
        Kind::Pointer(target) => {
            text.push('*');
            describe(&target.get(), false, depth + 1, text);
        }
        Kind::Array(array) => {
            // pahole writes the dimensions of an array as one.
            let (mut count, mut elem) = (array.count.unwrap_or(0), array.elem.get());
            while let Kind::Array(inner) = elem.clone().kind() {
                count *= inner.count.unwrap_or(0);
                elem = inner.elem.get();
            }
            let _ = write!(text, "[{count}]");
            describe(&elem, false, depth + 1, text);
        }
        Kind::Composite(body) => {
            let _ = write!(text, "{} {name}", body.kind.keyword());
            if !name.is_empty() && !whole {
                return;
            }
            let _ = write!(text, " {:?} {{", ty.size());
            for member in body.members() {
                let (at, bits) = (member.bit_offset, member.bit_size);
                let _ = write!(text, "\n{at} {bits:?} {} ", member.name.as_deref().unwrap_or_default());
                describe(&member.ty.get(), false, depth + 1, text);
            }
            text.push('}');
        }
        Kind::Enum(body) => {
            let _ = write!(text, "enum {name}");
            if !name.is_empty() && !whole {
                return;
            }
            let _ = write!(text, " {:?} {} {{", ty.size(), body.unsigned);
            for enumerator in &body.enumerators {
                let _ = write!(text, " {}={}", enumerator.name, enumerator.value);
            }
            text.push('}');
        }
        Kind::Function(function) => {
            describe(&function.ret.get(), false, depth + 1, text);
            text.push('(');
            for param in &function.params {
                describe(&param.ty.get(), false, depth + 1, text);
                text.push(',');
            }
            let _ = write!(text, "{})", function.variadic);
        }
        Kind::Typedef(target) => {
            text.push_str(name);
            if whole {
                text.push('=');
                describe(&target.get(), false, depth + 1, text);
            }
        }
        Kind::Qualified(quals, target) => {
            let _ = write!(text, "{quals:?} ");
            describe(&target.get(), false, depth + 1, text);
        }
        other => panic!("{other:?} in {text}"),
    }
}

fn described(ty: &Type) -> String {
    let mut text = String::new();
    describe(ty, true, 0, &mut text);
    text
}

fn is_complete(ty: &Type) -> bool {
    !matches!(
        ty.kind(),
        Kind::Composite(Composite { declaration: true, .. }) | Kind::Enum(Enum { declaration: true, .. })
    )
}

#[derive(Default, Debug)]
struct Counts {
    compared: usize,
    /// Names with more than one definition in BTF.
    ambiguous: usize,
    different: Vec<String>,
    /// Names the index does not have: types that are declared inside of a function.
    not_indexed: BTreeSet<String>,
}

/// Structures, unions and enumerations that are declared inside of functions, by name.
fn inside_functions(debug: &DebugInfo) -> BTreeMap<String, Vec<DieKey>> {
    let of_unit = |unit| {
        let mut found = Vec::new();
        let Some(context) = debug.context(unit) else { return found };
        let mut entries = context.unit.entries();
        while let Ok(Some(entry)) = entries.next_dfs() {
            let wanted = matches!(
                entry.tag(),
                dw::DW_TAG_structure_type | dw::DW_TAG_union_type | dw::DW_TAG_enumeration_type
            );
            if wanted
                && entry.depth() > 1
                && !context.is_declaration(entry)
                && let Some(name) = context.name(entry)
            {
                found.push((name.to_string(), context.key(entry)));
            }
        }
        found
    };
    let found: Vec<_> = (0..debug.units().len()).into_par_iter().flat_map_iter(of_unit).collect();
    let mut by_name: BTreeMap<String, Vec<DieKey>> = BTreeMap::new();
    for (name, key) in found {
        by_name.entry(name).or_default().push(key);
    }
    by_name
}

fn compare(object: &ObjectFile, btf: &Btf, kind: IndexKind, tag: Tag) -> Counts {
    let debug = object.debug().unwrap();
    let mut counts = Counts::default();
    let mut in_dwarf = BTreeSet::new();
    debug.for_each_name(|found, name, key| {
        if found != kind {
            return;
        }
        let name = std::str::from_utf8(name).unwrap().to_owned();
        let ty = debug.type_ref(Some(key)).get();
        if !is_complete(&ty) || !in_dwarf.insert(name.clone()) {
            return;
        }
        let all = btf.all(tag, &name);
        counts.compared += 1;
        counts.ambiguous += usize::from(all.len() > 1);
        // Where several files have a type of one name each, the index has the first of them, and BTF all.
        let expected = described(&ty);
        let found: Vec<String> = all.iter().map(described).collect();
        if !found.contains(&expected) {
            counts.different.push(format!("{name}:\n{expected}\n{}", found.join("\n")));
        }
    });
    btf.for_each_name(|found, name| {
        if found == Some(tag) && !in_dwarf.contains(name) && tag != Tag::Typedef {
            counts.not_indexed.insert(name.to_owned());
        }
    });
    counts
}

#[test]
fn every_type_of_the_kernel_is_the_same_in_both() {
    let Some(guest) = kdive_testkit::environment::guest() else { return };
    let object = ObjectFile::open(&guest.join("vmlinux"), &OpenOptions::default()).unwrap();
    let Some(btf) = object.btf() else {
        kdive_testkit::environment::skip::<()>("this kernel has no BTF");
        return;
    };
    let debug = object.debug().unwrap();
    let (mut total, mut not_indexed) = (0, Vec::new());
    for (kind, tag) in [
        (IndexKind::Struct, Tag::Struct),
        (IndexKind::Union, Tag::Union),
        (IndexKind::Enum, Tag::Enum),
        (IndexKind::Typedef, Tag::Typedef),
    ] {
        let counts = compare(&object, btf, kind, tag);
        let shown: Vec<&String> = counts.different.iter().take(20).collect();
        let Counts { compared, ambiguous, .. } = counts;
        assert!(
            counts.different.is_empty(),
            "{} of {compared} {tag:?} ({ambiguous} ambiguous) differ: {}",
            counts.different.len(),
            shown.into_iter().map(String::as_str).collect::<Vec<_>>().join("\n\n")
        );
        total += compared;
        not_indexed.extend(counts.not_indexed.into_iter().map(|name| (tag, name)));
    }
    let local = if not_indexed.is_empty() { BTreeMap::new() } else { inside_functions(debug) };
    for (tag, name) in not_indexed {
        let keys = local.get(&name).unwrap_or_else(|| panic!("{tag:?} {name} is in BTF only"));
        let known: BTreeSet<String> =
            keys.iter().map(|&key| described(&debug.type_ref(Some(key)).get())).collect();
        let found: BTreeSet<String> = btf.all(tag, &name).iter().map(described).collect();
        assert!(!found.is_empty() && found.is_subset(&known), "{name}: {found:?} {known:?}");
    }
    assert!(total > 9_000, "{total}");
}
