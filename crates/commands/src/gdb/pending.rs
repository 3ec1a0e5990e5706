//! Breakpoints in places that do not exist yet: whether they wait.

use crate::output::{Stream, Style};
use crate::{Error, Shell};
use kdive_expr::{Expr, ExprError};
use kdive_session::{BreakArgs, BreakpointKind};

/// Most names of a condition that may be any symbol while the grammar is checked.
const MAX_NAMES: usize = 64;

/// The place of a breakpoint was not found, as `error` says. Whether it becomes pending; then everything was said.
///
/// # Errors
/// `error`, where nothing may be pending; what is wrong with the condition, which no file to come will mend.
pub fn may_pend(
    shell: &mut Shell,
    args: &BreakArgs,
    kind: &BreakpointKind,
    error: Error,
) -> Result<bool, Error> {
    let setting = shell.settings.auto_bool("breakpoint pending");
    if setting == Some(false) {
        return Err(error);
    }
    if let Some(condition) = args.condition.as_deref().filter(|_| !args.force_condition) {
        check_grammar(shell, condition)?;
    }
    shell.out.error(&error.to_string());
    if setting == Some(true) {
        return Ok(true);
    }
    if let Error::Unknown(unknown) = &error
        && let Some(hint) = shell.hint(unknown)
    {
        shell.out.emit(Stream::Err, Style::Plain, format!("{hint}\n").as_bytes());
    }
    // Without a terminal the breakpoint becomes pending: gdb answers no by itself, and the job goes on without.
    if !shell.is_interactive() {
        return Ok(true);
    }
    let kind = match kind {
        BreakpointKind::Hardware => "hw breakpoint",
        BreakpointKind::Dprintf(_) => "dprintf",
        _ => "breakpoint",
    };
    let comes = if is_kernel(shell) { "future module load" } else { "future shared library load" };
    Ok(shell.query_no(&format!("Make {kind} pending on {comes}")))
}

fn is_kernel(shell: &Shell) -> bool {
    !shell.program().modules.symbols_named("linux_banner").is_empty()
}

/// Looks at the grammar of a condition whose names mean nothing yet.
///
/// # Errors
/// `A syntax error in expression, near ...`
fn check_grammar(shell: &Shell, condition: &str) -> Result<(), Error> {
    let program = shell.program();
    let mut text = condition.to_owned();
    for _ in 0..MAX_NAMES {
        match Expr::parse(&text, program) {
            Err(error @ ExprError::Syntax(_)) => return Err(error.into()),
            Err(ExprError::NoSymbol(name)) => text = with_number(&text, &name),
            Err(ExprError::NoSymbolTable) => match first_name(&text) {
                Some(name) => text = with_number(&text, &name),
                None => return Ok(()),
            },
            _ => return Ok(()),
        }
    }
    Ok(())
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The first name in an expression.
fn first_name(text: &str) -> Option<String> {
    let words = text.split(|c: char| !is_of_name(c));
    words.filter(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '_')).map(str::to_owned).next()
}

/// The text with a number in place of a name, wherever it stands as a whole word.
fn with_number(text: &str, name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name).filter(|_| !name.is_empty()) {
        let (before, found) = rest.split_at(at);
        let after = found.get(name.len()..).unwrap_or_default();
        out.push_str(before);
        let whole = !out.ends_with(is_of_name) && !after.starts_with(is_of_name);
        out.push_str(if whole { "1" } else { name });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_where_they_are_whole_words() {
        assert_eq!(with_number("x == x2 && ax || x->y", "x"), "1 == x2 && ax || 1->y");
        assert_eq!(with_number("x", "x"), "1");
        assert_eq!(with_number("x", ""), "x");
        assert_eq!(first_name("1 + count > 2"), Some("count".to_owned()));
        assert_eq!(first_name("$pc == 1"), None);
    }
}
