//! Run control of a user program under a kernel that is debugged: the program is left for the kernel in the middle of a step, by a system
//! call, a page fault or an interrupt, and the kernel comes back to it when it has done its work, other tasks first maybe.

use crate::Session;
use crate::frames;
use crate::run::Expected;
use kdive_base::VirtAddr;
use kdive_target::ThreadId;

/// Most frames a stack has where the kernel was just entered.
const MOST_HANDLERS: usize = 4;

impl Session {
    /// The same in a user program: a page fault comes back to the instruction itself, a system call to the next one.
    pub(crate) fn expected_of_program(&mut self, lets_in: bool) -> Option<Expected> {
        let pc = self.program.pc().ok()?;
        let insn = self.program.decode(pc);
        let frame = frames::stack_id(&self.program, 0);
        let known = if lets_in { self.expected_places() } else { None };
        let exact = known.is_some();
        let mut places = known.unwrap_or_default();
        for place in std::iter::once(pc).chain(insn.map(|insn| insn.next())) {
            if !places.iter().any(|(known, _)| *known == place) {
                places.push((place, frame));
            }
        }
        Some(Expected { from: pc, places, exact, from_user_mode: true })
    }

    /// Where the selected thread has left a user program for the kernel, and goes on there, when that has just happened.
    pub(crate) fn left_at(&mut self) -> Option<VirtAddr> {
        let mut frames = (1..MOST_HANDLERS).map_while(|level| self.program.frame(level).ok());
        frames.find(|frame| frame.is_user_mode()).map(|frame| frame.pc())
    }

    /// After a step past a breakpoint at `addr`: whether its instruction did not get to anything because of a page fault. Then the
    /// program comes to the breakpoint once more, and that is no other hit.
    pub(crate) fn note_fault(&mut self, addr: VirtAddr) {
        let entered = addr.0 >> 63 == 0 && !self.program.is_user_mode() && self.left_at() == Some(addr);
        if !entered {
            return;
        }
        let task = self.program.task();
        if let Some(run) = self.run.as_mut() {
            run.again = Some((addr, task));
        }
    }

    /// Whether the thread comes to a breakpoint for the second time only because its instruction faulted.
    pub(crate) fn is_back_from_fault(&mut self, thread: ThreadId, pc: VirtAddr) -> bool {
        let Some((addr, task)) = self.run.as_ref().and_then(|run| run.again) else { return false };
        if addr != pc || self.program.task() != task {
            return false;
        }
        if let Some(run) = self.run.as_mut() {
            run.again = None;
            run.at_handled.insert(thread, pc);
        }
        true
    }
}
