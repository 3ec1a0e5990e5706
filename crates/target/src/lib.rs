//! What can be debugged: a remote stub with caches over it.

mod error;
mod event;
mod traits;

pub use error::{BreakpointError, Error};
pub use event::{Event, Stop, StopReason, Wait, WatchKind};
pub use kdive_rsp::ThreadId;
pub use traits::{BreakpointKind, Others, RawRegisters, Resume, RunControl, Target, Thread};
