//! `echo`, `printf`, `eval`.

use crate::settings::unescape;
use crate::spec::{Class, Completer, Spec};
use crate::{Args, Error, Shell};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "echo",
        class: Class::Support,
        summary: "Print a text",
        help: "Usage: echo TEXT\n\
               C escapes are understood; \\n is a newline, which is not added by itself. A\n\
               backslash before a leading or after a trailing blank keeps it.",
        examples: &["echo hello\\n"],
        run: |shell, args| {
            // Blanks at the end are dropped unless a backslash follows them; a newline (from `eval`) is none.
            shell.out.put_bytes(&unescape(args.raw.trim_end_matches([' ', '\t'])));
            Ok(())
        },
        ..Spec::EMPTY
    },
    Spec {
        name: "printf",
        class: Class::Data,
        summary: "Print values with a C format string",
        help: "Usage: printf \"FORMAT\", ARG1, ARG2, ...",
        examples: &["printf \"%s %d\\n\", \"pid\", 1"],
        complete: Completer::Expr,
        run: printf,
        ..Spec::EMPTY
    },
    Spec {
        name: "eval",
        class: Class::Data,
        summary: "Run a command made with a C format string",
        help: "Usage: eval \"FORMAT\", ARG1, ARG2, ...",
        examples: &["eval \"print %d\", 1"],
        complete: Completer::Expr,
        run: eval,
        ..Spec::EMPTY
    },
];

const MISSING: &str = "Argument required (format-control string and values to print).";

fn printf(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required(MISSING)?;
    let hooks = shell.hooks();
    let mut bytes = Vec::new();
    let result = hooks.format(shell, text, &mut bytes);
    shell.out.put_bytes(&bytes);
    result
}

fn eval(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required(MISSING)?;
    let hooks = shell.hooks();
    let mut bytes = Vec::new();
    hooks.format(shell, text, &mut bytes)?;
    let line = shell.insert_user_args(&String::from_utf8_lossy(&bytes))?;
    shell.execute(&line, args.from_tty)
}
