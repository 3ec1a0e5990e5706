//! What a stop of the target means: which breakpoints it belongs to, whether the user wants to know, and what to say.

use crate::breakpoint::{BreakpointKind, Disposition};
use crate::event::{Failure, Hit, HitKind, Show, Stop, StopReason, ThreadLabel};
use crate::frames;
use crate::run::{Command, InFlight, Momentary, Run};
use crate::signal;
use crate::step::{Range, Verdict};
use crate::watch::Look;
use crate::{Error, Event, Session};
use kdive_base::VirtAddr;
use kdive_expr::Expr;
use kdive_symbols::FrameScope;
use kdive_target::{Others, ThreadId, WatchKind};

/// Something that explains a stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cause {
    /// A location of a breakpoint: number and index.
    Code(u32, usize),
    /// A watchpoint; whether the stub or the end of its scope says so (otherwise it is one kdive steps for).
    Watch(u32),
    /// A breakpoint of the running command.
    Momentary(Momentary),
    /// A place the operating system layer asked for.
    Internal,
    /// Memory the operating system layer asked about was used.
    InternalWatch,
    /// The place where the scope of a watchpoint ends.
    Scope,
    /// The place a function returns to that the debugger has called.
    Returned,
}

/// What is to be done, the more important the greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
enum Action {
    /// The stop says nothing.
    #[default]
    Nothing,
    /// Go on, past the breakpoint.
    PassOver,
    /// The step goes on from here.
    StepResume,
    /// Stop without a word.
    StopSilently,
    /// Stop and tell.
    Stop,
}

/// What came out of a look at all causes.
#[derive(Default)]
struct Outcome {
    action: Action,
    reasons: Vec<StopReason>,
    /// The frame is shown whatever a step would show.
    whole_frame: bool,
    /// What kept a step from ending is over.
    woken: bool,
    commands: Vec<(u32, Vec<String>)>,
    hits: Vec<u32>,
    delete: Vec<u32>,
    /// The value of a function that has returned.
    returned: Option<Result<(usize, String), String>>,
}

impl Session {
    /// Takes a stop of the target: either the command goes on (nothing is queued but notices) or it is over.
    pub(crate) fn handle_stop(&mut self, stop: &kdive_target::Stop) {
        if self.only_passed_over(stop) {
            return;
        }
        let thread = self.stepped_instead(stop).unwrap_or(stop.thread);
        let Some(run) = self.run.as_mut() else { return };
        let inflight = run.inflight.take();
        let over = run.at_handled.get(&thread).copied();
        let timed_out = run.take_timeout() && stop.signal == signal::INT && !run.interrupted;
        match inflight {
            Some(InFlight::Step { thread: stepped, others: Others::Stopped }) => {
                // Another one may have had something to tell since before.
                if stepped == thread {
                    run.at_handled.remove(&stepped);
                    self.reported.remove(&stepped);
                }
            }
            _ => {
                run.at_handled.clear();
                self.reported.clear();
                if matches!(inflight, Some(InFlight::Continue)) {
                    run.steps = 0;
                }
            }
        }
        if over.is_none() {
            run.idle_steps = 0;
        }
        let waits = run.step.as_ref().is_some_and(|step| step.resume_at.is_some()) || !run.wake.is_empty();
        self.invalidate();
        self.focus(thread);
        let pc = match self.program.pc() {
            Ok(pc) => pc,
            Err(_) if self.was_lost() => return,
            Err(error) => {
                self.fails(Failure::Command(Box::new(error.into())));
                return self.finish_stop(thread, None, Outcome::default(), false);
            }
        };
        self.follow_task(thread, pc);
        let Some(run) = self.run.as_mut() else { return };
        let own = thread == run.thread;
        let range = run.step.as_ref().filter(|_| own).map(|step| step.range);
        if timed_out {
            return self.unblock(thread, pc);
        }
        let trap = stop.signal == signal::TRAP;
        if let Some(addr) = over.filter(|_| trap) {
            self.note_fault(addr);
        }
        if trap && own && self.was_interrupted(thread, pc) {
            return;
        }
        if trap && over == Some(pc) && self.led_nowhere(inflight, thread, pc) {
            return;
        }
        let mut causes = if trap { self.causes(stop, pc) } else { Vec::new() };
        if causes.iter().any(|cause| matches!(cause, Cause::Code(..))) && self.is_back_from_fault(thread, pc)
        {
            causes.retain(|cause| !matches!(cause, Cause::Code(..)));
            let is_stepping = self.run.as_ref().is_some_and(|run| run.step.is_some());
            if causes.is_empty() && (!own || !is_stepping || waits) {
                return;
            }
        }
        if causes.is_empty()
            && trap
            && own
            && !waits
            && matches!(range, Some(Range::Within(range)) if range.contains(pc))
        {
            // Still in the line: nothing but the pc has to be known.
            return;
        }
        // After one instruction the innermost frame is shown, whatever begins there.
        if range == Some(Range::Instruction) {
            self.program.hide_inlined(0);
        } else {
            self.hide_inlined(pc, &causes);
        }
        let changed = causes.contains(&Cause::Internal) && self.os_reached(pc);
        if causes.contains(&Cause::InternalWatch) && self.os_touched() || changed {
            let events = self.symbols_changed();
            self.queue.extend(events);
            self.look_at(Some(thread));
            causes.retain(|cause| !matches!(cause, Cause::Code(..)));
            causes.extend(self.code_causes(pc));
        }
        let run_is_interrupted = stop.synthesized || self.run.as_ref().is_some_and(|run| run.interrupted);
        let mut outcome = Outcome::default();
        for cause in &causes {
            self.weigh(*cause, thread, &mut outcome);
        }
        let stepped = matches!(inflight, Some(InFlight::Step { thread: stepped, .. }) if stepped == thread);
        let explained = trap
            && (causes.iter().any(|cause| !self.is_software_watch(*cause))
                || stepped
                || matches!(stop.reason, kdive_target::StopReason::Watch { .. })
                || own && range.is_some() && !waits
                || !causes.is_empty());
        if !explained && self.is_caught(stop.signal, &mut outcome) {
            self.stop_signals.insert(thread, (stop.signal, false));
            return self.finish_stop(thread, Some(pc), outcome, false);
        }
        if !explained && !run_is_interrupted && self.passes_by(stop, thread, pc, over) {
            return;
        }
        if !explained && self.is_of_an_earlier_step(stop) {
            return;
        }
        if !explained {
            if stop.signal != 0 {
                self.stop_signals.insert(thread, (stop.signal, false));
            }
            outcome.reasons.push(StopReason::Signal(stop.signal));
            return self.finish_stop(thread, Some(pc), outcome, false);
        }
        if outcome.action >= Action::StopSilently {
            return self.finish_stop(thread, Some(pc), outcome, false);
        }
        let Some(run) = self.run.as_mut() else { return };
        match outcome.action {
            Action::PassOver => {
                run.at_handled.insert(thread, pc);
            }
            Action::StepResume => {
                if let Some(step) = run.step.as_mut() {
                    step.resume_at = None;
                }
            }
            _ => {}
        }
        if outcome.woken {
            run.wake.clear();
            // The instruction has faulted: it has yet to be executed.
            if run.restart.take() == Some(pc) {
                return;
            }
        }
        let idle = run.step.as_ref().is_none_or(|step| step.resume_at.is_some()) || !run.wake.is_empty();
        if !own || idle {
            return;
        }
        if self.step_verdict(pc) == Verdict::Done {
            self.end_step(thread, pc, outcome);
        }
    }

    /// Whether a catchpoint stops the program at a signal.
    fn is_caught(&mut self, signal: u8, outcome: &mut Outcome) -> bool {
        for number in self.catches_of(signal) {
            let entry = self.breakpoints.iter().find(|entry| entry.shown.number == number);
            let condition = entry.and_then(|entry| entry.condition.clone());
            if self.holds(condition) && self.count_hit(number) {
                let action = self.record_hit(number, 0, HitKind::Signal(signal), outcome);
                outcome.action = outcome.action.max(action);
            }
        }
        outcome.action >= Action::StopSilently
    }

    /// Whether the program got a signal that does not stop it: it goes on, with the signal if that is passed. A thread that was
    /// being stepped goes on where it was when its handler has returned.
    fn passes_by(
        &mut self,
        stop: &kdive_target::Stop,
        thread: ThreadId,
        pc: VirtAddr,
        over: Option<VirtAddr>,
    ) -> bool {
        let treatment = self.signals.treatment(stop.signal);
        if stop.signal == 0 || treatment.stop {
            return false;
        }
        if treatment.print {
            self.queue.push_back(Event::Signal { signal: stop.signal, label: self.label(thread) });
        }
        if !treatment.pass {
            if let (Some(over), Some(run)) = (over.filter(|over| *over == pc), self.run.as_mut()) {
                run.at_handled.insert(thread, over);
            }
            return true;
        }
        let Some(target) = self.target.clone() else { return true };
        if let Some(control) = target.run_control() {
            control.deliver(thread, stop.signal);
        }
        let frame = frames::stack_id(&self.program, 0);
        let task = self.program.task();
        if let Some(run) = self.run.as_mut()
            && run.thread == thread
            && run.step.as_ref().is_some_and(|step| step.resume_at.is_none())
            && run.wake.is_empty()
        {
            run.wake.push(Momentary { addr: pc, frame, thread, task }.into());
        }
        true
    }

    /// One step of the command is over; there may be more to do.
    fn end_step(&mut self, thread: ThreadId, pc: VirtAddr, mut outcome: Outcome) {
        let more = match self.run.as_mut().map(|run| &mut run.command) {
            Some(Command::Step { left, .. }) => {
                *left = left.saturating_sub(1);
                *left > 0
            }
            _ => false,
        };
        if more {
            match self.prepare_step() {
                Ok(false) => {
                    if let Some(run) = self.run.as_mut()
                        && outcome.action == Action::PassOver
                    {
                        run.at_handled.insert(thread, pc);
                    }
                    return;
                }
                Ok(true) => {}
                Err(error) => self.fails(Failure::Command(Box::new(error))),
            }
        }
        outcome.reasons.push(StopReason::StepDone);
        self.finish_stop(thread, Some(pc), outcome, true);
    }

    /// The user interrupted while the target stood still between two short runs.
    pub(crate) fn stop_for_interrupt(&mut self) {
        let Some(run) = self.run.as_ref() else { return };
        let thread = run.thread;
        self.focus(thread);
        let pc = self.program.pc().ok();
        let mut outcome = Outcome::default();
        outcome.reasons.push(StopReason::Signal(signal::INT));
        self.finish_stop(thread, pc, outcome, false);
    }

    fn code_causes(&self, pc: VirtAddr) -> Vec<Cause> {
        let mut causes = Vec::new();
        for entry in self.breakpoints.iter().filter(|entry| entry.is_active()) {
            for (index, location) in entry.shown.locations.iter().enumerate() {
                if location.enabled && !location.condition_invalid && location.place.addr == pc {
                    causes.push(Cause::Code(entry.shown.number, index));
                }
            }
        }
        causes
    }

    /// Everything that explains a trap at `pc`.
    fn causes(&self, stop: &kdive_target::Stop, pc: VirtAddr) -> Vec<Cause> {
        let hit = match stop.reason {
            kdive_target::StopReason::Watch { kind, addr } => Some((kind, addr)),
            _ => None,
        };
        let mut causes = self.code_causes(pc);
        for entry in self.breakpoints.iter().filter(|entry| entry.is_active()) {
            let Some(watch) = entry.watch() else { continue };
            // The stub says which kind of watchpoint it was: a write is none of a read watchpoint's business.
            let covers = |(kind, addr): (WatchKind, VirtAddr)| {
                // A stub without read watchpoints was given an access watchpoint instead, and some report every hit
                // of one as a write.
                let stands_in =
                    || watch.ranges.iter().any(|&(start, len)| self.inserted.stands_in_for_read(start, len));
                let matches = kind == watch.access
                    || kind == WatchKind::Access
                    || watch.access == WatchKind::Access
                    || stands_in();
                matches
                    && watch
                        .ranges
                        .iter()
                        .any(|&(start, len)| addr.distance_from(start).is_some_and(|offset| offset < len))
            };
            let scope_ends = entry.scope.is_some_and(|scope| scope.pc == pc);
            if scope_ends {
                causes.push(Cause::Scope);
            }
            if !watch.hardware || scope_ends || hit.is_some_and(covers) {
                causes.push(Cause::Watch(entry.shown.number));
            }
        }
        causes.sort_by_key(|cause| match cause {
            Cause::Code(number, _) | Cause::Watch(number) => *number,
            _ => 0,
        });
        if hit.is_some_and(|(_, addr)| self.program.os_watched().is_some_and(|range| range.contains(addr))) {
            causes.push(Cause::InternalWatch);
        }
        if self.program.call_returns().contains(&pc) {
            causes.push(Cause::Returned);
        }
        if self.program.os_points().contains(&pc) {
            causes.push(Cause::Internal);
        }
        if let Some(run) = &self.run {
            causes.extend(
                run.momentary().filter(|momentary| momentary.addr == pc).copied().map(Cause::Momentary),
            );
        }
        causes
    }

    fn is_software_watch(&self, cause: Cause) -> bool {
        let Cause::Watch(number) = cause else { return false };
        self.breakpoints
            .iter()
            .any(|entry| entry.shown.number == number && entry.watch().is_some_and(|watch| !watch.hardware))
    }

    /// Hides the inlined calls that begin at `pc`, up to one that a breakpoint was set in.
    fn hide_inlined(&mut self, pc: VirtAddr, causes: &[Cause]) {
        let (calls, beginning) = self.program.inlined_at(pc);
        let is_wanted = |call: &FrameScope| {
            causes.iter().any(|cause| {
                let Cause::Code(number, index) = cause else { return false };
                self.breakpoints
                    .iter()
                    .find(|entry| entry.shown.number == *number)
                    .and_then(|entry| entry.shown.locations.get(*index))
                    .is_some_and(|location| {
                        location.place.inline_entry == Some(call.entry())
                            && location.place.function.as_deref() == Some(call.name())
                    })
            })
        };
        let hidden = calls.iter().take(beginning).take_while(|call| !is_wanted(call)).count();
        self.program.hide_inlined(hidden);
    }

    /// Decides about one cause.
    fn weigh(&mut self, cause: Cause, thread: ThreadId, outcome: &mut Outcome) {
        let action = match cause {
            Cause::Code(number, index) => self.weigh_code(number, index, thread, outcome),
            Cause::Watch(number) => self.weigh_watch(number, thread, outcome),
            Cause::Momentary(momentary) => self.weigh_momentary(momentary, thread, outcome),
            Cause::InternalWatch => Action::Nothing,
            Cause::Returned => self.weigh_return(outcome),
            Cause::Internal | Cause::Scope => Action::PassOver,
        };
        outcome.action = outcome.action.max(action);
    }

    /// A thread has come to where a function returns to that was called: back from that, or on its own way.
    fn weigh_return(&mut self, outcome: &mut Outcome) -> Action {
        if !self.program.has_returned() {
            return Action::PassOver;
        }
        // Of a function that is finished the value is told, as long as the registers have it.
        if let Some(Run { command: Command::Finish(Some(plan)), .. }) = &self.run {
            outcome.returned = Some(self.program.record_returned(plan));
        }
        if let Err(error) = self.program.end_call() {
            self.fails(Failure::Command(Box::new(Error::msg(error))));
        }
        outcome.reasons.push(StopReason::Returned);
        Action::Stop
    }

    fn weigh_momentary(&mut self, momentary: Momentary, thread: ThreadId, outcome: &mut Outcome) -> Action {
        if !self.is_for_this_task(&momentary, thread) {
            return Action::PassOver;
        }
        if momentary.frame.is_some() && frames::stack_id(&self.program, 0) != momentary.frame {
            return Action::PassOver;
        }
        let Some(run) = &self.run else { return Action::PassOver };
        if run.targets.contains(&momentary) {
            outcome.reasons.push(match run.command {
                Command::Finish(_) => StopReason::Finished,
                _ => StopReason::LocationReached,
            });
            return Action::Stop;
        }
        let Some(wake) = run.wake.iter().find(|wake| wake.at == momentary) else { return Action::StepResume };
        outcome.woken = true;
        if let Some(step) = wake.step.clone()
            && let Some(run) = self.run.as_mut()
        {
            run.step = Some(step);
        }
        Action::PassOver
    }

    fn weigh_code(&mut self, number: u32, index: usize, thread: ThreadId, outcome: &mut Outcome) -> Action {
        let thread_number = self.threads.by_id(thread).map(|entry| entry.number);
        let Some(entry) = self.breakpoints.iter().find(|entry| entry.shown.number == number) else {
            return Action::PassOver;
        };
        if entry.shown.thread.is_some() && entry.shown.thread != thread_number {
            return Action::PassOver;
        }
        let wanted = entry.shown.task.clone();
        if !self.is_wanted_task(number, wanted.as_ref()) {
            return Action::PassOver;
        }
        let Some(entry) = self.breakpoints.iter().find(|entry| entry.shown.number == number) else {
            return Action::PassOver;
        };
        let condition = entry.conditions.get(index).cloned().flatten();
        if !self.holds(condition) || !self.count_hit(number) {
            return Action::PassOver;
        }
        let Some(entry) = self.breakpoints.iter().find(|entry| entry.shown.number == number) else {
            return Action::PassOver;
        };
        let shown = &entry.shown;
        if let BreakpointKind::Dprintf(text) = &shown.kind {
            self.queue.push_back(Event::LogPoint { number, text: text.clone() });
            return Action::PassOver;
        }
        let location = index as u32 + 1;
        let temporary = shown.disposition == Disposition::Delete;
        let kind = HitKind::Code { temporary, several: shown.locations.len() > 1 };
        self.record_hit(number, location, kind, outcome)
    }

    fn weigh_watch(&mut self, number: u32, thread: ThreadId, outcome: &mut Outcome) -> Action {
        let look = self.look(number, thread);
        let Some(entry) = self.breakpoints.iter_mut().find(|entry| entry.shown.number == number) else {
            return Action::Nothing;
        };
        let Some(watch) = entry.watch() else { return Action::Nothing };
        let (access, hardware, expression) = (watch.access, watch.hardware, watch.text.clone());
        let now = watch.value.as_ref().map_or_else(|| "<unreadable>".to_owned(), |value| value.text.clone());
        match (&look, access) {
            (Look::Ignore, _) | (Look::Same, WatchKind::Write) => return Action::Nothing,
            (Look::Gone, _) => {
                entry.delete_at_stop = true;
                entry.shown.commands.clear();
                outcome.delete.push(number);
                outcome.reasons.push(StopReason::WatchScopeEnd(number));
                outcome.whole_frame = true;
                return Action::Stop;
            }
            (Look::Changed(_), WatchKind::Read) if self.written_elsewhere(number) => return Action::Nothing,
            _ => {}
        }
        let thread_number = self.threads.by_id(thread).map(|entry| entry.number);
        let Some(entry) = self.breakpoints.iter().find(|entry| entry.shown.number == number) else {
            return Action::Nothing;
        };
        if entry.shown.thread.is_some() && entry.shown.thread != thread_number {
            return Action::Nothing;
        }
        let (condition, wanted) = (entry.condition.clone(), entry.shown.task.clone());
        if !self.is_wanted_task(number, wanted.as_ref()) || !self.holds(condition) || !self.count_hit(number)
        {
            return Action::Nothing;
        }
        let old = match (look, access) {
            (Look::Changed(old), WatchKind::Write | WatchKind::Access) => {
                Some(old.map_or_else(|| "<unreadable>".to_owned(), |value| value.text))
            }
            _ => None,
        };
        self.record_hit(number, 0, HitKind::Watch { access, hardware, expression, old, now }, outcome)
    }

    /// Whether the memory of a read watchpoint is also watched for writes, by another watchpoint or because the stub cannot
    /// tell reads from writes: a change of the value then means that this was a write.
    fn written_elsewhere(&self, number: u32) -> bool {
        let ranges = |number: u32| {
            self.breakpoints
                .iter()
                .find(|entry| entry.shown.number == number)
                .and_then(|entry| entry.watch())
                .map(|watch| watch.ranges.clone())
                .unwrap_or_default()
        };
        let own = ranges(number);
        if own.iter().any(|&(addr, len)| self.inserted.stands_in_for_read(addr, len)) {
            return true;
        }
        self.breakpoints.iter().filter(|entry| entry.is_active()).any(|entry| {
            entry.shown.number != number
                && entry.watch().is_some_and(|watch| {
                    watch.hardware
                        && watch.access != WatchKind::Read
                        && watch.ranges.iter().any(|&(addr, len)| {
                            own.iter().any(|&(start, size)| {
                                addr.0 < start.0.saturating_add(size) && start.0 < addr.0.saturating_add(len)
                            })
                        })
                })
        })
    }

    /// Evaluates a condition in the innermost frame. One that cannot be evaluated counts as true, and says so.
    fn holds(&mut self, condition: Option<Expr>) -> bool {
        let Some(condition) = condition else { return true };
        self.select_level(0);
        match condition.evaluate_bool(&self.program) {
            Ok(holds) => holds,
            Err(error) => {
                self.fails(Failure::Condition(Box::new(error.into())));
                true
            }
        }
    }

    pub(crate) fn fails(&mut self, failure: Failure) {
        self.queue.push_back(Event::Failure(failure));
    }

    /// Counts a hit; `false` when it is one of those to be ignored.
    fn count_hit(&mut self, number: u32) -> bool {
        let Some(entry) = self.breakpoints.iter_mut().find(|entry| entry.shown.number == number) else {
            return false;
        };
        let shown = &mut entry.shown;
        shown.hits += 1;
        if shown.ignore > 0 {
            shown.ignore -= 1;
            return false;
        }
        if shown.disposition == Disposition::Disable {
            shown.enable_count = shown.enable_count.saturating_sub(1);
            if shown.enable_count == 0 {
                shown.enabled = false;
            }
        }
        true
    }

    /// Which of the threads it is, when there is more than one.
    fn label(&self, thread: ThreadId) -> Option<ThreadLabel> {
        let entry = self.threads.by_id(thread).filter(|_| self.threads.show_thread_numbers())?;
        Some(ThreadLabel { number: entry.number, name: entry.name.clone() })
    }

    /// A breakpoint stops the program.
    fn record_hit(&mut self, number: u32, location: u32, kind: HitKind, outcome: &mut Outcome) -> Action {
        let Some(entry) = self.breakpoints.iter().find(|entry| entry.shown.number == number) else {
            return Action::Nothing;
        };
        let shown = &entry.shown;
        let silent = shown.commands.first().is_some_and(|line| line.trim() == "silent");
        outcome.whole_frame |= !silent && !matches!(kind, HitKind::Watch { .. });
        outcome.reasons.push(StopReason::Hit(Hit { number, location, silent, kind }));
        outcome.hits.push(number);
        if shown.disposition == Disposition::Delete {
            outcome.delete.push(number);
        }
        if !shown.commands.is_empty() {
            outcome.commands.push((number, shown.commands.clone()));
        }
        if silent { Action::StopSilently } else { Action::Stop }
    }

    /// The command is over: `step_done` when a step ended by itself.
    fn finish_stop(&mut self, thread: ThreadId, pc: Option<VirtAddr>, mut outcome: Outcome, step_done: bool) {
        let Some(mut run) = self.run.take() else { return };
        if outcome.reasons == [StopReason::Returned]
            && let Some(before) = run.before_call.take()
        {
            self.restore(before);
            let mut stop = Stop::quiet(thread);
            stop.reasons = outcome.reasons;
            stop.show = Show::Nothing;
            self.queue.push_back(Event::Stopped(Box::new(stop)));
            return;
        }
        // A call that nobody waits for any more has put the registers back.
        let pc = if outcome.reasons.contains(&StopReason::Returned) { self.program.pc().ok() } else { pc };
        let mut returned = outcome.returned.take();
        if outcome.reasons.contains(&StopReason::Finished)
            && let Command::Finish(Some(plan)) = &run.command
        {
            returned = Some(self.program.record_returned(plan));
        }
        self.select_level(0);
        let switched = self.threads.by_id(thread).filter(|_| run.before != thread);
        let switched = switched.map(|entry| entry.target_id());
        let silent = outcome.action == Action::StopSilently
            || outcome.reasons == [StopReason::Returned] && !matches!(run.command, Command::Finish(_));
        let show = if silent {
            Show::Nothing
        } else if step_done && !outcome.whole_frame && self.is_same_place(&run, pc) {
            Show::Source
        } else {
            Show::FrameAndSource
        };
        for number in std::mem::take(&mut outcome.delete) {
            self.breakpoints.retain(|entry| entry.shown.number != number);
        }
        if let Some(pc) = pc {
            self.reported.insert(thread, pc);
        }
        // Breakpoints that were dealt with on other threads are still to be passed by them.
        for (&other, &addr) in &run.at_handled {
            self.reported.entry(other).or_insert(addr);
        }
        if let Some(StopReason::Hit(hit)) =
            outcome.reasons.iter().find(|reason| matches!(reason, StopReason::Hit(_)))
        {
            self.program.set_convenience("_hit_bpnum", Some(i64::from(hit.number)));
            self.program.set_convenience("_hit_locno", Some(i64::from(hit.location.max(1))));
        }
        self.last_hits = outcome.hits;
        self.commands = outcome.commands.into();
        self.stops += 1;
        self.queue.push_back(Event::Stopped(Box::new(Stop {
            thread,
            reasons: outcome.reasons,
            label: self.label(thread),
            switched,
            show,
            returned,
        })));
    }

    /// Whether a step ended in the frame and the function it began in.
    fn is_same_place(&mut self, run: &crate::run::Run, pc: Option<VirtAddr>) -> bool {
        let (Some(step), Some(pc)) = (&run.step, pc) else { return false };
        let frame = self.program.frame(0).ok().and_then(|frame| frame.key());
        frame.is_some() && frame == step.frame && self.program.described_function(pc) == step.function
    }
}
