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

    /// What `printf` and `eval` make of `"FORMAT", ARG, ...`.
    ///
    /// # Errors
    /// `Bad format string` and its kin, or an argument's.
    fn format(&self, shell: &mut Shell, args: &str) -> Result<Vec<u8>, Error>;

    /// Sets a convenience variable to an integer (`$_exitcode`, `$_shell_exitcode`).
    fn set_convenience(&self, shell: &mut Shell, name: &str, value: i64);

    /// A setting got a new value; who keeps a copy of it further down takes it over now.
    ///
    /// # Errors
    /// When the value cannot be used; the setting goes back to what it was.
    fn setting_changed(&self, shell: &mut Shell, name: &str) -> Result<(), Error>;

    /// What is lost by leaving now, for the question of `quit`: `Inferior 1 [process 1] will be detached.`
    fn quit_warning(&self, shell: &Shell) -> Option<String>;

    /// Leaves the target as it should be left before the process ends.
    fn before_exit(&self, shell: &mut Shell);

    /// Completions of an expression, each the full last word (`init_ta` gives `init_task`, `p->pi` gives `p->pid`).
    fn complete_expression(&self, shell: &Shell, text: &str) -> Vec<String>;

    /// Completions of a place in the code.
    fn complete_location(&self, shell: &Shell, text: &str) -> Vec<String>;

    /// Completions of a symbol name.
    fn complete_symbol(&self, shell: &Shell, prefix: &str) -> Vec<String>;

    /// Completions of a type name.
    fn complete_type(&self, shell: &Shell, prefix: &str) -> Vec<String>;
}
