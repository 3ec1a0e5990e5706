//! Everything that can happen to a session, closed.

use kdive_target::ThreadId;

/// Something happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The stub wants text shown.
    Output(Vec<u8>),
    /// One line for the user that is not a stop: a breakpoint became a hardware one, could not be inserted, a pending one
    /// was resolved.
    Notice(String),
    /// The program stands still.
    Stopped(Box<Stop>),
    /// The program ended with a code: `[Inferior 1 (process 1) exited normally]`.
    Exited(u8),
    /// The program was ended by a signal.
    Killed(u8),
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
    /// The step, `until` or `stepi` is over.
    StepDone,
    /// The place of `until LOCATION` or `advance` was reached, or its function returned.
    LocationReached,
    /// The function of `finish` returned: number in the value history and text, or the text that says why there is no value.
    Finished(Option<Result<(usize, String), String>>),
    /// A signal: number, name, description.
    Signal(u8),
}

/// A breakpoint that was hit, as far as a stop has to tell about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hit {
    /// Number of the breakpoint.
    pub number: u32,
    /// Number of its location, from 1; 0 for watchpoints.
    pub location: u32,
    /// The text before the frame, with its newlines, without the name of the thread: `Breakpoint 1, `,
    /// `Hardware watchpoint 2: x\n\nOld value = 1\nNew value = 2\n`.
    pub text: String,
}

/// The selected thread is another than before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SwitchedThread {
    /// gdb's number.
    pub number: u32,
    /// `Thread 1.2`.
    pub target_id: String,
}

/// The program stands still.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stop {
    /// The thread that stopped; it is selected.
    pub thread: Option<ThreadId>,
    /// Whether that is another one than before.
    pub switched: Option<SwitchedThread>,
    /// Why, in the order gdb tells.
    pub reasons: Vec<StopReason>,
    /// All text before the frame, exactly as gdb prints it, from `[Switching to ...]` on.
    pub heading: String,
    /// What to show of the place.
    pub show: Show,
    /// Numbers of breakpoints whose commands are to be run now, with the commands as they were at the stop.
    pub commands: Vec<(u32, Vec<String>)>,
    /// Text after the source line: `Value returned is $1 = 5`.
    pub trailer: String,
}
