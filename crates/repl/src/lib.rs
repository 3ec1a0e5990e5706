//! The interactive shell: where the text of [`kdive_commands`] meets a terminal, a pipe or a file.
//!
//! The shell's loop is [`kdive_commands::Shell::interact`]; here are its two ends, a [`sink::Console`] that writes and a
//! [`Terminal`] or [`Pipe`] that reads, and Ctrl-C. Besides the binary this is the only crate that touches the process's
//! standard streams.

mod editor;
mod history;
mod pager;
mod plain;
mod progress;
pub mod sink;

pub use editor::Terminal;
pub use history::{History, default_path};
pub use plain::Pipe;
pub use progress::{Progress, progress};

use std::io::{self, IsTerminal};

use kdive_base::Interrupt;
use kdive_commands::input::Input;
use kdive_commands::settings::Value;
use kdive_commands::{Output, Shell};

/// Output to the process's standard streams: coloured and paged when they are a terminal.
#[must_use]
pub fn output() -> Output {
    Output::new(Box::new(sink::Console::standard()))
}

/// The same without what goes to standard output (`-batch-silent`).
#[must_use]
pub fn errors_only() -> Output {
    Output::new(Box::new(sink::ErrorsOnly(sink::Console::standard())))
}

/// Input from the process's standard input.
#[must_use]
pub fn input() -> Box<dyn Input> {
    if io::stdin().is_terminal() { Box::new(Terminal::new()) } else { Box::new(Pipe) }
}

/// Makes Ctrl-C raise the flag instead of ending the process.
///
/// # Errors
/// When no handler can be installed.
pub fn catch_ctrl_c(interrupt: &Interrupt) -> io::Result<()> {
    signal_hook::flag::register(signal_hook::consts::SIGINT, interrupt.flag()).map(|_| ())
}

/// Sets `height` and `width` to those of the terminal; nothing when output is no terminal.
pub fn take_terminal_size(shell: &mut Shell) {
    if !io::stdout().is_terminal() {
        return;
    }
    if let Ok((columns, rows)) = crossterm::terminal::size() {
        let limit = |size: u16| Value::Number((size > 0).then_some(i64::from(size)));
        shell.settings.put("height", limit(rows));
        shell.settings.put("width", limit(columns));
    }
}
