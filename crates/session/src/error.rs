//! Why a request to the session failed, in gdb's words.

use kdive_base::{Exhausted, Fault, VirtAddr};
use kdive_symbols::LinespecError;

/// What about a place does not exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Absent {
    /// A function of this name.
    Function(String),
    /// A source file of this name.
    File(String),
    /// Something that another name would not mend: code on a line, symbols at all.
    Other,
}

/// Why breakpoints that were asked for could not be set, so that nothing may run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The target has too few debug registers.
    DebugRegisters {
        /// The hardware breakpoints without one.
        breakpoints: Vec<u32>,
        /// The watchpoints without one.
        watchpoints: Vec<u32>,
    },
    /// The user allows no breakpoints (`set may-insert-breakpoints off`): each with its place, 0 for one of the command itself.
    NotAllowed(Vec<(u32, VirtAddr)>),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DebugRegisters { breakpoints, watchpoints } => {
                let numbers: Vec<_> = breakpoints.iter().chain(watchpoints).map(u32::to_string).collect();
                write!(f, "no debug register is left for {}; delete some", numbers.join(", "))
            }
            Self::NotAllowed(_) => {
                f.write_str("breakpoints may not be inserted (set may-insert-breakpoints)")
            }
        }
    }
}

/// A request failed; the session is as it was before, unless the variant says otherwise.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing to run: `The program is not being run.`
    #[error("The program is not being run.")]
    NotRunning,
    /// There are no registers to look at.
    #[error("The program has no registers now.")]
    NoRegisters,
    /// No breakpoint has that number.
    #[error("No breakpoint number {0}.")]
    NoBreakpoint(u32),
    /// Something about the place of a breakpoint that may come true later: an unknown function or file. The text is
    /// gdb's; the caller decides whether the breakpoint becomes pending.
    #[error("{text}")]
    NotFound {
        /// What there is none of.
        missing: Absent,
        /// gdb's line about it.
        text: String,
    },
    /// An expression, or what is asked of the program.
    #[error(transparent)]
    Program(kdive_program::Error),
    /// The command ends before anything has run: breakpoints could not be set.
    #[error("{0}")]
    NotInserted(Refusal),
    /// Anything else, in one line.
    #[error("{0}")]
    Message(String),
    /// The user interrupted.
    #[error("Quit")]
    Interrupted,
    /// The stub or the connection.
    #[error(transparent)]
    Target(#[from] kdive_target::Error),
}

impl Error {
    /// The error with this text.
    pub fn msg(text: impl std::fmt::Display) -> Self {
        Self::Message(text.to_string())
    }
}

impl From<LinespecError> for Error {
    fn from(error: LinespecError) -> Self {
        let missing = match &error {
            LinespecError::Malformed(_) => return Self::msg(error),
            LinespecError::NoFunction(name) | LinespecError::NoFunctionIn(name, _) => {
                Absent::Function(name.clone())
            }
            LinespecError::NoFile(name) => Absent::File(name.clone()),
            _ => Absent::Other,
        };
        Self::NotFound { missing, text: error.to_string() }
    }
}

impl From<kdive_program::Error> for Error {
    fn from(error: kdive_program::Error) -> Self {
        match error {
            kdive_program::Error::Linespec(error) => error.into(),
            kdive_program::Error::NoFunctionInModule { ref function, .. } => {
                Self::NotFound { missing: Absent::Function(function.clone()), text: error.to_string() }
            }
            kdive_program::Error::InitFreed { .. } => {
                Self::NotFound { missing: Absent::Other, text: error.to_string() }
            }
            other => Self::Program(other),
        }
    }
}

impl From<kdive_expr::ExprError> for Error {
    fn from(error: kdive_expr::ExprError) -> Self {
        Self::Program(error.into())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        if fault.is_interrupted() { Self::Interrupted } else { Self::msg(fault) }
    }
}

impl From<Exhausted> for Error {
    fn from(cause: Exhausted) -> Self {
        match cause {
            Exhausted::Interrupted => Self::Interrupted,
            Exhausted::Steps(_) => Self::msg(cause),
        }
    }
}
