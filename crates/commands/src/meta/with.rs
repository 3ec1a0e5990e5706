//! `with`: one command under another setting.

use std::borrow::Cow;

use crate::spec::{Class, Completer, Spec};
use crate::{Args, Error, Shell, settings};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "with",
    aliases: &["w"],
    class: Class::Support,
    summary: "Run one command with a setting changed",
    help: "Usage: with SETTING [VALUE] [-- COMMAND]\n\
           Afterwards the setting is what it was. Without COMMAND the last one runs again.",
    examples: &["with print pretty on -- print init_task"],
    complete: Completer::Setting,
    run: with,
    ..Spec::EMPTY
}];

fn with(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.required("Missing arguments.")?;
    // Not copied: a line may hold thousands of these.
    let (setting, command) = match text.split_once("--") {
        Some((setting, command)) => (setting, Cow::Borrowed(command.trim())),
        None => {
            let last = shell.previous_line().ok_or_else(|| Error::msg("No previous command to relaunch"))?;
            (text, Cow::Owned(last))
        }
    };
    if command.is_empty() {
        return Err(Error::msg("Missing nested command after '-- '"));
    }
    let (row, value) = settings::command::find(shell, setting)?;
    let old = shell.settings.value(row.name).cloned();
    settings::command::set(shell, row, args.with(value.trim()))?;
    let result = shell.execute(&command, args.from_tty);
    if let Some(old) = old {
        settings::command::assign(shell, row, old, false)?;
    }
    result
}
