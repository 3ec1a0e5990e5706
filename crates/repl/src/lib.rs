//! The interactive shell: where the text of [`kdive_commands`] meets a terminal, a pipe or a file.
//!
//! The shell's loop is [`kdive_commands::Shell::interact`]; here are its two ends, a [`sink::Console`] that writes and a
//! [`Terminal`] or [`Pipe`] that reads, and Ctrl-C. Besides the binary this is the only crate that touches the process's
//! standard streams.

mod candidates;
mod editor;
mod history;
mod pager;
mod plain;
mod progress;
pub mod sink;
mod stream;

pub use editor::Terminal;
pub use history::{History, default_path};
pub use plain::Pipe;
pub use progress::{Progress, progress};

use std::io::{self, IsTerminal};

use kdive_base::Interrupt;
use kdive_commands::Output;
use kdive_commands::input::Input;

/// Output to the process's standard streams: coloured and paged when they are a terminal. When the flag is raised, what a
/// slow reader has not taken yet is dropped.
#[must_use]
pub fn output(interrupt: &Interrupt) -> Output {
    Output::new(Box::new(sink::Console::standard(interrupt)))
}

/// The same without what goes to standard output (`-batch-silent`).
#[must_use]
pub fn errors_only(interrupt: &Interrupt) -> Output {
    Output::new(Box::new(sink::ErrorsOnly(sink::Console::standard(interrupt))))
}

/// Input from the process's standard input. `interrupt` is the flag that Ctrl-C raises.
#[must_use]
pub fn input(interrupt: &Interrupt) -> Box<dyn Input> {
    if io::stdin().is_terminal() { Box::new(Terminal::new(interrupt)) } else { Box::new(Pipe) }
}

/// Makes Ctrl-C raise the flag instead of ending the process.
///
/// # Errors
/// When no handler can be installed.
pub fn catch_ctrl_c(interrupt: &Interrupt) -> io::Result<()> {
    signal_hook::flag::register(signal_hook::consts::SIGINT, interrupt.flag()).map(|_| ())
}
