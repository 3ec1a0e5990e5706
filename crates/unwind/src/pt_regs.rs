//! `struct pt_regs` of x86-64 Linux: the registers entry code saves (`arch/x86/include/asm/ptrace.h`, unchanged since
//! 2.6.25 but for names).

use crate::{Location, RegisterSet, reg};
use kdive_base::{ReadMemory, VirtAddr};

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

/// Index of `cs`, `flags` and `ss`.
const CS: u64 = 17;
const FLAGS: u64 = 18;
const SS: u64 = 20;

/// The segments of 64-bit and 32-bit user code, and of its stack (arch/x86/include/asm/segment.h).
const USER_CS: [u64; 2] = [0x33, 0x23];
const USER_SS: u64 = 0x2b;
/// A bit of the flags that is always 1.
const FLAGS_FIXED: u64 = 1 << 1;
/// Kernel stacks end at a page's end; the registers of user mode are there, with room for two words after them since 6.9
/// (`TOP_OF_KERNEL_STACK_PADDING`).
const PAGE: u64 = 4096;
const PADDING: u64 = 16;

/// Whether what lies at `addr` is the `pt_regs` user mode was left with: at the end of a stack, with the segments of user code.
pub(crate) fn is_of_user_mode(addr: VirtAddr, memory: &dyn ReadMemory) -> bool {
    let word = |index: u64| memory.read_uint(addr.offset(index * 8), 8).unwrap_or(0);
    let left = addr.0.wrapping_add(PT_REGS_SIZE).wrapping_neg() % PAGE;
    (left == 0 || left == PADDING)
        && USER_CS.contains(&word(CS))
        && word(SS) == USER_SS
        && word(FLAGS) & FLAGS_FIXED != 0
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
