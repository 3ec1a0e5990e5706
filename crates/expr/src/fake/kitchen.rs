//! Types and memory of `kitchen.c`, at the addresses its linker chose.

use super::Fake;
use crate::context::{Symbol, SymbolClass, Tag};
use kdive_base::VirtAddr;
use kdive_types::{
    Composite, CompositeKind, Encoding, Enum, Enumerator, FlagField, Float, FloatFormat, Function, Kind,
    Member, Node, Param, Quals, Type, TypeRef, TypeSource, Value,
};
use std::sync::{Arc, OnceLock, Weak};

/// Resolves the types that refer to themselves.
struct Source {
    list: OnceLock<Type>,
    me: Weak<Source>,
}

impl TypeSource for Source {
    fn resolve(&self, key: u64) -> Type {
        assert_eq!(key, LIST);
        self.list.get().expect("set before use").clone()
    }

    fn members(&self, key: u64) -> Vec<Member> {
        assert_eq!(key, LIST);
        let me: Weak<dyn TypeSource> = self.me.clone();
        let pointer = Node {
            name: None,
            byte_size: Some(8),
            align: None,
            big_endian: false,
            kind: Kind::Pointer(TypeRef::deferred(me, LIST)),
        };
        let pointer = Type::new(pointer);
        vec![member("next", &pointer, 0), member("prev", &pointer, 8)]
    }
}

const LIST: u64 = 1;

fn member(name: &str, ty: &Type, byte: u64) -> Member {
    let name = (!name.is_empty()).then(|| name.into());
    Member { name, ty: ty.clone().into(), bit_offset: byte * 8, bit_size: None }
}

fn bits(name: &str, ty: &Type, bit_offset: u64, bit_size: u32) -> Member {
    Member { name: Some(name.into()), ty: ty.clone().into(), bit_offset, bit_size: Some(bit_size) }
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

fn enumeration(name: &str, values: &[(&str, i64)]) -> Type {
    let enumerators =
        values.iter().map(|(name, value)| Enumerator { name: (*name).into(), value: *value }).collect();
    let kind = Kind::Enum(Enum { enumerators, unsigned: true, declaration: false });
    Type::new(Node { name: Some(name.into()), byte_size: Some(4), align: None, big_endian: false, kind })
}

fn function(ret: &Type, params: &[&Type], variadic: bool) -> Type {
    let params = params.iter().map(|ty| Param { name: None, ty: (*ty).clone().into() }).collect();
    Type::derived(Kind::Function(Function { ret: ret.clone().into(), params, variadic, prototyped: true }))
}

const NAMES: u64 = 0x40_0180;
const GS: u64 = 0x40_1000;

/// The flags of x86 as target descriptions name them.
pub(crate) fn eflags() -> Type {
    const NAMES: [(u16, &str); 17] = [
        (0, "CF"),
        (1, ""),
        (2, "PF"),
        (4, "AF"),
        (6, "ZF"),
        (7, "SF"),
        (8, "TF"),
        (9, "IF"),
        (10, "DF"),
        (11, "OF"),
        (14, "NT"),
        (16, "RF"),
        (17, "VM"),
        (18, "AC"),
        (19, "VIF"),
        (20, "VIP"),
        (21, "ID"),
    ];
    let ty = Type::base("bool", 1, Encoding::Bool);
    let field =
        |(start, name): (u16, &str)| FlagField { name: name.into(), start, size: 1, ty: ty.clone().into() };
    Type::new(Node {
        name: Some("i386_eflags".into()),
        byte_size: Some(4),
        align: None,
        big_endian: false,
        kind: Kind::Flags(NAMES.into_iter().map(field).collect()),
    })
}

/// A vector register.
pub(crate) fn xmm() -> Type {
    let single = Type::base("builtin_type_ieee_single", 4, Encoding::Float);
    let vector = |ty: &Type, count| {
        Type::new(Node {
            name: None,
            byte_size: None,
            align: None,
            big_endian: false,
            kind: Kind::Array(kdive_types::Array {
                elem: ty.clone().into(),
                count: Some(count),
                vector: true,
            }),
        })
    };
    let members = vec![
        member("v4_float", &vector(&single, 4), 0),
        member("v4_int32", &vector(&crate::builtin().int, 4), 0),
    ];
    composite(CompositeKind::Union, Some("vec128"), 16, members)
}

/// The program.
pub(crate) fn kitchen() -> Fake {
    let base = |name, size, encoding| Type::base(name, size, encoding);
    let int = base("int", 4, Encoding::Signed);
    let unsigned = base("unsigned int", 4, Encoding::Unsigned);
    let char = base("char", 1, Encoding::SignedChar);
    let float = base("float", 4, Encoding::Float);
    let double = base("double", 8, Encoding::Float);
    let long_double = base("long double", 16, Encoding::Float);
    let boolean = base("_Bool", 1, Encoding::Bool);
    let signed_char = base("signed char", 1, Encoding::SignedChar);
    let unsigned_char = base("unsigned char", 1, Encoding::UnsignedChar);
    let long = base("long int", 8, Encoding::Signed);
    let unsigned_long = base("long unsigned int", 8, Encoding::Unsigned);
    let const_char = char.qualified(Quals::CONST);

    let source = Arc::new_cyclic(|me| Source { list: OnceLock::new(), me: me.clone() });
    let me: Weak<dyn TypeSource> = source.me.clone();
    let list = Type::new(Node {
        name: Some("list".into()),
        byte_size: Some(16),
        align: None,
        big_endian: false,
        kind: Kind::Composite(Composite::deferred(CompositeKind::Struct, me, LIST)),
    });
    source.list.set(list.clone()).expect("only once");
    // Both sides resolve while the source lives; afterwards they are resolved.
    if let Kind::Composite(composite) = list.kind() {
        composite.members().iter().for_each(|member| {
            let _ = member.ty.get().target();
        });
    }

    let inner =
        composite(CompositeKind::Struct, Some("inner"), 8, vec![member("a", &int, 0), member("c", &char, 4)]);
    let union =
        composite(CompositeKind::Union, None, 4, vec![member("u1", &int, 0), member("f1", &float, 0)]);
    let s = composite(
        CompositeKind::Struct,
        Some("s"),
        64,
        vec![
            member("x", &int, 0),
            bits("bf", &unsigned, 32, 3),
            bits("sbf", &int, 35, 5),
            member("in", &inner, 8),
            member("pin", &inner.pointer_to(), 16),
            member("name", &char.array_of(Some(8)), 24),
            member("arr", &int.array_of(Some(4)), 32),
            member("", &union, 48),
            member("d", &double, 56),
        ],
    );
    let s_t = Type::new(Node {
        name: Some("s_t".into()),
        byte_size: None,
        align: None,
        big_endian: false,
        kind: Kind::Typedef(s.clone().into()),
    });
    let color = enumeration("color", &[("RED", 0), ("GREEN", 5), ("BLUE", 6)]);
    let flags = enumeration("flags", &[("FA", 1), ("FB", 2), ("FC", 4)]);
    let f = function(&int, &[&int], false);
    let g = function(&int, &[&s.pointer_to(), &int], false);
    let const_list = list.qualified(Quals::CONST).pointer_to();
    let fname = function(&const_char.pointer_to(), &[&const_list], true);
    let ops = composite(
        CompositeKind::Struct,
        Some("ops"),
        16,
        vec![member("open", &g.pointer_to(), 0), member("name", &fname.pointer_to(), 8)],
    );
    let flex = composite(
        CompositeKind::Struct,
        Some("flex"),
        4,
        vec![member("n", &int, 0), member("data", &char.array_of(None), 4)],
    );
    let only = Type::new(Node {
        name: Some("only".into()),
        byte_size: None,
        align: None,
        big_endian: false,
        kind: Kind::Composite(Composite::declared(CompositeKind::Struct)),
    });
    let names = const_char.pointer_to().qualified(Quals::CONST).array_of(Some(3));
    let vc = int.qualified(Quals { is_const: true, is_volatile: true, ..Quals::NONE });

    let variables: &[(&str, u64, &Type)] = &[
        ("names", NAMES, &names),
        ("gs", GS, &s_t),
        ("sp", 0x40_1040, &s_t.pointer_to()),
        ("garr", 0x40_1060, &int.array_of(Some(20))),
        ("matrix", 0x40_10b0, &int.array_of(Some(3)).array_of(Some(2))),
        ("str", 0x40_10c8, &char.pointer_to()),
        ("col", 0x40_10d0, &color),
        ("fl", 0x40_10d4, &flags),
        ("yes", 0x40_10d8, &boolean),
        ("ff", 0x40_10dc, &float),
        ("dd", 0x40_10e0, &double),
        ("ld", 0x40_10f0, &long_double),
        ("sc", 0x40_1100, &signed_char),
        ("uc", 0x40_1101, &unsigned_char),
        ("ll", 0x40_1108, &long),
        ("ul", 0x40_1110, &unsigned_long),
        ("vp", 0x40_1118, &Type::void().pointer_to()),
        ("fp", 0x40_1120, &f.pointer_to()),
        ("ops", 0x40_1130, &ops),
        ("head", 0x40_1140, &list),
        ("reps", 0x40_1160, &char.array_of(Some(64))),
        ("ctl", 0x40_11a0, &char.array_of(Some(14))),
        ("pairs", 0x40_11c0, &inner.array_of(Some(2)).array_of(Some(3))),
        ("flex", 0x40_11f0, &flex),
        ("onlyp", 0x40_11f8, &only.pointer_to()),
        ("bad", 0x40_1200, &char.pointer_to()),
        ("vc", 0x40_1208, &vc),
    ];
    let functions = [("f", 0x40_00e8, 12, &f), ("g", 0x40_00f4, 16, &g), ("fname", 0x40_0104, 93, &fname)];

    let mut fake = Fake::default();
    fake.radix.set(10);
    let symbol = |name: &str, class, ty: &Type, addr: u64| Symbol {
        name: name.into(),
        class,
        ty: ty.clone(),
        handle: Some(Arc::new(addr)),
    };
    for (name, addr, size, ty) in functions {
        fake.symbols.push((symbol(name, SymbolClass::Function(VirtAddr(addr)), ty, addr), addr, size));
    }
    for (name, addr, ty) in variables {
        let class = SymbolClass::Variable { needs_frame: false, in_register: None };
        // The array without a length has its content in the symbol's size.
        let size = ty.size().unwrap_or(0);
        fake.symbols.push((symbol(name, class, ty, *addr), *addr, size));
    }
    for ty in [&color, &flags] {
        let Kind::Enum(enumeration) = ty.kind() else { continue };
        for enumerator in &enumeration.enumerators {
            let bytes = (enumerator.value as u32).to_le_bytes();
            let class = SymbolClass::Constant(Value::from_bytes(ty.clone(), bytes));
            fake.constants.push(symbol(&enumerator.name, class, ty, 0));
        }
    }
    fake.locals.push(("f".to_owned(), "a".to_owned(), int.clone()));
    fake.typedefs.push(("s_t".to_owned(), s_t));
    for (tag, ty) in [
        (Tag::Struct, &s),
        (Tag::Struct, &inner),
        (Tag::Struct, &list),
        (Tag::Struct, &ops),
        (Tag::Struct, &flex),
        (Tag::Enum, &color),
        (Tag::Enum, &flags),
    ] {
        fake.tags.push((tag, ty.name().unwrap_or("").to_owned(), ty.clone()));
    }
    fake.files.push("kitchen.c".to_owned());
    fake.base_types = vec![int, unsigned, char, float, double, boolean, signed_char, unsigned_char];
    fill(&fake);
    fake
}

fn fill(fake: &Fake) {
    // The beginnings of the functions: what `p/x f` and `x f` read.
    fake.map(0x40_00e8, &[0x55, 0x48, 0x89, 0xe5, 0x89, 0x7d, 0xfc, 0x8b]);
    fake.map(0x40_00f4, &[0x55, 0x48, 0x89, 0xe5]);
    fake.map(0x40_0104, &[0x55, 0x48, 0x89, 0xe5]);
    fake.map(0x40_0170, b"hello\0one\0three\0");
    let mut names = Vec::new();
    for addr in [0x40_0176u64, 0, 0x40_017a] {
        names.extend_from_slice(&addr.to_le_bytes());
    }
    names.extend_from_slice(b"n\0");
    fake.map(NAMES, &names);
    fake.map(GS, &[0; 0x20c]);
    let ints = |addr, values: &[i32]| {
        for (at, value) in values.iter().enumerate() {
            fake.poke(addr + 4 * at as u64, &value.to_le_bytes());
        }
    };
    let quad = |addr, value: u64| fake.poke(addr, &value.to_le_bytes());
    ints(GS, &[1]);
    // bf = 5, sbf = -3.
    fake.poke(GS + 4, &[0b1110_1101]);
    ints(GS + 8, &[7]);
    fake.poke(GS + 12, b"q");
    quad(GS + 16, GS + 8);
    fake.poke(GS + 24, b"hi");
    ints(GS + 32, &[1, 2, 3, 4, 42]);
    quad(GS + 56, 2.5f64.to_bits());
    quad(0x40_1040, GS);
    ints(0x40_1060, &[1, 2, 3]);
    ints(0x40_10b0, &[1, 2, 3, 4, 5, 6]);
    quad(0x40_10c8, 0x40_0170);
    ints(0x40_10d0, &[5, 3]);
    fake.poke(0x40_10d8, &[1]);
    fake.poke(0x40_10dc, &1.5f32.to_le_bytes());
    quad(0x40_10e0, 0.1f64.to_bits());
    fake.poke(0x40_10f0, &Float::from_f64(1.25).encode(FloatFormat::X87));
    fake.poke(0x40_1100, &[0xff, 200]);
    quad(0x40_1108, (-5i64).cast_unsigned());
    quad(0x40_1110, 5);
    quad(0x40_1118, GS);
    quad(0x40_1120, 0x40_00e8);
    quad(0x40_1130, 0x40_00f4);
    quad(0x40_1138, 0x40_0104);
    quad(0x40_1140, 0x40_1140);
    quad(0x40_1148, 0x40_1140);
    fake.poke(0x40_1160, b"aaaaaaaaaaaaaaaabcdddddddddddddddddddd");
    fake.poke(0x40_11a0, b"\x07\x08\x0c\n\r\t\x0b\x1b\0\x01\nSz\0");
    for pair in [0x40_11c0, 0x40_11c8] {
        ints(pair, &[1]);
        fake.poke(pair + 4, b"a");
    }
    ints(0x40_11f0, &[3]);
    quad(0x40_11f8, 0x20);
    quad(0x40_1200, 0x10);
    ints(0x40_1208, &[9]);
}
