//! What can be debugged: a remote stub with caches over it.
//!
//! [`Target`] and [`RunControl`] are the seam a session is written against, [`RemoteTarget`] the target behind a stub. Everything above this crate is in
//! terms of threads, registers, memory and breakpoints; packets are `kdive-rsp`'s business.

mod cache;
mod error;
mod event;
mod permissions;
mod remote;
mod traits;

pub use error::{BreakpointError, Error};
pub use event::{Event, Stop, StopReason, Wait, WatchKind};
pub use kdive_rsp::log::{DebugSink, Log, LogBase};
pub use kdive_rsp::{
    InterruptSequence, Note, Packet, PacketSize, Packets, Profile, Statistics, ThreadId, Traffic,
};
pub use permissions::Permissions;
pub use remote::{Accelerator, ConnectError, Options, RemoteTarget};
pub use traits::{BreakpointKind, Others, Resume, RunControl, Target, Thread};
