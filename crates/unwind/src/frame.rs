//! One call frame.

use crate::step::{self, Start};
use crate::{Location, RegisterSet, UnwindError, reg};
use kdive_base::{ReadMemory, VirtAddr};

/// What made the frame's callee run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameKind {
    /// The innermost frame, or one that made a call: outside level 0 its pc is a return address.
    Normal,
    /// A function that left by a jump to the function in the frame below it. It has no registers of its own; gdb
    /// shows such frames where the debug information of the calls leaves only one possible chain.
    TailCall,
    /// Code that an exception or interrupt suspended: pc is the next instruction to execute.
    Interrupted,
    /// The code a signal handler returns to, in user programs (gdb: `<signal handler called>`). It has no caller.
    SignalTrampoline,
    /// What the debugger called a function from (gdb: `<function called from gdb>`): its caller is what stood there before.
    CallByDebugger,
    /// Unknown code of user mode, where a stack ends ([`crate::Policy::Kernel`]).
    User,
}

/// How a frame's caller was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// `.debug_frame`.
    DebugFrame,
    /// `.eh_frame`.
    EhFrame,
    /// The kernel's ORC tables.
    Orc,
    /// The instructions at the start of the function.
    Prologue,
    /// A frame pointer, plain or with a `pt_regs` encoded in it.
    FramePointer,
    /// The next instruction is `ret`, in code whose CFI cannot be trusted there.
    Epilogue,
    /// The registers that a signal saved, found by the code that returns from its handler.
    Sigreturn,
    /// The registers the debugger kept when it called a function.
    Kept,
    /// A tail call: nothing to unwind.
    TailCall,
    /// The record of what a return trampoline goes on to.
    Trampoline,
    /// Nothing applies: the outermost frame.
    None,
}

/// What stays the same about a frame while it lives: what stepping compares.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FrameId {
    /// The frame with this canonical frame address, in the function that starts at this address.
    Stack {
        /// Canonical frame address: the value of `rsp` before the call that entered the frame.
        cfa: VirtAddr,
        /// Start of the function, 0 when it is not known.
        function: VirtAddr,
        /// Number of tail-calling frames shown between this one and the function it stands on.
        tail_depth: u32,
    },
    /// The outermost frame, which has no canonical frame address.
    Outer,
    /// The stack pointer is not known.
    Unavailable {
        /// Start of the function, 0 when it is not known.
        function: VirtAddr,
    },
}

impl FrameId {
    /// Canonical frame address, where there is one.
    #[must_use]
    pub fn cfa(self) -> Option<VirtAddr> {
        match self {
            Self::Stack { cfa, .. } => Some(cfa),
            Self::Outer | Self::Unavailable { .. } => None,
        }
    }

    /// Whether this frame is inner to (was called, directly or not, by) `other`, judged by the stack alone.
    #[must_use]
    pub fn is_inner_to(self, other: Self) -> bool {
        matches!((self.cfa(), other.cfa()), (Some(inner), Some(outer)) if inner < outer)
    }
}

/// One frame of a [`crate::Walk`].
#[derive(Clone, Debug)]
pub struct Frame {
    /// 0 for the innermost. Inlined frames are not counted.
    pub level: usize,
    /// What made its callee run.
    pub kind: FrameKind,
    /// Where it executes, or will when its callee returns.
    pub pc: VirtAddr,
    /// An address surely inside the call: `pc - 1` for a return address (a call that does not return may be the last
    /// instruction of its function), `pc` otherwise. Symbols, lines, inlined calls and variables are looked up here.
    pub lookup_pc: VirtAddr,
    /// Start of the function around `lookup_pc`.
    pub function: Option<VirtAddr>,
    /// The registers in this frame.
    pub registers: RegisterSet,
    /// How its caller is found.
    pub method: Method,
    /// Its identity. An error here is why it has no caller.
    pub id: Result<FrameId, UnwindError>,
    /// Whether it executes in user mode; known under [`crate::Policy::Kernel`] only.
    pub user_mode: bool,
    pub(crate) caller: RegisterSet,
    /// `caller` of the function that was called, beyond any tail calls.
    pub(crate) beyond: RegisterSet,
    pub(crate) caller_kind: FrameKind,
    pub(crate) outermost: bool,
    pub(crate) switches_stack: bool,
    /// For a frame whose caller called something else: the functions between, innermost first.
    pub(crate) tail_callers: Vec<VirtAddr>,
    /// Where its return address is, when that of a trampoline is there and `caller` has the true one.
    pub(crate) return_slot: Option<VirtAddr>,
    /// Whether `tail_callers` and `return_slot` were looked for, and `caller` is as they say.
    pub(crate) settled: bool,
}

impl Frame {
    /// Canonical frame address (`Stack level 0, frame at 0x...`), where it is known.
    #[must_use]
    pub fn cfa(&self) -> Option<VirtAddr> {
        self.id.as_ref().ok().and_then(|id| id.cfa())
    }

    /// What gdb's `info frame` gives as `Arglist at` and `Locals at`; `None`: `unknown address`.
    #[must_use]
    pub fn base(&self, memory: &dyn ReadMemory) -> Option<VirtAddr> {
        if !matches!(self.kind, FrameKind::Normal | FrameKind::Interrupted) {
            return None;
        }
        step::frame_base(&self.start(), self.method, memory).ok().map(VirtAddr).filter(|base| base.0 != 0)
    }

    pub(crate) fn start(&self) -> Start<'_> {
        Start {
            level: self.level,
            kind: self.kind,
            pc: self.pc,
            lookup_pc: self.lookup_pc,
            function: self.function,
            registers: &self.registers,
            user_mode: self.user_mode,
        }
    }

    /// The registers its caller has, as this frame tells. The pc and the stack pointer of the caller stand in `rip`
    /// and `rsp`. Meaningful also for the last frame of a walk, where gdb's `info frame` shows it too.
    #[must_use]
    pub fn caller(&self) -> &RegisterSet {
        &self.caller
    }

    /// Registers of the caller that this frame saved, with their addresses, by DWARF number: gdb's `Saved registers:`.
    /// Neither `rsp` is among them, nor what a frame further in saved and this one left alone. gdb reads the values too
    /// and gives up with `Cannot access memory at address ADDR` at the first, in its own order, that it cannot read.
    pub fn saved(&self) -> impl Iterator<Item = (u16, VirtAddr)> + '_ {
        // A signal saves the flags as well; that an interrupt does goes without saying.
        let flags = (self.kind == FrameKind::SignalTrampoline).then_some(reg::RFLAGS);
        (0..=reg::RIP).chain(flags).filter(|&number| number != reg::RSP).filter_map(|number| {
            match self.caller.location(number) {
                _ if number == reg::RIP && self.return_slot.is_some() => {
                    self.return_slot.map(|at| (number, at))
                }
                place @ Location::Memory(addr) if place != self.registers.location(number) => {
                    Some((number, addr))
                }
                _ => None,
            }
        })
    }
}
