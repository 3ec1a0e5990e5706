//! The session: one target, its threads, breakpoints and the command that is running.

use crate::breakpoint::{Breakpoint, Entry};
use crate::event::{Notice, Stop};
use crate::inserted::Inserted;
use crate::run::Run;
use crate::signal::Signals;
use crate::thread::Threads;
use crate::{Error, Event};
use kdive_base::{Interrupt, VirtAddr};
use kdive_program::{OsReport, Program};
use kdive_target::{Permissions, RemoteTarget, Target, ThreadId};
use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// `set scheduler-locking`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum SchedulerLocking {
    /// Other threads run whenever one runs, except while a single one has to be stepped.
    Off,
    /// Only the selected thread ever runs.
    On,
    /// As `On` while stepping, as `Off` for `continue`, `until`, `finish`.
    Step,
    /// gdb's default: as `Off`.
    #[default]
    Replay,
}

/// `set remote hardware-...-limit`: what the user says the target has; `None` is without limit.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct HardwareLimits {
    /// Hardware breakpoints.
    pub breakpoints: Option<u64>,
    /// Hardware watchpoints.
    pub watchpoints: Option<u64>,
    /// Bytes one hardware watchpoint covers.
    pub watch_length: Option<u64>,
}

/// Settings of run control; the command layer keeps them in step with `set`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// `set scheduler-locking`.
    pub scheduler_locking: SchedulerLocking,
    /// `set step-mode`: stop in functions without line information.
    pub step_mode: bool,
    /// `set range-stepping`: run to where a line is left rather than step through it.
    pub range_stepping: bool,
    /// `set can-use-hw-watchpoints`.
    pub hardware_watchpoints: bool,
    /// A hardware breakpoint where a software one cannot be inserted.
    pub auto_hardware: bool,
    /// What the target has of hardware breakpoints and watchpoints.
    pub hardware: HardwareLimits,
    /// What may be done to the target; see [`Session::permit`].
    pub permissions: Permissions,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            scheduler_locking: SchedulerLocking::default(),
            step_mode: false,
            range_stepping: true,
            hardware_watchpoints: true,
            auto_hardware: true,
            hardware: HardwareLimits::default(),
            permissions: Permissions::default(),
        }
    }
}

/// Whether `step` does not go into the function of this name, in this file.
pub type Skip = Rc<dyn Fn(&str, Option<&str>) -> bool>;

/// One debugged target and everything about running it.
pub struct Session {
    /// The program: symbols, memory, registers, frames.
    pub program: Program,
    /// What the operating system layer had to say during run control, for the front end to show.
    pub reports: Vec<OsReport>,
    pub(crate) target: Option<Rc<dyn Target>>,
    /// The same, or a connection on which nothing runs.
    pub(crate) remote: Option<Rc<RemoteTarget>>,
    pub(crate) threads: Threads,
    /// Settings of run control.
    pub settings: Settings,
    /// What is done about signals of the program.
    pub signals: Signals,
    /// Functions that `step` does not go into.
    pub skips: Vec<Skip>,
    /// The signals threads stopped with, which they get when they run again; `true`: whatever their treatment.
    pub(crate) stop_signals: BTreeMap<ThreadId, (u8, bool)>,
    pub(crate) interrupt: Interrupt,
    pub(crate) breakpoints: Vec<Entry>,
    pub(crate) last_number: u32,
    pub(crate) inserted: Inserted,
    pub(crate) run: Option<Run>,
    /// Where threads stood when they were last shown to the user: a breakpoint there has been reported already.
    pub(crate) reported: BTreeMap<ThreadId, VirtAddr>,
    pub(crate) queue: VecDeque<Event>,
    /// Numbers of the breakpoints of the last stop, for `continue N`.
    pub(crate) last_hits: Vec<u32>,
    /// Commands of those breakpoints that nobody has taken yet.
    pub(crate) commands: VecDeque<(u32, Vec<String>)>,
    /// Whether single steps of the target may end in interrupt handlers, once that was asked.
    pub(crate) interrupts_come_in: Option<bool>,
    /// How often the program stopped or ended.
    pub(crate) stops: u64,
    /// How often a place was looked up.
    pub(crate) resolutions: Cell<u64>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("threads", &self.threads)
            .field("breakpoints", &self.breakpoints.len())
            .field("running", &self.run.is_some())
            .finish_non_exhaustive()
    }
}

impl Session {
    /// A session without a target.
    #[must_use]
    pub fn new(program: Program, interrupt: Interrupt) -> Self {
        Self {
            program,
            reports: Vec::new(),
            target: None,
            remote: None,
            threads: Threads::default(),
            settings: Settings::default(),
            signals: Signals::default(),
            skips: Vec::new(),
            stop_signals: BTreeMap::new(),
            interrupt,
            breakpoints: Vec::new(),
            last_number: 0,
            inserted: Inserted::default(),
            run: None,
            reported: BTreeMap::new(),
            queue: VecDeque::new(),
            last_hits: Vec::new(),
            commands: VecDeque::new(),
            interrupts_come_in: None,
            stops: 0,
            resolutions: Cell::new(0),
        }
    }

    /// The flag that stops the program, and ends what takes long.
    #[must_use]
    pub fn interrupt_flag(&self) -> &Interrupt {
        &self.interrupt
    }

    /// The target, if there is one.
    pub fn target(&self) -> Option<&Rc<dyn Target>> {
        self.target.as_ref()
    }

    /// The threads.
    pub fn known_threads(&self) -> &Threads {
        &self.threads
    }

    /// Asks the stub for its threads again, for `info threads`.
    pub fn update_threads(&mut self) {
        if let Some(target) = &self.target
            && let Ok(listed) = target.threads()
        {
            self.threads.update(&listed);
        }
    }

    /// Gives a thread a name, or takes it away.
    pub fn name_thread(&mut self, number: u32, name: Option<String>) -> bool {
        self.threads.set_name(number, name)
    }

    /// Selects a thread by gdb's number; its innermost frame is selected.
    ///
    /// # Errors
    /// `Unknown thread 9.`
    pub fn select_thread(&mut self, number: u32) -> Result<(), Error> {
        let id = self
            .threads
            .by_number(number)
            .map(|entry| entry.id)
            .ok_or_else(|| Error::msg(format!("Unknown thread {number}.")))?;
        if self.threads.selected().map(|entry| entry.id) == Some(id) && !self.program.is_off_cpu() {
            self.select_level(0);
            return Ok(());
        }
        self.focus(id);
        if let std::collections::btree_map::Entry::Vacant(place) = self.reported.entry(id)
            && let Ok(pc) = self.program.pc()
        {
            place.insert(pc);
        }
        Ok(())
    }

    /// Selects a thread in order to look at it: a breakpoint it stands at is still to be reported, unlike after
    /// [`Session::select_thread`].
    ///
    /// # Errors
    /// `Unknown thread 9.`
    pub fn visit_thread(&mut self, number: u32) -> Result<(), Error> {
        let entry = self.threads.by_number(number);
        let id =
            entry.map(|entry| entry.id).ok_or_else(|| Error::msg(format!("Unknown thread {number}.")))?;
        self.focus(id);
        Ok(())
    }

    /// Looks at the selected thread again after something that runs on no CPU was looked at.
    pub fn back_to_thread(&mut self) {
        if self.program.is_off_cpu()
            && let Some(id) = self.threads.selected().map(|entry| entry.id)
        {
            self.focus(id);
        }
    }

    /// The user's breakpoints by number.
    pub fn breakpoints(&self) -> impl Iterator<Item = &Breakpoint> {
        self.breakpoints.iter().map(|entry| &entry.shown)
    }

    /// Numbers of the breakpoints the program stopped at.
    #[must_use]
    pub fn last_hits(&self) -> &[u32] {
        &self.last_hits
    }

    /// The commands of the next breakpoint of the last stop, to be run now; each list is given once. Those not taken when
    /// the program runs again are forgotten.
    pub fn next_commands(&mut self) -> Option<(u32, Vec<String>)> {
        self.commands.pop_front()
    }

    /// Forgets the commands that were not taken: one before them failed.
    pub fn forget_commands(&mut self) {
        self.commands.clear();
    }

    /// How often the program has stopped or ended so far: whether a command made it run is seen by comparing.
    #[must_use]
    pub fn stop_count(&self) -> u64 {
        self.stops
    }

    /// Number of the breakpoint made last, 0 before the first.
    #[must_use]
    pub fn last_number(&self) -> u32 {
        self.last_number
    }

    /// Whether something runs: events are to be taken with [`Session::poll`].
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.run.is_some()
    }

    /// Makes a thread the selected one, for the view and for messages.
    pub(crate) fn focus(&mut self, id: ThreadId) {
        self.threads.note(id);
        self.threads.select(Some(id));
        if let Some(target) = &self.target {
            target.focus(id);
        }
        self.look_at(Some(id));
        let number = self.threads.by_id(id).map(|entry| i64::from(entry.number));
        self.program.set_convenience("_thread", number);
        self.program.set_convenience("_gthread", number);
    }

    /// Takes a target that stands still: `target remote` has connected. Selects the thread that stopped.
    ///
    /// # Errors
    /// When its threads cannot be had.
    pub fn attach(&mut self, target: Rc<dyn Target>) -> Result<Stop, Error> {
        let stop = target.run_control().and_then(|control| control.stop());
        let listed = target.threads()?;
        let first = stop
            .as_ref()
            .map(|stop| stop.thread)
            .or_else(|| listed.first().map(|thread| thread.id))
            .ok_or(Error::NotRunning)?;
        self.target = Some(target);
        self.program.set_machine(None);
        self.inserted.forget();
        self.reported.clear();
        self.last_hits.clear();
        self.interrupts_come_in = None;
        self.run = None;
        self.threads.clear();
        self.threads.update(&listed);
        self.invalidate();
        self.focus(first);
        self.program.set_convenience("_inferior", Some(1));
        if let Ok(pc) = self.program.pc() {
            self.reported.insert(first, pc);
        }
        Ok(Stop::quiet(first))
    }

    /// Gives the target up: takes breakpoints out of it and forgets it. The caller then tells the stub whatever it wants to
    /// (`D`, `k`, or nothing).
    pub fn release(&mut self) -> Option<Rc<dyn Target>> {
        if let Some(control) = self.target.as_ref().and_then(|target| target.run_control()) {
            self.inserted.remove_all(control);
        }
        let target = self.target.take();
        self.gone();
        target
    }

    /// The target is gone: what was tied to it goes with it. Notices come as events.
    pub(crate) fn gone(&mut self) {
        self.target = None;
        self.run = None;
        self.stops += 1;
        self.last_hits.clear();
        self.commands.clear();
        self.inserted.forget();
        self.reported.clear();
        self.stop_signals.clear();
        let dead: Vec<(u32, u32)> =
            self.breakpoints().filter_map(|shown| Some((shown.number, shown.thread?))).collect();
        for (number, thread) in dead {
            self.queue.push_back(Event::Notice(Notice::ThreadGone { breakpoint: number, thread }));
            self.breakpoints.retain(|entry| entry.shown.number != number);
        }
        self.breakpoints.retain(|entry| entry.watch().is_none_or(|watch| watch.frame.is_none()));
        for watch in self.breakpoints.iter_mut().filter_map(Entry::watch_mut) {
            watch.value = None;
        }
        self.threads.clear();
        self.program.set_machine(None);
        for name in ["_thread", "_gthread"] {
            self.program.set_convenience(name, Some(0));
        }
    }

    /// Events that came up outside of [`Session::poll`]: after [`Session::release`], and after each command a look whether the
    /// connection was lost meanwhile.
    pub fn pending_events(&mut self) -> Vec<Event> {
        if self.run.is_none()
            && let Some(event) = self.target.as_ref().and_then(|t| t.run_control()?.pending_event())
        {
            self.handle_gone(event);
        }
        self.queue.drain(..).collect()
    }
}
