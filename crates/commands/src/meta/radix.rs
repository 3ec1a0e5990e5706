//! `set radix`, `show radix`: input and output radix at once.

use crate::settings::{Settings, Value, command};
use crate::spec::{Class, Completer, Spec};
use crate::{Args, Error, Shell};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "set radix",
        class: Class::Support,
        summary: "Set the radix numbers are read and printed in",
        help: "Usage: set radix [N]\n8, 10 or 16; 10 without N.",
        examples: &["set radix 16"],
        complete: Completer::Expr,
        run: set,
        ..Spec::EMPTY
    },
    Spec {
        name: "show radix",
        class: Class::Support,
        summary: "Show the radix numbers are read and printed in",
        help: "Usage: show radix",
        examples: &["show radix"],
        run: |shell, args| {
            show(shell, args.from_tty, "set to");
            Ok(())
        },
        ..Spec::EMPTY
    },
];

fn set(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let hooks = shell.hooks();
    let radix = if args.is_empty() { 10 } else { hooks.integer(shell, args.text())? };
    // The output radix is the one that can be refused.
    for name in ["output-radix", "input-radix"] {
        let setting = Settings::find(name).ok_or(name)?;
        command::assign(shell, setting, Value::Number(Some(radix)), false)?;
    }
    show(shell, args.from_tty, "now set to");
    Ok(())
}

/// gdb says nothing of it in a script.
fn show(shell: &mut Shell, from_tty: bool, verb: &str) {
    if !from_tty {
        return;
    }
    let radix = |name: &str| shell.settings.signed(name).unwrap_or(10);
    let forms = |radix: i64| format!("decimal {radix}, hex {radix:x}, octal {radix:o}");
    let (input, output) = (radix("input-radix"), radix("output-radix"));
    if input == output {
        shell.out.line(&format!("Input and output radices {verb} {}.", forms(input)));
    } else {
        shell.out.line(&format!("Input radix {verb} {}.", forms(input)));
        shell.out.line(&format!("Output radix {verb} {}.", forms(output)));
    }
}
