//! The registers of one frame: not values but places, read when somebody asks.

use kdive_base::{Fault, ReadMemory, VirtAddr};

/// DWARF register numbers of x86-64 (System V psABI, fig. 3.36).
pub mod reg {
    /// `rax`.
    pub const RAX: u16 = 0;
    /// `rdx`.
    pub const RDX: u16 = 1;
    /// `rcx`.
    pub const RCX: u16 = 2;
    /// `rbx`.
    pub const RBX: u16 = 3;
    /// `rsi`.
    pub const RSI: u16 = 4;
    /// `rdi`.
    pub const RDI: u16 = 5;
    /// `rbp`.
    pub const RBP: u16 = 6;
    /// `rsp`.
    pub const RSP: u16 = 7;
    /// `r8`; `r9` to `r15` follow.
    pub const R8: u16 = 8;
    /// `r10`.
    pub const R10: u16 = 10;
    /// `r12`.
    pub const R12: u16 = 12;
    /// `r13`.
    pub const R13: u16 = 13;
    /// `r14`.
    pub const R14: u16 = 14;
    /// `r15`.
    pub const R15: u16 = 15;
    /// The return address column, which is `rip`.
    pub const RIP: u16 = 16;
    /// `eflags`.
    pub const RFLAGS: u16 = 49;
    /// `cs`.
    pub const CS: u16 = 51;
    /// `ss`.
    pub const SS: u16 = 52;
}

/// Number of registers with a slot of their own: 0 to 16, and rflags, cs, ss.
const SLOTS: usize = 20;

/// Where the value of a register in some frame is to be found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Location {
    /// In the CPU's register `number` (not always the same one), which holds `value`. gdb: `lval_register`.
    Register {
        /// DWARF number.
        number: u16,
        /// What it holds.
        value: u64,
    },
    /// Saved in 8 bytes of memory. gdb: `lval_memory`.
    Memory(VirtAddr),
    /// Computed; there is no place to write a new value to. gdb: `not_lval`.
    Value(u64),
    /// The callee did not save it: `<not saved>`.
    NotSaved,
    /// The stub did not tell: `<unavailable>`.
    Unavailable,
}

/// Why a register has no value. The text is what gdb puts in angle brackets, or the fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RegisterError {
    /// The memory it was saved in cannot be read.
    #[error(transparent)]
    Memory(#[from] Fault),
    /// The callee did not save it.
    #[error("not saved")]
    NotSaved,
    /// The stub did not tell.
    #[error("unavailable")]
    Unavailable,
}

/// The registers of one frame, by DWARF number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegisterSet {
    slots: [Location; SLOTS],
}

impl Default for RegisterSet {
    fn default() -> Self {
        Self { slots: [Location::Unavailable; SLOTS] }
    }
}

fn slot(number: u16) -> Option<usize> {
    match number {
        0..=16 => Some(usize::from(number)),
        reg::RFLAGS => Some(17),
        reg::CS => Some(18),
        reg::SS => Some(19),
        _ => None,
    }
}

impl RegisterSet {
    /// The registers of a CPU; numbers without a slot here are ignored, registers not named are unavailable.
    #[must_use]
    pub fn live(values: impl IntoIterator<Item = (u16, u64)>) -> Self {
        let mut set = Self::default();
        for (number, value) in values {
            set.set(number, Location::Register { number, value });
        }
        set
    }

    /// Where register `number` is.
    #[must_use]
    pub fn location(&self, number: u16) -> Location {
        slot(number).and_then(|slot| self.slots.get(slot)).copied().unwrap_or(Location::Unavailable)
    }

    /// Says where register `number` is; numbers without a slot are ignored.
    pub fn set(&mut self, number: u16, location: Location) {
        if let Some(place) = slot(number).and_then(|slot| self.slots.get_mut(slot)) {
            *place = location;
        }
    }

    /// The value of register `number`.
    ///
    /// # Errors
    /// [`RegisterError`] with the reason there is none.
    pub fn read(&self, number: u16, memory: &dyn ReadMemory) -> Result<u64, RegisterError> {
        match self.location(number) {
            Location::Register { value, .. } | Location::Value(value) => Ok(value),
            Location::Memory(addr) => Ok(memory.read_uint(addr, 8)?),
            Location::NotSaved => Err(RegisterError::NotSaved),
            Location::Unavailable => Err(RegisterError::Unavailable),
        }
    }
}
