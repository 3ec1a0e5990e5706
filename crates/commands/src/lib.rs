//! The command table and the command language: everything between a line of text and the debugger's answer.
//!
//! The engine (dispatch, scripts, settings, help) is here and in `meta`; the debugger's own commands are in `gdb` and
//! `linux`, one file per family, each a slice of [`Spec`] records named once in [`table`]. Nothing here writes to a
//! stream or knows a terminal: commands write to [`Output`], and the crate `repl` or a test is at its other end.

mod args;
mod error;
pub mod gdb;
pub mod hooks;
pub mod output;
pub mod script;
pub mod settings;
mod shell;
pub mod spec;
pub mod table;

pub use args::Args;
pub use error::Error;
pub use output::Output;
pub use shell::Shell;
pub use spec::Spec;

/// The debugger under the commands.
#[derive(Debug, Default)]
pub struct PlaceholderSession;

/// The debugger under the commands: one line to change when the session crate has it.
pub type Session = PlaceholderSession;
