//! What every record of the tables has to keep to.

use std::collections::{HashMap, HashSet};

use crate::settings::{self, Setting, Show};
use crate::spec::Spec;
use crate::table::TABLE;
use crate::tree::{Tree, is_name_char};

fn specs() -> impl Iterator<Item = &'static Spec> {
    TABLE.iter().copied().flatten()
}

fn rows() -> impl Iterator<Item = &'static Setting> {
    settings::TABLE.iter().copied().flatten()
}

#[test]
fn names_and_aliases_are_unique_and_proper() {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for spec in specs() {
        for name in spec.aliases.iter().chain([&spec.name]) {
            if let Some(other) = seen.insert((*name).to_owned(), spec.name) {
                panic!("{name:?} of {:?} is a name of {other:?} too", spec.name);
            }
            let proper = name
                .split(' ')
                .all(|word| matches!(word, "!" | "|") || !word.is_empty() && word.chars().all(is_name_char));
            assert!(proper, "{name:?} is no name for a command");
        }
    }
    let mut seen = HashSet::new();
    for row in rows() {
        for name in row.aliases.iter().chain([&row.name]) {
            assert!(seen.insert(*name), "two settings are called {name:?}");
        }
    }
}

#[test]
fn every_command_has_a_manual() {
    let mut wrong = Vec::new();
    for spec in specs() {
        let name = spec.name;
        if spec.summary.is_empty()
            || spec.summary.ends_with('.')
            || spec.summary.starts_with(|c: char| c.is_lowercase())
        {
            wrong.push(format!("{name}: summary {:?}", spec.summary));
        }
        if spec.help.is_empty() || spec.help.ends_with('\n') {
            wrong.push(format!("{name}: no help, or a newline at its end"));
        }
        let long = spec.help.lines().filter(|line| line.len() > 84);
        wrong.extend(long.map(|line| format!("{name}: {} columns: {line}", line.len())));
        if spec.examples.is_empty() && spec.stand_in.is_none() {
            wrong.push(format!("{name}: no example"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_example_is_a_line_for_its_command() {
    let tree = Tree::new(TABLE, settings::TABLE);
    for spec in specs() {
        for example in spec.examples {
            let found =
                tree.find(example).unwrap_or_else(|error| panic!("{example:?} of {:?}: {error}", spec.name));
            // An example of a prefix may show one of its subcommands.
            assert!(
                found.name().starts_with(spec.name),
                "{example:?} of {:?} runs {:?}",
                spec.name,
                found.name()
            );
        }
    }
}

#[test]
fn short_forms_users_have_in_their_fingers() {
    let tree = Tree::new(TABLE, settings::TABLE);
    let known: HashSet<&str> = specs().map(|spec| spec.name).collect();
    let mut wrong = Vec::new();
    for (typed, name) in [
        ("b", "break"),
        ("br", "break"),
        ("bre", "break"),
        ("brea", "break"),
        ("tb", "tbreak"),
        ("thb", "thbreak"),
        ("hb", "hbreak"),
        ("c", "continue"),
        ("cont", "continue"),
        ("n", "next"),
        ("ni", "nexti"),
        ("s", "step"),
        ("si", "stepi"),
        ("fin", "finish"),
        ("u", "until"),
        ("unt", "until"),
        ("adv", "advance"),
        ("p", "print"),
        ("l", "list"),
        ("li", "list"),
        ("bt", "backtrace"),
        ("where", "backtrace"),
        ("f", "frame"),
        ("i", "info"),
        ("x", "x"),
        ("d", "delete"),
        ("dis", "disable"),
        ("disa", "disable"),
        ("en", "enable"),
        ("h", "help"),
        ("he", "help"),
        ("q", "quit"),
        ("exit", "quit"),
        ("disas", "disassemble"),
        ("wat", "watch"),
        ("i b", "info breakpoints"),
        ("i r", "info registers"),
        ("i lo", "info locals"),
        ("i li", "info line"),
        ("i th", "info threads"),
        ("i f", "info frame"),
        ("i s", "info stack"),
        ("i sy", "info symbol"),
        ("i sc", "info scope"),
        ("i ad", "info address"),
        ("i va", "info variables"),
        ("i fu", "info functions"),
        ("t", "thread"),
        ("tar rem", "target remote"),
        ("cl", "clear"),
        ("cond", "condition"),
        ("ig", "ignore"),
        ("comm", "commands"),
        ("det", "detach"),
        ("disc", "disconnect"),
        ("disp", "display"),
        ("und", "undisplay"),
        ("pt", "ptype"),
        ("mo", "monitor"),
        ("wa", "watch"),
        ("for", "search"),
        ("wha", "whatis"),
        ("ou", "output"),
        ("mon", "monitor"),
        ("up", "up"),
        ("do", "down"),
        ("sho", "show"),
        ("fil", "file"),
        ("sy", "symbol-file"),
        ("dir", "directory"),
        ("rw", "rwatch"),
        ("aw", "awatch"),
        ("ec", "echo"),
        ("pwd", "pwd"),
        ("mai", "maintenance"),
        ("doc", "document"),
        ("sour", "source"),
        ("j", "jump"),
        ("k", "kill"),
        ("w", "with"),
    ] {
        match tree.find(typed) {
            // Commands of other files are checked from the day they are in the table.
            _ if !known.contains(name) => {}
            Ok(found) if found.name() == name => {}
            Ok(found) => wrong.push(format!("{typed:?} is {:?}", found.name())),
            Err(error) => wrong.push(format!("{typed:?}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_setting_can_be_described() {
    for row in rows() {
        let name = row.name;
        assert!(!row.summary.is_empty() && !row.summary.ends_with('.'), "summary of {name:?}");
        assert!(!row.summary.starts_with(|c: char| c.is_ascii_uppercase()), "summary of {name:?}");
        if let Show::Sentence(sentence) = row.show {
            assert!(sentence.contains("{}"), "show {name} does not show its value");
        }
        let default = row.kind.default_value(row.default).shown();
        assert_eq!(default, row.default, "default of {name:?}");
        if let settings::Kind::Enum(words) = row.kind {
            assert!(words.contains(&row.default), "default of {name:?} is none of its values");
        }
    }
}
