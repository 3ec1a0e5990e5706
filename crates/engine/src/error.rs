//! Why the engine could not do what it was asked for.

use std::io;
use std::path::PathBuf;

/// A request failed; everything is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("{}: {}", .path.display(), .source)]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has no symbols that can be read; why, with its name.
    #[error("{0}")]
    Symbols(#[from] kdive_symbols::Error),
    /// An object file lacks a section that was given an address.
    #[error("\"{}\" has no section {section}", .path.display())]
    NoSection {
        /// The file.
        path: PathBuf,
        /// The section.
        section: String,
    },
    /// The session refused.
    #[error(transparent)]
    Session(#[from] kdive_session::Error),
    /// A question about the program that has no answer.
    #[error(transparent)]
    Program(#[from] kdive_program::Error),
    /// An expression that means nothing, or cannot be evaluated.
    #[error(transparent)]
    Expression(#[from] kdive_expr::ExprError),
    /// Frames and registers are to be had only while the program stands still.
    #[error("Selected thread is running.")]
    Running,
    /// No task has this PID, or what it saved cannot be read.
    #[error("no task with PID {0}")]
    NoTask(u64),
    /// A variable that was released, or never was.
    #[error("variable {0} does not exist")]
    NoVariable(u32),
    /// More variables than a front end can show; some have to be released.
    #[error("too many variables ({0}); release some")]
    TooManyVariables(usize),
    /// A child of a child of a child, and so on.
    #[error("variables are nested more than {0} deep")]
    TooDeep(usize),
    /// A variable without a place in the program, or of a type that cannot be assigned.
    #[error("{0} cannot be changed: it is no scalar with a place in the program")]
    NotEditable(String),
    /// No register has this number or name.
    #[error("there is no register {0}")]
    NoRegister(String),
    /// More was asked for than one answer holds.
    #[error("{asked} bytes are more than the {most} that one request may be about")]
    TooMuch {
        /// How much.
        asked: u64,
        /// The most.
        most: u64,
    },
    /// Memory that cannot be read or written; the first such address.
    #[error(transparent)]
    Memory(#[from] kdive_base::Fault),
    /// No function is at an address.
    #[error("no function contains the address {0:#x}")]
    NoFunction(u64),
    /// No source file has this name.
    #[error("no source file is named {0}")]
    NoSource(String),
    /// A text that is no regular expression.
    #[error("Invalid regexp: {0}")]
    Regex(String),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// Functions are not to be called.
    #[error("Cannot call functions in the program: may-call-functions is off.")]
    CallsForbidden,
    /// A function that an expression called has not returned: the program stopped in it or ended. The event for that follows.
    #[error("the program stopped or ended in the function {0}, which the expression called")]
    NotReturned(String),
    /// The kernel's own data.
    #[error(transparent)]
    Linux(#[from] kdive_linux::Error),
    /// The stub or the connection.
    #[error(transparent)]
    Target(#[from] kdive_target::Error),
    /// No connection came about.
    #[error(transparent)]
    Connect(#[from] kdive_target::ConnectError),
}

impl Error {
    /// A word for programs, which stays as it is when the text changes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } | Self::NoSource(_) => "no-file",
            Self::Symbols(_) | Self::NoSection { .. } => "bad-file",
            Self::Session(kdive_session::Error::Interrupted) | Self::Interrupted => "interrupted",
            Self::Session(_) => "refused",
            Self::Program(_) => "no-answer",
            Self::Expression(_) => "expression",
            Self::Running => "running",
            Self::NoTask(_) => "no-task",
            Self::NoVariable(_) => "no-variable",
            Self::TooManyVariables(_) | Self::TooDeep(_) | Self::TooMuch { .. } => "too-much",
            Self::NotEditable(_) => "not-editable",
            Self::NoRegister(_) => "no-register",
            Self::Memory(_) => "memory",
            Self::NoFunction(_) => "no-function",
            Self::Regex(_) => "regex",
            Self::CallsForbidden => "calls-forbidden",
            Self::NotReturned(_) => "not-returned",
            Self::Linux(_) => "kernel-data",
            Self::Target(kdive_target::Error::Interrupted) => "interrupted",
            Self::Target(_) => "target",
            Self::Connect(_) => "no-connection",
        }
    }
}
