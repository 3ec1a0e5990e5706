//! Types as gdb 13.1 prints them. The texts beside this file are its answers about the structure built here.

use super::*;
use crate::{CompositeKind, Encoding, Enumerator, FlagField, Member, Node, Param};

fn int() -> Type {
    Type::base("int", 4, Encoding::Signed)
}

fn char() -> Type {
    Type::base("char", 1, Encoding::SignedChar)
}

fn short() -> Type {
    Type::base("short int", 2, Encoding::Signed)
}

fn member(name: &str, ty: Type, byte: u64) -> Member {
    let name = (!name.is_empty()).then(|| name.into());
    Member { name, ty: ty.into(), bit_offset: byte * 8, bit_size: None }
}

fn field(name: &str, ty: Type, bit_offset: u64, bit_size: u32) -> Member {
    Member { name: Some(name.into()), ty: ty.into(), bit_offset, bit_size: Some(bit_size) }
}

fn composite(kind: CompositeKind, name: Option<&str>, size: u64, members: Vec<Member>) -> Type {
    let kind = Kind::Composite(Composite::with_members(kind, members));
    Type::new(Node {
        name: name.map(Into::into),
        byte_size: Some(size),
        align: None,
        big_endian: false,
        kind,
    })
}

fn function(ret: Type, params: Vec<Type>, variadic: bool, prototyped: bool) -> Type {
    let params = params.into_iter().map(|ty| Param { name: None, ty: ty.into() }).collect();
    Type::derived(Kind::Function(Function { ret: ret.into(), params, variadic, prototyped }))
}

fn enumeration(name: Option<&str>, values: &[(&str, i64)]) -> Type {
    let enumerators =
        values.iter().map(|(name, value)| Enumerator { name: (*name).into(), value: *value }).collect();
    let kind = Kind::Enum(Enum { enumerators, unsigned: true, declaration: false });
    Type::new(Node { name: name.map(Into::into), byte_size: Some(4), align: None, big_endian: false, kind })
}

fn typedef(name: &str, ty: Type) -> Type {
    Type::new(Node {
        name: Some(name.into()),
        byte_size: None,
        align: None,
        big_endian: false,
        kind: Kind::Typedef(ty.into()),
    })
}

/// `struct deep { char c; struct { int a; struct { short s; long l; } in; union { int i; char b[3]; }; } mid;`
/// `unsigned f1 : 3, f2 : 9; int f3 : 20; union { struct { char lo, hi; } parts; short both; } word;`
/// `const struct pt pts[2]; int (*fn)(struct pt *, ...); struct { int q; } *anonp; enum { E1, E2 = 4, E3 } e;`
/// `char tail; };`
fn deep() -> Type {
    use CompositeKind::{Struct, Union};
    let long = Type::base("long int", 8, Encoding::Signed);
    let unsigned = Type::base("unsigned int", 4, Encoding::Unsigned);
    let within = composite(Struct, None, 16, vec![member("s", short(), 0), member("l", long, 8)]);
    let either =
        composite(Union, None, 4, vec![member("i", int(), 0), member("b", char().array_of(Some(3)), 0)]);
    let mid = composite(
        Struct,
        None,
        32,
        vec![member("a", int(), 0), member("in", within, 8), member("", either, 24)],
    );
    let parts = composite(Struct, None, 2, vec![member("lo", char(), 0), member("hi", char(), 1)]);
    let word = composite(Union, None, 2, vec![member("parts", parts, 0), member("both", short(), 0)]);
    let pt = composite(Struct, Some("pt"), 8, vec![member("x", int(), 0), member("y", int(), 4)]);
    let anon = composite(Struct, None, 4, vec![member("q", int(), 0)]);
    composite(
        Struct,
        Some("deep"),
        88,
        vec![
            member("c", char(), 0),
            member("mid", mid, 8),
            field("f1", unsigned.clone(), 320, 3),
            field("f2", unsigned, 323, 9),
            field("f3", int(), 332, 20),
            member("word", word, 44),
            member("pts", pt.qualified(Quals::CONST).array_of(Some(2)), 48),
            member("fn", function(int(), vec![pt.pointer_to()], true, true).pointer_to(), 64),
            member("anonp", anon.pointer_to(), 72),
            member("e", enumeration(None, &[("E1", 0), ("E2", 4), ("E3", 5)]), 80),
            member("tail", char(), 84),
        ],
    )
}

fn described(ty: &Type, show: i32, options: TypeOptions) -> String {
    let mut out = Out::new();
    print_type(ty, show, options, &mut out);
    out.into_text()
}

#[test]
fn bodies_and_offsets_of_nested_structures() {
    let plain = TypeOptions::default();
    let offsets = TypeOptions { offsets: true, hex: false };
    assert_eq!(described(&deep(), BODY, plain), include_str!("deep.txt"));
    assert_eq!(described(&deep(), BODY, offsets), include_str!("deep_o.txt"));
    assert_eq!(described(&deep(), BODY, TypeOptions { hex: true, ..offsets }), include_str!("deep_ox.txt"));
    assert_eq!(described(&deep(), NAME_ONLY, plain), "type = struct deep\n");
    // A typedef is seen through, but the heading is that of the name.
    let named = described(&typedef("deep_t", deep()), BODY, offsets);
    assert!(named.starts_with("type = struct deep {\n/*      0      |       1 */    char c;\n"), "{named}");
}

#[test]
fn declarators() {
    let check = |ty: Type, expected: &str| assert_eq!(ty.to_string(), expected);
    check(int().pointer_to().array_of(Some(4)), "int *[4]");
    check(int().array_of(Some(4)).pointer_to(), "int (*)[4]");
    check(int().array_of(Some(3)).array_of(Some(2)), "int [2][3]");
    check(int().array_of(None), "int []");
    check(function(int(), vec![], false, true).pointer_to(), "int (*)(void)");
    check(function(int(), vec![], false, false).pointer_to(), "int (*)()");
    check(function(int(), vec![char().pointer_to()], true, true), "int (char *, ...)");
    let inner = function(char(), vec![], false, false).pointer_to().array_of(Some(3));
    check(function(inner.pointer_to(), vec![int()], false, true).pointer_to(), "char (*(*(*)(int))[3])()");
    check(char().qualified(Quals::CONST).pointer_to(), "const char *");
    check(char().pointer_to().qualified(Quals::CONST), "char * const");
    let restrict = Quals { is_restrict: true, ..Quals::VOLATILE };
    check(char().pointer_to().qualified(restrict).pointer_to(), "char * volatile restrict *");
    check(int().array_of(Some(2)).qualified(Quals::CONST), "const int [2]");
    check(typedef("arr_t", int().array_of(Some(2))).qualified(Quals::CONST), "const arr_t");
    check(composite(CompositeKind::Union, None, 4, vec![]), "union {...}");
    check(enumeration(Some("state"), &[]).pointer_to(), "enum state *");
    check(Type::error("nothing"), "<unknown type>");
    let vector = Kind::Array(Array { elem: int().into(), count: Some(4), vector: true });
    check(Type::derived(vector), "int __attribute__ ((vector_size(4)))");
}

#[test]
fn names_go_where_c_wants_them() {
    assert_eq!(function(int(), vec![int()], false, true).pointer_to().declaration("fn"), "int (*fn)(int)");
    assert_eq!(int().array_of(Some(3)).declaration("a"), "int a[3]");
    assert_eq!(function(int(), vec![], false, true).declaration("main"), "int main(void)");
    assert_eq!(
        function(int(), vec![], false, true).declaration("f(char)"),
        "int f(char)",
        "a name that has its parameters"
    );
    assert_eq!(char().pointer_to().qualified(Quals::CONST).declaration("p"), "char * const p");
}

#[test]
fn bodies() {
    let check = |ty: Type, expected: &str| assert_eq!(ty.body(), expected);
    let declared = Type::new(Node {
        name: Some("only".into()),
        byte_size: None,
        align: None,
        big_endian: false,
        kind: Kind::Composite(Composite::declared(CompositeKind::Struct)),
    });
    check(declared.pointer_to(), "struct only {\n    <incomplete type>\n} *");
    check(composite(CompositeKind::Struct, Some("e"), 0, vec![]), "struct e {\n    <no data fields>\n}");
    check(
        enumeration(Some("pid_type"), &[("PIDTYPE_PID", 0), ("PIDTYPE_TGID", 1), ("LAST", 7), ("NEXT", 8)]),
        "enum pid_type {PIDTYPE_PID, PIDTYPE_TGID, LAST = 7, NEXT}",
    );
    check(typedef("u32", Type::base("unsigned int", 4, Encoding::Unsigned)), "unsigned int");
    let boolean = Type::base("bool", 1, Encoding::Bool);
    let flag = |name: &str, start, size, ty: &Type| FlagField {
        name: name.into(),
        start,
        size,
        ty: ty.clone().into(),
    };
    let flags = vec![flag("CF", 0, 1, &boolean), flag("", 1, 1, &boolean), flag("IOPL", 12, 2, &int())];
    check(
        Type::new(Node {
            name: Some("i386_eflags".into()),
            byte_size: Some(4),
            align: None,
            big_endian: false,
            kind: Kind::Flags(flags),
        }),
        "flag i386_eflags {\n    bool CF @0;\n    bool @1;\n    int IOPL @12-13;\n}",
    );
}

#[test]
fn types_that_contain_themselves_end() {
    // A structure without a name that has itself as a member, a thousand levels of it.
    let mut ty = composite(CompositeKind::Struct, None, 1, vec![]);
    for _ in 0..1000 {
        ty = composite(CompositeKind::Struct, None, 1, vec![member("a", ty.clone(), 0)]);
    }
    let text = described(&ty, BODY, TypeOptions { offsets: true, hex: false });
    assert!(text.len() < 40_000, "{}", text.len());
    let mut ty = int();
    for _ in 0..100_000 {
        ty = ty.pointer_to();
    }
    assert!(ty.to_string().len() < 1000);
    // Dropping it would recurse; no file is read so deep.
    std::mem::forget(ty);
}

#[test]
fn many_functions_are_printed_with_all_their_parameters() {
    // As in the kernel's `struct security_hook_list`.
    let callback = || function(int(), vec![int(), char().pointer_to()], false, true).pointer_to();
    let members = (0..500).map(|index| member(&format!("f{index}"), callback(), index * 8)).collect();
    let text = composite(CompositeKind::Struct, Some("hooks"), 4000, members).body();
    assert_eq!(text.matches("(int, char *);").count(), 500);
    // Two functions that take each other have an end.
    let mut ty = function(int(), vec![int(); 2], false, true);
    for _ in 0..100 {
        ty = function(int(), vec![ty.clone(), ty.clone()], false, true);
    }
    let text = composite(CompositeKind::Struct, None, 1, vec![member("f", ty, 0)]).body();
    assert!(text.contains("...)") && text.len() < 10_000, "{}", text.len());
}
