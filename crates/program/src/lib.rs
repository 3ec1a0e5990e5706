//! One view over symbols, memory, registers and frames, the same on a live target and on a file.
//!
//! [`Program`] is what commands ask. It looks, it never runs anything: who owns run control gives it a [`Machine`] and
//! tells it when what it has seen is stale.

mod call;
mod code;
mod error;
mod eval;
mod frame_facts;
mod frame_text;
mod frames;
mod locals;
mod locations;
mod machine;
mod macros;
mod os;
mod percpu;
mod place;
mod position;
mod program;
mod read_only;
mod registers;
mod returned;
mod signal_info;
mod source;
mod unwind_info;
mod watched;

pub use call::Evaluation;
pub use error::Error;
pub use eval::Trace;
pub use frame_facts::FrameFacts;
pub use frame_text::{ArgumentTime, FrameArgument, FrameStyle, ShowAddress, is_scalar};
pub use frames::{Frame, FrameKey, FrameLine};
pub use kdive_unwind::Policy as UnwindPolicy;
pub use locations::{CodeLocation, Resolution};
pub use machine::Machine;
pub use os::{OsLayer, OsNote, OsReport, OsWarning, TaskFilter};
pub use place::ListPosition;
pub use program::{EntryValues, FileNames, Options, Program};
pub use registers::code_pointer;
pub use source::{SourceFile, SourcePath};
pub use watched::{WatchReading, is_frame_bound};
