//! `info`, `set`, `show`, `unset`, `maintenance`: commands that stand before others.

use crate::help::list_subcommands;
use crate::spec::{Class, Completer, Repeat, Spec};
use crate::suggest::Missing;
use crate::tree::is_name_char;
use crate::{Args, Error, Shell, settings};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "info",
        aliases: &["inf", "i"],
        class: Class::Status,
        summary: "Show things about the program being debugged",
        help: "Usage: info SUBCOMMAND",
        examples: &["info registers"],
        run: |shell, _| {
            list_subcommands(shell, &["info".to_owned()]);
            Ok(())
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "set",
        class: Class::Data,
        summary: "Change a setting, or a variable of the program",
        help: "Usage: set SETTING VALUE\n       set VARIABLE = EXPRESSION\n\
               What is no setting is an expression, evaluated for its effect: a convenience\n\
               variable ($x), a register ($rax) or a variable of the program is assigned to.\n\
               \"set variable\" does that whatever the variable is called.",
        examples: &["set print pretty on", "set $i = 0", "set listsize 20"],
        complete: Completer::Expr,
        allow_unknown: true,
        run: set_variable,
        ..Spec::EMPTY
    },
    Spec {
        name: "set variable",
        aliases: &["set var"],
        class: Class::Data,
        summary: "Evaluate an expression for its effect",
        help: "Usage: set variable VARIABLE = EXPRESSION\n\
               For variables that are called like a setting.",
        examples: &["set var $rax = 1"],
        complete: Completer::Expr,
        run: set_variable,
        ..Spec::EMPTY
    },
    Spec {
        name: "show",
        class: Class::Status,
        summary: "Show settings",
        help: "Usage: show [SETTING]\nWithout an argument all of them.",
        examples: &["show print pretty", "show version"],
        run: |shell, _| {
            settings::command::show_all(shell, &["show".to_owned()]);
            Ok(())
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "unset",
        class: Class::Support,
        summary: "Take settings back",
        help: "Usage: unset SUBCOMMAND",
        examples: &["unset substitute-path"],
        run: |shell, _| {
            list_subcommands(shell, &["unset".to_owned()]);
            Ok(())
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "maintenance",
        aliases: &["mt"],
        class: Class::Internals,
        summary: "Look into the debugger itself",
        help: "Usage: maintenance SUBCOMMAND",
        examples: &["maintenance"],
        run: |shell, _| {
            list_subcommands(shell, &["maintenance".to_owned()]);
            Ok(())
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "python",
        aliases: &["py"],
        class: Class::Obscure,
        summary: "Not available: kdive has no Python",
        help: "In a command file the line, or the block up to \"end\", is left out, and that is said.",
        examples: &["python print(1)"],
        repeat: Repeat::No,
        run: python,
        ..Spec::EMPTY
    },
    Spec {
        name: "python-interactive",
        aliases: &["pi"],
        class: Class::Obscure,
        summary: "Not available: kdive has no Python",
        help: "See \"help python\".",
        examples: &["python-interactive"],
        repeat: Repeat::No,
        run: |shell, args| {
            if args.is_empty() && !args.from_tty {
                shell.read_text_body(&args)?;
            }
            without_python(shell, args.invoked, args.from_tty)
        },
        ..Spec::EMPTY
    },
];

fn set_variable(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let expression = args.required("Argument required (expression to compute).")?;
    let hooks = shell.hooks();
    let result = hooks.evaluate(shell, expression);
    // `set pagnation off`: what is no setting is taken for an expression.
    let end = expression.find(|c| !is_name_char(c)).unwrap_or(expression.len());
    let (name, rest) = expression.split_at(end);
    if name.is_empty() || args.invoked.contains(' ') || rest.trim_start().starts_with('=') {
        return result;
    }
    result.map_err(|error| error.or_unknown(Missing::Command(vec!["set".to_owned()], name.to_owned())))
}

const NO_PYTHON: &str = "kdive has no Python";

/// Python of a command file is left out: what it wanted is lost, the rest of the file is not. At the prompt it is an error.
pub(crate) fn without_python(shell: &mut Shell, what: &str, from_tty: bool) -> Result<(), Error> {
    let text = format!(
        "{what}: {NO_PYTHON}, so this is left out; \"help linux\" lists what kdive knows of the kernel by itself."
    );
    if from_tty && shell.is_interactive() {
        return Err(Error::msg(text));
    }
    shell.report(&Error::msg(text));
    Ok(())
}

fn python(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if args.is_empty() {
        shell.read_text_body(&args)?;
    }
    without_python(shell, args.invoked, args.from_tty)
}
