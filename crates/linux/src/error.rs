//! Why something about the kernel is not known.

use kdive_base::{Exhausted, Fault, VirtAddr};

/// A question about the running kernel without an answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// The loaded symbols do not have this name: no vmlinux, or not a kernel's.
    #[error("no symbol \"{0}\": load the vmlinux of the running kernel with the file command")]
    NoSymbol(String),
    /// The loaded kernel does not have this name: it was configured without it, or is of an age at which it is called otherwise.
    #[error("this kernel has no symbol \"{0}\": it is configured without it, or calls it otherwise")]
    NotInKernel(String),
    /// The debug information does not have this type.
    #[error("no debug information for {0}: load a vmlinux with debug information")]
    NoType(String),
    /// A structure does not have this member in this kernel.
    #[error("{ty} has no member {member} in this kernel")]
    NoMember {
        /// The structure.
        ty: String,
        /// The member.
        member: String,
    },
    /// Guest memory that is not there (yet).
    #[error(transparent)]
    Memory(#[from] Fault),
    /// A list that does not end or does not close.
    #[error("{what} at {addr}: {reason}")]
    Corrupt {
        /// Which structure.
        what: &'static str,
        /// Where the walk ended.
        addr: VirtAddr,
        /// What is wrong with it.
        reason: String,
    },
    /// A walk used up its budget, or Ctrl-C.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
}
