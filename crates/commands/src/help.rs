//! `help`, and the texts every list of commands is made of.

pub(crate) mod functions;

use std::cmp::Reverse;
use std::rc::Rc;

use crate::output::Style;
use crate::settings::Kind;
use crate::spec::{Class, Completer, Spec};
use crate::tree::{Alias, Entry, What};
use crate::{Args, Error, Missing, Shell};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "help",
    aliases: &["h"],
    class: Class::Support,
    summary: "Print the manual of a command, or a list of commands",
    help: "Usage: help [COMMAND | SETTING | $FUNCTION | CLASS | function | all]\n\
           Without an argument the classes of commands are listed.",
    examples: &["help", "help info line", "help pagination", "help $list", "help breakpoints", "help all"],
    complete: Completer::Command,
    run: help,
    ..Spec::EMPTY
}];

impl Class {
    /// All classes in the order `help` lists them.
    pub const ALL: &'static [Self] = &[
        Self::Breakpoints,
        Self::Data,
        Self::Files,
        Self::Internals,
        Self::Linux,
        Self::Obscure,
        Self::Running,
        Self::Stack,
        Self::Status,
        Self::Support,
        Self::UserDefined,
        Self::Gdb,
    ];

    /// The word `help` knows it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Breakpoints => "breakpoints",
            Self::Data => "data",
            Self::Files => "files",
            Self::Gdb => "gdb-only",
            Self::Internals => "internals",
            Self::Linux => "linux",
            Self::Obscure => "obscure",
            Self::Running => "running",
            Self::Stack => "stack",
            Self::Status => "status",
            Self::Support => "support",
            Self::UserDefined => "user-defined",
        }
    }

    /// What is in it, without a full stop.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Breakpoints => "Stopping the program where it is of interest",
            Self::Data => "Looking at data and changing it",
            Self::Files => "Programs, symbols, sources",
            Self::Gdb => "Commands of gdb that are known but have no meaning here",
            Self::Internals => "Looking into the debugger itself",
            Self::Linux => "What kdive knows of the Linux kernel",
            Self::Obscure => "Rarely needed",
            Self::Running => "Making the program go",
            Self::Stack => "Frames of the stack",
            Self::Status => "Asking about the state of things",
            Self::Support => "The shell itself: scripts, settings, help",
            Self::UserDefined => "Commands made with \"define\"",
        }
    }
}

/// What a name is, in one line without a full stop, and the rest of its manual.
#[must_use]
pub(crate) fn manual(path: &[String], what: &What) -> (String, String) {
    match what {
        What::Command(spec) => (spec.summary.to_owned(), spec.help.to_owned()),
        What::Set(setting) => {
            let values = match setting.kind {
                Kind::Enum(words) => format!("Values: {}.", words.join(", ")),
                Kind::Bool => "Values: on, off.".to_owned(),
                Kind::AutoBool => "Values: on, off, auto.".to_owned(),
                Kind::UInteger | Kind::Integer => {
                    "A number; 0 and \"unlimited\" are without limit.".to_owned()
                }
                Kind::Limit => "A number; -1 and \"unlimited\" are without limit.".to_owned(),
                _ => String::new(),
            };
            let effect = if setting.ignored { "It has no effect in kdive." } else { "" };
            let lines: Vec<&str> =
                [effect, setting.help, values.as_str()].into_iter().filter(|line| !line.is_empty()).collect();
            (format!("Set {}", setting.summary), lines.join("\n"))
        }
        What::Show(setting) => (format!("Show {}", setting.summary), setting.help.to_owned()),
        What::User(user) => {
            let (first, rest) = user.doc.split_once('\n').unwrap_or((&user.doc, ""));
            (first.strip_suffix('.').unwrap_or(first).to_owned(), rest.to_owned())
        }
        What::Prefix | What::Alias(_) => match path {
            [verb, rest @ ..] if verb == "set" && !rest.is_empty() => {
                (format!("Settings called \"{} ...\"", rest.join(" ")), String::new())
            }
            [verb, rest @ ..] if verb == "show" && !rest.is_empty() => {
                (format!("Show settings called \"{} ...\"", rest.join(" ")), String::new())
            }
            _ => (format!("Commands called \"{} ...\"", path.join(" ")), String::new()),
        },
    }
}

/// Ends the sentence of a summary.
fn sentence(summary: &str) -> String {
    if summary.ends_with(['.', '!', '?', ':']) { summary.to_owned() } else { format!("{summary}.") }
}

/// Other names of a command: the user's, the latest first, then the built-in ones.
fn other_names(shell: &Shell, path: &[String]) -> Vec<String> {
    let mut names: Vec<(Reverse<usize>, Reverse<usize>, String)> = named(shell, path)
        .map(|(name, alias)| {
            (Reverse(alias.by_user), Reverse(name.iter().map(String::len).sum()), name.join(" "))
        })
        .collect();
    names.sort();
    names.into_iter().map(|(_, _, name)| name).collect()
}

/// Other names of a command but for the deprecated ones.
fn named(shell: &Shell, path: &[String]) -> impl Iterator<Item = (Vec<String>, Rc<Alias>)> {
    let kept = |name: &[String]| shell.tree().get(name).is_none_or(|entry| entry.deprecated.is_none());
    shell.tree().aliases_of(path).into_iter().filter(move |(name, _)| kept(name))
}

/// `NAME, ALIAS -- Summary.`
pub(crate) fn list_line(shell: &mut Shell, path: &[String], what: &What) {
    let (summary, _) = manual(path, what);
    shell.out.styled(Style::Title, &path.join(" "));
    for name in other_names(shell, path) {
        shell.out.put(", ");
        shell.out.styled(Style::Title, &name);
    }
    shell.out.line(&format!(" -- {}", sentence(&summary)));
}

/// What a bare prefix command prints: its subcommands.
pub(crate) fn list_subcommands(shell: &mut Shell, path: &[String]) {
    let name = path.join(" ");
    // Commands of gdb without a meaning here are only listed under a name that has nothing else.
    let all = shell.tree().get(path).is_some_and(Entry::is_foreign);
    let children: Vec<(Vec<String>, What)> = shell
        .tree()
        .children(path)
        .map(|branch| {
            branch
                .entries()
                .filter(|entry| all || !entry.is_foreign())
                .map(|entry| (child(path, entry), entry.what.clone()))
                .collect()
        })
        .unwrap_or_default();
    shell.out.line(&format!("List of {name} subcommands:\n"));
    for (path, what) in children {
        if !matches!(what, What::Alias(_)) {
            list_line(shell, &path, &what);
        }
    }
    shell
        .out
        .line(&format!("\nType \"help {name}\" followed by {name} subcommand name for full documentation."));
    closing(shell);
}

fn child(path: &[String], entry: &Entry) -> Vec<String> {
    path.iter().cloned().chain([entry.name.clone()]).collect()
}

fn closing(shell: &mut Shell) {
    shell.out.line("Type \"apropos word\" to search for commands related to \"word\".");
    shell.out.line("Type \"apropos -v word\" for full documentation of commands related to \"word\".");
    shell.out.line("Command name abbreviations are allowed if unambiguous.");
}

fn help(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let text = args.text();
    if text.is_empty() {
        list_classes(shell);
        return Ok(());
    }
    if text == "all" {
        for class in Class::ALL {
            shell.out.line(&format!("\nCommand class: {}\n", class.name()));
            list_class(shell, *class);
        }
        return Ok(());
    }
    if text == "aliases" {
        return list_aliases(shell);
    }
    if let Some(class) = Class::ALL.iter().find(|class| class.name() == text) {
        shell.out.line(&format!("{}.\n\nList of commands:\n", class.summary()));
        list_class(shell, *class);
        shell.out.line("\nType \"help\" followed by command name for full documentation.");
        closing(shell);
        command_called_like_a_class(shell, text);
        return Ok(());
    }
    if let Some(row) = functions::find(text).filter(|_| text.starts_with('$')) {
        functions::print(shell, row);
        return Ok(());
    }
    let found = match shell.tree().find(text) {
        Ok(found) => found,
        Err(_) if text == "function" || text == "functions" => {
            functions::list(shell);
            return Ok(());
        }
        Err(error) => {
            if help_on_setting(shell, text) {
                return Ok(());
            }
            return Err(match text.strip_prefix('$') {
                Some(name) => Error::unknown(
                    format!("There is no function ${name}; \"help function\" lists them."),
                    Missing::Function(name.to_owned()),
                ),
                None => error,
            });
        }
    };
    // What follows the command is taken for an example of its argument, as in gdb, unless nothing was found.
    let (path, what, is_prefix) = (found.path.clone(), found.what.clone(), found.is_prefix);
    print_manual(shell, &path, &what);
    if is_prefix {
        shell.out.line("");
        list_subcommands(shell, &path);
    }
    Ok(())
}

/// `files` is a class of commands, and one of them.
fn command_called_like_a_class(shell: &mut Shell, name: &str) {
    let path = [name.to_owned()];
    let Some(What::Command(spec)) = shell.tree().get(&path).map(|entry| entry.what.clone()) else { return };
    shell.out.line(&format!("\n\"{name}\" is also a command:\n"));
    print_manual(shell, &path, &What::Command(spec));
}

/// `help pagination` is about `set pagination`; whether there is such a setting.
fn help_on_setting(shell: &mut Shell, name: &str) -> bool {
    let line = format!("set {name}");
    let Ok(found) = shell.tree().find(&line) else { return false };
    let (path, what) = (found.path.clone(), found.what.clone());
    let rest = found.rest.trim().to_owned();
    let is_prefix = matches!(what, What::Prefix) && path.len() > 1;
    if !rest.is_empty() || !(matches!(what, What::Set(_)) || is_prefix) {
        return false;
    }
    shell.out.styled(Style::Title, &path.join(" "));
    shell.out.put("\n");
    print_manual(shell, &path, &what);
    match what {
        What::Set(setting) => crate::settings::command::show(shell, setting),
        _ => {
            shell.out.line("");
            list_subcommands(shell, &path);
        }
    }
    true
}

fn list_classes(shell: &mut Shell) {
    shell.out.line("List of classes of commands:\n");
    shell.out.styled(Style::Title, "aliases");
    shell.out.line(" -- Other names made with \"alias\".");
    for class in Class::ALL {
        shell.out.styled(Style::Title, class.name());
        shell.out.line(&format!(" -- {}.", class.summary()));
    }
    shell.out.styled(Style::Title, "function");
    shell.out.line(" -- Functions that expressions can call: $lx_current(), $list(), ...");
    shell.out.line(
        "\nType \"help\" and the name of a class for its commands, \"help all\" for all commands,\n\
         \"help\" and the name of a command or of a setting for its manual.",
    );
    closing(shell);
}

fn list_class(shell: &mut Shell, class: Class) {
    let mut rows: Vec<(Vec<String>, What)> = Vec::new();
    shell.tree().walk(&mut |path, entry| {
        let wanted = match &entry.what {
            What::Command(spec) => spec.class == class,
            What::User(_) => class == Class::UserDefined,
            _ => false,
        };
        if wanted {
            rows.push((path.to_vec(), entry.what.clone()));
        }
    });
    for (path, what) in rows {
        list_line(shell, &path, &what);
    }
}

fn list_aliases(shell: &mut Shell) -> Result<(), Error> {
    let mut rows = Vec::new();
    shell.tree().walk(&mut |path, entry| {
        if let What::Alias(alias) = &entry.what
            && alias.by_user > 0
        {
            let args = if alias.default_args.is_empty() {
                String::new()
            } else {
                format!(" {}", alias.default_args)
            };
            rows.push(format!("{} = {}{args}", path.join(" "), alias.target.join(" ")));
        }
    });
    shell.out.line("Other names made with \"alias\".\n");
    for row in rows {
        shell.out.line(&row);
    }
    Ok(())
}

/// The manual of one command.
pub(crate) fn print_manual(shell: &mut Shell, path: &[String], what: &What) {
    let names = other_names(shell, path);
    let with_args: Vec<String> = named(shell, path)
        .filter(|(_, alias)| !alias.default_args.is_empty())
        .map(|(name, alias)| {
            format!("  alias {} = {} {}", name.join(" "), alias.target.join(" "), alias.default_args)
        })
        .collect();
    if !names.is_empty() || !with_args.is_empty() {
        shell.out.styled(Style::Title, &path.join(" "));
        for name in names {
            shell.out.put(", ");
            shell.out.styled(Style::Title, &name);
        }
        shell.out.put("\n");
    }
    for line in with_args {
        shell.out.line(&line);
    }
    if let What::User(user) = what {
        let doc = user.doc.clone();
        shell.out.line(&doc);
        return;
    }
    let (summary, rest) = manual(path, what);
    shell.out.line(&sentence(&summary));
    if !rest.is_empty() {
        shell.out.line(&rest);
    }
    if let What::Command(spec) = what
        && !spec.examples.is_empty()
    {
        shell.out.line("\nExamples:");
        for example in spec.examples {
            shell.out.line(&format!("  {example}"));
        }
    }
    hooks(shell, path);
}

/// Says which user-defined commands run around this one.
fn hooks(shell: &mut Shell, path: &[String]) {
    use crate::user::When;
    let found: Vec<(When, String)> = [When::Before, When::After]
        .into_iter()
        .filter_map(|when| {
            let hook = shell.user_state().hooks.get(&(when, path.to_vec()))?;
            Some((when, hook.join(" ")))
        })
        .collect();
    for (when, hook) in found {
        let text = if when == When::Before { "before" } else { "after" };
        shell.out.line(&format!("\n\"{hook}\" runs {text} it."));
    }
}

#[cfg(test)]
#[path = "help/tests.rs"]
mod tests;
