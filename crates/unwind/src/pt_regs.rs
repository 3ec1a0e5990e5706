//! `struct pt_regs` of x86-64 Linux: the registers entry code saves (`arch/x86/include/asm/ptrace.h`, unchanged since
//! 2.6.25 but for names).

use crate::{Location, RegisterSet, reg};
use kdive_base::VirtAddr;

/// `sizeof(struct pt_regs)`.
pub const PT_REGS_SIZE: u64 = 168;

/// Registers by DWARF number in the order of the struct, 8 bytes each; `orig_ax` has none.
const LAYOUT: [Option<u16>; 21] = [
    Some(reg::R15),
    Some(reg::R14),
    Some(reg::R13),
    Some(reg::R12),
    Some(reg::RBP),
    Some(reg::RBX),
    Some(11),
    Some(reg::R10),
    Some(9),
    Some(reg::R8),
    Some(reg::RAX),
    Some(reg::RCX),
    Some(reg::RDX),
    Some(reg::RSI),
    Some(reg::RDI),
    None,
    Some(reg::RIP),
    Some(reg::CS),
    Some(reg::RFLAGS),
    Some(reg::RSP),
    Some(reg::SS),
];

/// Index of `ip`, the first of the five words the CPU itself pushes.
const IRET_FRAME: usize = 16;

/// The registers saved in the `pt_regs` at `addr`.
#[must_use]
pub fn registers_at(addr: VirtAddr) -> RegisterSet {
    let mut set = RegisterSet::default();
    place(&mut set, addr, 0);
    set
}

/// `current` with the registers replaced that the CPU pushed at `addr` for an exception.
pub(crate) fn with_iret_frame(current: &RegisterSet, addr: VirtAddr) -> RegisterSet {
    let mut set = current.clone();
    place(&mut set, addr, IRET_FRAME);
    set
}

fn place(set: &mut RegisterSet, addr: VirtAddr, first: usize) {
    for (index, number) in LAYOUT.iter().skip(first).enumerate() {
        if let Some(number) = number {
            set.set(*number, Location::Memory(addr.offset(index as u64 * 8)));
        }
    }
}
