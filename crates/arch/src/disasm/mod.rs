//! Machine code as text and as facts.
//!
//! iced-x86 decodes; the text is ours, because it has to be what gdb's disassembler (opcodes of binutils 2.40) prints
//! to the letter. Code of other processors is capstone's. `docs/disassembler.md` has the measurements that led to this.

mod facts;
mod foreign;
mod mnemonic;
mod operand;
mod prefix;
mod text;

use crate::{Arch, CodeSize};
use kdive_base::VirtAddr;

/// Assembly syntax of `set disassembly-flavor`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Flavor {
    /// AT&T, gdb's default.
    #[default]
    Att,
    /// Intel.
    Intel,
}

/// What an instruction does to the flow of control.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Flow {
    /// Goes on with the next instruction.
    Next,
    /// Calls a function; the target is [`Insn::target`] or comes from a register or memory.
    Call,
    /// Returns to the caller (`ret`, `lret`).
    Return,
    /// Jumps always.
    Jump,
    /// Jumps or goes on (`jcc`, `loop`, `jrcxz`, `xbegin`).
    Branch,
    /// Returns from an exception or interrupt (`iret`).
    ExceptionReturn,
    /// Enters the kernel (`syscall`, `sysenter`, `int $0x80`); execution goes on after it some time.
    Syscall,
    /// Leaves the kernel for user space (`sysret`, `sysexit`).
    SyscallReturn,
    /// A breakpoint (`int3`).
    Breakpoint,
    /// Raises invalid opcode by intention (`ud0`, `ud1`, `ud2`): `BUG` and `WARN` in Linux.
    Undefined,
    /// Stops until an interrupt (`hlt`, `mwait`).
    Halt,
    /// A string instruction with a repeat prefix: a single step does one round.
    RepString,
    /// Bytes that are no instruction.
    Invalid,
}

/// Turns an address into `symbol+offset`, `symbol` at offset 0, without angle brackets.
pub trait Symbolize {
    /// The name for `addr`, `None` when nothing is near.
    fn symbolize(&self, addr: VirtAddr) -> Option<String>;
}

/// No names at all: addresses print bare.
impl Symbolize for () {
    fn symbolize(&self, _: VirtAddr) -> Option<String> {
        None
    }
}

impl<F: Fn(VirtAddr) -> Option<String>> Symbolize for F {
    fn symbolize(&self, addr: VirtAddr) -> Option<String> {
        self(addr)
    }
}

/// One decoded instruction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Insn {
    /// Its address.
    pub addr: VirtAddr,
    /// Its bytes, 1 to 15.
    pub bytes: Vec<u8>,
    /// Mnemonic and operands exactly as gdb 13 prints them after the tab.
    pub text: String,
    /// What it does to the flow of control.
    pub flow: Flow,
    /// Static target of a call or jump.
    pub target: Option<VirtAddr>,
    /// Address a rip-relative or absolute memory operand refers to.
    pub memory: Option<VirtAddr>,
    /// Whether it changes the arithmetic flags.
    pub writes_flags: bool,
    /// Whether it changes the stack pointer.
    pub writes_sp: bool,
    /// Whether it only goes on with the next instruction: a no-op of any length (the place of a call that is patched in, such as that
    /// at the entry of functions in Linux), or the mark of a branch target.
    pub does_nothing: bool,
}

impl Insn {
    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Never: an instruction has at least one byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Address of the instruction after it.
    #[must_use]
    pub fn next(&self) -> VirtAddr {
        self.addr.offset(self.len())
    }
}

/// Decodes machine code. Cheap to make; holds no state between instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Disassembler {
    size: CodeSize,
    flavor: Flavor,
}

impl Disassembler {
    /// A disassembler for code of the given size.
    #[must_use]
    pub fn new(size: CodeSize, flavor: Flavor) -> Self {
        Self { size, flavor }
    }

    /// A disassembler for the usual code of a CPU family.
    #[must_use]
    pub fn for_arch(arch: Arch, flavor: Flavor) -> Self {
        Self::new(arch.code_size(), flavor)
    }

    /// Decodes the first instruction of `bytes`, which are at `addr`.
    ///
    /// Bytes that are no instruction give `(bad)`, as in gdb. `None` when `bytes` ends before the instruction does: the
    /// caller reports the address of the first byte it could not read. [`Arch::max_insn_len`] bytes are always enough.
    #[must_use]
    pub fn decode(&self, bytes: &[u8], addr: VirtAddr, symbols: &dyn Symbolize) -> Option<Insn> {
        text::decode(self.size, self.flavor, bytes, addr, Some(symbols))
    }

    /// The same without its text, which takes longer to make than all the rest.
    #[must_use]
    pub fn facts(&self, bytes: &[u8], addr: VirtAddr) -> Option<Insn> {
        text::decode(self.size, self.flavor, bytes, addr, None)
    }
}

#[cfg(test)]
mod tests;
