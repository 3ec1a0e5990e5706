//! What is known about a frame besides its function and its variables: where it lies and what it saved.

use crate::{Frame, Program};
use kdive_base::VirtAddr;
use kdive_unwind::{FrameKind, Location};
use std::rc::Rc;

/// The facts of `info frame`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FrameFacts {
    /// Canonical frame address.
    pub address: Option<VirtAddr>,
    /// Where it returns to.
    pub saved_pc: Option<VirtAddr>,
    /// Whether it is shown only because a function left by a jump.
    pub tail_call: bool,
    /// Where gdb says arguments and locals are counted from: what its prologue analysis finds, whatever the debug
    /// information says. `None` for inlined calls.
    pub base: Option<VirtAddr>,
    /// The stack pointer of its caller; `None` for an inlined call in the innermost frame, where gdb says it is in the
    /// register.
    pub caller_sp: Option<VirtAddr>,
    /// Where the stack pointer of its caller was saved, when it was (signal frames).
    pub caller_sp_at: Option<VirtAddr>,
    /// Registers it saved in memory, by name in gdb's order, and where.
    pub saved: Vec<(String, VirtAddr)>,
}

impl Program {
    /// Everything `info frame` tells about a frame.
    #[must_use]
    pub fn frame_facts(&self, frame: &Frame) -> FrameFacts {
        let arch = self.arch();
        let real = self.settled(&frame.real);
        let caller = real.caller();
        let known = frame.real.id.is_ok();
        let saved_pc = caller.read(arch.dwarf_return_address(), self).ok().map(VirtAddr).filter(|_| known);
        let mut facts = FrameFacts {
            address: frame.real.cfa(),
            saved_pc,
            tail_call: frame.real.kind == FrameKind::TailCall,
            ..FrameFacts::default()
        };
        // An inlined call has the registers of the function it is in, which the frame below saved.
        let saver = match frame.is_inlined() {
            false => Some(Rc::clone(&real)),
            true => real.level.checked_sub(1).and_then(|below| self.real_frame_at(below)),
        };
        let saver = saver.map(|saver| self.settled(&saver));
        let Some(saver) = saver else { return facts };
        if !frame.is_inlined() {
            facts.base = frame.real.base(self);
        }
        if let Location::Memory(at) = saver.caller().location(arch.dwarf_sp()) {
            facts.caller_sp_at = Some(at);
        }
        facts.caller_sp = saver.caller().read(arch.dwarf_sp(), self).ok().map(VirtAddr);
        let saved: Vec<(u16, VirtAddr)> = saver.saved().collect();
        let Some(registers) = self.registers() else { return facts };
        for register in registers.layout().registers() {
            let number = arch.dwarf_number(&register.name);
            if let Some((_, at)) = saved.iter().find(|(saved, _)| Some(*saved) == number) {
                facts.saved.push((register.name.clone(), *at));
            }
        }
        facts
    }
}
