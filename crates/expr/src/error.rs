//! Errors of parsing and evaluating, in gdb's words.

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
    /// A value that could not be read or written.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// Anything else gdb has a sentence for.
    #[error("{0}")]
    Message(String),
}

impl From<Fault> for ExprError {
    fn from(fault: Fault) -> Self {
        Self::Value(fault.into())
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
