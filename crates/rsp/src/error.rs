//! What can go wrong on a connection, in gdb's words where gdb has some.

use crate::packet::StubError;

/// A request failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// The address could not be opened: `:1234: Connection refused.`
    #[error("{address}: {reason}.")]
    Connect {
        /// As the user typed it.
        address: String,
        /// The system's words.
        reason: String,
    },
    /// The address makes no sense; the text says why.
    #[error("{0}")]
    Address(String),
    /// The peer accepted the connection and never said a word.
    #[error("no answer from the stub: is another debugger connected to it, or is it something else?")]
    Silent,
    /// The peer closed the connection.
    #[error("Remote connection closed")]
    Closed,
    /// The connection broke.
    #[error("Remote communication error.  Target disconnected.: {0}.")]
    Broken(String),
    /// The stub stopped answering; it was asked for this.
    #[error("the stub does not answer (packet {0})")]
    Timeout(String),
    /// The stub refused.
    #[error("remote failure reply '{0}'")]
    Remote(StubError),
    /// The stub does not know the packet.
    #[error("the stub does not know the packet {0}")]
    Unsupported(String),
    /// The answer makes no sense for the request, also when asked again.
    #[error("unexpected reply to packet {request}: {reply}")]
    Unexpected {
        /// The packet.
        request: String,
        /// What came.
        reply: String,
    },
    /// The request or its reply was damaged on the way again and again.
    #[error("packet {0} did not get through: too many transmission errors")]
    Damaged(String),
    /// The target runs, or does not, and the request needs the contrary.
    #[error("{0}")]
    State(&'static str),
    /// The user pressed Ctrl-C.
    #[error("Quit")]
    Interrupted,
}

impl Error {
    /// Whether the connection is gone.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(
            self,
            Self::Closed | Self::Broken(_) | Self::Connect { .. } | Self::Address(_) | Self::Silent
        )
    }
}
