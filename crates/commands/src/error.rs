//! Why a command did not do what it was asked.

use kdive_base::{Exhausted, Fault};

/// How a command ends when it does not end well. Every text is one line, in gdb's words where gdb has words.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// A message for the user; stops the script it happens in.
    #[error("{0}")]
    Message(String),
    /// Ctrl-C, or `q` at the pager.
    #[error("Quit")]
    Interrupted,
    /// An `else` where none belongs. gdb warns and goes on after the line; so does whoever reads the block.
    #[error("Error reading in canned sequence of commands.")]
    BadBlock,
    /// The user wants out: not a failure, ends everything with this exit status.
    #[error("exit {0}")]
    Exit(i32),
}

impl Error {
    /// The error with this text.
    pub fn msg(text: impl std::fmt::Display) -> Self {
        Self::Message(text.to_string())
    }
}

impl From<String> for Error {
    fn from(text: String) -> Self {
        Self::Message(text)
    }
}

impl From<&str> for Error {
    fn from(text: &str) -> Self {
        Self::Message(text.to_owned())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::msg(fault)
    }
}

impl From<kdive_expr::ExprError> for Error {
    fn from(error: kdive_expr::ExprError) -> Self {
        Self::msg(error)
    }
}

impl From<kdive_arch::ArchError> for Error {
    fn from(error: kdive_arch::ArchError) -> Self {
        Self::msg(error)
    }
}

impl From<kdive_program::Error> for Error {
    fn from(error: kdive_program::Error) -> Self {
        Self::msg(error)
    }
}

impl From<kdive_session::Error> for Error {
    fn from(error: kdive_session::Error) -> Self {
        match error {
            kdive_session::Error::Interrupted => Self::Interrupted,
            other => Self::msg(other),
        }
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
