//! The session: one target, its threads, breakpoints and the command that is running.

use crate::breakpoint::Breakpoint;
use crate::thread::Threads;
use crate::view::View;
use crate::{Error, Event, Stop};
use kdive_base::Interrupt;
use kdive_target::Target;
use std::rc::Rc;
use std::time::Duration;

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

/// Settings of run control; the command layer keeps them in step with `set`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// `set scheduler-locking`.
    pub scheduler_locking: SchedulerLocking,
    /// `set step-mode`: stop in functions without line information.
    pub step_mode: bool,
    /// `set can-use-hw-watchpoints`.
    pub hardware_watchpoints: bool,
    /// `set breakpoint auto-hw`: a hardware breakpoint where a software one cannot be.
    pub auto_hardware: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            scheduler_locking: SchedulerLocking::default(),
            step_mode: false,
            hardware_watchpoints: true,
            auto_hardware: true,
        }
    }
}

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
    /// `finish`.
    Finish,
    /// `until` without a location: as `next`, but never back.
    Until,
    /// `until LOCATION`.
    UntilLocation(String),
    /// `advance LOCATION`.
    Advance(String),
    /// `jump LOCATION`.
    Jump(String),
}

/// One debugged target and everything about running it.
pub struct Session<V> {
    view: V,
    target: Option<Rc<dyn Target>>,
    threads: Threads,
    /// Settings of run control.
    pub settings: Settings,
    interrupt: Interrupt,
    breakpoints: Vec<Breakpoint>,
}

impl<V: View> Session<V> {
    /// A session without a target.
    #[must_use]
    pub fn new(view: V, interrupt: Interrupt) -> Self {
        Self {
            view,
            target: None,
            threads: Threads::default(),
            settings: Settings::default(),
            interrupt,
            breakpoints: Vec::new(),
        }
    }

    /// Symbols, frames and expressions.
    pub fn view(&self) -> &V {
        &self.view
    }

    /// The same, to change.
    pub fn view_mut(&mut self) -> &mut V {
        &mut self.view
    }

    /// The target, if there is one.
    pub fn target(&self) -> Option<&Rc<dyn Target>> {
        self.target.as_ref()
    }

    /// The threads.
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    /// The user's breakpoints by number.
    pub fn breakpoints(&self) -> &[Breakpoint] {
        &self.breakpoints
    }

    /// Takes a target that stands still: `target remote` has connected. Selects the thread that stopped.
    ///
    /// # Errors
    /// When its threads cannot be had.
    pub fn attach(&mut self, target: Rc<dyn Target>) -> Result<Stop, Error> {
        self.target = Some(target);
        let _ = &self.interrupt;
        Err(Error::NotRunning)
    }

    /// Starts something. On success events follow from [`Session::poll`] until [`Event::Stopped`] or one that says that the
    /// program is gone.
    ///
    /// # Errors
    /// [`Error::NotRunning`] without a target; a location that does not resolve; `"finish" not meaningful in the
    /// outermost frame.` Nothing runs then.
    pub fn resume(&mut self, request: Request) -> Result<(), Error> {
        let _ = request;
        Err(Error::NotRunning)
    }

    /// Waits up to `timeout` for the next event of what runs; `None` when nothing happened.
    ///
    /// # Errors
    /// [`Error::NotRunning`] when nothing runs.
    pub fn poll(&mut self, timeout: Duration) -> Result<Option<Event>, Error> {
        let _ = timeout;
        Err(Error::NotRunning)
    }

    /// A file was added, removed or moved: places are looked up again, pending breakpoints may get theirs.
    pub fn symbols_changed(&mut self) -> Vec<Event> {
        Vec::new()
    }
}
