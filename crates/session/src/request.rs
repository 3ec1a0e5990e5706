//! What a user asks to run, and how each is set up.

use crate::event::{Show, Stop, StopReason};
use crate::frames;
use crate::run::{BeforeCall, Command, Momentary, Run, StepKind};
use crate::step::{Range, StepOver};
use crate::{Error, Event, Session};
use kdive_base::{AddrRange, VirtAddr};
use kdive_target::ThreadId;
use std::collections::BTreeMap;

/// Something to run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// `continue`.
    Continue,
    /// `step`, `next`, `stepi`, `nexti`.
    Step {
        /// Which.
        kind: StepKind,
        /// How often.
        count: u64,
    },
    /// `finish` of the selected frame.
    Finish,
    /// `until` without a location: as `next`, but never back.
    Until,
    /// `until LOCATION`: in the selected frame.
    UntilLocation(String),
    /// `advance LOCATION`: in any frame.
    Advance(String),
    /// `jump`: from this address on.
    Jump(VirtAddr),
    /// The function an evaluation waits for; see [`Session::call`].
    Call,
}

impl Session {
    /// Starts something. On success events follow from [`Session::poll`] until [`Event::Stopped`] or one that says that
    /// the program is gone.
    ///
    /// # Errors
    /// [`Error::NotRunning`] without a target; a location that does not resolve; `"finish" not meaningful in the
    /// outermost frame.` Nothing runs then.
    pub fn resume(&mut self, request: Request) -> Result<(), Error> {
        let thread = match (&self.target, self.threads.selected()) {
            (Some(target), Some(entry)) if target.run_control().is_some() => entry.id,
            _ => return Err(Error::NotRunning),
        };
        if self.run.is_some() {
            return Err(Error::msg("Cannot execute this command while the selected thread is running."));
        }
        let result = self.waiting_for_answers(|session| session.begin(request, thread));
        if result.is_err() && self.interrupt.is_raised() && self.owes_answers() {
            return Err(kdive_target::Error::Interrupted.into());
        }
        result
    }

    /// What a run needs to know of the target is waited for as what the run comes to: until the user interrupts it.
    pub(crate) fn waiting_for_answers<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        self.wait_for_answers(true);
        let result = work(self);
        self.wait_for_answers(false);
        result
    }

    pub(crate) fn wait_for_answers(&self, on: bool) {
        if let Some(control) = self.target.as_ref().and_then(|target| target.run_control()) {
            control.wait_for_answers(on);
        }
    }

    /// Whether the target has not answered what was asked of it last.
    pub(crate) fn owes_answers(&self) -> bool {
        self.target
            .as_ref()
            .and_then(|target| target.run_control())
            .is_some_and(kdive_target::RunControl::owes_answers)
    }

    fn begin(&mut self, request: Request, thread: ThreadId) -> Result<(), Error> {
        let mut run = self.set_up(request, thread)?;
        self.hand_over_signals();
        run.at_handled = self.threads_to_pass();
        self.refresh_watch_values();
        self.run = Some(run);
        self.last_hits.clear();
        self.commands.clear();
        let selected = self.program.selected_level();
        match self.prepare_step() {
            Ok(false) => Ok(()),
            // `step` went into an inlined call: that is all.
            Ok(true) => {
                self.run = None;
                self.stops += 1;
                let mut stop = Stop::quiet(thread);
                stop.reasons.push(StopReason::StepDone);
                stop.show = Show::FrameAndSource;
                self.select_level(0);
                self.queue.push_back(Event::Stopped(Box::new(stop)));
                Ok(())
            }
            Err(error) => {
                self.run = None;
                self.select_level(selected);
                Err(error)
            }
        }
    }

    /// Calls the function that an evaluation waits for: as [`Session::resume`], and when the function has returned, with
    /// [`StopReason::Returned`] and nothing to show, everything is as it was before. Any other stop leaves the call where it has come to;
    /// when it returns after all, the program stops there.
    ///
    /// # Errors
    /// As [`Session::resume`]; why the function cannot be called.
    pub fn call(&mut self) -> Result<(), Error> {
        let before = BeforeCall {
            reported: self.reported.clone(),
            signals: std::mem::take(&mut self.stop_signals),
            hits: self.last_hits.clone(),
            commands: self.commands.clone(),
        };
        match self.resume(Request::Call) {
            Ok(()) => {
                if let Some(run) = &mut self.run {
                    run.before_call = Some(before);
                }
                Ok(())
            }
            Err(error) => {
                self.stop_signals = before.signals;
                Err(error)
            }
        }
    }

    /// The call that ran has returned.
    pub(crate) fn restore(&mut self, before: BeforeCall) {
        self.reported = before.reported;
        self.stop_signals = before.signals;
        self.last_hits = before.hits;
        self.commands = before.commands;
    }

    /// Chooses the signal the selected thread gets when it runs again, 0 for none: `signal`, `queue-signal`.
    ///
    /// # Errors
    /// [`Error::NotRunning`] without a thread.
    pub fn set_signal(&mut self, signal: u8) -> Result<(), Error> {
        let thread = self.threads.selected().map(|entry| entry.id).ok_or(Error::NotRunning)?;
        self.stop_signals.insert(thread, (signal, true));
        Ok(())
    }

    /// Tells the target which signals go to the program with the next resume.
    fn hand_over_signals(&mut self) {
        let signals = std::mem::take(&mut self.stop_signals);
        let Some(control) = self.target.as_ref().and_then(|target| target.run_control()) else { return };
        for (thread, (signal, chosen)) in signals {
            if signal != 0 && (chosen || self.signals.treatment(signal).pass) {
                control.deliver(thread, signal);
            }
        }
    }

    fn set_up(&mut self, request: Request, thread: ThreadId) -> Result<Run, Error> {
        Ok(match request {
            Request::Continue => Run::new(thread, Command::Continue),
            Request::Step { kind, count } => Run::new(thread, Command::Step { kind, left: count }),
            Request::Call => {
                let taken: Vec<_> = self
                    .breakpoints
                    .iter()
                    .flat_map(|entry| entry.shown.locations.iter().map(|location| location.place.addr))
                    .collect();
                self.program.begin_call(&taken).map_err(Error::msg)?;
                Run::new(thread, Command::Call)
            }
            Request::Jump(pc) => {
                self.program.set_pc(pc)?;
                // A breakpoint there is hit, even if it was the last thing shown.
                self.reported.remove(&thread);
                Run::new(thread, Command::Continue)
            }
            Request::Finish => self.set_up_finish(thread)?,
            Request::Until => self.set_up_until(thread)?,
            Request::UntilLocation(location) => self.set_up_location(thread, &location, false)?,
            Request::Advance(location) => self.set_up_location(thread, &location, true)?,
        })
    }

    /// Threads that stand where they were last shown, with a breakpoint there: they are not to stop for it again.
    fn threads_to_pass(&mut self) -> BTreeMap<ThreadId, VirtAddr> {
        let selected = self.threads.selected().map(|entry| entry.id);
        let level = self.program.selected_level();
        let candidates: Vec<_> = self.reported.iter().map(|(&thread, &pc)| (thread, pc)).collect();
        let mut over = BTreeMap::new();
        for (thread, pc) in candidates {
            if self.threads.by_id(thread).is_none() {
                continue;
            }
            if Some(thread) != selected {
                self.look_at(Some(thread));
            }
            if self.program.pc() == Ok(pc) {
                over.insert(thread, pc);
            }
            if Some(thread) != selected {
                self.look_at(selected);
                self.select_level(level);
            }
        }
        over
    }

    fn set_up_finish(&mut self, thread: ThreadId) -> Result<Run, Error> {
        let level = self.program.selected_level();
        let outermost = || Error::msg("\"finish\" not meaningful in the outermost frame.");
        let callee = self.program.frame(level).map_err(|_| outermost())?;
        let caller = self.program.frame(level + 1).map_err(|_| outermost())?;
        if callee.is_inlined() {
            let mut step = self.new_step(StepOver::All);
            step.frame = caller.key();
            step.stack = frames::stack_id(&self.program, level + 1);
            step.line = None;
            // Wherever it ends is shown as a new place.
            step.function = None;
            step.range = Range::Within(AddrRange::new(caller.pc(), caller.pc()));
            let mut run = Run::new(thread, Command::FinishInlined);
            run.step = Some(step);
            return Ok(run);
        }
        let plan = self.program.return_type();
        let mut target = level + 1;
        while self.program.frame(target).is_ok_and(|frame| frame.is_tail_call()) {
            target += 1;
        }
        let caller = self.program.frame(target).map_err(|_| outermost())?;
        if !frames::begins_instruction(&self.program, caller.pc()) {
            return Err(Error::msg(format!(
                "Frame {target} is not to be trusted: {} is in the middle of an instruction, where no function returns to.",
                caller.pc()
            )));
        }
        let frame = frames::stack_id(&self.program, target);
        let mut run = Run::new(thread, Command::Finish(plan));
        let task = self.program.task();
        run.targets.push(Momentary { addr: caller.pc(), frame, thread, task });
        Ok(run)
    }

    fn set_up_until(&mut self, thread: ThreadId) -> Result<Run, Error> {
        let pc = self.program.pc()?;
        let (_, function) = self
            .program
            .modules
            .function_bounds(pc)
            .ok_or_else(|| Error::msg("Execution is not within a known function."))?;
        let end = match self.program.line_row(pc) {
            Some(row) if self.program.described_function(pc).is_some() => self.end_of_line(&row),
            _ => pc.offset(1),
        };
        let mut step = self.new_step(StepOver::All);
        step.range = Range::Within(AddrRange::new(function.start, end));
        let mut run = Run::new(thread, Command::Until);
        run.step = Some(step);
        Ok(run)
    }

    /// Where the entries of a line end that follow each other without beginning a statement.
    fn end_of_line(&self, row: &kdive_symbols::Line) -> VirtAddr {
        let mut end = row.end;
        for _ in 0..4096 {
            match self.program.line_row(end) {
                Some(next) if next.line == row.line && next.file == row.file && !next.is_stmt => {
                    if next.end <= end {
                        break;
                    }
                    end = next.end;
                }
                _ => break,
            }
        }
        end
    }

    fn set_up_location(&mut self, thread: ThreadId, location: &str, anywhere: bool) -> Result<Run, Error> {
        let resolution = self.program.resolve(location)?;
        if resolution.locations.is_empty() {
            return Err(Error::msg("Couldn't get information on specified line."));
        }
        let level = self.program.selected_level();
        let own = frames::stack_id(&self.program, level);
        let caller = frames::caller(&self.program, level);
        let task = self.program.task();
        let mut run = Run::new(thread, Command::Location);
        let is_place = |caller: &frames::Caller| {
            caller.key.is_some() && frames::begins_instruction(&self.program, caller.pc)
        };
        if let Some(caller) = caller.filter(is_place) {
            run.targets.push(Momentary { addr: caller.pc, frame: caller.key, thread, task });
        }
        let frame = if anywhere { None } else { own };
        run.targets.extend(resolution.locations.iter().map(|place| Momentary {
            addr: place.addr,
            frame,
            thread,
            task,
        }));
        Ok(run)
    }
}
