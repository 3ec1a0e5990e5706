//! Errors of parsing and evaluating, in gdb's words.

use crate::context::Tag;
use kdive_base::Fault;
use kdive_types::ValueError;

/// Why an expression cannot be parsed or evaluated.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ExprError {
    /// The text after which the grammar does not go on; empty at the end of the line.
    #[error("A syntax error in expression, near `{0}'.")]
    Syntax(String),
    /// A name that is nothing here.
    #[error("No symbol \"{0}\" in current context.")]
    NoSymbol(String),
    /// A name, without any symbols loaded.
    #[error("No symbol table is loaded.  Use the \"file\" command.")]
    NoSymbolTable,
    /// A member that the structure lacks, and those it has that are called nearly so.
    #[error("There is no member named {name}.")]
    NoMember {
        /// The name that was asked for.
        name: String,
        /// The nearest names, best first.
        near: Vec<String>,
    },
    /// A tag that nothing is declared with: `struct foo`.
    #[error("No {tag} type named {name}.")]
    NoTag {
        /// What kind of type.
        tag: Tag,
        /// The name after it.
        name: String,
    },
    /// Something that is not set is called like a function of the debugger: `$nosuch(1)`.
    #[error("{text}")]
    NoFunction {
        /// The name, without the dollar.
        name: String,
        /// What is said about it.
        text: String,
    },
    /// A value that could not be read or written.
    #[error(transparent)]
    Value(ValueError),
    /// A function of the program has to be called first: to be evaluated again when its result is there.
    #[error("No function of the program can be called here.")]
    Call,
    /// The user pressed Ctrl-C.
    #[error("Quit")]
    Interrupted,
    /// Anything else gdb has a sentence for.
    #[error("{0}")]
    Message(String),
}

impl From<Fault> for ExprError {
    fn from(fault: Fault) -> Self {
        if fault.is_interrupted() { Self::Interrupted } else { Self::Value(fault.into()) }
    }
}

impl From<ValueError> for ExprError {
    fn from(error: ValueError) -> Self {
        match error {
            ValueError::Memory(fault) => fault.into(),
            other => Self::Value(other),
        }
    }
}

impl ExprError {
    /// An error with its own sentence.
    #[must_use]
    pub fn msg(text: impl Into<String>) -> Self {
        Self::Message(text.into())
    }
}

/// Result of this crate.
pub type Result<T> = std::result::Result<T, ExprError>;
