//! Why the contents of a value cannot be had or changed, in gdb's words.

use kdive_base::Fault;
use std::sync::Arc;

/// A value without (all of) its contents. Travels with the value, so that the rest of a structure still prints.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ValueError {
    /// Target memory that is not there.
    #[error(transparent)]
    Memory(#[from] Fault),
    /// The compiler kept the variable nowhere at this place of the program.
    #[error("value has been optimized out")]
    OptimizedOut,
    /// Not collected, or not available from this kind of target.
    #[error("value is not available")]
    Unavailable,
    /// A register the caller's frame does not have any more.
    #[error("value of register is not saved in this frame")]
    NotSaved,
    /// Larger than `set max-value-size`.
    #[error("value{} requires {size} bytes, which is more than max-value-size", of_type(.name))]
    TooLarge {
        /// Size of the type in bytes.
        size: u64,
        /// Name of the type where it has one.
        name: Option<Arc<str>>,
    },
    /// The value cannot be written to.
    #[error("Left operand of assignment is not an lvalue.")]
    NotLvalue,
    /// Anything else, as text for the user.
    #[error("{0}")]
    Other(Arc<str>),
}

fn of_type(name: &Option<Arc<str>>) -> String {
    name.as_ref().map_or_else(String::new, |name| format!(" of type `{name}'"))
}

impl ValueError {
    /// An error with its own text.
    #[must_use]
    pub fn other(text: impl Into<Arc<str>>) -> Self {
        Self::Other(text.into())
    }
}
