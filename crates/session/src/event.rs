//! Everything that can happen to a session, closed.

use kdive_target::{ThreadId, WatchKind};

/// Something happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The stub wants text shown.
    Output(Vec<u8>),
    /// A line for the user on standard output that is not a stop: a breakpoint became a hardware one, was deleted.
    Notice(String),
    /// `warning: TEXT`, on standard error.
    Warning(String),
    /// Text for standard error as it is, lines separated by newlines, none at the end.
    Complaint(String),
    /// The program got a signal that does not stop it, and the user wants to know (`handle SIGNAL print nostop`).
    Signal {
        /// gdb's number.
        signal: u8,
        /// Which thread got it.
        label: Option<ThreadLabel>,
    },
    /// A `dprintf` was hit: what follows its location, `"FORMAT",ARGS`, is to be printed now, before the next poll.
    Dprintf {
        /// Number of the breakpoint.
        number: u32,
        /// `"FORMAT",ARGS`.
        text: String,
    },
    /// The program stands still.
    Stopped(Box<Stop>),
    /// The program ended with a code: `[Inferior 1 (process 1) exited normally]`.
    Exited {
        /// What it exited with.
        code: u8,
        /// The line for the user.
        text: String,
    },
    /// The program was ended by a signal.
    Killed {
        /// gdb's number of the signal.
        signal: u8,
        /// The lines for the user.
        text: String,
    },
    /// The connection is gone; the line for the user.
    Disconnected(String),
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
