//! Breakpoints in places that do not exist yet: asking, and what may have been meant.

use crate::gdb::events::failure;
use crate::linux::modules::with_linux;
use crate::output::{Stream, Style};
use crate::{Error, Missing, Shell};
use kdive_base::did_you_mean;
use kdive_expr::{Expr, ExprError};
use kdive_session::{BreakArgs, BreakpointKind};
use kdive_symbols::{Completion, LinespecError, LinespecMode};

/// Most names of a condition that are taken for anything while its grammar is looked at.
const MAX_NAMES: usize = 64;

/// The place of a breakpoint was not found, as `text` says. Whether it becomes pending; then everything was said.
///
/// # Errors
/// `text`, where nothing may be pending; what is wrong with the condition, which no file to come will mend.
pub fn may_pend(
    shell: &mut Shell,
    args: &BreakArgs,
    kind: &BreakpointKind,
    text: &str,
) -> Result<bool, Error> {
    let setting = shell.settings.auto_bool("breakpoint pending");
    if setting == Some(false) {
        return Err(Error::msg(text));
    }
    if let Some(condition) = args.condition.as_deref().filter(|_| !args.force_condition) {
        check_grammar(shell, condition)?;
    }
    shell.out.error(text);
    if setting == Some(true) {
        return Ok(true);
    }
    if let Some(hint) = hint(shell, &args.location) {
        shell.out.emit(Stream::Err, Style::Plain, format!("{hint}\n").as_bytes());
    }
    // Where nobody can be asked the breakpoint waits: gdb answers no by itself, and the job goes on without.
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

/// An error of the session about a place, for commands that need the place now.
#[must_use]
pub fn place_failure(shell: &mut Shell, location: &str, error: kdive_session::Error) -> Error {
    if let kdive_session::Error::NotFound(_) = &error
        && let Some(missing) = missing(shell, location)
    {
        if shell.is_interactive()
            && let Some(module) = module_with(shell, &missing)
        {
            return Error::msg(format!("{error}  {module}"));
        }
        if let Some(near) = Missing::of_location(missing) {
            return Error::unknown(error, near);
        }
    }
    failure(error)
}

/// What about a place does not exist.
fn missing(shell: &Shell, location: &str) -> Option<LinespecError> {
    match shell.program().resolve_location(location.trim(), LinespecMode::Breakpoint) {
        Err(kdive_program::Error::Linespec(error)) => Some(error),
        _ => None,
    }
}

/// One line about the module on disk that has what is missing.
fn module_with(shell: &mut Shell, missing: &LinespecError) -> Option<String> {
    let LinespecError::NoFunction(name) = missing else { return None };
    let found = with_linux(shell, |linux, program| linux.module_with_function(program, name)).flatten()?;
    let path = found.path.display();
    Some(format!("{name} is in the module {}, which is not loaded: {path}", found.module))
}

/// One line about a place that does not exist: the module that has it, or names near to it.
fn hint(shell: &mut Shell, location: &str) -> Option<String> {
    let missing = missing(shell, location)?;
    if let Some(module) = module_with(shell, &missing) {
        return Some(module);
    }
    let modules = &shell.program().modules;
    let near = match &missing {
        LinespecError::NoFunction(name) | LinespecError::NoFunctionIn(name, _) => {
            modules.nearest_name(Completion::Location, name)
        }
        LinespecError::NoFile(name) => modules.nearest_name(Completion::File, name),
        _ => return None,
    };
    did_you_mean(&near)
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
