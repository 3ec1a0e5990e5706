//! Everything that can happen while a front end waits, closed.

use kdive_session::{Stop, ThreadLabel};
use std::path::PathBuf;

/// A change that a front end must handle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The target printed this.
    Output(Vec<u8>),
    /// What the command behind a connection (`| COMMAND`) wrote to its standard error.
    Diagnostics(Vec<u8>),
    /// A line for the user that is not a stop.
    Notice(String),
    /// Something is not as it should be.
    Warning(Warning),
    /// Lines about something that failed, without a newline at the end.
    Complaint(String),
    /// The program got a signal that does not stop it, and the user wants to know.
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

impl Event {
    /// Whether the program does not run any more.
    #[must_use]
    pub fn is_stop(&self) -> bool {
        matches!(self, Self::Stopped(_) | Self::Exited { .. } | Self::Killed { .. } | Self::Disconnected(_))
    }
}

/// What a warning is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Warning {
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
    /// Anything else, in one line.
    Text(String),
}

impl From<kdive_session::Event> for Event {
    fn from(event: kdive_session::Event) -> Self {
        use kdive_session::Event as From;
        match event {
            From::Output(bytes) => Self::Output(bytes),
            From::Notice(line) => Self::Notice(line),
            From::Warning(text) => Self::Warning(Warning::Text(text)),
            From::Complaint(text) => Self::Complaint(text),
            From::Signal { signal, label } => Self::Signal { signal, label },
            From::Dprintf { number, text } => Self::LogPoint { number, text },
            From::Stopped(stop) => Self::Stopped(stop),
            From::Exited { code, text } => Self::Exited { code, text },
            From::Killed { signal, text } => Self::Killed { signal, text },
            From::Disconnected(text) => Self::Disconnected(text),
        }
    }
}
