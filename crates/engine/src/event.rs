//! Everything that can happen while a front end waits, closed: the events are the session's own.

pub use kdive_session::{Event, Failure, HardwareReason, Notice, OsNote, OsWarning, Warning};
