//! `shell`, `!`, `make`, `pipe`, `|`: other programs.

use std::borrow::Cow;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

use crate::spec::{Class, Completer, Repeat, Spec};
use crate::{Args, Error, Shell};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "shell",
        aliases: &["!"],
        class: Class::Support,
        summary: "Run a command of the system's shell",
        help: "Usage: shell [COMMAND]\n\
               Without a command a shell is started. $_shell_exitcode is its exit status,\n\
               $_shell_exitsignal the signal that ended it.",
        examples: &["shell ls", "!make modules"],
        complete: Completer::File,
        run: |shell, args| run_shell(shell, args.text()),
        ..Spec::EMPTY
    },
    Spec {
        name: "make",
        class: Class::Support,
        summary: "Run make",
        help: "Usage: make [ARGS]",
        examples: &["make -C build modules"],
        complete: Completer::File,
        run: |shell, args| run_shell(shell, &format!("make {}", args.text())),
        ..Spec::EMPTY
    },
    Spec {
        name: "pipe",
        aliases: &["|"],
        class: Class::Support,
        summary: "Send the output of a command to a program",
        help: "Usage: pipe COMMAND | PROGRAM\n       pipe -d DELIMITER COMMAND DELIMITER PROGRAM\n\
               Without a command the last one runs again.",
        examples: &["pipe info line 1 | head -3", "| show | grep print"],
        repeat: Repeat::Again,
        complete: Completer::Command,
        run: pipe,
        ..Spec::EMPTY
    },
];

/// What shells leave with when there is no such program.
const COMMAND_NOT_FOUND: i32 = 127;

/// The user's shell; not for scripts, so `/bin/sh` when nothing is said.
fn user_shell() -> String {
    std::env::var("SHELL").ok().filter(|shell| !shell.is_empty()).unwrap_or_else(|| "/bin/sh".to_owned())
}

fn run_shell(shell: &mut Shell, command: &str) -> Result<(), Error> {
    shell.out.flush();
    let mut process = Command::new(user_shell());
    if !command.is_empty() {
        process.arg("-c").arg(command);
    }
    let status =
        process.status().map_err(|error| Error::msg(format!("Cannot execute {}: {error}", user_shell())))?;
    keep_status(shell, status);
    // A Ctrl-C meanwhile was for the program.
    let _ = shell.interrupt.take();
    if status.code() == Some(COMMAND_NOT_FOUND) {
        shell.suggest_for_bang(command);
    }
    Ok(())
}

fn keep_status(shell: &mut Shell, status: ExitStatus) {
    let hooks = shell.hooks();
    hooks.set_convenience(shell, "_shell_exitcode", status.code().map(i64::from));
    hooks.set_convenience(shell, "_shell_exitsignal", status.signal().map(i64::from));
}

fn pipe(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let mut text = args.text();
    let mut delimiter = "|";
    if let Some(rest) = text.strip_prefix("-d")
        && rest.starts_with(char::is_whitespace)
    {
        let rest = rest.trim_start();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        (delimiter, text) = rest.split_at(end);
        text = text.trim_start();
    } else if text == "-d" {
        return Err(Error::msg("-d requires an argument"));
    }
    if text.is_empty() {
        return Err(Error::msg("Missing COMMAND"));
    }
    let (command, program) =
        text.split_once(delimiter).ok_or_else(|| Error::msg("Missing delimiter before SHELL_COMMAND"))?;
    let program = program.trim();
    if program.is_empty() {
        return Err(Error::msg("Missing SHELL_COMMAND"));
    }
    let command = command.trim();
    let command = if command.is_empty() {
        Cow::Owned(shell.previous_line().ok_or_else(|| Error::msg("No previous command to relaunch"))?)
    } else {
        Cow::Borrowed(command)
    };
    let (result, output) = shell.capture(|shell| shell.execute(&command, args.from_tty));
    result?;
    shell.out.flush();
    let cannot = |error: std::io::Error| Error::msg(format!("Error launching \"{program}\": {error}"));
    let mut child =
        Command::new("/bin/sh").arg("-c").arg(program).stdin(Stdio::piped()).spawn().map_err(cannot)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read everything (`head`) is no error.
        let _ = stdin.write_all(&output);
    }
    let status = child.wait().map_err(cannot)?;
    keep_status(shell, status);
    Ok(())
}
