//! Commands from a pipe or a file on standard input: prompts are printed, lines are not echoed, as gdb does it.

use std::io::{self, BufRead};

use kdive_base::Interrupt;
use kdive_commands::Shell;
use kdive_commands::input::{Ask, Input};
use kdive_commands::script::Line;

use crate::stream::Stream;

/// Standard input that is no terminal.
#[derive(Clone, Copy, Default, Debug)]
pub struct Pipe;

/// Longest line that is read; a longer one is no command.
const MAX_LINE: u64 = 1 << 20;

/// Writes a prompt and reads a line.
///
/// # Errors
/// A broken pipe also when the prompt is not read and the user has waited long enough.
pub(crate) fn read_line(prompt: &str, interrupt: &Interrupt) -> io::Result<Line> {
    Stream::stdout(interrupt).write_all(prompt.as_bytes()).map_err(|_| io::ErrorKind::BrokenPipe)?;
    let mut bytes = Vec::new();
    let mut limited = io::Read::take(io::stdin().lock(), MAX_LINE);
    if limited.read_until(b'\n', &mut bytes)? == 0 {
        return Ok(Line::End);
    }
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    Ok(Line::Text(String::from_utf8_lossy(&bytes).into_owned()))
}

impl Input for Pipe {
    fn is_terminal(&self) -> bool {
        false
    }

    fn read(&mut self, shell: &Shell, prompt: &str, _ask: Ask) -> io::Result<Line> {
        read_line(prompt, &shell.interrupt)
    }
}
