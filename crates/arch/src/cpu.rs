//! CPU families and the facts that differ between them.

use crate::{CodeAddress, CpuMode, CpuState, Foreign, FrameBase, PagingMode, Prologue, RegisterFile, x86};
use kdive_base::{ReadMemory, VirtAddr};

/// How the CPU decodes the bytes it executes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CodeSize {
    /// 16-bit x86 code: real mode, virtual-8086 mode, or a 16-bit code segment.
    Bits16,
    /// 32-bit x86 code.
    Bits32,
    /// 64-bit x86 code.
    Bits64,
    /// Code of another processor, whose data has this byte order.
    Foreign {
        /// Which processor.
        family: Foreign,
        /// Whether the most significant byte comes first.
        big_endian: bool,
    },
}

/// A CPU family: what the debugger knows before it has seen a stub.
///
/// A new family is a new variant, a module beside `x86`, and an arm in each method below; the compiler lists them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Arch {
    /// 32-bit x86.
    I386,
    /// 64-bit x86.
    X86_64,
    /// Another processor, of which kdive knows little more than the name.
    Foreign(Foreign),
}

impl Arch {
    /// The family an `<architecture>` element or `set architecture` names (`i386:x86-64`, `i386`, `i8086`).
    #[must_use]
    pub fn from_bfd_name(name: &str) -> Option<Self> {
        match name {
            "i386:x86-64" | "i386:x86-64:intel" => Some(Self::X86_64),
            "i386" | "i386:intel" | "i8086" => Some(Self::I386),
            _ => Foreign::from_bfd_name(name).map(Self::Foreign),
        }
    }

    /// The family of an ELF file by its `e_machine` (`EM_386` 3, `EM_X86_64` 62) and class.
    #[must_use]
    pub const fn from_elf(machine: u16, is_64: bool) -> Self {
        match machine {
            3 => Self::I386,
            62 => Self::X86_64,
            _ => Self::Foreign(Foreign::from_elf(machine, is_64)),
        }
    }

    /// Whether it is a processor of which little more than the name is known.
    #[must_use]
    pub const fn is_foreign(self) -> bool {
        matches!(self, Self::Foreign(_))
    }

    /// The name gdb has for the family.
    #[must_use]
    pub const fn bfd_name(self) -> &'static str {
        match self {
            Self::I386 => "i386",
            Self::X86_64 => "i386:x86-64",
            Self::Foreign(family) => family.bfd_name(),
        }
    }

    /// Bytes of an address, of a `long` and of a stack slot.
    #[must_use]
    pub const fn address_size(self) -> u8 {
        match self {
            Self::I386 => 4,
            Self::X86_64 => 8,
            Self::Foreign(family) => family.address_size(),
        }
    }

    /// How code is decoded when the CPU's mode is not known.
    #[must_use]
    pub const fn code_size(self) -> CodeSize {
        match self {
            Self::I386 => CodeSize::Bits32,
            Self::X86_64 => CodeSize::Bits64,
            Self::Foreign(family) => CodeSize::Foreign { family, big_endian: false },
        }
    }

    /// Longest instruction in bytes (15 on x86, Intel SDM vol. 2, 2.3.11).
    #[must_use]
    pub const fn max_insn_len(self) -> usize {
        match self {
            Self::I386 | Self::X86_64 => 15,
            Self::Foreign(family) => family.max_insn_len(),
        }
    }

    /// Name of the register `$pc` stands for.
    #[must_use]
    pub const fn pc_name(self) -> &'static str {
        match self {
            Self::I386 => "eip",
            Self::X86_64 => "rip",
            Self::Foreign(_) => "pc",
        }
    }

    /// Name of the register `$sp` stands for.
    #[must_use]
    pub const fn sp_name(self) -> &'static str {
        match self {
            Self::I386 => "esp",
            Self::X86_64 => "rsp",
            Self::Foreign(family) => family.sp_name(),
        }
    }

    /// Name of the frame pointer register.
    #[must_use]
    pub const fn fp_name(self) -> &'static str {
        match self {
            Self::I386 => "ebp",
            Self::X86_64 => "rbp",
            Self::Foreign(family) => family.fp_name(),
        }
    }

    /// Name of the register `$ps` stands for.
    #[must_use]
    pub const fn flags_name(self) -> &'static str {
        match self {
            Self::I386 | Self::X86_64 => "eflags",
            Self::Foreign(family) => family.flags_name(),
        }
    }

    /// Name of the register with this number in DWARF (psABI for x86-64 fig. 3.36, i386 psABI table 2.14).
    #[must_use]
    pub fn dwarf_name(self, number: u16) -> Option<&'static str> {
        if self.is_foreign() { None } else { x86::dwarf::name(self, number) }
    }

    /// DWARF number of the register called `name`.
    #[must_use]
    pub fn dwarf_number(self, name: &str) -> Option<u16> {
        if self.is_foreign() { None } else { x86::dwarf::number(self, name) }
    }

    /// DWARF number of the return address column (16 on x86-64, 8 on i386).
    #[must_use]
    pub const fn dwarf_return_address(self) -> u16 {
        match self {
            Self::I386 => 8,
            Self::X86_64 => 16,
            // No register has this number: frames of other processors are not unwound.
            Self::Foreign(_) => u16::MAX,
        }
    }

    /// DWARF number of the stack pointer.
    #[must_use]
    pub const fn dwarf_sp(self) -> u16 {
        match self {
            Self::I386 => 4,
            Self::X86_64 => 7,
            // No register has this number: frames of other processors are not unwound.
            Self::Foreign(_) => u16::MAX,
        }
    }

    /// DWARF number of the frame pointer.
    #[must_use]
    pub const fn dwarf_fp(self) -> u16 {
        match self {
            Self::I386 => 5,
            Self::X86_64 => 6,
            // No register has this number: frames of other processors are not unwound.
            Self::Foreign(_) => u16::MAX,
        }
    }

    /// The bytes a software breakpoint puts into memory.
    #[must_use]
    pub const fn breakpoint_insn(self) -> &'static [u8] {
        match self {
            Self::I386 | Self::X86_64 => &[0xcc],
            Self::Foreign(family) => family.breakpoint_insn(),
        }
    }

    /// By how many bytes the program counter is beyond a breakpoint instruction that was just executed, for stubs that
    /// do not correct it themselves.
    #[must_use]
    pub const fn pc_after_breakpoint(self) -> u64 {
        match self {
            Self::I386 | Self::X86_64 => 1,
            Self::Foreign(_) => 0,
        }
    }

    /// Registers a call preserves, by name, in DWARF order.
    #[must_use]
    pub const fn call_preserved(self) -> &'static [&'static str] {
        match self {
            Self::I386 => x86::abi::I386_PRESERVED,
            Self::X86_64 => x86::abi::X86_64_PRESERVED,
            Self::Foreign(_) => &[],
        }
    }

    /// How far the prologue of the function at `start` reaches, looking no further than `limit`.
    ///
    /// For functions without line information; the rule is gdb's `amd64_analyze_prologue`.
    #[must_use]
    pub fn analyze_prologue(self, memory: &dyn ReadMemory, start: VirtAddr, limit: VirtAddr) -> Prologue {
        if self.is_foreign() {
            return Prologue { end: start, frame: FrameBase::StackPointer };
        }
        x86::prologue::analyze(self, memory, start, limit)
    }

    /// The base of a frame as gdb computes it without CFI: what `$fp` answers, and `info frame` prints after
    /// `Arglist at`. (CFI decides how frames are unwound, not this.)
    ///
    /// `function` is where the function that holds `pc` starts, if that is known; `pc`, `sp` and `fp` are those of the
    /// frame.
    #[must_use]
    pub fn frame_base(
        self,
        memory: &dyn ReadMemory,
        function: Option<VirtAddr>,
        pc: VirtAddr,
        sp: VirtAddr,
        fp: VirtAddr,
    ) -> VirtAddr {
        if self.is_foreign() {
            return fp;
        }
        x86::prologue::frame_base(self, memory, function, pc, sp, fp)
    }

    /// Mode, privilege and code address of a CPU with these registers.
    ///
    /// Stubs do not send segment descriptors, so that 16-bit protected mode and the bases of code segments there cannot
    /// be known.
    #[must_use]
    pub fn cpu_state(self, registers: &RegisterFile) -> CpuState {
        if self.is_foreign() {
            let pc = registers.pc().unwrap_or(VirtAddr(0));
            return CpuState {
                mode: CpuMode::Foreign,
                cpl: 0,
                paging: PagingMode::None,
                page_table_root: None,
                code: CodeAddress { pc, linear: pc, size: self.code_size() },
            };
        }
        x86::mode::cpu_state(self, registers)
    }
}
