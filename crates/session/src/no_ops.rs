//! Past a breakpoint without a step.

use crate::Session;
use crate::range_ends::LONGEST_INSN;
use kdive_base::VirtAddr;
use kdive_target::{RunControl, ThreadId};

impl Session {
    /// Sets threads that stand at a breakpoint which has been dealt with behind their instruction where that does nothing: the
    /// breakpoint of a function mostly lies on the no-op its entry begins with, and to write the pc does not start and stop the
    /// machine as a step does. Not where breakpoints are written into memory and the instruction would have to be looked for.
    pub(crate) fn skip_no_ops(&mut self, control: &dyn RunControl) {
        if !control.steps_over_breakpoints() || self.steps_for_watch() {
            return;
        }
        let Some(run) = self.run.as_ref() else { return };
        // A thread that is stepped gets there by itself, and stops there.
        let stepped = run.step.as_ref().map(|_| run.thread);
        let standing: Vec<(ThreadId, VirtAddr)> = run
            .at_handled
            .iter()
            .map(|(&thread, &addr)| (thread, addr))
            .filter(|&(thread, _)| stepped != Some(thread))
            .collect();
        for (thread, addr) in standing {
            if self.skip_no_op(thread, addr)
                && let Some(run) = self.run.as_mut()
            {
                run.at_handled.remove(&thread);
                self.reported.remove(&thread);
            }
        }
    }

    /// Sets the thread behind the instruction at `addr`; `false`: it has to be stepped.
    fn skip_no_op(&mut self, thread: ThreadId, addr: VirtAddr) -> bool {
        let Some(target) = self.target.clone() else { return false };
        if self.threads.selected().map(|entry| entry.id) != Some(thread) {
            self.focus(thread);
        }
        if !self.program.pc().is_ok_and(|pc| pc == addr) {
            return false;
        }
        target.prefetch(addr, LONGEST_INSN);
        let insn = self.program.decode(addr).filter(|insn| insn.does_nothing);
        insn.is_some_and(|insn| self.program.set_pc(insn.next()).is_ok())
    }
}
