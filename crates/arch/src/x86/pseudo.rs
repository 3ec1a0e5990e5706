//! Pseudo registers of x86: parts of the general registers, MMX registers, and vector registers put together from the
//! pieces in which stubs send them.

use super::layouts::union;
use crate::pseudo::Piece;
use crate::regtype::FloatFormat;
use crate::{Arch, RegRef, RegType, RegisterLayout};
use std::sync::Arc;

/// Names of parts: the part, the whole register on x86-64 and on i386, first byte, bytes.
type Part = (&'static str, &'static str, &'static str, usize, usize);

/// Parts that both families have, in gdb's order for x86-64 within each size.
const PARTS: &[Part] = &[
    ("al", "rax", "eax", 0, 1),
    ("bl", "rbx", "ebx", 0, 1),
    ("cl", "rcx", "ecx", 0, 1),
    ("dl", "rdx", "edx", 0, 1),
    ("sil", "rsi", "", 0, 1),
    ("dil", "rdi", "", 0, 1),
    ("bpl", "rbp", "", 0, 1),
    ("spl", "rsp", "", 0, 1),
    ("ah", "rax", "eax", 1, 1),
    ("bh", "rbx", "ebx", 1, 1),
    ("ch", "rcx", "ecx", 1, 1),
    ("dh", "rdx", "edx", 1, 1),
    ("ax", "rax", "eax", 0, 2),
    ("bx", "rbx", "ebx", 0, 2),
    ("cx", "rcx", "ecx", 0, 2),
    ("dx", "rdx", "edx", 0, 2),
    ("si", "rsi", "esi", 0, 2),
    ("di", "rdi", "edi", 0, 2),
    ("bp", "rbp", "ebp", 0, 2),
    ("eax", "rax", "", 0, 4),
    ("ebx", "rbx", "", 0, 4),
    ("ecx", "rcx", "", 0, 4),
    ("edx", "rdx", "", 0, 4),
    ("esi", "rsi", "", 0, 4),
    ("edi", "rdi", "", 0, 4),
    ("ebp", "rbp", "", 0, 4),
    ("esp", "rsp", "", 0, 4),
];

/// The parts there are on i386, in gdb's order.
const PARTS_I386: [&str; 15] =
    ["al", "cl", "dl", "bl", "ah", "ch", "dh", "bh", "ax", "cx", "dx", "bx", "bp", "si", "di"];

pub(crate) fn lookup(layout: &RegisterLayout, name: &str) -> Option<RegRef> {
    if layout.arch().is_foreign() {
        return role(layout, name);
    }
    role(layout, name)
        .or_else(|| part(layout, name))
        .or_else(|| mmx(layout, name))
        .or_else(|| vector(layout, name))
}

/// `pc`, `sp`, `fp`, `ps`. (The 16-bit `sp` has no name of its own in gdb either.)
fn role(layout: &RegisterLayout, name: &str) -> Option<RegRef> {
    let arch = layout.arch();
    let raw = match name {
        "pc" => arch.pc_name(),
        "sp" => arch.sp_name(),
        "fp" => arch.fp_name(),
        "ps" => arch.flags_name(),
        _ => return None,
    };
    let found = RegRef::whole(layout, layout.index_of(raw)?)?;
    Some(RegRef { name: name.to_owned(), ..found })
}

fn part(layout: &RegisterLayout, name: &str) -> Option<RegRef> {
    let numbered = || -> Option<(String, usize, usize)> {
        // r8 to r15 with l, w or d.
        let (raw, size) = match name.as_bytes().last()? {
            b'l' => (name.strip_suffix('l')?, 1),
            b'w' => (name.strip_suffix('w')?, 2),
            b'd' => (name.strip_suffix('d')?, 4),
            _ => return None,
        };
        let number: u8 = raw.strip_prefix('r')?.parse().ok()?;
        (8..16).contains(&number).then(|| (raw.to_owned(), 0, size))
    };
    let listed = PARTS.iter().find(|(part, ..)| *part == name).map(|&(_, on64, on32, offset, size)| {
        let whole = if layout.arch() == Arch::X86_64 { on64 } else { on32 };
        (whole.to_owned(), offset, size)
    });
    let (whole, offset, size) = listed.or_else(numbered)?;
    let index = layout.index_of(&whole)?;
    if layout.registers().get(index)?.size() < offset + size {
        return None;
    }
    let ty = RegType::int(u16::try_from(size * 8).ok()?);
    Some(RegRef { name: name.to_owned(), ty, pieces: vec![Piece { index, offset, size }] })
}

/// gdb has `mm0` to `mm7` on i386 only.
fn mmx(layout: &RegisterLayout, name: &str) -> Option<RegRef> {
    if layout.arch() != Arch::I386 {
        return None;
    }
    let number: u8 = name.strip_prefix("mm")?.parse().ok().filter(|number| *number < 8)?;
    let index = layout.index_of(&format!("st{number}"))?;
    let ty = union(
        "builtin_type_vec64i",
        [
            ("uint64", RegType::int(64)),
            ("v2_int32", lanes(RegType::int(32), 2)),
            ("v4_int16", lanes(RegType::int(16), 4)),
            ("v8_int8", lanes(RegType::int(8), 8)),
        ],
    );
    Some(RegRef { name: name.to_owned(), ty, pieces: vec![Piece { index, offset: 0, size: 8 }] })
}

/// `ymmN` is `xmmN` and `ymmNh`, `zmmN` is `ymmN` and `zmmNh`.
fn vector(layout: &RegisterLayout, name: &str) -> Option<RegRef> {
    let wide = name.starts_with("zmm");
    let number = name.strip_prefix(if wide { "zmm" } else { "ymm" })?;
    let number: u8 = number.parse().ok().filter(|value: &u8| value.to_string() == number)?;
    let mut names = vec![format!("xmm{number}"), format!("ymm{number}h")];
    if wide {
        names.push(format!("zmm{number}h"));
    }
    let pieces = names.iter().map(|raw| {
        let index = layout.index_of(raw)?;
        Some(Piece { index, offset: 0, size: layout.registers().get(index)?.size() })
    });
    let pieces = pieces.collect::<Option<Vec<_>>>()?;
    let size: usize = pieces.iter().map(|piece| piece.size).sum();
    let expected = if wide { 64 } else { 32 };
    (size == expected).then(|| RegRef { name: name.to_owned(), ty: vector_type(expected), pieces })
}

/// gdb's union of a ymm (32 bytes) or zmm (64 bytes) register.
fn vector_type(bytes: usize) -> RegType {
    let halves = bytes / 2;
    let count = |size: usize| u32::try_from(bytes / size).unwrap_or(0);
    let member = |kind: &str, size: usize| format!("v{}_{kind}", bytes / size);
    let names = [
        (member("bfloat16", 2), RegType::Float(FloatFormat::BFloat16), 2),
        (member("half", 2), RegType::Float(FloatFormat::Half), 2),
        (member("float", 4), RegType::Float(FloatFormat::Single), 4),
        (member("double", 8), RegType::Float(FloatFormat::Double), 8),
        (member("int8", 1), RegType::int(8), 1),
        (member("int16", 2), RegType::int(16), 2),
        (member("int32", 4), RegType::int(32), 4),
        (member("int64", 8), RegType::int(64), 8),
        (member("int128", 16), RegType::int(128), 16),
    ];
    let members = names.each_ref().map(|(name, ty, size)| (name.as_str(), lanes(ty.clone(), count(*size))));
    union(if halves == 16 { "builtin_type_vec256i" } else { "builtin_type_vec512i" }, members)
}

/// A vector type without a name of its own.
fn lanes(element: RegType, count: u32) -> RegType {
    RegType::Vector { name: String::new(), element: Arc::new(element), count }
}

/// Pseudo registers in gdb's order, without the roles.
pub(crate) fn pseudo_names(layout: &RegisterLayout) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    match layout.arch() {
        Arch::X86_64 => {
            for (size, suffix) in [(1, 'l'), (2, 'w'), (4, 'd')] {
                let of_size = PARTS.iter().filter(|part| part.4 == size);
                let (low, high): (Vec<&Part>, Vec<&Part>) = of_size.partition(|part| part.3 == 0);
                names.extend(low.iter().map(|part| part.0.to_owned()));
                names.extend((8..16).map(|number| format!("r{number}{suffix}")));
                names.extend(high.iter().map(|part| part.0.to_owned()));
            }
        }
        Arch::I386 => names.extend(PARTS_I386.iter().map(|name| (*name).to_owned())),
        Arch::Foreign(_) => return names,
    }
    names.extend((0..8).map(|number| format!("mm{number}")));
    names.extend((0..32).map(|number| format!("ymm{number}")));
    names.extend((0..32).map(|number| format!("zmm{number}")));
    names.retain(|name| layout.index_of(name).is_none() && lookup(layout, name).is_some());
    names
}

pub(crate) fn names(layout: &RegisterLayout) -> Vec<String> {
    let raw = super::groups::order(layout);
    let mut names: Vec<String> =
        raw.iter().filter_map(|index| layout.registers().get(*index)).map(|reg| reg.name.clone()).collect();
    names.retain(|name| !name.is_empty());
    names.extend(pseudo_names(layout));
    let roles = ["fp", "pc", "sp", "ps"].map(str::to_owned);
    names.extend(roles.into_iter().filter(|name| layout.index_of(name).is_none()));
    names
}
