//! Everything that can happen to a session, closed.

use kdive_target::ThreadId;

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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hit {
    /// Number of the breakpoint.
    pub number: u32,
    /// Number of its location, from 1; 0 for watchpoints.
    pub location: u32,
}

/// The program stands still.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stop {
    /// The thread that stopped; it is selected.
    pub thread: ThreadId,
    /// Why, in the order gdb tells.
    pub reasons: Vec<StopReason>,
    /// All text before the frame, exactly as gdb prints it, with its newlines.
    pub heading: String,
    /// What to show of the place.
    pub show: Show,
    /// The value of `finish`: its number in the history and its text, or the text that says why there is none.
    pub returned: Option<Result<(usize, String), String>>,
}

impl Stop {
    /// A stop that has nothing to tell but the place: after connecting.
    pub(crate) fn quiet(thread: ThreadId) -> Self {
        Self {
            thread,
            reasons: Vec::new(),
            heading: String::new(),
            show: Show::FrameAndSource,
            returned: None,
        }
    }
}
