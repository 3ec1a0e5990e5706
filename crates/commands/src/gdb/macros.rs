//! `macro define` and its kin: macros of the user, which every expression knows.

use crate::spec::{Class, Completer};
use crate::{Args, Error, Shell, Spec};

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
        summary: "Show the definition of a macro",
        help: "Usage: info macro [-a | -all] [--] NAME",
        examples: &["info macro NULL"],
        complete: Completer::Custom(complete),
        run: info,
        ..Spec::EMPTY
    },
];

fn complete(shell: &Shell, prefix: &str) -> Vec<String> {
    let macros = shell.program().store().macros();
    let names = macros.definitions().into_iter().filter_map(|text| {
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
        Some(text.get(..end)?.to_owned())
    });
    names.filter(|name| name.starts_with(prefix)).collect()
}

fn define(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("usage: macro define NAME[(ARGUMENT-LIST)] [REPLACEMENT-LIST]")?;
    Ok(shell.program().store().macros_mut().define(text)?)
}

fn undefine(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let name = args.required("usage: macro undef NAME")?;
    shell.program().store().macros_mut().undefine(name);
    Ok(())
}

fn list(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if !args.is_empty() {
        return Err(Error::msg("usage: macro list"));
    }
    let definitions = shell.program().store().macros().definitions();
    for definition in definitions {
        shell.out.line(&format!("macro define {definition}"));
    }
    Ok(())
}

fn expand(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text =
        args.required("You must follow the `macro expand' command with the expression you\nwant to expand.")?;
    let expanded = shell.program().store().macros().expand(text)?;
    shell.out.line(&format!("expands to: {expanded}"));
    Ok(())
}

fn info(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let mut rest = args;
    while let Some((word, after)) = rest.split_word().filter(|(word, _)| word.starts_with('-')) {
        rest = after;
        match word {
            "-a" | "-all" => {}
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
    let definition = shell.program().store().macros().definition(name);
    shell.out.line(&match definition {
        Some(definition) => format!("Defined at <user-defined>:-1\n#define {definition}"),
        None => format!(
            "The symbol `{name}' has no definition as a C/C++ preprocessor macro\nat <user-defined>:-1"
        ),
    });
    Ok(())
}
