//! Past a breakpoint without a step.

use crate::Session;
use crate::view::View;
use kdive_base::VirtAddr;
use kdive_target::{RunControl, ThreadId};

/// Bytes of code that are fetched: the longest instruction fits.
const LONGEST_INSN: usize = 16;

impl<V: View> Session<V> {
    /// Sets threads that stand at a breakpoint which has been dealt with behind their instruction where that does nothing: the
    /// breakpoint of a function mostly lies on the no-op its entry begins with, and to write the pc takes QEMU a tenth of what a
    /// step takes. Not where breakpoints are written into memory and the instruction would have to be looked for.
    pub(crate) fn skip_no_ops(&mut self, control: &dyn RunControl) {
        if !control.steps_over_breakpoints() || self.steps_for_watch() {
            return;
        }
        let Some(run) = self.run.as_ref() else { return };
        // A thread that is stepped gets there by itself, and stops there.
        let stepped = run.step.as_ref().map(|_| run.thread);
        let standing: Vec<(ThreadId, VirtAddr)> = run
            .over
            .iter()
            .map(|(&thread, &addr)| (thread, addr))
            .filter(|&(thread, _)| stepped != Some(thread))
            .collect();
        for (thread, addr) in standing {
            if self.skip_no_op(thread, addr).is_some()
                && let Some(run) = self.run.as_mut()
            {
                run.over.remove(&thread);
                self.reported.remove(&thread);
            }
        }
    }

    /// Where the thread is afterwards; `None`: it has to be stepped.
    fn skip_no_op(&mut self, thread: ThreadId, addr: VirtAddr) -> Option<VirtAddr> {
        if self.threads.selected().map(|entry| entry.id) != Some(thread) {
            self.focus(thread);
        }
        // What is not read again here is what the stop was judged by.
        if self.view.pc().ok()? != addr {
            return None;
        }
        self.target.as_ref()?.prefetch(addr, LONGEST_INSN);
        let insn = self.view.instruction(addr).filter(kdive_arch::Insn::does_nothing)?;
        self.view.set_pc(insn.next()).ok()?;
        Some(insn.next())
    }
}
