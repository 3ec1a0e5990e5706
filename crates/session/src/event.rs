//! Everything that can happen to a session, closed.

use crate::Error;
use kdive_base::VirtAddr;
use kdive_program::{OsNote, OsWarning};
use kdive_target::{BreakpointError, ThreadId, WatchKind};
use std::path::PathBuf;

/// A change that a front end must handle. What each says is the front end's business.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The target printed this.
    Output(Vec<u8>),
    /// What the command behind a connection (`| COMMAND`) wrote to its standard error.
    Diagnostics(Vec<u8>),
    /// Something to know that is not a stop.
    Notice(Notice),
    /// Something is not as it should be.
    Warning(Warning),
    /// Something failed while the program ran.
    Failure(Failure),
    /// The program got a signal that does not stop it, and the user wants to know (`handle SIGNAL print nostop`).
    Signal {
        /// gdb's number.
        signal: u8,
        /// Which thread got it, when there is more than one.
        label: Option<ThreadLabel>,
    },
    /// A log point (`dprintf`) was hit: `"FORMAT",ARGS` is to be printed now, before the next poll.
    LogPoint {
        /// Number of the breakpoint.
        number: u32,
        /// `"FORMAT",ARGS`.
        text: String,
    },
    /// The program stands still; everything that has to be known about the stop is known.
    Stopped(Box<Stop>),
    /// The program ended with a code.
    Exited {
        /// What it exited with.
        code: u8,
        /// The process that was debugged; `None` where the stub has no processes.
        process: Option<u64>,
    },
    /// The program was ended by a signal, gdb's number.
    Killed(u8),
    /// The connection is gone; what the connection said of that.
    Disconnected(String),
}

impl Event {
    /// Whether the program does not run any more.
    #[must_use]
    pub fn is_stop(&self) -> bool {
        matches!(self, Self::Stopped(_) | Self::Exited { .. } | Self::Killed(_) | Self::Disconnected(_))
    }
}

/// Something to know that is not a stop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notice {
    /// A breakpoint uses a debug register although an instruction was asked for.
    HardwareInstead {
        /// Its number.
        breakpoint: u32,
        /// Why.
        reason: HardwareReason,
    },
    /// A breakpoint was deleted with the thread it was for.
    ThreadGone {
        /// Its number.
        breakpoint: u32,
        /// gdb's number of the thread.
        thread: u32,
    },
    /// A step runs to the end of a function that has no lines.
    StepsToEndOf(String),
    /// What the operating system layer has found.
    Os(OsNote),
}

/// What a warning is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Warning {
    /// Ctrl-C came while `set may-interrupt` is off.
    MayNotInterrupt,
    /// A condition means nothing at one of the places of a breakpoint, which is switched off.
    ConditionInvalid {
        /// The breakpoint, once it has a number.
        breakpoint: Option<u32>,
        /// The place, from 1.
        location: usize,
        /// What is wrong with the condition.
        error: Box<Error>,
    },
    /// The places of a breakpoint could not be looked up again.
    NotReset {
        /// Its number.
        breakpoint: u32,
        /// Why.
        error: Box<Error>,
    },
    /// A breakpoint is for a task that does not exist now.
    NoTask(u32),
    /// What the operating system layer has found.
    Os(OsWarning),
    /// The target has a processor that kdive hardly knows.
    ForeignProcessor {
        /// What people call it.
        name: &'static str,
    },
    /// The symbols are for another processor than the target has.
    OtherProcessor {
        /// The file.
        file: PathBuf,
        /// Processor of the file, as BFD names it.
        of_file: &'static str,
        /// Processor of the target.
        of_target: &'static str,
    },
    /// There is a target and no file with symbols.
    NoProgram,
    /// Where the program is could not be asked of the target.
    NotPlaced(String),
    /// The stub repeated itself or skipped something: the packet.
    Resynchronized(String),
    /// What the evaluation of an expression has to say beside its value.
    Expression(String),
}

/// Something failed while the program ran.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// A condition could not be evaluated: the program stops.
    Condition(Box<Error>),
    /// It could not be told which task reached a breakpoint that is for one: the program stops.
    Task {
        /// Its number.
        breakpoint: u32,
        /// Why.
        reason: String,
    },
    /// A place could not be inserted. Of no breakpoints: a place of the command itself.
    NotInserted {
        /// The breakpoints it belongs to.
        breakpoints: Vec<u32>,
        /// Why.
        reason: BreakpointError,
    },
    /// The command ends.
    Command(Box<Error>),
}

/// Why a breakpoint uses a debug register although an instruction was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HardwareReason {
    /// The kernel rewrites the code there: what it rewrites.
    Rewritten(VirtAddr, String),
    /// Nothing can be written there yet.
    NotMapped(VirtAddr),
}

impl std::fmt::Display for HardwareReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rewritten(addr, what) => write!(f, "the kernel rewrites the code at {addr}: {what}"),
            Self::NotMapped(addr) => write!(f, "nothing can be written at {addr} yet"),
        }
    }
}

/// How much of the place of a stop is shown (gdb's `print_what`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Show {
    /// Nothing.
    Nothing,
    /// The source line only: the program is still in the function it was in.
    Source,
    /// The frame, then the source line.
    FrameAndSource,
}

/// One reason of a stop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StopReason {
    /// A breakpoint or watchpoint was hit.
    Hit(Hit),
    /// The watched local is gone, and its watchpoint with it.
    WatchScopeEnd(u32),
    /// The step, `until` or `stepi` is over.
    StepDone,
    /// The place of `until LOCATION` or `advance` was reached, or its function returned.
    LocationReached,
    /// The function of `finish` returned.
    Finished,
    /// The function that [`Session::call`](crate::Session::call) called has returned.
    Returned,
    /// A signal, gdb's number.
    Signal(u8),
}

/// A breakpoint that was hit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hit {
    /// Number of the breakpoint.
    pub number: u32,
    /// Number of its location, from 1; 0 for those without one.
    pub location: u32,
    /// Its commands begin with `silent`: nobody is to be told.
    pub silent: bool,
    /// What was hit.
    pub kind: HitKind,
}

/// What kind of breakpoint was hit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HitKind {
    /// A breakpoint in code.
    Code {
        /// It is deleted now.
        temporary: bool,
        /// It has more locations than one.
        several: bool,
    },
    /// A watchpoint.
    Watch {
        /// Which accesses it is for.
        access: WatchKind,
        /// Whether the target watches, not kdive by steps.
        hardware: bool,
        /// What is watched, as typed.
        expression: String,
        /// The value before, when it is another one now: as `print` shows it, or why it cannot be read.
        old: Option<String>,
        /// The value now.
        now: String,
    },
    /// A catchpoint, by this signal.
    Signal(u8),
}

/// How a thread is told from others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ThreadLabel {
    /// gdb's number.
    pub number: u32,
    /// Its name, when it has one.
    pub name: Option<String>,
}

/// The program stands still.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stop {
    /// The thread that stopped; it is selected.
    pub thread: ThreadId,
    /// Why, in the order gdb tells.
    pub reasons: Vec<StopReason>,
    /// Which of the threads it is; `None` when there has only ever been one.
    pub label: Option<ThreadLabel>,
    /// What the target calls the thread, when it is another than the one that was made to run.
    pub switched: Option<String>,
    /// What to show of the place.
    pub show: Show,
    /// The value of `finish`: its number in the history and its text, or the text that says why there is none.
    pub returned: Option<Result<(usize, String), String>>,
}

impl Stop {
    /// The breakpoints that were hit, in the order gdb tells.
    pub fn hits(&self) -> impl Iterator<Item = &Hit> {
        self.reasons.iter().filter_map(|reason| match reason {
            StopReason::Hit(hit) => Some(hit),
            _ => None,
        })
    }

    /// A stop that has nothing to tell but the place: after connecting.
    pub(crate) fn quiet(thread: ThreadId) -> Self {
        Self {
            thread,
            reasons: Vec::new(),
            label: None,
            switched: None,
            show: Show::FrameAndSource,
            returned: None,
        }
    }
}
