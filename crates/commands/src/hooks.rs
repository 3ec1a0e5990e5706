//! What the command language asks of the debugger under it. One implementation is wired in by the commands about
//! expressions and by the binary; tests bring a small one of their own.

use crate::spec::Needs;
use crate::{Error, Shell};

/// The questions. Every method gets the whole shell; `self` is only the way to find the code.
pub trait Hooks {
    /// Which preconditions of commands hold now.
    fn state(&self, shell: &Shell) -> Needs;

    /// Value of the condition of `if` and `while`.
    ///
    /// # Errors
    /// The expression's, in gdb's words.
    fn is_true(&self, shell: &mut Shell, expression: &str) -> Result<bool, Error>;

    /// Evaluates for the side effect: `set var X = Y`.
    ///
    /// # Errors
    /// The expression's, in gdb's words.
    fn evaluate(&self, shell: &mut Shell, expression: &str) -> Result<(), Error>;

    /// Value of an integer argument: `set listsize 2 + 3`, `quit $status`.
    ///
    /// # Errors
    /// The expression's, in gdb's words.
    fn integer(&self, shell: &mut Shell, expression: &str) -> Result<i64, Error>;

    /// What `printf` and `eval` make of `"FORMAT", ARG, ...`; on an error `out` has the text in front of the argument at fault.
    ///
    /// # Errors
    /// `Bad format string` and its kin, or an argument's.
    fn format(&self, shell: &mut Shell, args: &str, out: &mut Vec<u8>) -> Result<(), Error>;

    /// Sets a convenience variable (`$_shell_exitcode`) to an integer, or to void.
    fn set_convenience(&self, shell: &mut Shell, name: &str, value: Option<i64>);

    /// A setting got a new value; who keeps a copy of it further down takes it over now.
    ///
    /// # Errors
    /// When the value cannot be used; the setting goes back to what it was.
    fn setting_changed(&self, shell: &mut Shell, name: &str) -> Result<(), Error>;

    /// What a setting that is `auto` stands for now, for `show`: `i386:x86-64` for `architecture`, `c` for `language`,
    /// `little` for `endian`. `None` when nothing is known.
    fn current(&self, shell: &Shell, setting: &str) -> Option<String>;

    /// A command has ended well, at whatever depth: commands of breakpoints that were hit run now.
    ///
    /// # Errors
    /// [`Error::Exit`] when one of them was `quit`. Other errors of breakpoint commands are printed, not returned.
    fn after_command(&self, shell: &mut Shell) -> Result<(), Error>;

    /// After a command that failed: what to say instead of its error, which may only be what a lost connection looks like from
    /// where the command stood.
    fn after_failure(&self, shell: &mut Shell, error: Error) -> Error;

    /// What `quit` asks before it leaves something; without the question mark.
    fn quit_question(&self, shell: &Shell) -> Option<String>;

    /// Leaves the target as it should be left before the process ends.
    fn before_exit(&self, shell: &mut Shell);

    /// Completions of an expression: words to stand in place of the identifier `text` ends in (`p->pi` gives `pid`).
    fn complete_expression(&self, shell: &Shell, text: &str) -> Vec<String>;

    /// Completions of a place in the code: words to stand in place of the last blank-separated word of `text`.
    fn complete_location(&self, shell: &Shell, text: &str) -> Vec<String>;

    /// Symbols of any kind that start with `prefix`.
    fn complete_symbol(&self, shell: &Shell, prefix: &str) -> Vec<String>;

    /// Types that start with `prefix`, `struct` and the like included when they are part of it.
    fn complete_type(&self, shell: &Shell, prefix: &str) -> Vec<String>;
}
