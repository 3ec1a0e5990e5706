//! The command that runs: what was asked, what is under way, and the loop that takes stops from the target.
//!
//! Execution is a sequence of short runs. [`Session::go`] chooses the next one: a thread that stands at a breakpoint which
//! has been dealt with executes that one instruction alone; else the stepped thread executes one instruction; else
//! everything runs. Each ends in a stop that the module `stop` looks at, and which either ends the command or not.

use crate::event::{Failure, Notice, Warning};
use crate::frames;
use crate::inserted::{Place, PlaceKind, Policy};
use crate::step::{Step, StepOver};
use crate::{Error, Event, LocationState, Refusal, SchedulerLocking, Session};
use kdive_arch::Flow;
use kdive_base::{Interrupt, VirtAddr};
use kdive_program::FrameKey;
use kdive_target::{Others, Resume, RunControl, ThreadId, Wait};
use kdive_types::Type;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A single step takes less than a millisecond; one that takes this long waits for something.
const STEP_PATIENCE: Duration = Duration::from_millis(300);

/// Single steps in a row after which the other threads get to run too: the code may wait for one of them.
const SPIN_STEPS: u32 = 512;

/// How far one step goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StepKind {
    /// `step`: to another line, into functions with line information.
    Into,
    /// `next`: to another line of this function or its callers.
    Over,
    /// `stepi`: one instruction.
    Instruction,
    /// `nexti`: one instruction, calls as one.
    InstructionOver,
}

/// What the running command is.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    Continue,
    Step {
        kind: StepKind,
        left: u64,
    },
    Until,
    Finish(Option<Type>),
    FinishInlined,
    /// A function the debugger has called.
    Call,
    Location,
}

impl Command {
    /// Whether scheduler locking `step` holds the other threads.
    fn is_stepping(&self) -> bool {
        matches!(self, Self::Step { .. })
    }
}

/// A breakpoint of the command itself, for one task or thread and maybe one frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Momentary {
    pub(crate) addr: VirtAddr,
    /// Stack frame in which it counts.
    pub(crate) frame: Option<FrameKey>,
    pub(crate) thread: ThreadId,
    /// The task it is for, where tasks are known: it may have come to another thread (CPU) when it gets there.
    pub(crate) task: Option<VirtAddr>,
}

/// A breakpoint where a thread is stepped on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Wake {
    pub(crate) at: Momentary,
    /// What the step has become on the way there, if it is not as it was.
    pub(crate) step: Option<Step>,
}

impl From<Momentary> for Wake {
    fn from(at: Momentary) -> Self {
        Self { at, step: None }
    }
}

/// Where an instruction that is stepped may lead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Expected {
    /// That of the instruction.
    pub(crate) from: VirtAddr,
    /// The addresses it may lead to, and the stack frame where it is the same as before.
    pub(crate) places: Vec<(VirtAddr, Option<FrameKey>)>,
    /// Whether it leads nowhere else. Otherwise only the way from a user program into the kernel is something else: a target that
    /// keeps interrupts away lets system calls and page faults be.
    pub(crate) exact: bool,
    /// Whether it is a user program's.
    pub(crate) from_user_mode: bool,
}

/// What the target was told to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum InFlight {
    /// Everything runs.
    Continue,
    /// One thread executes one instruction.
    Step { thread: ThreadId, others: Others },
}

/// What the call of a function leaves as it was.
#[derive(Debug)]
pub(crate) struct BeforeCall {
    pub(crate) reported: BTreeMap<ThreadId, VirtAddr>,
    pub(crate) signals: BTreeMap<ThreadId, (u8, bool)>,
    pub(crate) hits: Vec<u32>,
    pub(crate) commands: VecDeque<(u32, Vec<String>)>,
}

/// A command under way.
#[derive(Debug)]
pub(crate) struct Run {
    /// The thread it is about; another one when the task it follows comes to that.
    pub(crate) thread: ThreadId,
    /// The thread that was selected when it began.
    pub(crate) before: ThreadId,
    pub(crate) command: Command,
    pub(crate) step: Option<Step>,
    /// The task it is about, once that was asked.
    pub(crate) task: Option<Option<VirtAddr>>,
    /// Where `until`, `advance` and `finish` end.
    pub(crate) targets: Vec<Momentary>,
    /// Where the thread is stepped on when what does not have to be stepped is over: a halted CPU, an interrupt, the inside
    /// of a line.
    pub(crate) wake: Vec<Wake>,
    /// Where the instruction that is being stepped may lead, when something else may come in between.
    pub(crate) expected: Option<Expected>,
    /// Threads that stand at a breakpoint which has been dealt with.
    pub(crate) at_handled: BTreeMap<ThreadId, VirtAddr>,
    /// Where the instruction of a user program is that was stepped, and may have to be once more.
    pub(crate) restart: Option<VirtAddr>,
    /// A breakpoint of a user program that was dealt with, whose instruction has faulted; and the task that comes there again.
    pub(crate) again: Option<(VirtAddr, Option<VirtAddr>)>,
    pub(crate) inflight: Option<InFlight>,
    /// Single steps in a row.
    pub(crate) steps: u32,
    /// The user interrupted; the target stopped for another reason at the same time.
    pub(crate) interrupted: bool,
    /// How long the step under way has taken.
    waited: Duration,
    /// Raised to interrupt a step that takes too long, apart from the user's flag.
    step_timeout: Option<Interrupt>,
    /// Steps in a row that led nowhere.
    pub(crate) idle_steps: u32,
    /// Runs in a row that led nowhere.
    pub(crate) idle_runs: u32,
    /// For the call of a function.
    pub(crate) before_call: Option<BeforeCall>,
}

impl Run {
    pub(crate) fn new(thread: ThreadId, command: Command) -> Self {
        Self {
            thread,
            before: thread,
            command,
            step: None,
            task: None,
            targets: Vec::new(),
            wake: Vec::new(),
            expected: None,
            at_handled: BTreeMap::new(),
            restart: None,
            again: None,
            inflight: None,
            steps: 0,
            interrupted: false,
            waited: Duration::ZERO,
            step_timeout: None,
            idle_steps: 0,
            idle_runs: 0,
            before_call: None,
        }
    }

    /// All breakpoints of its own.
    pub(crate) fn momentary(&self) -> impl Iterator<Item = &Momentary> {
        let resume = self.step.as_ref().and_then(|step| step.resume_at.as_ref());
        self.targets.iter().chain(resume).chain(self.wake.iter().map(|wake| &wake.at))
    }

    /// Whether its thread is to be stepped now.
    fn is_single_stepping(&self) -> bool {
        self.step.as_ref().is_some_and(|step| step.resume_at.is_none()) && self.wake.is_empty()
    }

    /// Whether the step under way took too long and was interrupted for that.
    pub(crate) fn is_timed_out(&self) -> bool {
        self.step_timeout.is_some() && !self.interrupted
    }

    /// Whether the stop that ended a step which took too long was asked for by us.
    pub(crate) fn take_timeout(&mut self) -> bool {
        self.step_timeout.take().is_some()
    }
}

impl Session {
    /// Waits up to `timeout` for the next event of what runs; `None` when nothing happened.
    ///
    /// # Errors
    /// [`Error::NotRunning`] when nothing runs.
    pub fn poll(&mut self, timeout: Duration) -> Result<Option<Event>, Error> {
        self.waiting_for_answers(|session| session.poll_patiently(timeout))
    }

    fn poll_patiently(&mut self, timeout: Duration) -> Result<Option<Event>, Error> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Ok(Some(event));
            }
            let Some(run) = &self.run else { return Err(Error::NotRunning) };
            if run.inflight.is_none() {
                let interrupted = run.interrupted || self.interrupt.take();
                if interrupted && self.owes_answers() {
                    // It stands still: nothing can be said of where.
                    self.fail(&kdive_target::Error::Interrupted.into());
                } else if interrupted {
                    self.stop_for_interrupt();
                } else if let Err(error) = self.go() {
                    if matches!(error, Error::NotInserted(_)) {
                        self.give_up();
                        return Err(error);
                    }
                    self.fail(&error);
                }
                continue;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if !self.wait_once(left) && left.is_zero() {
                return Ok(None);
            }
        }
    }

    fn control(&self) -> Option<Rc<dyn kdive_target::Target>> {
        self.target.clone()
    }

    /// Waits for one report of the target; whether there was one.
    fn wait_once(&mut self, timeout: Duration) -> bool {
        let Some(target) = self.control() else {
            self.gone();
            return true;
        };
        let (Some(control), Some(run)) = (target.run_control(), self.run.as_mut()) else { return true };
        let stepping = matches!(run.inflight, Some(InFlight::Step { .. }));
        let slice = if stepping && run.step_timeout.is_none() { timeout.min(STEP_PATIENCE) } else { timeout };
        if !self.settings.permissions.interrupt && self.interrupt.take() {
            self.queue.push_back(Event::Warning(Warning::MayNotInterrupt));
            return true;
        }
        let raised = self.interrupt.is_raised();
        let flag = match (&run.step_timeout, raised) {
            (Some(step_timeout), false) => step_timeout,
            _ => &self.interrupt,
        };
        let began = Instant::now();
        let outcome = control.wait(slice, flag);
        run.waited += began.elapsed();
        // The target took the user's Ctrl-C, but what it reports may be something else that happened at the same time.
        if raised && !self.interrupt.is_raised() {
            run.interrupted = true;
        }
        match outcome {
            Ok(Wait::Pending) => {
                if stepping && run.step_timeout.is_none() && run.waited >= STEP_PATIENCE {
                    let step_timeout = Interrupt::new();
                    step_timeout.raise();
                    run.step_timeout = Some(step_timeout);
                }
                false
            }
            Ok(Wait::Event(kdive_target::Event::Output(text))) => {
                self.queue.push_back(Event::Output(text));
                true
            }
            Ok(Wait::Event(kdive_target::Event::Stopped(stop))) => {
                self.handle_stop(&stop);
                true
            }
            Ok(Wait::Event(event)) => {
                self.handle_gone(event);
                true
            }
            Ok(Wait::GivenUp) => {
                let mut text = "The target is not responding to interrupt requests.".to_owned();
                if target.threads_are_tasks() {
                    text.push_str(
                        "  A kernel with kgdb is stopped by \"set remote interrupt-sequence BREAK-g\", \
                         or in the guest by \"echo g > /proc/sysrq-trigger\".",
                    );
                }
                self.fail(&Error::msg(text));
                true
            }
            Err(error) => {
                self.fail(&error.into());
                true
            }
        }
    }

    /// The guest ended, or the connection did.
    pub(crate) fn handle_gone(&mut self, event: kdive_target::Event) {
        let process = self.known_threads().selected().and_then(|entry| entry.id.pid);
        let event = match event {
            kdive_target::Event::Exited(code) => {
                self.program.set_convenience("_exitcode", Some(i64::from(code)));
                Event::Exited { code, process }
            }
            kdive_target::Event::Killed(signal) => Event::Killed(signal),
            kdive_target::Event::Lost(text) => Event::Disconnected(text),
            kdive_target::Event::Output(text) => {
                self.queue.push_back(Event::Output(text));
                return;
            }
            kdive_target::Event::Stopped(_) => return,
        };
        self.gone();
        self.queue.push_back(event);
    }

    /// Whether the connection ended during what was read before; then that is all there is to say, and is said.
    pub(crate) fn was_lost(&mut self) -> bool {
        let earlier = self.target.as_ref().and_then(|target| target.run_control()?.pending_event());
        let Some(event @ kdive_target::Event::Lost(_)) = earlier else { return false };
        self.handle_gone(event);
        true
    }

    /// Something failed while running: say what, and give the prompt back where the program stands.
    fn fail(&mut self, error: &Error) {
        self.wait_for_answers(false);
        if let Error::Target(kdive_target::Error::Lost(text)) = error {
            self.gone();
            self.queue.push_back(Event::Disconnected(text.clone()));
            return;
        }
        if self.was_lost() {
            return;
        }
        self.queue.push_back(Event::Failure(Failure::Command(Box::new(error.clone()))));
        match self.give_up() {
            Some(thread) => {
                let mut stop = crate::event::Stop::quiet(thread);
                stop.show = crate::Show::Nothing;
                self.queue.push_back(Event::Stopped(Box::new(stop)));
            }
            None => self.gone(),
        }
    }

    /// Ends the command where its thread stands; `None` when there is nothing left to stand.
    fn give_up(&mut self) -> Option<ThreadId> {
        let thread = self.run.take().map(|run| run.thread);
        self.invalidate();
        let thread = thread.filter(|_| self.target.is_some())?;
        self.focus(thread);
        Some(thread)
    }

    /// Whether any watchpoint has to be stepped for.
    pub(crate) fn steps_for_watch(&self) -> bool {
        self.breakpoints.iter().any(crate::breakpoint::Entry::needs_stepping)
    }

    /// Starts the next short run.
    fn go(&mut self) -> Result<(), Error> {
        let target = self.control().ok_or(Error::NotRunning)?;
        let control = target.run_control().ok_or(Error::NotRunning)?;
        let mut wanted = self.wanted();
        let steps_for_watch = self.steps_for_watch();
        let Some(run) = self.run.as_mut() else { return Err(Error::NotRunning) };
        let at_code = |addr: VirtAddr| {
            wanted.iter().any(|place| {
                place.addr == addr && matches!(place.kind, PlaceKind::Software | PlaceKind::Hardware)
            })
        };
        run.at_handled.retain(|_, &mut addr| at_code(addr));
        self.skip_no_ops(control);
        let Some(run) = self.run.as_mut() else { return Err(Error::NotRunning) };
        if run.is_single_stepping() && !steps_for_watch && self.settings.permissions.insert_breakpoints {
            let ends = self.range_ends();
            wanted.extend(ends.iter().map(|end| Place::software(end.at.addr)));
            if let Some(run) = self.run.as_mut() {
                run.wake = ends;
            }
        }
        let Some(run) = self.run.as_mut() else { return Err(Error::NotRunning) };
        let single = run.is_single_stepping() || steps_for_watch && run.wake.is_empty();
        // The stepped thread steps over by stepping.
        let over = run
            .at_handled
            .iter()
            .map(|(&thread, _)| thread)
            .find(|&thread| !(single && thread == run.thread));
        let locking = self.settings.scheduler_locking;
        let held =
            locking == SchedulerLocking::On || locking == SchedulerLocking::Step && run.command.is_stepping();
        let (how, inflight) = if let Some(thread) = over {
            let others = Others::Stopped;
            (Resume::Step { thread, others }, InFlight::Step { thread, others })
        } else if single {
            run.steps = run.steps.saturating_add(1);
            let thread = run.thread;
            let lets_run = !held && run.steps > SPIN_STEPS && !run.at_handled.contains_key(&thread);
            let others = if lets_run { Others::Running } else { Others::Stopped };
            (Resume::Step { thread, others }, InFlight::Step { thread, others })
        } else if held {
            (Resume::ContinueOne(run.thread), InFlight::Continue)
        } else {
            (Resume::Continue, InFlight::Continue)
        };
        if let InFlight::Step { thread, .. } = inflight
            && let Some(&addr) = run.at_handled.get(&thread)
            && !control.steps_over_breakpoints()
        {
            wanted.retain(|place| {
                place.addr != addr || !matches!(place.kind, PlaceKind::Software | PlaceKind::Hardware)
            });
        }
        run.waited = Duration::ZERO;
        self.expect(control, inflight);
        self.sync(control, &wanted, matches!(inflight, InFlight::Continue))?;
        control.resume(how)?;
        if let Some(run) = self.run.as_mut() {
            run.inflight = Some(inflight);
        }
        self.invalidate();
        Ok(())
    }

    /// Everything that has to be in the target for the next run.
    fn wanted(&self) -> BTreeSet<Place> {
        let mut wanted = BTreeSet::new();
        for entry in self.breakpoints.iter().filter(|entry| entry.is_active()) {
            let hardware = matches!(entry.shown.kind, crate::BreakpointKind::Hardware);
            for location in &entry.shown.locations {
                let addr = location.place.addr;
                if location.enabled && !location.condition_invalid && self.program.freed(addr).is_none() {
                    wanted.insert(if hardware { Place::hardware(addr) } else { Place::software(addr) });
                }
            }
            if let Some(watch) = entry.watch().filter(|watch| watch.hardware) {
                let kind = PlaceKind::watch(watch.access);
                wanted.extend(watch.ranges.iter().map(|&(addr, len)| Place { kind, addr, len }));
            }
            if let Some(scope) = entry.scope {
                wanted.insert(Place::software(scope.pc));
            }
        }
        wanted.extend(self.program.call_returns().into_iter().map(Place::software));
        wanted.extend(self.program.os_points().into_iter().map(Place::software));
        wanted.extend(self.program.os_watched().map(Place::internal_watch));
        if let Some(run) = &self.run {
            wanted.extend(run.momentary().map(|momentary| Place::software(momentary.addr)));
        }
        wanted
    }

    /// `set breakpoint always-inserted on`: breakpoints are in the target at once, not only when it runs.
    ///
    /// # Errors
    /// As for the command that lets it run.
    pub fn insert_now(&mut self) -> Result<(), Error> {
        let Some(target) = self.target.clone().filter(|_| self.run.is_none()) else { return Ok(()) };
        let Some(control) = target.run_control().filter(|control| control.stop().is_some()) else {
            return Ok(());
        };
        self.sync(control, &self.wanted(), false)
    }

    /// Brings the target to hold what is wanted and tells the user what could not be had.
    fn sync(
        &mut self,
        control: &dyn RunControl,
        wanted: &BTreeSet<Place>,
        verify: bool,
    ) -> Result<(), Error> {
        let view = &self.program;
        let policy = Policy {
            auto_hardware: self.settings.auto_hardware,
            verify,
            rewritten: &|addr| view.rewritten(addr),
        };
        let synced = self.inserted.sync(control, wanted, &policy);
        for (place, state) in &synced.changed {
            self.report_place(*place, state);
        }
        if let Some(error) = synced.lost {
            return Err(error.into());
        }
        self.note_states();
        self.forbidden(&synced.forbidden)?;
        self.no_debug_registers(wanted)
    }

    /// Whether the user asked for debug registers that the target does not give: it would run past what is wanted.
    fn no_debug_registers(&self, wanted: &BTreeSet<Place>) -> Result<(), Error> {
        let (mut breakpoints, mut watchpoints) = (Vec::new(), BTreeSet::new());
        for place in wanted.iter().filter(|place| place.kind != PlaceKind::Software) {
            if !matches!(self.inserted.state(*place), LocationState::Failed(_)) {
                continue;
            }
            for number in self.owners(*place) {
                if place.kind == PlaceKind::Hardware {
                    breakpoints.push(number);
                } else {
                    watchpoints.insert(number);
                }
            }
        }
        if breakpoints.is_empty() && watchpoints.is_empty() {
            return Ok(());
        }
        let watchpoints = watchpoints.into_iter().collect();
        Err(Error::NotInserted(Refusal::DebugRegisters { breakpoints, watchpoints }))
    }

    /// Without a breakpoint that was asked for the program would run past it: the command ends instead. Places where only
    /// kdive itself wanted to look in are done without.
    fn forbidden(&self, places: &[Place]) -> Result<(), Error> {
        let own =
            self.run.iter().flat_map(Run::momentary).map(|momentary| momentary.addr).collect::<Vec<_>>();
        let mut refused = Vec::new();
        for place in places {
            let mut numbers = self.owners(*place);
            if numbers.is_empty() && own.contains(&place.addr) {
                numbers.push(0);
            }
            refused.extend(numbers.into_iter().map(|number| (number, place.addr)));
        }
        if refused.is_empty() {
            return Ok(());
        }
        Err(Error::NotInserted(Refusal::NotAllowed(refused)))
    }

    /// The breakpoints a place belongs to.
    fn owners(&self, place: Place) -> Vec<u32> {
        self.breakpoints
            .iter()
            .filter(|entry| match (place.kind, entry.watch()) {
                (PlaceKind::Software | PlaceKind::Hardware, None) => {
                    entry.shown.locations.iter().any(|location| location.place.addr == place.addr)
                }
                (_, Some(watch)) => watch.ranges.contains(&(place.addr, place.len)),
                _ => false,
            })
            .map(|entry| entry.shown.number)
            .collect()
    }

    fn report_place(&mut self, place: Place, state: &LocationState) {
        let owners = self.owners(place);
        // A stub that cannot watch that much memory is nothing the user can do anything about.
        if self.program.os_watched().map(Place::internal_watch) == Some(place) {
            return;
        }
        match state {
            // What is so by choice is told by who asks; what had to be is told at once.
            LocationState::HardwareInstead(_) if self.program.rewritten(place.addr).is_some() => {}
            LocationState::HardwareInstead(reason) => {
                self.queue.extend(owners.into_iter().map(|breakpoint| {
                    Event::Notice(Notice::HardwareInstead { breakpoint, reason: reason.clone() })
                }));
            }
            // The command ends for want of debug registers the user asked for.
            LocationState::Failed(_) if place.kind != PlaceKind::Software && !owners.is_empty() => {}
            LocationState::Failed(reason) => {
                // Places of the command itself fail without a number: the step then ends wherever it ends.
                let reason = reason.clone();
                self.queue.push_back(Event::Failure(Failure::NotInserted { breakpoints: owners, reason }));
            }
            LocationState::Idle
            | LocationState::Software
            | LocationState::Hardware
            | LocationState::Owed(_) => {}
        }
    }

    /// Brings the states of all places up to date, before they are shown: what the guest did since the last resume counts.
    pub fn note_states(&mut self) {
        for entry in &mut self.breakpoints {
            let hardware = matches!(entry.shown.kind, crate::BreakpointKind::Hardware);
            for location in &mut entry.shown.locations {
                let addr = location.place.addr;
                let place = if hardware { Place::hardware(addr) } else { Place::software(addr) };
                location.state = match self.program.freed(addr) {
                    Some(reason) => LocationState::Owed(reason),
                    None => self.inserted.state(place),
                };
            }
        }
    }

    /// Before a step: where the instruction may lead, so that an interrupt is told from a jump on a target that lets interrupts in, and
    /// so that a step in a user program comes back from the kernel. Instructions that may lead anywhere are not watched over in
    /// kernel code.
    fn expect(&mut self, control: &dyn RunControl, inflight: InFlight) {
        let mut expected = None;
        if let InFlight::Step { thread, .. } = inflight {
            let lets_in = *self.interrupts_come_in.get_or_insert_with(|| control.steps_into_interrupts());
            if self.threads.selected().map(|entry| entry.id) != Some(thread) {
                self.focus(thread);
            }
            let passes_kernel = self
                .run
                .as_ref()
                .and_then(|run| run.step.as_ref().filter(|_| run.thread == thread))
                .is_some_and(|step| step.over != StepOver::Nothing);
            expected = if passes_kernel && self.program.is_user_mode() {
                self.expected_of_program(lets_in)
            } else if lets_in {
                self.program.pc().ok().zip(self.expected_places()).map(|(from, places)| Expected {
                    from,
                    places,
                    exact: true,
                    from_user_mode: false,
                })
            } else {
                None
            };
        }
        if let Some(run) = self.run.as_mut() {
            run.expected = expected;
        }
    }

    /// Where the instruction at the pc may lead; `None`: anywhere.
    pub(crate) fn expected_places(&mut self) -> Option<Vec<(VirtAddr, Option<FrameKey>)>> {
        let pc = self.program.pc().ok()?;
        let insn = self.program.decode(pc)?;
        // Only calls and jumps may lead to another frame.
        let (places, same_frame) = match (insn.flow, insn.target) {
            (Flow::Next, _) => (vec![insn.next()], true),
            (Flow::RepString, _) => (vec![insn.addr, insn.next()], true),
            (Flow::Branch, Some(target)) => (vec![insn.next(), target], true),
            (Flow::Jump | Flow::Call, Some(target)) => (vec![target], false),
            _ => return None,
        };
        let frame = if same_frame { frames::stack_id(&self.program, 0) } else { None };
        Some(places.into_iter().map(|place| (place, frame)).collect())
    }

    /// A step ended somewhere its instruction does not lead to: an interrupt or exception came in, or the kernel was called. The
    /// handler runs, with everything else, until the thread is back.
    pub(crate) fn was_interrupted(&mut self, thread: ThreadId, pc: VirtAddr) -> bool {
        let Some(expected) = self.run.as_mut().and_then(|run| run.expected.take()) else {
            return false;
        };
        let is_place = expected.places.iter().any(|(place, _)| *place == pc);
        if is_place || !expected.exact && self.program.is_user_mode() {
            return false;
        }
        let task = self.program.task();
        let mut places = expected.places;
        // What the kernel has saved tells best where the program goes on.
        if expected.from_user_mode
            && let Some(back) = self.left_at()
            && !places.iter().any(|(place, _)| *place == back)
        {
            places.push((back, None));
        }
        let Some(run) = self.run.as_mut() else { return false };
        run.restart = expected.from_user_mode.then_some(expected.from);
        run.wake =
            places.into_iter().map(|(addr, frame)| Momentary { addr, frame, thread, task }.into()).collect();
        true
    }

    /// A step that does not end: the CPU waits in `hlt` for an interrupt that single-stepping keeps away, or another thread
    /// has to do something first. The first gets a breakpoint behind it and runs, with the others, until it wakes up.
    pub(crate) fn unblock(&mut self, thread: ThreadId, pc: VirtAddr) {
        let halted = self
            .program
            .decode(pc)
            .filter(|insn| insn.flow == Flow::Halt)
            .map(|insn| insn.next())
            .or_else(|| self.just_halted(pc));
        let frame = frames::stack_id(&self.program, 0);
        let task = self.program.task();
        let Some(run) = self.run.as_mut() else { return };
        match halted {
            Some(next) => run.wake = vec![Momentary { addr: next, frame, thread, task }.into()],
            None => run.steps = SPIN_STEPS,
        }
    }

    /// A CPU that was interrupted in `hlt` may show the address after it.
    fn just_halted(&self, pc: VirtAddr) -> Option<VirtAddr> {
        // `hlt` is one byte.
        let before = VirtAddr(pc.0.checked_sub(1)?);
        self.program.decode(before).filter(|insn| insn.flow == Flow::Halt).map(|_| pc)
    }
}
