//! One view over symbols, memory, registers and frames, the same on a live target and on a file.
//!
//! [`Program`] is what commands ask. It looks, it never runs anything: who owns run control gives it a [`Machine`] and
//! tells it when what it has seen is stale.

mod error;
mod frames;
mod machine;
mod program;
mod source;
mod unwind_info;

pub use error::Error;
pub use frames::{Frame, FrameKey, FrameLine};
pub use machine::Machine;
pub use program::{EntryValues, Options, Program};
pub use source::{SourceFile, SourcePath};
