//! What mode the CPU is in, in words, and what that means for code addresses and page tables.

use crate::CodeSize;
use kdive_base::{PhysAddr, VirtAddr};
use std::fmt;

/// Execution mode of an x86 CPU (Intel SDM vol. 3, 2.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CpuMode {
    /// cr0.PE clear.
    Real,
    /// eflags.VM set in protected mode.
    Virtual8086,
    /// Protected mode with a 32-bit code segment.
    Protected32,
    /// Long mode with a 16- or 32-bit code segment.
    Compatibility,
    /// Long mode with a 64-bit code segment.
    Long,
    /// A processor that is no x86.
    Foreign,
}

impl CpuMode {
    /// How the CPU decodes code in this mode; compatibility mode counts as 32-bit.
    #[must_use]
    pub const fn code_size(self) -> CodeSize {
        match self {
            Self::Real | Self::Virtual8086 => CodeSize::Bits16,
            Self::Protected32 | Self::Compatibility => CodeSize::Bits32,
            // How other processors decode code does not depend on this.
            Self::Long | Self::Foreign => CodeSize::Bits64,
        }
    }
}

impl fmt::Display for CpuMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Real => "real mode",
            Self::Virtual8086 => "virtual-8086 mode",
            Self::Protected32 => "protected mode, 32-bit code",
            Self::Compatibility => "compatibility mode",
            Self::Long => "long mode",
            Self::Foreign => "no x86",
        })
    }
}

/// How addresses are translated (Intel SDM vol. 3, 4.1.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PagingMode {
    /// cr0.PG clear: linear addresses are physical.
    None,
    /// Two levels of 32-bit entries.
    Bits32,
    /// Three levels of 64-bit entries.
    Pae,
    /// Four levels, 48-bit linear addresses.
    FourLevel,
    /// Five levels, 57-bit linear addresses (cr4.LA57).
    FiveLevel,
}

impl PagingMode {
    /// Bits of a linear address that are translated.
    #[must_use]
    pub const fn linear_bits(self) -> u32 {
        match self {
            Self::None | Self::Bits32 | Self::Pae => 32,
            Self::FourLevel => 48,
            Self::FiveLevel => 57,
        }
    }
}

impl fmt::Display for PagingMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "no paging",
            Self::Bits32 => "32-bit paging",
            Self::Pae => "PAE paging",
            Self::FourLevel => "4-level paging",
            Self::FiveLevel => "5-level paging",
        })
    }
}

/// Where the CPU fetches its next instruction, and how gdb writes that address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CodeAddress {
    /// The program counter register: what gdb prints, and what a listing shows.
    pub pc: VirtAddr,
    /// The linear address the bytes are at: `pc` plus the base of the code segment.
    pub linear: VirtAddr,
    /// How the bytes are decoded.
    pub size: CodeSize,
}

impl CodeAddress {
    /// The linear address that a listing which starts at `pc` shows as `shown`.
    #[must_use]
    pub const fn linear_of(&self, shown: VirtAddr) -> VirtAddr {
        VirtAddr(shown.0.wrapping_add(self.linear.0.wrapping_sub(self.pc.0)))
    }
}

/// What the control registers say about a CPU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CpuState {
    /// Execution mode.
    pub mode: CpuMode,
    /// Current privilege level, 0 to 3.
    pub cpl: u8,
    /// Address translation.
    pub paging: PagingMode,
    /// Physical address of the top page table, `None` without paging or when cr3 is not known.
    pub page_table_root: Option<PhysAddr>,
    /// Next instruction.
    pub code: CodeAddress,
}
