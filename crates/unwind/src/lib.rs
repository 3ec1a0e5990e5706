//! Call frames: who called whom, and what the registers held in each caller.
//!
//! A [`Walk`] starts from a CPU's (or a sleeping task's) registers and finds one caller after the other. For each frame
//! it picks the first of these that applies:
//!
//! 1. DWARF call frame information, `.debug_frame` before `.eh_frame` ([`CfiSection`]),
//! 2. ORC, the kernel's own unwind tables, under [`Policy::Kernel`] ([`OrcTable`]),
//! 3. what the instructions at the start of the function say, as gdb's amd64 prologue analysis does.
//!
//! Under [`Policy::Gdb`] frames and stop reasons are those of gdb 13. [`Policy::Kernel`] goes on where gdb has to
//! guess: through entry code, exceptions and interrupts, down to the registers of user mode.
//!
//! The crate knows no symbols beyond [`UnwindInfo`], which its user implements, and no target: it reads through
//! [`kdive_base::ReadMemory`]. Inlined frames are not frames here, they share the registers of the function they are
//! inlined into; the printer expands them. Every loop over target or file data is bounded.
//!
//! Registers are named by their DWARF numbers for x86-64 (psABI, fig. 3.36): see [`reg`].

mod cfi;
mod error;
mod eval;
mod frame;
mod heuristic;
mod info;
mod orc;
pub mod pt_regs;
mod regs;
mod step;
mod tail;
mod walk;

pub use cfi::{CfiKind, CfiSection, FdeIndex, FdeRange, SectionBytes, UnwindTables};
pub use error::UnwindError;
pub use frame::{Frame, FrameId, FrameKind, Method};
pub use info::{Call, ObjectAt, Passed, TailCalls, UnwindInfo};
pub use orc::{OrcEntry, OrcKind, OrcReg, OrcTable, OrcVersion};
pub use regs::{Location, RegisterError, RegisterSet, reg};
pub use walk::{Context, Policy, StopReason, Walk};
