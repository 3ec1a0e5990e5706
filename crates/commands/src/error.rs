//! Why a command did not do what it was asked.

use kdive_base::{Exhausted, Fault};

use crate::settings::os_message;
use crate::suggest::{Missing, Unknown};

/// How a command ends when it does not end well. Every text is one line, in gdb's words where gdb has words.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// A message for the user; stops the script it happens in.
    #[error("{0}")]
    Message(String),
    /// The same about a name that does not exist; at a terminal the nearest names follow.
    #[error("{0}")]
    Unknown(Box<Unknown>),
    /// Ctrl-C, or `q` at the pager.
    #[error("Quit")]
    Interrupted,
    /// An `else` where none belongs. gdb warns and goes on after the line; so does the reader of the block.
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

    /// The error with this text, about a name that does not exist.
    pub fn unknown(text: impl std::fmt::Display, missing: Missing) -> Self {
        Self::Unknown(Box::new(Unknown { text: text.to_string(), missing: vec![missing] }))
    }

    /// What the system says about a file, by the name that was typed. One that is not there may have been meant to be another.
    #[must_use]
    pub fn of_file(typed: &str, error: &std::io::Error) -> Self {
        let text = format!("{typed}: {}.", os_message(error));
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::unknown(text, Missing::Path(typed.to_owned())),
            _ => Self::Message(text),
        }
    }

    /// The same error; if it is a message, the name may also have been meant to be `missing`, which is tried first.
    #[must_use]
    pub fn or_unknown(self, missing: Missing) -> Self {
        match self {
            Self::Message(text) => Self::unknown(text, missing),
            Self::Unknown(mut unknown) => {
                unknown.missing.insert(0, missing);
                Self::Unknown(unknown)
            }
            other => other,
        }
    }
}

impl Error {
    /// A word for programs, which stays as it is when the text changes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Message(_) => "failed",
            Self::Unknown(unknown) => match unknown.missing.first() {
                Some(Missing::Command(..)) => "undefined-command",
                Some(Missing::Path(_) | Missing::File(_)) => "no-file",
                _ => "no-symbol",
            },
            Self::Interrupted => "interrupted",
            Self::BadBlock => "syntax",
            Self::Exit(_) => "exit",
        }
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
        if fault.is_interrupted() { Self::Interrupted } else { Self::msg(fault) }
    }
}

impl From<kdive_expr::ExprError> for Error {
    fn from(error: kdive_expr::ExprError) -> Self {
        if error == kdive_expr::ExprError::Interrupted {
            return Self::Interrupted;
        }
        let text = error.to_string();
        match Missing::of_expression(error) {
            Some(missing) => Self::unknown(text, missing),
            None => Self::Message(text),
        }
    }
}

impl From<kdive_arch::ArchError> for Error {
    fn from(error: kdive_arch::ArchError) -> Self {
        Self::msg(error)
    }
}

impl From<kdive_program::Error> for Error {
    fn from(error: kdive_program::Error) -> Self {
        match error {
            kdive_program::Error::Expr(error) => error.into(),
            kdive_program::Error::Linespec(error) => kdive_session::Error::from(error).into(),
            other => Self::msg(other),
        }
    }
}

impl From<kdive_session::Error> for Error {
    fn from(error: kdive_session::Error) -> Self {
        match error {
            kdive_session::Error::Interrupted
            | kdive_session::Error::Target(kdive_target::Error::Interrupted) => Self::Interrupted,
            kdive_session::Error::Program(error) => error.into(),
            kdive_session::Error::NotFound { missing, text } => match Missing::of_place(missing) {
                Some(missing) => Self::unknown(text, missing),
                None => Self::Message(text),
            },
            other => Self::Message(crate::gdb::event_words::error(&other)),
        }
    }
}

impl From<kdive_engine::Error> for Error {
    fn from(error: kdive_engine::Error) -> Self {
        match error {
            kdive_engine::Error::Session(error) => error.into(),
            kdive_engine::Error::Target(error) => kdive_session::Error::from(error).into(),
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
