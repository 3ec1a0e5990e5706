//! One read-only view over symbols, memory, registers and frames, the same on a live target and on a file.

mod source;

pub use source::{SourceFile, SourcePath};
