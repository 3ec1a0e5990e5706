//! Where sources are looked for: `directory`, `set directories`, `set substitute-path`.

use super::{Settings, Value, expand_home};
use crate::spec::{Class, Completer, Repeat, Spec};
use crate::{Args, Error, Shell};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "directory",
        aliases: &["dir"],
        class: Class::Files,
        summary: "Add directories to the front of the source path",
        help: "Usage: directory [DIR]...\n\
               $cdir stands for the directory of compilation, $cwd for the current one. Without\n\
               an argument the path goes back to these two.",
        examples: &["directory /usr/src/linux"],
        repeat: Repeat::No,
        complete: Completer::Dir,
        run: directory,
        ..Spec::EMPTY
    },
    Spec {
        name: "set substitute-path",
        class: Class::Files,
        summary: "Look for sources under another directory than the one they were compiled in",
        help: "Usage: set substitute-path FROM TO\n\
               A file whose directory is FROM, or below it, is looked for below TO.",
        examples: &["set substitute-path /build/linux /usr/src/linux"],
        complete: Completer::Dir,
        run: set_substitute_path,
        ..Spec::EMPTY
    },
    Spec {
        name: "show substitute-path",
        class: Class::Files,
        summary: "Show the rules of \"set substitute-path\"",
        help: "Usage: show substitute-path [PATH]\nWith PATH only the rule that applies to it.",
        examples: &["show substitute-path"],
        run: show_substitute_path,
        ..Spec::EMPTY
    },
    Spec {
        name: "unset substitute-path",
        class: Class::Files,
        summary: "Delete one or all rules of \"set substitute-path\"",
        help: "Usage: unset substitute-path [FROM]",
        examples: &["unset substitute-path /build/linux"],
        run: unset_substitute_path,
        ..Spec::EMPTY
    },
];

const DEFAULT: &str = "$cdir:$cwd";

fn directory(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let list = if args.is_empty() {
        if args.from_tty && !shell.query("Reinitialize source path to empty") {
            return Ok(());
        }
        DEFAULT.to_owned()
    } else {
        let old = shell.settings.text("directories");
        with_new_directories(shell, args.text(), &old)
    };
    let setting = Settings::find("directories").ok_or("directories")?;
    shell.settings.put(setting.name, Value::Text(list));
    super::changed(shell, setting.name)?;
    if args.from_tty {
        super::command::show(shell, setting);
    }
    Ok(())
}

/// The source path with `new` (separated by colons or blanks) in front of `old`, each directory once, `$cdir:$cwd` at
/// its end.
pub(super) fn with_new_directories(shell: &mut Shell, new: &str, old: &str) -> String {
    let mut list: Vec<String> = Vec::new();
    for dir in new.split([':', ' ', '\t']).filter(|dir| !dir.is_empty()) {
        let dir = if dir.starts_with('$') {
            dir.to_owned()
        } else {
            let path = std::path::absolute(expand_home(dir)).unwrap_or_else(|_| dir.into());
            let text = path.display().to_string();
            let path = if text.len() > 1 { text.trim_end_matches('/').to_owned() } else { text };
            match std::fs::metadata(&path) {
                Err(error) => shell.out.error(&format!("Warning: {path}: {}.", os_message(&error))),
                Ok(meta) if !meta.is_dir() => {
                    shell.out.error(&format!("Warning: {path} is not a directory."))
                }
                Ok(_) => {}
            }
            path
        };
        if !list.contains(&dir) {
            list.push(dir);
        }
    }
    for dir in old.split(':').chain(DEFAULT.split(':')).filter(|dir| !dir.is_empty()) {
        if !list.iter().any(|known| known == dir) {
            list.push(dir.to_owned());
        }
    }
    list.join(":")
}

/// The operating system's words without the number Rust adds.
pub(crate) fn os_message(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

fn set_substitute_path(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let words = args.words()?;
    let [from, to] = &words[..] else {
        let amount = if words.len() > 2 { "many" } else { "few" };
        return Err(Error::msg(format!("Incorrect usage, too {amount} arguments in command")));
    };
    if from.is_empty() {
        return Err(Error::msg("First argument must be at least one character long"));
    }
    let strip = |path: &str| {
        let short = path.trim_end_matches('/');
        (if short.is_empty() { path } else { short }).to_owned()
    };
    let (from, to) = (strip(from), strip(to));
    shell.settings.substitutions.retain(|(old, _)| *old != from);
    shell.settings.substitutions.push((from, to));
    super::changed(shell, "substitute-path")
}

fn show_substitute_path(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let words = args.words()?;
    if words.len() > 1 {
        return Err(Error::msg("Too many arguments in command"));
    }
    let path = words.first().map(String::as_str).unwrap_or_default();
    if path.is_empty() {
        shell.out.line("List of all source path substitution rules:");
    } else {
        shell.out.line(&format!("Source path substitution rule matching `{path}':"));
    }
    let rules: Vec<_> = shell.settings.substitutions.clone();
    for (from, to) in rules {
        if path.is_empty() || applies(&from, path) {
            shell.out.line(&format!("  `{from}' -> `{to}'."));
        }
    }
    Ok(())
}

/// Whether a rule is about a path: the path is the directory or lies below it.
fn applies(from: &str, path: &str) -> bool {
    path.strip_prefix(from).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn unset_substitute_path(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let words = args.words()?;
    if words.len() > 1 {
        return Err(Error::msg("Incorrect usage, too many arguments in command"));
    }
    let from = words.first().map(|from| from.trim_end_matches('/')).unwrap_or_default();
    if from.is_empty() {
        if !shell.query("Delete all source path substitution rules") {
            return Err(Error::msg("Canceled"));
        }
        shell.settings.substitutions.clear();
    } else {
        let before = shell.settings.substitutions.len();
        shell.settings.substitutions.retain(|(old, _)| old != from);
        if shell.settings.substitutions.len() == before {
            return Err(Error::msg(format!("No substitution rule defined for `{from}'")));
        }
    }
    super::changed(shell, "substitute-path")
}
