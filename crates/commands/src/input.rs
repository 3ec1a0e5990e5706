//! Where the user's lines come from: the seam between the shell and a terminal, a pipe or a test.

use std::io;

use crate::script::Line;
use crate::{Error, Shell};

/// What a line is wanted for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ask {
    /// A command: kept in the history, completed.
    Command,
    /// A line of a block: completed.
    Body,
    /// An answer to a question.
    Answer,
}

/// A person, or what stands in for one.
pub trait Input {
    /// Whether a person sits there: questions are asked only then.
    fn is_terminal(&self) -> bool;

    /// Whether the terminal is played by a program (TERM is dumb): it gets gdb's lines without hints.
    fn is_dumb(&self) -> bool {
        false
    }

    /// Reads one line. `shell` is for completion.
    ///
    /// # Errors
    /// When reading fails.
    fn read(&mut self, shell: &Shell, prompt: &str, ask: Ask) -> io::Result<Line>;

    /// The command read last is over.
    fn ended(&mut self, result: &Result<(), Error>) {
        let _ = result;
    }

    /// The value of a setting about the terminal or the history may have changed.
    fn configure(&mut self, settings: &crate::settings::Settings) {
        let _ = settings;
    }

    /// The commands typed so far, oldest first, with the number of the first.
    fn history(&self) -> (usize, Vec<String>) {
        (1, Vec::new())
    }
}

/// No input: every read is at the end.
#[derive(Clone, Copy, Default, Debug)]
pub struct NoInput;

impl Input for NoInput {
    fn is_terminal(&self) -> bool {
        false
    }

    fn read(&mut self, _shell: &Shell, _prompt: &str, _ask: Ask) -> io::Result<Line> {
        Ok(Line::End)
    }
}
