//! What the command language asks of the debugger: values, settings, completion.

use crate::gdb::call::with_calls;
use crate::gdb::guest;
use crate::hooks::Hooks;
use crate::spec::Needs;
use crate::{Error, Shell};
use kdive_expr::{Expr, ExprError, Printf};
use kdive_program::Program;
use kdive_symbols::{Completion, Tag};
use kdive_types::Kind;
use std::path::PathBuf;

/// The debugger behind the command language.
#[derive(Clone, Copy, Debug, Default)]
pub struct Debugger;

/// Most completions looked up of one kind; the shell shows fewer.
pub(crate) const MAX_COMPLETIONS: usize = 2000;

/// Files of modules are indexed where other files are.
pub(crate) fn take_index_cache(shell: &mut Shell) {
    shell.session.open_options.index_cache = shell.index_cache();
    shell.session.take_index_cache();
}

impl Hooks for Debugger {
    fn state(&self, shell: &Shell) -> Needs {
        let mut state = Needs::NONE;
        if shell.session.target().is_some() {
            state = state.and(Needs::TARGET);
            if shell.program().machine().is_some() {
                state = state.and(Needs::STOPPED).and(Needs::REGISTERS).and(Needs::STACK).and(Needs::FRAME);
            }
        }
        if !shell.program().modules.modules().is_empty() {
            state = state.and(Needs::SYMBOLS);
        }
        state
    }

    fn is_true(&self, shell: &mut Shell, expression: &str) -> Result<bool, Error> {
        with_calls(shell, |program| Expr::parse(expression, program)?.evaluate_bool(program))
    }

    fn evaluate(&self, shell: &mut Shell, expression: &str) -> Result<(), Error> {
        let value = with_calls(shell, |program| Expr::parse(expression, program)?.evaluate(program))?;
        // Side effects have happened; what the value is does not matter.
        drop(value);
        crate::gdb::data::tell_warnings(shell);
        Ok(())
    }

    fn integer(&self, shell: &mut Shell, expression: &str) -> Result<i64, Error> {
        let value = with_calls(shell, |program| Expr::parse(expression, program)?.evaluate_int(program))?;
        Ok(value as i64)
    }

    fn format(&self, shell: &mut Shell, args: &str, out: &mut Vec<u8>) -> Result<(), Error> {
        let printed = with_calls(shell, |program| {
            let mut printed = Vec::new();
            // What comes before a fault is printed.
            let result = Printf::parse(args, program)?.print_into(program, &mut printed);
            match result {
                Err(ExprError::Call) => Err(ExprError::Call),
                result => Ok((printed, result)),
            }
        })?;
        out.extend(printed.0);
        Ok(printed.1?)
    }

    fn set_convenience(&self, shell: &mut Shell, name: &str, value: Option<i64>) {
        shell.session.program.set_convenience(name, value);
    }

    fn setting_changed(&self, shell: &mut Shell, name: &str) -> Result<(), Error> {
        crate::gdb::events::tell_pending(shell);
        crate::gdb::remote::setting_changed(shell, name)
    }

    fn current(&self, shell: &Shell, setting: &str) -> Option<String> {
        Some(match setting {
            "architecture" => shell.program().arch().bfd_name().to_owned(),
            "language" => "c".to_owned(),
            "endian" => "little".to_owned(),
            _ => return None,
        })
    }

    fn after_command(&self, shell: &mut Shell) -> Result<(), Error> {
        crate::gdb::events::after_command(shell)
    }

    fn after_failure(&self, shell: &mut Shell, error: Error) -> Error {
        crate::gdb::events::after_failure(shell, error)
    }

    fn quit_question(&self, shell: &Shell) -> Option<String> {
        shell.session.target()?;
        if guest::is_spoken_of(shell) {
            return Some(guest::QUIT.to_owned());
        }
        let loss = "\tInferior 1 [process 1] will be detached.\n";
        Some(format!("A debugging session is active.\n\n{loss}\nQuit anyway"))
    }

    fn before_exit(&self, shell: &mut Shell) {
        // Quitting never kills the guest: it goes on without us.
        if shell.session.target().is_some() {
            let inferior = shell.session.inferior();
            // gdb says more when `quit` was typed or the input ended.
            let tells = shell.quit_from_tty && !shell.is_interactive();
            if tells {
                crate::gdb::remote::announce_detach(shell, &inferior);
            }
            // A connection that is already gone has nothing left to detach from.
            if shell.session.detach().is_ok() {
                if tells {
                    shell.out.line(crate::gdb::remote::ENDING);
                }
                if guest::is_spoken_of(shell) {
                    shell.out.line(guest::LET_GO);
                } else {
                    crate::gdb::remote::tell_inferior(shell, &inferior, "detached");
                }
            }
        }
    }

    fn complete_expression(&self, shell: &Shell, text: &str) -> Vec<String> {
        let start = text.rfind(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).map_or(0, |at| {
            at + text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
        });
        let (before, word) = text.split_at(start);
        if word.starts_with('$') {
            return complete_dollar(shell, word);
        }
        let trimmed = before.trim_end();
        for operator in ["->", "."] {
            if let Some(object) = trimmed.strip_suffix(operator) {
                return complete_member(shell, object, word);
            }
        }
        for (keyword, tag) in [("struct", Tag::Struct), ("union", Tag::Union), ("enum", Tag::Enum)] {
            if trimmed.ends_with(keyword) {
                return shell.program().modules.complete_name(Completion::Tag(tag), word, MAX_COMPLETIONS);
            }
        }
        let mut names = locals(shell, word);
        names.extend(crate::gdb::macros::names(shell, word));
        names.extend(shell.program().modules.complete_name(Completion::Expression, word, MAX_COMPLETIONS));
        names
    }

    fn complete_location(&self, shell: &Shell, text: &str) -> Vec<String> {
        let word = text.rsplit(char::is_whitespace).next().unwrap_or_default();
        let modules = &shell.program().modules;
        match word.rsplit_once(':') {
            // `FILE:FUNCTION`, `MODULE:FUNCTION`.
            Some((place, function)) if !place.is_empty() => modules
                .complete_function_in(place, function, MAX_COMPLETIONS)
                .into_iter()
                .map(|name| format!("{place}:{name}"))
                .collect(),
            _ => modules.complete_name(Completion::Location, word, MAX_COMPLETIONS),
        }
    }

    fn complete_symbol(&self, shell: &Shell, prefix: &str) -> Vec<String> {
        shell.program().modules.complete_name(Completion::Expression, prefix, MAX_COMPLETIONS)
    }

    fn complete_type(&self, shell: &Shell, prefix: &str) -> Vec<String> {
        let modules = &shell.program().modules;
        for (keyword, tag) in [("struct ", Tag::Struct), ("union ", Tag::Union), ("enum ", Tag::Enum)] {
            if let Some(name) = prefix.strip_prefix(keyword) {
                let names = modules.complete_name(Completion::Tag(tag), name.trim_start(), MAX_COMPLETIONS);
                return names.into_iter().map(|name| format!("{keyword}{name}")).collect();
            }
        }
        let mut names = crate::gdb::macros::names(shell, prefix);
        names.extend(modules.complete_name(Completion::Expression, prefix, MAX_COMPLETIONS));
        names
    }
}

pub(crate) fn locals(shell: &Shell, prefix: &str) -> Vec<String> {
    let Ok(frame) = shell.program().selected_frame() else { return Vec::new() };
    let Some(scope) = &frame.scope else { return Vec::new() };
    let params = scope.params();
    let locals = scope.locals();
    let names = params.iter().chain(locals.iter().flatten()).map(|variable| variable.name().to_owned());
    names.filter(|name| name.starts_with(prefix)).collect()
}

fn complete_dollar(shell: &Shell, word: &str) -> Vec<String> {
    let prefix = word.strip_prefix('$').unwrap_or(word);
    let program = shell.program();
    let registers = program.registers().map(|registers| registers.layout().names()).unwrap_or_default();
    let variables = program.store().variables().into_iter().map(|(name, _)| name.to_string());
    let functions = kdive_expr::standard_names().map(|name| name.to_owned()).chain(program.function_names());
    let mut names: Vec<String> = registers.into_iter().chain(variables).chain(functions).collect();
    names.retain(|name| name.starts_with(prefix));
    names.sort();
    names.dedup();
    names.into_iter().map(|name| format!("${name}")).collect()
}

fn complete_member(shell: &Shell, object: &str, word: &str) -> Vec<String> {
    let program = shell.program();
    let object = postfix_end(object);
    let Ok(ty) = Expr::parse(object, program).and_then(|expr| expr.type_of(program)) else {
        return Vec::new();
    };
    members_of(program, &ty, word)
}

/// The members of a type, or of what it points to, that begin with a text.
pub(crate) fn members_of(program: &Program, ty: &kdive_types::Type, prefix: &str) -> Vec<String> {
    let ty = ty.strip();
    let ty = if ty.is_pointer() { ty.target().unwrap_or(ty) } else { ty };
    let ty = program.modules.complete(&ty).strip();
    let mut names = Vec::new();
    members(&ty, prefix, 8, &mut names);
    names
}

/// The postfix expression a text ends with, to which `.` or `->` would apply: of `f(a, b->c[1]` it is `b->c[1]`, of
/// `1 + ((struct s *)p)` the parentheses, of `!$lx_current()` the call.
fn postfix_end(text: &str) -> &str {
    let text = text.trim_end();
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut left = text;
    loop {
        // From the end of a primary expression to its start.
        if left.ends_with(']') || left.ends_with(')') {
            let Some(open) = opening(left) else { break };
            let call = left.ends_with(')');
            left = left.get(..open).unwrap_or_default().trim_end();
            let callee = left.ends_with(|c: char| is_name(c) || c == ')' || c == ']');
            if callee {
                continue;
            }
            if !call {
                break;
            }
        } else {
            let start = left.trim_end_matches(is_name).len();
            if start == left.len() {
                break;
            }
            left = left.get(..start).unwrap_or_default();
        }
        // What it is a part of.
        let before = left.trim_end();
        let operator = ["->", "::", ".", "@"].iter().find_map(|operator| before.strip_suffix(operator));
        match operator {
            Some(object) => left = object.trim_end(),
            None => break,
        }
        // `'file.c'::name`.
        if let Some(quoted) = left.strip_suffix('\'') {
            left = quoted.rfind('\'').and_then(|at| left.get(..at)).unwrap_or_default();
            break;
        }
    }
    text.get(left.len()..).unwrap_or_default().trim_start()
}

/// Where the parenthesis or bracket that ends a text was opened.
fn opening(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices().rev() {
        match c {
            ')' | ']' => depth += 1,
            '(' | '[' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn members(ty: &kdive_types::Type, prefix: &str, depth: usize, names: &mut Vec<String>) {
    let Kind::Composite(composite) = ty.kind() else { return };
    for member in composite.members() {
        match &member.name {
            Some(name) if name.starts_with(prefix) => names.push(name.to_string()),
            Some(_) => {}
            None if depth > 0 => members(&member.ty.get().strip(), prefix, depth - 1, names),
            None => {}
        }
    }
}

/// The directories of a setting that lists some.
pub(crate) fn directories(shell: &Shell, name: &str) -> Vec<PathBuf> {
    shell.settings.text(name).split(':').filter(|path| !path.is_empty()).map(PathBuf::from).collect()
}
