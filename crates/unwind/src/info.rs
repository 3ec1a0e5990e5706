//! What the unwinder asks about code. The one trait its user implements.

use crate::{RegisterSet, UnwindTables};
use kdive_base::{LinkAddr, VirtAddr};
use std::sync::Arc;

/// The object (vmlinux or a module) whose code covers an address.
#[derive(Clone, Debug)]
pub struct ObjectAt {
    /// Its unwind tables, made once per object.
    pub tables: Arc<UnwindTables>,
    /// The address as in the file, in the address space the tables were made with.
    pub pc: LinkAddr,
    /// Added to addresses of the file to get addresses at run time.
    pub slide: u64,
}

/// A call instruction, from `DW_TAG_call_site`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    /// Address after the call, or after the jump of a tail call (`DW_AT_call_return_pc`).
    pub return_pc: VirtAddr,
    /// Start of the function called; `None` when it is computed.
    pub target: Option<VirtAddr>,
}

/// The tail calls of a function, each looked up when it is asked for.
pub type TailCalls<'a> = Box<dyn Iterator<Item = Call> + 'a>;

/// A function as a chain of tail calls passes it.
pub enum Passed<'a> {
    /// Its tail calls; none when its unit does not say that all are listed (`DW_AT_call_all_calls`,
    /// `DW_AT_call_all_tail_calls`).
    Known(TailCalls<'a>),
    /// Without debug information that starts there: a chain may end at it, and goes no further.
    Unknown,
    /// No chain is followed into it.
    Barred,
}

/// Facts about code addresses.
pub trait UnwindInfo {
    /// The object whose code covers `pc`; `None` for addresses outside all known code.
    fn object_at(&self, pc: VirtAddr) -> Option<ObjectAt>;

    /// Start of the function that covers `pc`: from debug information, else the nearest ELF symbol at or below it.
    fn function_start(&self, pc: VirtAddr) -> Option<VirtAddr>;

    /// Whether the CFI of the unit that covers `pc` is right in epilogues too. gdb believes it of units made by GCC
    /// 4.5 or later, by their `DW_AT_producer`; not of assembly and not of code without debug information. Where it is
    /// not believed, a `ret` at the innermost pc is taken at its word.
    fn epilogue_cfi_valid(&self, pc: VirtAddr) -> bool;

    /// Number of inlined calls that cover `pc`.
    fn inlined_calls(&self, pc: VirtAddr) -> usize;

    /// The call that returns to `return_pc`.
    fn call_site(&self, return_pc: VirtAddr) -> Option<Call>;

    /// What a chain of tail calls meets that reaches the function which starts at `function`. Asked only of those on
    /// the way: it may cost the debug information of a unit.
    fn passed(&self, function: VirtAddr) -> Passed<'_>;

    /// Whether [`UnwindInfo::passed`] is cheap for a function: what it takes has been read already.
    fn is_at_hand(&self, function: VirtAddr) -> bool {
        let _ = function;
        false
    }

    /// Whether `pc`, reached in user mode, lies in a user program whose code is known. Elsewhere it is not known what is there.
    fn is_user_code(&self, pc: VirtAddr) -> bool {
        let _ = pc;
        false
    }

    /// Whether memory has at `pc` what that program has there: programs share addresses, so that another one may run.
    fn is_in_place(&self, pc: VirtAddr) -> bool {
        let _ = pc;
        true
    }

    /// Whether `pc` is where a trampoline begins to which functions return while something watches for their return.
    fn is_return_trampoline(&self, pc: VirtAddr) -> bool {
        let _ = pc;
        false
    }

    /// Where control really goes on when the return address at `slot` is `return_pc`: `None` unless that is such a trampoline,
    /// and it is known what the trampoline has taken the place of.
    fn true_return(&self, return_pc: VirtAddr, slot: VirtAddr) -> Option<VirtAddr> {
        let _ = (return_pc, slot);
        None
    }

    /// The same while the instructions of the trampoline itself run, with the stack at `sp`: where the return address was, and where
    /// control goes on. `holds` is what registers and the stack hold, among which that may be already.
    fn return_from_inside(
        &self,
        trampoline: VirtAddr,
        sp: VirtAddr,
        holds: &[u64],
    ) -> Option<(VirtAddr, VirtAddr)> {
        let _ = (trampoline, sp, holds);
        None
    }

    /// The registers from before a call by the debugger that returns to `pc` with this stack pointer.
    fn before_call(&self, pc: VirtAddr, sp: VirtAddr) -> Option<RegisterSet> {
        let _ = (pc, sp);
        None
    }

    /// Whether a frame of the function starting at `function` is the one the program's entry point lies in, where gdb
    /// ends a backtrace.
    fn is_entry_function(&self, function: Option<VirtAddr>) -> bool {
        let _ = function;
        false
    }
}
