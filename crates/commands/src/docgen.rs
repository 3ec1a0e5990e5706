//! docs/commands.md and docs/settings.md, made from the tables. A test keeps the files equal to this text.

use std::fmt::Write as _;

use crate::settings::{self, Kind, Setting};
use crate::spec::{Class, Needs, Spec};
use crate::table::TABLE;

/// The text of docs/commands.md.
#[must_use]
pub fn commands() -> String {
    let mut out = String::from(
        "# Commands\n\n\
         Made from the command table by `KDIVE_BLESS=1 cargo test`; do not edit. Names may be shortened as long as they\n\
         are unambiguous. Settings are in [settings.md](settings.md).\n",
    );
    for class in Class::ALL {
        let specs: Vec<&Spec> = TABLE.iter().copied().flatten().filter(|spec| spec.class == *class).collect();
        if specs.is_empty() {
            continue;
        }
        let _ = write!(out, "\n## {}\n\n{}.\n", class.name(), class.summary());
        if *class == Class::Gdb {
            let names: Vec<String> = specs.iter().map(|spec| code(spec.name)).collect();
            let _ = write!(
                out,
                "A command file continues after them, with a warning where something was wanted, and fails where\ngdb's would fail.\n\n{}.\n",
                names.join(", ")
            );
            continue;
        }
        for spec in specs {
            command(&mut out, spec);
        }
    }
    out
}

fn command(out: &mut String, spec: &Spec) {
    let _ = write!(out, "\n### {}\n\n{}.", spec.name, spec.summary);
    if !spec.aliases.is_empty() {
        let aliases: Vec<String> = spec.aliases.iter().map(|alias| code(alias)).collect();
        let _ = write!(out, " Also {}.", aliases.join(", "));
    }
    if let Some(needs) = needs(spec.needs) {
        let _ = write!(out, " Needs {needs}.");
    }
    out.push('\n');
    if !spec.help.is_empty() {
        let _ = write!(out, "\n```text\n{}\n```\n", spec.help);
    }
    if !spec.examples.is_empty() {
        let examples: Vec<String> = spec.examples.iter().map(|example| code(example)).collect();
        let _ = write!(out, "\nExamples: {}\n", examples.join(", "));
    }
}

fn needs(needs: Needs) -> Option<String> {
    let named = [
        (Needs::SYMBOLS, "symbols"),
        (Needs::STOPPED, "a stopped target"),
        (Needs::TARGET, "a target"),
        (Needs::REGISTERS, "registers"),
        (Needs::STACK, "a frame"),
        (Needs::FRAME, "a frame"),
    ];
    let mut list: Vec<&str> =
        named.iter().filter(|(need, _)| needs.contains(*need)).map(|(_, text)| *text).collect();
    if list.contains(&"a stopped target") {
        list.retain(|text| *text != "a target");
    }
    list.dedup();
    (!list.is_empty()).then(|| list.join(", "))
}

/// Inline code, with a longer fence when the text holds a backtick.
fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// The text of docs/settings.md.
#[must_use]
pub fn settings() -> String {
    let mut out = String::from(
        "# Settings\n\n\
         Made from the table of settings by `KDIVE_BLESS=1 cargo test`; do not edit. `set NAME VALUE` changes one,\n\
         `show NAME` shows it.\n\n\
         | setting | values | default | what it is |\n|---|---|---|---|\n",
    );
    let rows = || settings::TABLE.iter().copied().flatten();
    for row in rows().filter(|row| !row.ignored && !row.same) {
        setting(&mut out, row);
    }
    out.push_str(
        "\n## The same either way\n\n\
         gdb does the same whatever these say, as long as its target is a stub that debugs one machine and no pretty-printers are\n\
         loaded; so does kdive:\n\n",
    );
    let same: Vec<String> = rows().filter(|row| row.same).map(|row| code(row.name)).collect();
    out.push_str(&same.join(", "));
    out.push_str(".\n");
    out.push_str(
        "\n## Without effect\n\n\
         Names of gdb that are accepted and remembered so that command files written for gdb run. To set one to anything but its\n\
         default prints a warning that it has no effect:\n\n",
    );
    let ignored: Vec<String> = rows().filter(|row| row.ignored).map(|row| code(row.name)).collect();
    out.push_str(&ignored.join(", "));
    out.push_str(".\n");
    out
}

fn setting(out: &mut String, row: &Setting) {
    let values = match row.kind {
        Kind::AutoOffset => "auto, off, offset".to_owned(),
        Kind::Bool => "on, off".to_owned(),
        Kind::AutoBool => "on, off, auto".to_owned(),
        Kind::UInteger | Kind::Limit | Kind::Integer => "number, unlimited".to_owned(),
        Kind::Plain | Kind::Unsigned => "number".to_owned(),
        Kind::Enum(words) => words.join(", "),
        Kind::Text | Kind::RawText => "text".to_owned(),
        Kind::OptionalFile | Kind::File => "path".to_owned(),
    };
    let default = match row.kind.default_value(row.default).shown() {
        empty if empty.is_empty() => String::new(),
        shown => code(&shown),
    };
    let help = row.help.replace('\n', " ");
    let help = if help.is_empty() { String::new() } else { format!(". {help}") };
    let text = format!("{}{help}", row.summary).replace('|', "\\|").replace('<', "\\<");
    let _ = writeln!(out, "| {} | {values} | {default} | {text} |", code(row.name));
}
