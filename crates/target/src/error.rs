//! What can go wrong between a session and its target, in gdb's words where gdb has some.

use kdive_base::{Fault, VirtAddr};

/// A request to a target failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// The address given to `target remote` could not be opened: `:1234: Connection refused.`
    #[error("{0}")]
    Connect(String),
    /// The connection is gone; every later request fails with [`Error::NotConnected`].
    #[error("{0}")]
    Lost(String),
    /// There is no connection.
    #[error("The program is not being run.")]
    NotConnected,
    /// The request needs a stopped target.
    #[error("Cannot execute this command while the target is running.")]
    Running,
    /// The user does not allow it (`set may-write-registers off` and its kin).
    #[error("{0}")]
    Forbidden(String),
    /// The stub does not know the packet.
    #[error("{0}")]
    Unsupported(String),
    /// The stub answered with an error, or with nonsense; the connection is still usable.
    #[error("{0}")]
    Remote(String),
    /// Memory that is not there.
    #[error(transparent)]
    Memory(#[from] Fault),
    /// The user interrupted a request.
    #[error("Quit")]
    Interrupted,
}

/// A breakpoint could not be inserted or removed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BreakpointError {
    /// The stub has no breakpoints of this kind (empty reply to `Z`).
    #[error("the target does not support this kind of breakpoint")]
    Unsupported,
    /// All debug registers are in use.
    #[error(
        "Could not insert hardware breakpoints:\nYou may have requested too many hardware breakpoints/watchpoints."
    )]
    NoSlot,
    /// Nothing is mapped at the address now, so no breakpoint instruction can be written there.
    #[error("Cannot access memory at address {0}")]
    NotMapped(VirtAddr),
    /// The user does not allow breakpoints in the target's code (`set may-insert-breakpoints off`). gdb's words.
    #[error("Cannot access memory at address {0}")]
    Forbidden(VirtAddr),
    /// The stub refused for a reason it did not give; the text is its reply.
    #[error("the target refused the breakpoint ({0})")]
    Refused(String),
    /// The request did not get through.
    #[error(transparent)]
    Target(#[from] Error),
}

impl From<kdive_rsp::Error> for Error {
    fn from(error: kdive_rsp::Error) -> Self {
        use kdive_rsp::Error as E;
        let text = error.to_string();
        match error {
            E::Connect { .. } | E::Address(_) | E::Silent => Self::Connect(text),
            E::Closed | E::Broken(_) => Self::Lost(text),
            E::Unsupported(_) => Self::Unsupported(text),
            E::Interrupted => Self::Interrupted,
            E::Timeout(_) | E::Remote(_) | E::Unexpected { .. } | E::Damaged(_) | E::State(_) => {
                Self::Remote(text)
            }
        }
    }
}
