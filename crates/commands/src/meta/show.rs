//! `show version` and other `show` commands that are not about a setting.

use crate::output::Style;
use crate::spec::{Class, Repeat, Spec};
use crate::{Args, Error, Shell};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "show version",
        class: Class::Status,
        summary: "Show what version of kdive this is",
        help: "Usage: show version",
        examples: &["show version"],
        run: |shell, _| {
            print_version(shell);
            Ok(())
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "show commands",
        class: Class::Status,
        summary: "Show the commands typed so far",
        help: "Usage: show commands [NUMBER | +]\n\
               The last ten, ten around NUMBER, or with + the ten after those shown last.",
        examples: &["show commands"],
        repeat: Repeat::Again,
        run: show_commands,
        ..Spec::EMPTY
    },
];

/// What `kdive -version` and the start of the shell print.
pub fn print_version(shell: &mut Shell) {
    shell.out.styled(Style::Title, concat!("kdive ", env!("CARGO_PKG_VERSION")));
    shell.out.put(
        "\nA debugger for kernels that run in QEMU. Licence: MIT or Apache-2.0.\n\
         There is no warranty, to the extent permitted by law.\n",
    );
}

fn show_commands(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    const PAGE: i64 = 10;
    let (base, lines) = shell.history();
    let (base, count) = (base as i64, lines.len() as i64);
    let first = match args.text() {
        "" => base + count - PAGE,
        "+" => shell.commands_shown.unwrap_or(base + count - PAGE),
        number => {
            let hooks = shell.hooks();
            hooks.integer(shell, number)? - PAGE / 2
        }
    };
    // The last page is full if there are enough commands, as in gdb.
    let first = first.min(base + count - PAGE).max(base);
    for number in first..(first + PAGE).min(base + count) {
        if let Some(line) = usize::try_from(number - base).ok().and_then(|at| lines.get(at)) {
            shell.out.line(&format!("{number:5}  {line}"));
        }
    }
    shell.commands_shown = Some(first + PAGE);
    if !args.is_empty() {
        // Enter goes on, as in gdb.
        shell.repeat_with("+");
    }
    Ok(())
}
