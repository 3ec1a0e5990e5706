//! `quit`.

use crate::spec::{Class, Completer, Repeat, Spec};
use crate::{Args, Error, Shell};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "quit",
    aliases: &["exit", "q"],
    class: Class::Support,
    summary: "Leave kdive",
    help: "Usage: quit [STATUS]\n\
           The target goes on running: quitting never kills it. STATUS is the exit status,\n\
           0 without it.",
    examples: &["quit", "quit 1"],
    repeat: Repeat::No,
    complete: Completer::Expr,
    run: quit,
    ..Spec::EMPTY
}];

fn quit(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let hooks = shell.hooks();
    let status = if args.is_empty() { 0 } else { hooks.integer(shell, args.text())? };
    if let Some(question) = hooks.quit_question(shell)
        && !shell.query(&question)
    {
        return Err(Error::msg("Not confirmed."));
    }
    shell.quit_from_tty = args.from_tty && !shell.batch;
    // As `exit` of C does, only the low byte reaches the parent.
    Err(Error::Exit((status & 0xff) as i32))
}
