//! `alias`: another name for a command, with arguments of its own if wanted.

use crate::args::Args;
use crate::spec::{Class, Completer, Spec};
use crate::tree::{Alias, What, is_name_char, words};
use crate::{Error, Shell};

/// The commands of this file.
pub const COMMANDS: &[Spec] = &[Spec {
    name: "alias",
    class: Class::Support,
    summary: "Give a command another name",
    help: "Usage: alias [-a] [--] ALIAS = COMMAND [DEFAULT-ARGS...]\n\
           ALIAS is one word, or as many as COMMAND with the same prefix. DEFAULT-ARGS are\n\
           put before what the user types. With -a the name is not offered by completion.",
    examples: &["alias pp = print -pretty --", "alias -a set cnf = set confirm"],
    complete: Completer::Command,
    run: alias,
    ..Spec::EMPTY
}];

const USAGE: &str = "Usage: alias [-a] [--] ALIAS = COMMAND [DEFAULT-ARGS...]";

fn alias(shell: &mut Shell, args: Args<'_>) -> Result<(), Error> {
    let usage = || Error::msg(USAGE);
    let (left, right) = args.text().split_once('=').ok_or_else(usage)?;
    let mut left: Vec<String> = words(left);
    let mut hidden = false;
    while let Some(option) = left.first().filter(|word| word.starts_with('-')).cloned() {
        left.remove(0);
        match option.as_str() {
            "-a" => hidden = true,
            "--" => break,
            _ => return Err(usage()),
        }
    }
    let right = right.trim();
    let (Some(last), false) = (left.last(), right.is_empty()) else { return Err(usage()) };
    if !last.chars().all(is_name_char) {
        return Err(Error::msg(format!("Invalid command name: {}", left.join(" "))));
    }
    let found = shell.tree().find(right)?;
    let target = found.path.clone();
    let mut default_args = found.rest.trim().to_owned();
    if !found.default_args.is_empty() {
        // An alias of an alias carries its arguments on.
        default_args = [found.default_args.as_str(), &default_args].join(" ").trim().to_owned();
    }
    if !default_args.is_empty() && found.is_prefix && matches!(found.what, What::Prefix) {
        return Err(Error::msg(format!("Invalid command to alias to: {right}")));
    }
    let path = if left.len() == 1 { left } else { full_path(shell, &left, right, &target)? };
    if shell.tree().get(&path).is_some() {
        return Err(Error::msg(format!("Alias already exists: {}", path.join(" "))));
    }
    let mut made = 0;
    shell.tree().walk(&mut |_, entry| {
        if let What::Alias(alias) = &entry.what {
            made = made.max(alias.by_user);
        }
    });
    shell.tree_mut().add_alias(&path, Alias { target, default_args, by_user: made + 1, hidden });
    Ok(())
}

/// The full name of an alias of several words: its prefix must be that of the command.
fn full_path(shell: &Shell, left: &[String], right: &str, target: &[String]) -> Result<Vec<String>, Error> {
    if left.len() != words(right).len().min(target.len()) {
        return Err(Error::msg("Mismatched command length between ALIAS and COMMAND."));
    }
    let (last, prefix) = left.split_last().ok_or_else(|| Error::msg(USAGE))?;
    let mismatch = || Error::msg("ALIAS and COMMAND prefixes do not match.");
    let prefix = prefix.join(" ");
    let found = shell.tree().find(&prefix).map_err(|_| mismatch())?;
    if target.get(..target.len() - 1) != Some(&found.path[..]) {
        return Err(mismatch());
    }
    let mut path = found.path;
    path.push(last.clone());
    Ok(path)
}
