//! The whole debugger as commands see it.

use std::rc::Rc;

use kdive_base::Interrupt;

use crate::Error;
use crate::hooks::Hooks;
use crate::output::Output;
use crate::script::Script;
use crate::settings::Settings;
use crate::{Args, Session};

/// State shared by all commands.
pub struct Shell {
    /// Target, symbols, breakpoints, selection.
    pub session: Session,
    /// Where answers go.
    pub out: Output,
    /// `set` and `show`.
    pub settings: Settings,
    /// Raised by Ctrl-C; long commands look at it.
    pub interrupt: Interrupt,
    hooks: Rc<dyn Hooks>,
}

impl Shell {
    /// A shell over `session`.
    #[must_use]
    pub fn new(session: Session, out: Output, hooks: Rc<dyn Hooks>, interrupt: Interrupt) -> Self {
        Self { session, out, settings: Settings::default(), interrupt, hooks }
    }

    /// What the command language asks of the rest.
    #[must_use]
    pub fn hooks(&self) -> Rc<dyn Hooks> {
        Rc::clone(&self.hooks)
    }

    /// Runs one command line, as `-ex` does.
    ///
    /// # Errors
    /// The command's.
    pub fn execute(&mut self, line: &str, from_tty: bool) -> Result<(), Error> {
        let _ = (line, from_tty);
        Ok(())
    }

    /// Runs a parsed list of commands; stops at the first error.
    ///
    /// # Errors
    /// The failing command's.
    pub fn run_script(&mut self, script: &Script) -> Result<(), Error> {
        let _ = script;
        Ok(())
    }

    /// The lines up to `end` that belong to a block command (`commands`): from the script it stands in, or read
    /// now from where commands come from, with the secondary prompt.
    ///
    /// # Errors
    /// End of input or a malformed block.
    pub fn read_body(&mut self, args: &Args<'_>) -> Result<Script, Error> {
        let _ = args;
        Ok(Script::default())
    }

    /// Asks a yes-or-no question. With `set confirm off` or no terminal the answer is yes, as in gdb; the question
    /// mark and `(y or n)` are added here.
    pub fn query(&mut self, question: &str) -> bool {
        let _ = question;
        true
    }

    /// Asks with no as the default answer (pending breakpoints): `(y or [n])`.
    pub fn query_no(&mut self, question: &str) -> bool {
        let _ = question;
        false
    }

    /// An empty line after this command does nothing.
    pub fn dont_repeat(&mut self) {}

    /// An empty line after this command runs the command with these arguments instead.
    pub fn repeat_with(&mut self, args: &str) {
        let _ = args;
    }

    /// Runs `f` and returns what it wrote to standard output.
    pub fn capture<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> (T, Vec<u8>) {
        (f(self), Vec::new())
    }
}
