//! Stops that are none: what QEMU reports of CPUs that did not move.
//!
//! A CPU that comes to a breakpoint asks QEMU to stop the machine. A request that is still there when the machine is resumed stops it
//! again before anything was executed, in the name of the CPU that asked last: when two CPUs come to breakpoints at the same time,
//! and now and then with one CPU. Seen with QEMU 7.2 under TCG on a busy machine: `next` and `continue` at a breakpoint told the same
//! breakpoint again, the pc being where it was.

use crate::Session;
use crate::run::{InFlight, Run};
use crate::signal;
use crate::step::Range;
use kdive_base::VirtAddr;
use kdive_target::{Others, ThreadId};

/// How often in a row nothing may have happened.
const MOST: u32 = 2;

impl Session {
    /// Whether the stop ends a step past a breakpoint that was dealt with, and is of no other interest: only whether it has led anywhere
    /// has to be known, because a target that steps over breakpoints stops at once when it is continued at another one.
    pub(crate) fn only_passed_over(&mut self, stop: &kdive_target::Stop) -> bool {
        let plain = stop.signal == signal::TRAP && stop.reason == kdive_target::StopReason::Signal;
        let stops_again = self
            .target
            .as_ref()
            .and_then(|target| target.run_control())
            .is_some_and(|control| control.steps_over_breakpoints());
        if !plain || !stops_again || self.steps_for_watch() {
            return false;
        }
        let Some(run) = self.run.as_ref() else { return false };
        let stepped = match run.inflight {
            Some(InFlight::Step { thread, others: Others::Stopped }) => thread,
            _ => return false,
        };
        let idle = run.step.as_ref().is_none_or(|step| step.resume_at.is_some()) && run.wake.is_empty();
        let over = run.at_handled.get(&stepped).copied();
        if !idle || run.interrupted || stepped != stop.thread || over.is_none() {
            return false;
        }
        self.invalidate();
        self.focus(stepped);
        let stands = self.program.pc().ok().filter(|&pc| Some(pc) == over);
        let Some(run) = self.run.as_mut() else { return false };
        match stands {
            Some(_) if run.idle_steps < MOST => run.idle_steps += 1,
            // It repeats itself: whoever counts hits shall see it.
            Some(_) => return false,
            None => {
                run.idle_steps = 0;
                run.at_handled.remove(&stepped);
                self.reported.remove(&stepped);
                if let Some(addr) = over {
                    self.note_fault(addr);
                }
            }
        }
        let Some(run) = self.run.as_mut() else { return false };
        run.inflight = None;
        run.take_timeout();
        self.invalidate();
        true
    }

    /// Whether a step past a breakpoint has left the thread where it was, and is tried again; the breakpoint would be told a second
    /// time. An instruction that repeats itself looks the same, so it is not tried for ever, and not at all when the user
    /// steps instructions.
    pub(crate) fn led_nowhere(&mut self, inflight: Option<InFlight>, thread: ThreadId, pc: VirtAddr) -> bool {
        let stepped = matches!(inflight, Some(InFlight::Step { thread: stepped, others: Others::Stopped }) if stepped == thread);
        let Some(run) = self.run.as_mut() else { return false };
        let by_instruction =
            run.thread == thread && run.step.as_ref().is_some_and(|step| step.range == Range::Instruction);
        if !stepped || by_instruction || run.idle_steps >= MOST {
            return false;
        }
        run.idle_steps += 1;
        run.at_handled.insert(thread, pc);
        true
    }

    /// The thread a stop is really about: while one thread is stepped no other can come anywhere, and what is reported of another that has
    /// nothing new to tell stands for the step.
    pub(crate) fn stepped_instead(&mut self, stop: &kdive_target::Stop) -> Option<ThreadId> {
        let Some(InFlight::Step { thread: stepped, others: Others::Stopped }) = self.run.as_ref()?.inflight
        else {
            return None;
        };
        if stop.thread == stepped {
            return None;
        }
        // A step that takes too long is interrupted in the name of whichever CPU spoke last.
        let timed_out = stop.signal == signal::INT && self.run.as_ref().is_some_and(Run::is_timed_out);
        if timed_out {
            return Some(stepped);
        }
        let plain =
            stop.signal == signal::TRAP && !matches!(stop.reason, kdive_target::StopReason::Watch { .. });
        if !plain {
            return None;
        }
        self.invalidate();
        self.focus(stop.thread);
        let pc = self.program.pc().ok()?;
        let is_reported = self.run.as_ref()?.at_handled.get(&stop.thread) == Some(&pc);
        (is_reported || self.inserted.code_at(pc).is_empty()).then_some(stepped)
    }

    /// Whether the target, which stopped for nothing, is resumed again: for no breakpoint, no watchpoint and no step of this command. A CPU
    /// that was told to step and has not done so, because it was halted when the user or the end of the connection came in between, steps
    /// when it wakes. QEMU with TCG reports nothing else as a trap: those of the guest are the guest's own.
    pub(crate) fn is_of_an_earlier_step(&mut self, stop: &kdive_target::Stop) -> bool {
        if stop.signal != signal::TRAP || stop.reason != kdive_target::StopReason::Signal {
            return false;
        }
        let stops_again = self
            .target
            .as_ref()
            .and_then(|target| target.run_control())
            .is_some_and(|control| control.steps_over_breakpoints());
        let Some(run) = self.run.as_mut().filter(|run| stops_again && run.idle_runs < MOST) else {
            return false;
        };
        run.idle_runs += 1;
        true
    }
}
