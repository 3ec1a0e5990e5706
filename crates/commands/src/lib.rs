//! The command table and the command language: everything between a line of text and the debugger's answer.
//!
//! The engine (lookup, scripts, settings, help) is here; the shell's own commands are in `meta`, the debugger's in
//! [`gdb`], one file per family, each a slice of [`Spec`] records named once in [`table`]. Nothing here writes to a stream
//! or knows a terminal: commands write to [`Output`] and ask through [`input::Input`]; the crate `repl` or a test is at the
//! other ends. What the command language wants from expressions and from the target it asks through [`hooks::Hooks`].

mod alias;
mod apropos;
mod args;
mod complete;
mod console;
mod dispatch;
pub mod docgen;
mod error;
pub mod gdb;
mod help;
pub mod hooks;
pub mod input;
pub mod linux;
mod meta;
pub mod output;
pub mod script;
pub mod settings;
mod shell;
pub mod spec;
mod suggest;
pub mod table;
mod tree;
mod user;

pub use args::Args;
pub use complete::Completion;
pub use console::ShellConsole;
pub use error::Error;
pub use kdive_symbols::IndexProgress;
pub use meta::show::print_version;
pub use output::Output;
pub use shell::{Doing, Shell};
pub use spec::Spec;
pub use suggest::{Missing, Unknown};

/// The debugger under the commands.
pub type Session = kdive_engine::Engine;

#[cfg(test)]
mod tests;
