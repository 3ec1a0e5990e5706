//! Expressions that call functions of the program.

use crate::gdb::events::call;
use crate::{Error, Shell};
use kdive_expr::{ExprError, Result as ExprResult};
use kdive_program::Program;

/// Evaluates something, with the functions it calls: `look` is asked again after each.
///
/// # Errors
/// Those of `look`, and why a function did not return.
pub fn with_calls<T>(shell: &mut Shell, look: impl Fn(&Program) -> ExprResult<T>) -> Result<T, Error> {
    let outer = shell.program().begin_evaluation();
    let result = loop {
        match look(shell.program()) {
            Err(ExprError::Call) => {}
            result => break result.map_err(Error::from),
        }
        let called = if shell.settings.bool("may-call-functions") {
            call(shell)
        } else {
            Err(Error::msg("Cannot call functions in the program: may-call-functions is off."))
        };
        if let Err(error) = called {
            break Err(error);
        }
        shell.program().evaluate_again();
    };
    shell.program().end_evaluation(outer);
    result
}
