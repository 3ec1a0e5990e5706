//! `macro define` and its kin: macros of the user, which every expression knows, and those of the program.

use crate::gdb::debugger::MAX_COMPLETIONS;
use crate::spec::{Class, Completer};
use crate::{Args, Error, Shell, Spec};
use kdive_expr::Macro;
use kdive_symbols::DefinedMacro;
use std::sync::Arc;

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "macro define",
        class: Class::Data,
        summary: "Define a macro of the C preprocessor for expressions",
        help: "Usage: macro define NAME[(PARAMETER-LIST)] [REPLACEMENT]",
        examples: &["macro define NULL ((void *)0)", "macro define MIN(a, b) ((a) < (b) ? (a) : (b))"],
        run: define,
        ..Spec::EMPTY
    },
    Spec {
        name: "macro undef",
        class: Class::Data,
        summary: "Forget a macro made with macro define",
        help: "Usage: macro undef NAME",
        examples: &["macro undef NULL"],
        complete: Completer::Custom(complete),
        run: undefine,
        ..Spec::EMPTY
    },
    Spec {
        name: "macro list",
        class: Class::Data,
        summary: "List the macros made with macro define",
        help: "Usage: macro list",
        examples: &["macro list"],
        run: list,
        ..Spec::EMPTY
    },
    Spec {
        name: "macro expand",
        aliases: &["macro exp"],
        class: Class::Data,
        summary: "Show an expression with its macros replaced",
        help: "Usage: macro expand EXPRESSION",
        examples: &["macro expand MIN(1, 2)"],
        complete: Completer::Expr,
        run: expand,
        ..Spec::EMPTY
    },
    Spec {
        name: "macro expand-once",
        aliases: &["macro exp1"],
        class: Class::Data,
        summary: "Not available, in gdb neither; see macro expand",
        help: "Usage: macro expand-once EXPRESSION",
        examples: &["macro expand-once MIN(1, 2)"],
        run: |_, args| {
            args.required(
                "You must follow the `macro expand-once' command with the expression\nyou want to expand.",
            )?;
            Err(Error::msg("Expand-once not implemented yet."))
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "info macro",
        class: Class::Status,
        summary: "Show the definition of a macro, and where it was made",
        help: "Usage: info macro [-a | -all] [--] NAME\n\n\
               A program has macros where it was compiled with -g3. The definition is the\n\
               one that holds where the selected frame is or, without a frame, at the line\n\
               listed last; with -all, every definition of the name in the source file.",
        examples: &["info macro NULL", "info macro -all current"],
        complete: Completer::Expr,
        run: info,
        ..Spec::EMPTY
    },
    Spec {
        name: "info macros",
        class: Class::Status,
        summary: "List the program's macros that hold at a location",
        help: "Usage: info macros [LOCATION]\n\n\
               Without LOCATION, those that hold where the selected frame is or, without a\n\
               frame, at the line listed last. A program has macros where it was compiled\n\
               with -g3.",
        examples: &["info macros", "info macros start_kernel"],
        complete: Completer::Location,
        run: info_all,
        ..Spec::EMPTY
    },
];

/// Names of macros that an expression may begin with, the user's first.
pub(crate) fn names(shell: &Shell, prefix: &str) -> Vec<String> {
    let mut names = complete(shell, prefix);
    if let Some(scope) = shell.program().macro_scope() {
        names.extend(scope.names(prefix).into_iter().take(MAX_COMPLETIONS));
    }
    names
}

fn complete(shell: &Shell, prefix: &str) -> Vec<String> {
    let macros = shell.program().store().macros();
    macros.iter().map(|(name, _)| name).filter(|name| name.starts_with(prefix)).map(str::to_owned).collect()
}

fn define(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("usage: macro define NAME[(ARGUMENT-LIST)] [REPLACEMENT-LIST]")?;
    Ok(shell.program().store().macros_mut().define(text)?)
}

fn undefine(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("usage: macro undef NAME")?;
    // What is after the name does not count.
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    shell.program().store().macros_mut().undefine(text.get(..end).unwrap_or_default());
    Ok(())
}

fn list(shell: &mut Shell, _: Args<'_>) -> Result<(), Error> {
    let macros = shell.program().store().macros();
    let definitions = macros.iter().map(|(name, found)| definition(name, found));
    let lines: Vec<String> = definitions.map(|text| format!("macro define {text}")).collect();
    drop(macros);
    for line in lines {
        shell.out.line(&line);
    }
    Ok(())
}

/// `ADD(a, b) ((a)+(b))`.
fn definition(name: &str, found: &Macro) -> String {
    format!("{} {}", found.declaration(name), found.replacement())
}

fn expand(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text =
        args.required("You must follow the `macro expand' command with the expression you\nwant to expand.")?;
    let expanded = shell.program().expand_macros(text)?;
    shell.out.line(&format!("expands to: {expanded}"));
    Ok(())
}

fn info(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let mut rest = args;
    let mut all = false;
    while let Some((word, after)) = rest.split_word().filter(|(word, _)| word.starts_with('-')) {
        rest = after;
        match word {
            "-a" | "-all" => all = true,
            "--" => break,
            other => {
                return Err(Error::msg(format!(
                    "Unrecognized option '{other}' to info macro command.  Try \"help info macro\"."
                )));
            }
        }
    }
    let name = rest.required(
        "You must follow the `info macro' command with the name of the macro\nwhose definition you want to see.",
    )?;
    let text = match shell.program().macro_scope() {
        Some(scope) if all => scope.all(name).iter().map(shown).collect(),
        Some(scope) => match scope.find(name) {
            Some(found) => shown(&found),
            None => undefined(name, &places(&scope.places())),
        },
        // Where the program has no macros, those of the user are what is looked at.
        None => match shell.program().store().macros().get(name) {
            Some(found) => format!("Defined at {USER}#define {}\n", definition(name, found)),
            None if all => String::new(),
            None => undefined(name, USER),
        },
    };
    shell.out.put(&text);
    Ok(())
}

fn info_all(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let scope = if args.is_empty() {
        let Some(scope) = shell.program().macro_scope() else {
            // gdb then lists the macros the user's are kept with, which are none.
            return Ok(());
        };
        Some(scope)
    } else {
        shell.program().macro_scope_of(args.text())?
    };
    match scope {
        Some(scope) => {
            for found in scope.holding() {
                shell.out.put(&shown(&found));
            }
        }
        None => shell.out.line("GDB has no preprocessor macro information for that code."),
    }
    Ok(())
}

/// Where gdb says the macros of the user are.
const USER: &str = "<user-defined>:-1\n";

fn undefined(name: &str, place: &str) -> String {
    format!("The symbol `{name}' has no definition as a C/C++ preprocessor macro\nat {place}")
}

/// A place and those that included its file, one a line.
fn places(places: &[(Arc<str>, i64)]) -> String {
    let lines: Vec<String> = places.iter().map(|(path, line)| format!("{path}:{line}\n")).collect();
    lines.join("  included at ")
}

/// A macro of the program, as it was defined: in the source, or on line 0 by an option of the compiler.
fn shown(found: &DefinedMacro) -> String {
    let recorded = Macro::recorded(&found.rest);
    let declaration = recorded.declaration(&found.name);
    let replacement = recorded.replacement();
    let is_option = found.places.first().is_some_and(|&(_, line)| line == 0);
    let text = if is_option {
        format!("-D{declaration}={replacement}")
    } else {
        format!("#define {declaration} {replacement}")
    };
    format!("Defined at {}{text}\n", places(&found.places))
}
