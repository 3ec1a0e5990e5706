//! `pwd`, `cd`.

use std::env;

use crate::settings::{expand_home, os_message};
use crate::spec::{Class, Completer, Repeat, Spec};
use crate::{Args, Error, Shell};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "pwd",
        class: Class::Files,
        summary: "Print the current directory",
        help: "Relative names of files are looked up from there.",
        examples: &["pwd"],
        run: pwd,
        ..Spec::EMPTY
    },
    Spec {
        name: "cd",
        class: Class::Files,
        summary: "Change the current directory",
        help: "Usage: cd [DIR]\nWithout DIR to your home directory.",
        examples: &["cd /usr/src/linux"],
        repeat: Repeat::No,
        complete: Completer::Dir,
        run: cd,
        ..Spec::EMPTY
    },
];

fn pwd(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if !args.is_empty() {
        return Err(Error::msg(format!("The \"pwd\" command does not take an argument: {}", args.text())));
    }
    let dir = env::current_dir().map_err(|error| Error::msg(os_message(&error)))?;
    shell.out.line(&format!("Working directory {}.", dir.display()));
    Ok(())
}

fn cd(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let name = if args.is_empty() { "~" } else { args.text() };
    let path = expand_home(name);
    env::set_current_dir(&path).map_err(|error| Error::msg(format!("{path}: {}.", os_message(&error))))?;
    if args.from_tty { pwd(shell, Args::new("")) } else { Ok(()) }
}
