//! The debugger: what is debugged, and what happens to it.

use crate::variables::Variables;
use crate::{Error, Event, Notice, Observer, Warning};
use kdive_base::Interrupt;
use kdive_program::{OsReport, Program};
use kdive_session::{Request, Session, Stop};
use kdive_symbols::OpenOptions;
use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

/// One debugger.
pub struct Engine {
    pub(crate) session: Session,
    /// How files are opened: where indexes are kept, where debug information is looked for.
    pub open_options: OpenOptions,
    /// Whether expressions may call functions of the program (`set may-call-functions`).
    pub may_call_functions: bool,
    /// The registers as they were when changes were asked for last.
    pub(crate) seen_registers: Vec<Option<Vec<u8>>>,
    /// The variables that front ends hold.
    pub(crate) variables: Variables,
    /// Where the last connection led to.
    pub(crate) address: Option<String>,
    /// The stop told last.
    pub(crate) last_stop: Option<Stop>,
    /// Names of variables that belong to no frame.
    pub(crate) globals: crate::globals::Globals,
    /// What nobody has taken yet.
    pub(crate) events: VecDeque<Event>,
    /// Is told about every resume and stop.
    observer: Option<Box<dyn Observer>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("session", &self.session).finish_non_exhaustive()
    }
}

/// Run control and breakpoints are asked of the session itself.
impl Deref for Engine {
    type Target = Session;

    fn deref(&self) -> &Self::Target {
        &self.session
    }
}

impl DerefMut for Engine {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.session
    }
}

impl Engine {
    /// A debugger without program and target. `interrupt` ends whatever takes long.
    #[must_use]
    pub fn new(interrupt: Interrupt) -> Self {
        let mut program = Program::new(interrupt.clone());
        program.set_os(Some(Box::new(kdive_linux::LinuxLayer::new())));
        kdive_linux::add_functions(&program);
        Self {
            session: Session::new(program, interrupt),
            open_options: OpenOptions::default(),
            may_call_functions: true,
            seen_registers: Vec::new(),
            variables: Variables::default(),
            address: None,
            last_stop: None,
            globals: crate::globals::Globals::default(),
            events: VecDeque::new(),
            observer: None,
        }
    }

    /// From now on `observer` is told when the program begins to run and when it has stopped, whoever made it run.
    pub fn observe(&mut self, observer: Option<Box<dyn Observer>>) {
        self.observer = observer;
    }

    /// Tells the observer something. While it is told it may ask the engine anything, and is told nothing else.
    pub(crate) fn tell_observer(&mut self, tell: impl FnOnce(&mut dyn Observer, &mut Self)) {
        if let Some(mut observer) = self.observer.take() {
            tell(&mut *observer, self);
            self.observer = Some(observer);
        }
    }

    /// Symbols, memory, frames, values.
    pub fn program(&self) -> &Program {
        &self.session.program
    }

    /// The same, to change.
    pub fn program_mut(&mut self) -> &mut Program {
        &mut self.session.program
    }

    /// Where the last connection led to.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// The stop that was told last, also one that a console command led to.
    #[must_use]
    pub fn last_stop(&self) -> Option<&Stop> {
        self.last_stop.as_ref()
    }

    /// Stops the program as Ctrl-C does; the stop comes as an event.
    pub fn interrupt(&self) {
        self.session.interrupt_flag().raise();
    }

    /// How often the program has stopped or ended so far: whether a command made it run is seen by comparing.
    #[must_use]
    pub fn stops(&self) -> u64 {
        self.session.stop_count()
    }

    /// What has happened that nobody has taken yet. After each request there may be something.
    pub fn take_events(&mut self) -> Vec<Event> {
        for event in self.session.pending_events() {
            self.settle(event);
        }
        self.events.drain(..).collect()
    }

    /// Runs the program to its next stop.
    ///
    /// # Errors
    /// What keeps it from running; nothing has run then.
    pub fn resume(&mut self, request: Request) -> Result<(), Error> {
        self.session.resume(request)?;
        self.tell_observer(|observer, engine| observer.resumed(engine));
        Ok(())
    }

    /// Waits for the next event while something runs; `None` when `patience` was over first. At a stop everything about the kernel that
    /// can be known is known, and places have been looked up again where modules came or went.
    ///
    /// # Errors
    /// The connection's.
    pub fn poll(&mut self, patience: Duration) -> Result<Option<Event>, Error> {
        if let Some(event) = self.events.pop_front() {
            return Ok(Some(event));
        }
        if let Some(event) = self.session.poll(patience)? {
            self.settle(event);
        }
        // Reports come without an event too.
        self.tell_reports();
        Ok(self.events.pop_front())
    }

    fn tell_reports(&mut self) {
        // Places were looked up again when this was reported.
        for report in std::mem::take(&mut self.session.reports) {
            self.tell(report);
        }
    }

    /// Puts an event behind what it brings about.
    fn settle(&mut self, event: Event) {
        self.tell_reports();
        if let Event::Stopped(stop) = &event {
            self.last_stop = Some((**stop).clone());
            let report = self.program_mut().with_os(|os, program| os.stopped(program));
            self.take_report(report);
        }
        if event.is_stop() {
            self.tell_observer(|observer, engine| observer.stopped(engine, &event));
            self.events.push_back(event);
        } else {
            self.push(event);
        }
    }

    /// What the layer of the operating system has found: lines for the user, and places to be looked up again.
    pub(crate) fn take_report(&mut self, report: Option<OsReport>) {
        let Some(report) = report else { return };
        let changed = report.symbols_changed;
        self.tell(report);
        if changed {
            self.symbols_changed();
        }
    }

    fn tell(&mut self, report: OsReport) {
        for note in report.notes {
            self.push(Event::Notice(Notice::Os(note)));
        }
        for warning in report.warnings {
            self.push(Event::Warning(Warning::Os(warning)));
        }
    }

    pub(crate) fn push(&mut self, event: Event) {
        if let Some(observer) = &mut self.observer {
            observer.happened(&event);
        }
        self.events.push_back(event);
    }

    /// Files were added, moved or removed: frames and the places of breakpoints are looked up again.
    pub fn symbols_changed(&mut self) {
        self.program().modules_changed();
        self.variables.symbols_changed();
        for event in self.session.symbols_changed() {
            self.push(event);
        }
    }
}
