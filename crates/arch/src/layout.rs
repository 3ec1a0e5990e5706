//! Which registers a stub has, of which type, and where they stand in its `g` reply.

use crate::{Arch, ArchError, RegRef, RegType};
use std::collections::HashMap;

/// A register group of `info registers GROUP`, as gdb has them for x86.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Group {
    /// What a bare `info registers` shows: everything that is in none of the groups below.
    General,
    /// x87 registers.
    Float,
    /// `fs_base`, `gs_base` and `orig_rax` of stubs that describe them in features of their own (gdbserver).
    System,
    /// `mxcsr` and the widest vector registers of the features gdb knows, and MMX registers on i386.
    Vector,
    /// What `info all-registers` shows: all but those of [`Group::System`] and the parts of wider vector registers.
    All,
    /// `xmm` registers and `mxcsr` when they are described in the features gdb knows (QEMU's are not).
    Sse,
    /// `mm0` to `mm7` on i386.
    Mmx,
}

impl Group {
    /// The group called `name`, exactly.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "general" => Self::General,
            "float" => Self::Float,
            "system" => Self::System,
            "vector" => Self::Vector,
            "all" => Self::All,
            "sse" => Self::Sse,
            "mmx" => Self::Mmx,
            _ => return None,
        })
    }

    /// The name the user types.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Float => "float",
            Self::System => "system",
            Self::Vector => "vector",
            Self::All => "all",
            Self::Sse => "sse",
            Self::Mmx => "mmx",
        }
    }
}

/// One register of a stub.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Register {
    /// Its name in the description (`rax`).
    pub name: String,
    /// Size in bits as transferred, a multiple of 8.
    pub bits: u32,
    /// The stub's number for it: what `p` and `P` take.
    pub regnum: u32,
    /// Its type.
    pub ty: RegType,
    /// The group named by the description, if any.
    pub group: Option<String>,
    /// The feature (`org.gnu.gdb.i386.core`) it was described in.
    pub feature: String,
    /// Byte offset in a `g` reply. A register beyond the end of a reply is only available by `p`.
    pub offset: usize,
}

impl Register {
    /// Size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bits as usize / 8
    }
}

/// The registers of one stub. Built once per connection and shared by all register files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegisterLayout {
    arch: Arch,
    registers: Vec<Register>,
    by_name: HashMap<String, usize>,
}

impl RegisterLayout {
    /// A layout of `registers`, which need not be sorted: `g` holds them by ascending `regnum`, and their offsets are
    /// set here. Of two registers with the same name or number the first wins.
    #[must_use]
    pub fn new(arch: Arch, mut registers: Vec<Register>) -> Self {
        registers.sort_by_key(|reg| reg.regnum);
        registers.dedup_by_key(|reg| reg.regnum);
        let mut by_name = HashMap::with_capacity(registers.len());
        let mut offset = 0usize;
        for (index, reg) in registers.iter_mut().enumerate() {
            reg.offset = offset;
            offset = offset.saturating_add(reg.size());
            by_name.entry(reg.name.clone()).or_insert(index);
        }
        Self { arch, registers, by_name }
    }

    /// The layout to decode a `g` reply of `length` bytes with when there is no description, or when the CPU changed
    /// its mode and the reply no longer has the described length.
    ///
    /// # Errors
    /// [`ArchError::UnknownLength`] when no stub is known to send that many bytes.
    pub fn for_g_length(arch: Arch, length: usize) -> Result<Self, ArchError> {
        crate::x86::layouts::for_g_length(arch, length)
    }

    /// The CPU family.
    #[must_use]
    pub fn arch(&self) -> Arch {
        self.arch
    }

    /// All registers, by ascending register number: the order of `g`.
    #[must_use]
    pub fn registers(&self) -> &[Register] {
        &self.registers
    }

    /// Bytes of a complete `g` reply.
    #[must_use]
    pub fn g_length(&self) -> usize {
        self.registers.last().map_or(0, |reg| reg.offset.saturating_add(reg.size()))
    }

    /// Index in [`RegisterLayout::registers`] of the register called `name`.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Index of the register the stub numbers `regnum`.
    #[must_use]
    pub fn index_of_regnum(&self, regnum: u32) -> Option<usize> {
        self.registers.binary_search_by_key(&regnum, |reg| reg.regnum).ok()
    }

    /// Index of the register DWARF numbers `number`.
    #[must_use]
    pub fn index_of_dwarf(&self, number: u16) -> Option<usize> {
        self.index_of(self.arch.dwarf_name(number)?)
    }

    /// The registers gdb prints for `group`, in gdb's order, which is not the order of `g`: registers of well-known
    /// features come first, then the rest in the order of the description, then pseudo registers.
    #[must_use]
    pub fn group(&self, group: Group) -> Vec<RegRef> {
        crate::x86::groups::members(self, group)
    }

    /// What the user may call `$name` (without the `$`): a register of the stub, a pseudo register made of some of
    /// their bytes (`eax`, `al`, `r8d`, `ymm0`), or one of `pc`, `sp`, `fp`, `ps`.
    #[must_use]
    pub fn lookup(&self, name: &str) -> Option<RegRef> {
        if let Some(index) = self.index_of(name) {
            return RegRef::whole(self, index);
        }
        crate::pseudo::lookup(self, name)
    }

    /// Every name [`RegisterLayout::lookup`] knows, for completion: registers in gdb's order, pseudo registers, then
    /// `fp pc sp ps`.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        crate::pseudo::names(self)
    }
}

#[cfg(test)]
mod tests;
