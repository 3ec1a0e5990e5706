//! What is known about a frame besides its function and its variables: where it lies and what it saved.

use crate::{Frame, Program};
use kdive_arch::FrameBase;
use kdive_base::VirtAddr;
use kdive_unwind::{FrameKind, Location};

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
    /// The stack pointer of its caller.
    pub caller_sp: Option<VirtAddr>,
    /// Registers it saved in memory, by name in gdb's order, and where.
    pub saved: Vec<(String, VirtAddr)>,
}

impl Program {
    /// Everything `info frame` tells about a frame.
    #[must_use]
    pub fn frame_facts(&self, frame: &Frame) -> FrameFacts {
        let arch = self.arch();
        let caller = frame.real.caller();
        let known = frame.real.id.is_ok();
        let saved_pc = caller.read(arch.dwarf_return_address(), self).ok().map(VirtAddr).filter(|_| known);
        let mut facts = FrameFacts {
            address: frame.real.cfa(),
            saved_pc,
            tail_call: frame.real.kind == FrameKind::TailCall,
            ..FrameFacts::default()
        };
        if frame.is_inlined() {
            return facts;
        }
        facts.base = self.frame_base(frame);
        facts.caller_sp = caller.read(arch.dwarf_sp(), self).ok().map(VirtAddr);
        let Some(registers) = self.registers() else { return facts };
        for register in registers.layout().registers() {
            let Some(number) = arch.dwarf_number(&register.name) else { continue };
            if number == arch.dwarf_sp() {
                continue;
            }
            if let Location::Memory(at) = caller.location(number) {
                facts.saved.push((register.name.clone(), at));
            }
        }
        facts
    }

    fn frame_base(&self, frame: &Frame) -> Option<VirtAddr> {
        let arch = self.arch();
        let register = |number| frame.real.registers.read(number, self).ok();
        let sp = register(arch.dwarf_sp())?;
        let pc = frame.pc();
        let prologue = frame.real.function.map(|start| arch.analyze_prologue(self, start, pc).frame);
        Some(VirtAddr(match prologue {
            Some(FrameBase::FramePointer { set_at: Some(set_at), .. }) if pc >= set_at => {
                register(arch.dwarf_fp())?
            }
            Some(FrameBase::FramePointer { pushed_at, .. }) if pc >= pushed_at => sp,
            _ => sp.wrapping_sub(u64::from(arch.address_size())),
        }))
    }
}
