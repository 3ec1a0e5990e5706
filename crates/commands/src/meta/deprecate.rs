//! `maintenance deprecate`: names that warn once when they are used, as the authors of command files want for names they replace.

use crate::spec::{Class, Completer, Repeat, Spec};
use crate::tree::{Deprecation, Found};
use crate::{Args, Error, Shell};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "maintenance deprecate",
        class: Class::Internals,
        summary: "Make a command warn once that it is out of date",
        help: "Usage: maintenance deprecate COMMAND [\"REPLACEMENT\"]\n\
               An alias is deprecated alone, and is no longer listed by help.",
        examples: &["maintenance deprecate inspect \"print\""],
        repeat: Repeat::No,
        complete: Completer::Command,
        run: deprecate,
        ..Spec::EMPTY
    },
    Spec {
        name: "maintenance undeprecate",
        class: Class::Internals,
        summary: "Undo \"maintenance deprecate\"",
        help: "Usage: maintenance undeprecate COMMAND",
        examples: &["maintenance undeprecate inspect"],
        repeat: Repeat::No,
        complete: Completer::Command,
        run: undeprecate,
        ..Spec::EMPTY
    },
];

fn deprecate(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.text();
    if text.is_empty() {
        shell.out.line(
            "\"maintenance deprecate\" takes an argument,\n\
             the command you want to deprecate, and optionally the replacement command\n\
             enclosed in quotes.",
        );
        return Ok(());
    }
    let (name, quoted) = text.split_once('"').map_or((text, None), |(name, rest)| (name, Some(rest)));
    let replacement =
        quoted.and_then(|rest| rest.split_once('"')).map(|(replacement, _)| replacement.to_owned());
    mark(shell, name.trim(), Some(Deprecation { replacement, warn: true }));
    Ok(())
}

fn undeprecate(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if args.is_empty() {
        shell
            .out
            .line("\"maintenance undeprecate\" takes an argument, \nthe command you want to undeprecate.");
        return Ok(());
    }
    mark(shell, args.text(), None);
    Ok(())
}

fn mark(shell: &mut Shell, name: &str, deprecation: Option<Deprecation>) {
    let Ok(path) = shell.tree().find(name).map(|found| found.alias.unwrap_or(found.path)) else {
        shell.out.line(&format!("Can't find command '{name}' to deprecate."));
        return;
    };
    if let Some(entry) = shell.tree_mut().get_mut(&path) {
        entry.deprecated = deprecation;
    }
}

/// Warns of a deprecated command or alias that is about to run, once.
pub(crate) fn warn(shell: &mut Shell, found: &Found<'_>) {
    let deprecated = |path: &[String]| shell.tree().get(path).and_then(|entry| entry.deprecated.as_ref());
    let of_command = deprecated(&found.path);
    let of_alias = found.alias.as_deref().and_then(deprecated);
    let Some(latest) = of_command.or(of_alias) else { return };
    if ![of_command, of_alias].into_iter().flatten().any(|deprecation| deprecation.warn) {
        return;
    }
    let command = found.name();
    let alias = found.alias.as_deref().map(|alias| alias.join(" "));
    let what = match (of_command, alias) {
        (Some(_), Some(alias)) => format!("command '{command}' ({alias})"),
        (None, Some(alias)) => format!("'{alias}', an alias for the command '{command}',"),
        (_, None) => format!("command '{command}'"),
    };
    let advice = latest
        .replacement
        .as_ref()
        .map_or_else(|| "No alternative known.".to_owned(), |name| format!("Use '{name}'."));
    shell.out.line(&format!("Warning: {what} is deprecated.\n{advice}\n"));
    for path in found.alias.iter().chain([&found.path]) {
        if let Some(deprecation) = shell.tree_mut().get_mut(path).and_then(|entry| entry.deprecated.as_mut())
        {
            deprecation.warn = false;
        }
    }
}
