//! `set logging`: a copy of the output in a file.

use crate::settings::{Settings, Value, os_message};
use crate::spec::{Class, Completer, Spec};
use crate::{Args, Error, Shell, settings};

/// The commands of this file: the old spelling. The new one is a setting.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "set logging on",
        class: Class::Support,
        summary: "Old spelling of \"set logging enabled on\"",
        help: "Usage: set logging on",
        examples: &["set logging on"],
        complete: Completer::File,
        run: |shell, args| deprecated(shell, args, true),
        ..Spec::EMPTY
    },
    Spec {
        name: "set logging off",
        class: Class::Support,
        summary: "Old spelling of \"set logging enabled off\"",
        help: "Usage: set logging off",
        examples: &["set logging off"],
        run: |shell, args| deprecated(shell, args, false),
        ..Spec::EMPTY
    },
];

fn deprecated(shell: &mut Shell, args: Args<'_>, on: bool) -> Result<(), Error> {
    let word = if on { "on" } else { "off" };
    shell.out.line(&format!(
        "Warning: 'set logging {word}', an alias for the command 'set logging enabled', is deprecated.\n\
         Use 'set logging enabled {word}'.\n"
    ));
    if !args.is_empty() {
        return Err(Error::msg("\"on\" or \"off\" expected."));
    }
    let setting = Settings::find("logging enabled").ok_or("logging enabled")?;
    settings::command::assign(shell, setting, Value::Bool(on), args.from_tty)
}

/// Makes the log what `logging enabled` says.
pub(crate) fn switch(shell: &mut Shell, from_tty: bool) -> Result<(), Error> {
    let old = shell.out.log_name().map(str::to_owned);
    if !shell.settings.bool("logging enabled") {
        shell.out.stop_log();
        if let (Some(old), true) = (old, from_tty) {
            shell.out.line(&format!("Done logging to {old}."));
        }
        return Ok(());
    }
    if let Some(old) = old {
        // gdb says so and leaves the setting on.
        shell.out.error(&format!("Already logging to {old}."));
        return Ok(());
    }
    let name = shell.settings.text("logging file");
    let redirect = shell.settings.bool("logging redirect");
    if from_tty {
        let verb = |redirect: bool| if redirect { "Redirecting" } else { "Copying" };
        let debug = shell.settings.bool("logging debugredirect");
        shell.out.line(&format!("{} output to {name}.", verb(redirect)));
        shell.out.line(&format!("{} debug output to {name}.", verb(debug)));
    }
    let overwrite = shell.settings.bool("logging overwrite");
    let started = shell.out.start_log(&name, overwrite, redirect);
    started.map_err(|error| Error::msg(format!("set logging: {name}: {}.", os_message(&error))))
}
