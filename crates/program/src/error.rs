//! What can go wrong when looking at a program, in gdb's words.

use kdive_symbols::LinespecError;

/// A question about the program that has no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// There is no target, so there are no frames.
    #[error("No stack.")]
    NoStack,
    /// There is no target, so there are no registers.
    #[error("The program has no registers now.")]
    NoRegisters,
    /// A frame number beyond the last.
    #[error("No frame at level {0}.")]
    NoFrameAt(usize),
    /// `up` in the outermost frame.
    #[error("Initial frame selected; you can't go up.")]
    NoFrameUp,
    /// `down` in the innermost frame.
    #[error("Bottom (innermost) frame selected; you can't go down.")]
    NoFrameDown,
    /// The registers could not be had; the text is the target's.
    #[error("{0}")]
    Target(String),
    /// A location that names no place.
    #[error(transparent)]
    Linespec(#[from] LinespecError),
    /// `MODULE:FUNCTION` where the module is loaded and has no such function.
    #[error("Function \"{function}\" not defined in module \"{module}\".")]
    NoFunctionInModule {
        /// The function.
        function: String,
        /// The module as typed.
        module: String,
    },
    /// `MODULE:init` after the module's init code ran.
    #[error(
        "Module \"{module}\" has no init code now: it is freed once it ran.  The next load brings it back."
    )]
    InitFreed {
        /// The module as typed.
        module: String,
    },
    /// `watch -l 1 + 1`.
    #[error("Attempt to take address of value not located in memory.")]
    NotInMemory,
    /// `break $1`.
    #[error("History values used in line specs must have integer values.")]
    NoLineInHistory,
    /// `break file.c:$line`.
    #[error("Convenience variables used in line specs must have integer values.")]
    NoLineInVariable,
    /// An expression.
    #[error(transparent)]
    Expr(#[from] kdive_expr::ExprError),
}

impl Error {
    /// Whether a place does not exist that may exist later.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Linespec(error) => !matches!(error, LinespecError::Malformed(_)),
            Self::NoFunctionInModule { .. } | Self::InitFreed { .. } => true,
            _ => false,
        }
    }
}
