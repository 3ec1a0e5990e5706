//! Entries to types: every kind of C type, in every DWARF version.

use crate::fixture::Fixture;
use kdive_symbols::{ModuleSet, Tag};
use kdive_types::{Composite, Encoding, Kind, Member, Type};

fn shape(set: &ModuleSet) -> Type {
    set.ty(Tag::Struct, "shape", None).unwrap()
}

fn members(ty: &Type) -> Vec<Member> {
    match ty.kind() {
        Kind::Composite(body) => body.members().to_vec(),
        other => panic!("{other:?}"),
    }
}

fn member(ty: &Type, name: &str) -> Member {
    members(ty)
        .into_iter()
        .find(|member| member.name.as_deref() == Some(name))
        .unwrap_or_else(|| panic!("no {name}"))
}

/// Name, byte offset, bit-field position and width, and type of every member, by the rules of the x86-64 psABI.
#[test]
fn layout_of_a_struct() {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return;
    }
    for flags in [
        &["-gdwarf-5"][..],
        &["-gdwarf-4"],
        &["-gdwarf-2", "-gstrict-dwarf"],
        &["-gdwarf-5", "-fdebug-types-section"],
    ] {
        let Some(fixture) = Fixture::program(flags) else { return };
        let set = fixture.set();
        let found: Vec<String> = members(&shape(&set))
            .into_iter()
            .map(|member| {
                let name = member.name.as_deref().unwrap_or("").to_owned();
                let place = match member.bit_size {
                    Some(bits) => format!("{}:{bits}", member.bit_offset),
                    None => (member.bit_offset / 8).to_string(),
                };
                format!("{place} {}", member.ty.get().declaration(&name))
            })
            .collect();
        // DWARF 2 has no `restrict`.
        let strict = flags[0] == "-gdwarf-2";
        let parent = if strict { "128 struct shape *parent" } else { "128 struct shape * restrict parent" };
        assert_eq!(
            found,
            [
                "0 struct list link",
                "16 enum colour colour",
                "160:1 unsigned int visible",
                "161:5 unsigned int layer",
                "166:7 int tilt",
                "24 const char *name",
                "32 union word word",
                "40 double weight",
                "48 long double exact",
                "64 _Bool solid",
                "72 const volatile u32 *counter",
                "80 int matrix[2][3]",
                "104 handler_t handler",
                "112 struct opaque *hidden",
                "120 struct {...} position",
                parent,
                "136 char tail[]",
            ],
            "{flags:?}"
        );
        assert_eq!(shape(&set).size(), Some(144));
    }
}

#[test]
fn arrays_know_their_dimensions() {
    let Some(fixture) = Fixture::program(&["-g"]) else { return };
    let set = fixture.set();
    let matrix = member(&shape(&set), "matrix").ty.get();
    let Kind::Array(rows) = matrix.kind() else { panic!() };
    assert_eq!((rows.count, matrix.size()), (Some(2), Some(24)));
    let row = rows.elem.get();
    let Kind::Array(columns) = row.kind() else { panic!() };
    assert_eq!((columns.count, row.size()), (Some(3), Some(12)));
    let tail = member(&shape(&set), "tail").ty.get();
    let Kind::Array(flexible) = tail.kind() else { panic!() };
    assert_eq!((flexible.count, tail.size()), (None, None));
}

#[test]
fn function_pointers_and_qualifiers() {
    let Some(fixture) = Fixture::program(&["-g"]) else { return };
    let set = fixture.set();
    let handler = member(&shape(&set), "handler").ty.get().strip();
    assert_eq!(handler.declaration(""), "int (*)(struct list *, const char *, ...)");
    let Kind::Pointer(target) = handler.kind() else { panic!() };
    let target = target.get();
    let Kind::Function(function) = target.kind() else { panic!() };
    assert!(function.prototyped && function.variadic);
    assert_eq!((function.params.len(), target.size()), (2, Some(1)));
    assert_eq!(
        set.functions_named("area")[0].ty().declaration("area"),
        "int area(const struct shape *, int)"
    );
}

#[test]
fn enumerations() {
    let Some(fixture) = Fixture::program(&["-g"]) else { return };
    let set = fixture.set();
    let values = |name| {
        let ty = set.ty(Tag::Enum, name, None).unwrap();
        let Kind::Enum(body) = ty.kind() else { panic!() };
        let list: Vec<(String, i64)> =
            body.enumerators.iter().map(|e| (e.name.to_string(), e.value)).collect();
        (list, body.unsigned)
    };
    assert_eq!(values("colour"), (vec![("RED".into(), 0), ("GREEN".into(), 5), ("BLUE".into(), 6)], true));
    assert_eq!(values("temperature"), (vec![("COLD".into(), -40), ("MILD".into(), 20)], false));
}

#[test]
fn base_types() {
    let Some(fixture) = Fixture::program(&["-g"]) else { return };
    let set = fixture.set();
    let base = |name: &str| match member(&shape(&set), name).ty.get().strip().kind() {
        Kind::Base(base) => base.encoding,
        other => panic!("{other:?}"),
    };
    assert_eq!(base("weight"), Encoding::Float);
    assert_eq!(base("exact"), Encoding::Float);
    assert_eq!(base("solid"), Encoding::Bool);
    assert_eq!(base("tilt"), Encoding::Signed);
    assert_eq!(base("visible"), Encoding::Unsigned);
}

#[test]
fn one_entry_is_one_node() {
    let Some(fixture) = Fixture::program(&["-g"]) else { return };
    let set = fixture.set();
    assert!(shape(&set).same_node(&shape(&set)));
    // struct list refers to itself.
    let list = set.ty(Tag::Struct, "list", None).unwrap();
    let next = member(&list, "next").ty.get();
    let Kind::Pointer(target) = next.kind() else { panic!() };
    assert!(target.get().same_node(&list));
}

#[test]
fn types_outlive_their_file_as_errors() {
    let Some(fixture) = Fixture::program(&["-g"]) else { return };
    let list = {
        let set = fixture.set();
        set.ty(Tag::Struct, "list", None).unwrap()
    };
    let Kind::Composite(Composite { .. }) = list.kind() else { panic!() };
    assert!(members(&list).is_empty(), "no reader is left");
}
