//! `show values`, `show convenience`, `init-if-undefined`: the value history and the variables of the user.

use crate::gdb::data::put;
use crate::spec::{Class, Completer, Spec};
use crate::{Args, Error, Shell};
use kdive_expr::print::print_value;
use kdive_types::{Out, Value};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "show values",
        class: Class::Status,
        summary: "Show values printed before",
        help: "Usage: show values [NUMBER | +]\n\
               The last ten, ten around NUMBER, or with + the ten after those shown last.",
        examples: &["show values"],
        complete: Completer::Expr,
        run: show_values,
        ..Spec::EMPTY
    },
    Spec {
        name: "show convenience",
        aliases: &["show conv"],
        class: Class::Status,
        summary: "Show convenience variables and their values",
        help: "Usage: show convenience",
        examples: &["show convenience"],
        run: |shell, _| {
            for (name, value) in shell.program().store().variables() {
                show(shell, &name, &value);
            }
            Ok(())
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "init-if-undefined",
        class: Class::Data,
        summary: "Give a convenience variable a value unless it has one",
        help: "Usage: init-if-undefined $VARIABLE = EXPRESSION",
        examples: &["init-if-undefined $limit = 10"],
        complete: Completer::Expr,
        run: init_if_undefined,
        ..Spec::EMPTY
    },
];

/// `$NAME = VALUE` without a new number in the history.
fn show(shell: &mut Shell, name: &str, value: &Value) {
    let program = shell.program();
    let mut out = Out::new();
    out.push(&format!("${name} = "));
    if let Err(error) = print_value(program, value, &program.options.print, &mut out) {
        out.push(&format!("<error: {error}>"));
    }
    out.push("\n");
    put(shell, &out);
}

fn show_values(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    const PAGE: i64 = 10;
    let count = shell.program().store().history_len() as i64;
    let first = match args.text() {
        "" => count - PAGE + 1,
        "+" => shell.values_shown.unwrap_or(count - PAGE + 1),
        number => {
            let hooks = shell.hooks();
            hooks.integer(shell, number)?.saturating_sub(PAGE / 2)
        }
    };
    let first = first.max(1);
    for number in first..first.saturating_add(PAGE).min(count + 1) {
        let value = usize::try_from(number).ok().and_then(|number| shell.program().store().history(number));
        if let Some(value) = value {
            show(shell, &number.to_string(), &value);
        }
    }
    shell.values_shown = Some(first.saturating_add(PAGE));
    if !args.is_empty() {
        shell.repeat_with("+");
    }
    Ok(())
}

fn init_if_undefined(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("Argument required (expression to compute).")?;
    let not_assignment = || Error::msg("Init-if-undefined requires an assignment expression.");
    let (left, right) = text.split_once('=').ok_or_else(not_assignment)?;
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let name = left.trim().strip_prefix('$').filter(|name| is_name(name)).ok_or_else(not_assignment)?;
    if right.starts_with('=') {
        return Err(not_assignment());
    }
    if shell.program().store().get(name).is_some() {
        return Ok(());
    }
    let hooks = shell.hooks();
    hooks.evaluate(shell, text)
}
