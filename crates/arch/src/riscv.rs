//! What gdb has of its own for RISC-V: the numbered names of registers, and the rows of `info registers`.

use crate::format::{Symbolizer, hex, natural};
use crate::{Arch, Foreign, RegRef, RegType, RegisterLayout};

/// The register that is always 0.
pub(crate) const ZERO: &str = "zero";

/// Names in the calling convention of `x0` and those after it.
const INTEGER: [&str; 32] = [
    ZERO, "ra", "sp", "gp", "tp", "t0", "t1", "t2", "fp", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6",
    "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
];

/// The same of `f0` and those after it.
const FLOAT: [&str; 32] = [
    "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2", "fa3", "fa4",
    "fa5", "fa6", "fa7", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8",
    "ft9", "ft10", "ft11",
];

pub(crate) fn is(arch: Arch) -> bool {
    matches!(arch, Arch::Foreign(Foreign::Riscv32 | Foreign::Riscv64))
}

/// The register meant by `x10`, `f8` or `s0`, under that name.
pub(crate) fn lookup(layout: &RegisterLayout, name: &str) -> Option<RegRef> {
    if !is(layout.arch()) {
        return None;
    }
    let numbered = |letter: char, names: &[&'static str]| {
        let number = name.strip_prefix(letter)?;
        let plain = number == "0" || number.starts_with(|first: char| ('1'..='9').contains(&first));
        names.get(number.parse::<usize>().ok().filter(|_| plain)?).copied()
    };
    let real = match name {
        "s0" => "fp",
        _ => numbered('x', &INTEGER).or_else(|| numbered('f', &FLOAT))?,
    };
    let found = RegRef::whole(layout, layout.index_of(real)?)?;
    Some(RegRef { name: name.to_owned(), ..found })
}

/// A row after the padded name: the two columns are apart by a tab, and what floats has its bytes as well. `None` for another
/// name of a register, whose row is that of every processor.
pub(crate) fn columns(
    layout: &RegisterLayout,
    reg: &RegRef,
    bytes: &[u8],
    symbolize: Symbolizer<'_>,
) -> Option<String> {
    if !is(layout.arch()) || layout.index_of(&reg.name).is_none() {
        return None;
    }
    let natural = natural(&reg.ty, bytes, symbolize);
    if floats(&reg.ty) {
        let digits: String = bytes.iter().rev().map(|byte| format!("{byte:02x}")).collect();
        return Some(format!("{natural}\t(raw 0x{digits})"));
    }
    let hex = hex(&reg.ty, bytes);
    Some(if reg.ty.is_vector() { hex } else { format!("{hex}\t{natural}") })
}

/// Whether it is a number that floats, or one that is seen in several sizes.
fn floats(ty: &RegType) -> bool {
    match ty {
        RegType::Float(_) => true,
        RegType::Union { fields, .. } => fields.iter().all(|field| matches!(field.ty, RegType::Float(_))),
        _ => false,
    }
}
