//! What can be wrong with unwind tables. Missing target memory is a [`kdive_base::Fault`] inside.

use kdive_base::{Fault, LinkAddr};

/// Why a frame could not be unwound. The text is what follows gdb's `Backtrace stopped: `.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UnwindError {
    /// Target memory that is needed cannot be read; gdb's words.
    #[error(transparent)]
    Memory(#[from] Fault),
    /// A register is needed whose value is not known in this frame.
    #[error("not enough registers or memory available to unwind further")]
    Unavailable,
    /// A register is needed that the callee did not save; gdb's words, with gdb's number for the register.
    #[error("Register {} was not saved", gdb_number(*.register))]
    NotSaved {
        /// DWARF number.
        register: u16,
    },
    /// The unwind tables do not make sense.
    #[error("bad unwind information for {pc} in {section}: {what}")]
    Malformed {
        /// Address looked up, as in the file.
        pc: LinkAddr,
        /// `.debug_frame`, `.eh_frame` or `.orc_unwind`.
        section: &'static str,
        /// What is wrong.
        what: String,
    },
}

/// gdb's first four registers are rax, rbx, rcx, rdx; DWARF's rax, rdx, rcx, rbx.
fn gdb_number(dwarf: u16) -> u16 {
    match dwarf {
        1 => 3,
        2 => 2,
        3 => 1,
        number => number,
    }
}
