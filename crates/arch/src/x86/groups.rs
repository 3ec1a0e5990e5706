//! Register groups and the order gdb prints registers in.
//!
//! gdb numbers the registers of the features it knows itself and appends all others in the order of the description.
//! QEMU describes everything in `org.gnu.gdb.i386.core`, so that its control, segment base and xmm registers are
//! "others" and appear in the general group.

use super::layouts::{FPU_CONTROL, GPR32, GPR64, SEGMENT_NAMES};
use super::pseudo::pseudo_names;
use crate::{Arch, Group, RegRef, RegType, Register, RegisterLayout};

/// What gdb takes a register for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// General, control and unknown registers.
    Other,
    Fpu,
    Xmm,
    Mxcsr,
    /// Upper halves of ymm and zmm registers, which show only as parts of those.
    UpperHalf,
    Mmx,
    Ymm,
    Zmm,
    /// Segment bases and `orig_rax` of Linux stubs.
    System,
    /// A part of a general register; in no group.
    Part,
}

fn kind(reg: &Register) -> Kind {
    let name = reg.name.as_str();
    match reg.feature.as_str() {
        "org.gnu.gdb.i386.core" if is_numbered(name, "st", 8) || FPU_CONTROL.contains(&name) => Kind::Fpu,
        "org.gnu.gdb.i386.sse" if name == "mxcsr" => Kind::Mxcsr,
        "org.gnu.gdb.i386.sse" | "org.gnu.gdb.i386.avx512" if is_numbered(name, "xmm", 32) => Kind::Xmm,
        "org.gnu.gdb.i386.avx" | "org.gnu.gdb.i386.avx512" if upper_half(name) => Kind::UpperHalf,
        "org.gnu.gdb.i386.segments" | "org.gnu.gdb.i386.linux" => Kind::System,
        _ => Kind::Other,
    }
}

/// By the group the description names, or the type, of processors other than x86.
fn of_description(reg: &Register) -> Kind {
    let is_control = reg.feature.ends_with(".csr") || reg.feature.ends_with(".virtual");
    match (reg.group.as_deref(), &reg.ty) {
        (None, _) if is_control => Kind::System,
        (Some("general"), _) => Kind::Other,
        (Some("float"), _) => Kind::Fpu,
        (Some("vector"), _) => Kind::Xmm,
        (Some("system"), _) => Kind::System,
        (_, RegType::Float(_)) => Kind::Fpu,
        (_, RegType::Vector { .. } | RegType::Union { .. }) => Kind::Xmm,
        (_, _) => Kind::Other,
    }
}

fn upper_half(name: &str) -> bool {
    name.strip_suffix('h').is_some_and(|name| is_numbered(name, "ymm", 32) || is_numbered(name, "zmm", 32))
}

fn is_numbered(name: &str, prefix: &str, count: u32) -> bool {
    number(name, prefix).is_some_and(|number| number < count)
}

fn number(name: &str, prefix: &str) -> Option<u32> {
    name.strip_prefix(prefix)?.parse().ok()
}

/// Place of a register in gdb's numbering, `None` for registers gdb appends.
fn rank(arch: Arch, reg: &Register) -> Option<u32> {
    let name = reg.name.as_str();
    let position = |names: &[&str], base: u32| {
        names
            .iter()
            .position(|entry| *entry == name)
            .and_then(|at| u32::try_from(at).ok())
            .map(|at| base + at)
    };
    match reg.feature.as_str() {
        "org.gnu.gdb.i386.core" => {
            let general: &[&str] = match arch {
                Arch::X86_64 => &GPR64,
                Arch::I386 => &GPR32,
                Arch::Foreign(_) => &[],
            };
            position(general, 0)
                .or_else(|| position(&[arch.pc_name(), arch.flags_name()], 20))
                .or_else(|| position(&SEGMENT_NAMES, 30))
                .or_else(|| number(name, "st").filter(|at| *at < 8).map(|at| 40 + at))
                .or_else(|| position(&FPU_CONTROL, 50))
        }
        "org.gnu.gdb.i386.sse" => {
            number(name, "xmm").map(|at| 100 + at).or_else(|| position(&["mxcsr"], 150))
        }
        "org.gnu.gdb.i386.avx" => number(name.strip_suffix('h')?, "ymm").map(|at| 200 + at),
        "org.gnu.gdb.i386.avx512" => number(name, "xmm")
            .map(|at| 300 + at)
            .or_else(|| number(name.strip_suffix('h')?, "ymm").map(|at| 350 + at))
            .or_else(|| number(name, "k").map(|at| 400 + at))
            .or_else(|| number(name.strip_suffix('h')?, "zmm").map(|at| 450 + at)),
        "org.gnu.gdb.i386.pkeys" => Some(500),
        "org.gnu.gdb.i386.segments" => position(&["fs_base", "gs_base"], 510),
        "org.gnu.gdb.i386.linux" => Some(520),
        _ => None,
    }
}

/// Indices of all registers in gdb's order.
pub(crate) fn order(layout: &RegisterLayout) -> Vec<usize> {
    let mut order: Vec<usize> = (0..layout.registers().len()).collect();
    order.sort_by_key(|index| {
        let rank = layout.registers().get(*index).and_then(|reg| rank(layout.arch(), reg));
        (rank.is_none(), rank, *index)
    });
    order
}

/// The registers of a group in gdb's order.
pub(crate) fn members(layout: &RegisterLayout, group: Group) -> Vec<RegRef> {
    let kind = if layout.arch().is_foreign() { of_description } else { kind };
    let kinds: Vec<Kind> = layout.registers().iter().map(kind).collect();
    let pseudo: Vec<RegRef> = pseudo_names(layout).iter().filter_map(|name| layout.lookup(name)).collect();
    let has_ymm = pseudo.iter().any(|reg| pseudo_kind(&reg.name) == Kind::Ymm);
    let has_zmm = pseudo.iter().any(|reg| pseudo_kind(&reg.name) == Kind::Zmm);
    // Of overlapping vector registers only the widest show.
    let widest = match (has_zmm, has_ymm) {
        (true, _) => Kind::Zmm,
        (false, true) => Kind::Ymm,
        (false, false) => Kind::Xmm,
    };
    let belongs = |kind: Kind| match group {
        Group::General => kind == Kind::Other,
        Group::Float => kind == Kind::Fpu,
        Group::System => kind == Kind::System,
        Group::Vector => matches!(kind, Kind::Mxcsr | Kind::Mmx) || kind == widest,
        Group::Sse => matches!(kind, Kind::Xmm | Kind::Mxcsr),
        Group::Mmx => kind == Kind::Mmx,
        Group::All => match kind {
            Kind::Xmm | Kind::Ymm | Kind::Zmm => kind == widest,
            Kind::UpperHalf | Kind::System | Kind::Part => false,
            Kind::Other | Kind::Fpu | Kind::Mxcsr | Kind::Mmx => true,
        },
    };
    let raw = order(layout).into_iter().filter(|index| kinds.get(*index).is_some_and(|kind| belongs(*kind)));
    let raw = raw.filter_map(|index| RegRef::whole(layout, index)).filter(|reg| !reg.name.is_empty());
    raw.chain(pseudo.iter().filter(|reg| belongs(pseudo_kind(&reg.name))).cloned()).collect()
}

fn pseudo_kind(name: &str) -> Kind {
    match name {
        _ if name.starts_with("zmm") => Kind::Zmm,
        _ if name.starts_with("ymm") => Kind::Ymm,
        _ if name.starts_with("mm") => Kind::Mmx,
        _ => Kind::Part,
    }
}
