//! Commands made with `define`, their documentation, and the hooks that run around other commands.

use std::rc::Rc;

use crate::args::Args;
use crate::script::Script;
use crate::spec::{Class, Completer, Repeat, Spec};
use crate::tree::{What, is_name_char, words};
use crate::{Error, Shell};

/// A command made with `define`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserCommand {
    /// The last word of its name as the user wrote it.
    pub name: String,
    /// What it runs.
    pub body: Script,
    /// Lines given with `document`.
    pub doc: String,
    /// Made with `define-prefix`: has no body of its own.
    pub prefix: bool,
}

/// Documentation of a command that has none.
const UNDOCUMENTED: &str = "User-defined.";

/// When a hook runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum When {
    /// `hook-NAME`.
    Before,
    /// `hookpost-NAME`.
    After,
}

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[
    Spec {
        name: "define",
        class: Class::Support,
        summary: "Make a new command out of others",
        help: "Usage: define NAME\n\
               The commands follow, one per line, up to a line that says \"end\".\n\
               In them $argc is the number of arguments given and $arg0, $arg1, ... are the\n\
               arguments. A command called hook-NAME runs before NAME, hookpost-NAME after\n\
               it, hook-stop at every stop. Describe it with \"document\".",
        examples: &["define adder"],
        repeat: Repeat::No,
        complete: Completer::Command,
        run: define,
        ..Spec::EMPTY
    },
    Spec {
        name: "define-prefix",
        class: Class::Support,
        summary: "Make a command that only has subcommands",
        help: "Usage: define-prefix NAME\nAfterwards \"define NAME SUBCOMMAND\" works.",
        examples: &["define-prefix my"],
        complete: Completer::Command,
        run: define_prefix,
        ..Spec::EMPTY
    },
    Spec {
        name: "document",
        class: Class::Support,
        summary: "Describe a user-defined command",
        help: "Usage: document NAME\n\
               The text follows up to a line that says \"end\"; its first line is what lists\n\
               of commands show.",
        examples: &["document adder"],
        complete: Completer::Command,
        run: document,
        ..Spec::EMPTY
    },
    Spec {
        name: "show user",
        class: Class::Status,
        summary: "Show user-defined commands and what they run",
        help: "Usage: show user [NAME]",
        examples: &["show user"],
        complete: Completer::Command,
        run: show_user,
        ..Spec::EMPTY
    },
];

/// Full name of a command to be made: all words but the last must be a prefix, the last a proper name.
pub(crate) fn validate_name(shell: &Shell, text: &str) -> Result<Vec<String>, Error> {
    let mut all = words(text);
    let Some(last) = all.pop() else {
        return Err(Error::msg("Argument required (name of command to define)."));
    };
    let mut path = Vec::new();
    if !all.is_empty() {
        let prefix = all.join(" ");
        let found = shell.tree().find(&prefix)?;
        let is_user_prefix = matches!(&found.what, What::User(user) if user.prefix);
        if !found.is_prefix && !is_user_prefix || !found.rest.trim().is_empty() {
            return Err(Error::msg(format!("\"{prefix}\" is not a prefix command.")));
        }
        path = found.path;
    }
    if let Some(junk) = last.find(|c| !is_name_char(c)) {
        return Err(Error::msg(format!("Junk in argument list: \"{}\"", &last[junk..])));
    }
    path.push(last);
    Ok(path)
}

fn define(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let path = validate_name(shell, args.text())?;
    let name = path.join(" ");
    let last = path.last().cloned().unwrap_or_default();
    let existing = shell.tree().get(&path).map(|entry| entry.what.clone());
    // Inside another block no question can be asked: the definition was typed long ago.
    if let Some(what) = &existing
        && args.body.is_none()
    {
        let question = match what {
            What::User(_) | What::Alias(_) => format!("Redefine command \"{last}\""),
            _ => format!("Really redefine built-in command \"{last}\""),
        };
        if !shell.query(&question) {
            return Err(Error::msg(format!("Command \"{last}\" not redefined.")));
        }
    }
    let hook = hook_target(shell, &path);
    if let Some((_, _, None)) = &hook
        && args.body.is_none()
    {
        shell.out.warning(&format!("Your new `{last}' command does not hook any existing command."));
        if !shell.query("Proceed") {
            return Err(Error::msg("Not confirmed."));
        }
    }
    if args.from_tty && args.body.is_none() && shell.is_interactive() {
        let text =
            format!("Type commands for definition of \"{name}\".\nEnd with a line saying just \"end\".");
        shell.out.line(&text);
    }
    let body = shell.read_body(&args)?;
    let doc = match existing {
        Some(What::User(user)) => user.doc.clone(),
        _ => UNDOCUMENTED.to_owned(),
    };
    shell.tree_mut().add_user(&path, Rc::new(UserCommand { name: last, body, doc, prefix: false }));
    if let Some((when, _, Some(hooked))) = hook {
        shell.user_state_mut().hooks.insert((when, hooked), path);
    }
    Ok(())
}

/// Whether the name is that of a hook: when it runs, what for, and the existing command it is about.
fn hook_target(shell: &Shell, path: &[String]) -> Option<(When, String, Option<Vec<String>>)> {
    let (last, prefix) = path.split_last()?;
    let (when, name) = match (last.strip_prefix("hook-"), last.strip_prefix("hookpost-")) {
        (Some(name), _) => (When::Before, name),
        (None, Some(name)) => (When::After, name),
        (None, None) => return None,
    };
    let mut target = prefix.to_vec();
    target.push(name.to_owned());
    let existing = shell.tree().get(&target).map(|entry| match &entry.what {
        What::Alias(alias) => alias.target.clone(),
        _ => target.clone(),
    });
    Some((when, name.to_owned(), existing))
}

fn define_prefix(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let path = validate_name(shell, args.text())?;
    let last = path.last().cloned().unwrap_or_default();
    let old = match shell.tree().get(&path).map(|entry| &entry.what) {
        None => None,
        Some(What::User(user)) => Some(Rc::clone(user)),
        Some(_) => return Err(Error::msg(format!("Command \"{}\" is built-in.", path.join(" ")))),
    };
    let command = match old {
        Some(old) => UserCommand { prefix: true, ..(*old).clone() },
        None => {
            UserCommand { name: last, body: Script::default(), doc: UNDOCUMENTED.to_owned(), prefix: true }
        }
    };
    shell.tree_mut().add_user(&path, Rc::new(command));
    Ok(())
}

fn document(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let path = validate_name(shell, args.text())?;
    let name = path.join(" ");
    let user = match shell.tree().get(&path).map(|entry| &entry.what) {
        None => return Err(Error::msg(format!("Undefined command: \"{name}\"."))),
        Some(What::User(user)) => Rc::clone(user),
        Some(_) => return Err(Error::msg(format!("Command \"{name}\" is built-in."))),
    };
    if args.from_tty && args.body.is_none() && shell.is_interactive() {
        let text = format!("Type documentation for \"{name}\".\nEnd with a line saying just \"end\".");
        shell.out.line(&text);
    }
    let body = shell.read_text_body(&args)?;
    let doc: Vec<String> = body.lines.into_iter().map(|line| line.text).collect();
    shell.tree_mut().add_user(&path, Rc::new(UserCommand { doc: doc.join("\n"), ..(*user).clone() }));
    Ok(())
}

fn show_user(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    if args.is_empty() {
        let mut all = Vec::new();
        shell.tree().walk(&mut |path, entry| {
            if let What::User(user) = &entry.what {
                all.push((path.join(" "), Rc::clone(user)));
            }
        });
        for (name, user) in all {
            print_definition(shell, &name, &user);
        }
        return Ok(());
    }
    let found = shell.tree().find(args.text())?;
    match &found.what {
        What::User(user) => {
            let (name, user) = (found.name(), Rc::clone(user));
            print_definition(shell, &name, &user);
            Ok(())
        }
        _ => Err(Error::msg("Not a user command.")),
    }
}

fn print_definition(shell: &mut Shell, name: &str, user: &UserCommand) {
    let kind = if user.prefix && user.body.is_empty() { "Prefix command" } else { "User command" };
    shell.out.line(&format!("{kind} \"{name}\":"));
    if !user.body.is_empty() {
        for line in user.body.render(2) {
            shell.out.line(&line);
        }
        shell.out.line("");
    }
}
