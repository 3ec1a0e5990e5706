//! Every setting is read by somebody, or says that it has no effect: a name that is only remembered is a lie to the user.
//!
//! The test reads the sources. A setting is read where its name is the last argument of one of the functions in [`READERS`],
//! outside of the table, of tests and of comments. Settings whose names are put together from parts are named by their reader.

use std::fs;
use std::path::{Path, PathBuf};

use crate::settings::{self, Setting};

/// The functions that read a setting by its name.
const READERS: &[&str] =
    &["bool", "auto_bool", "number", "signed", "text", "chosen", "directories", "seconds", "size", "small"];

/// The sources of everybody who has the settings, without the table and without tests.
fn sources() -> String {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![crates.join("commands/src"), crates.join("repl/src"), crates.join("../src")];
    let mut all = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            match (path.is_dir(), name.as_str()) {
                (_, "rows" | "tests" | "tests.rs") => {}
                (true, _) => folders.push(path),
                (false, name) if name.ends_with(".rs") => {
                    let text = fs::read_to_string(&path).unwrap();
                    all.push_str(&code(&text));
                }
                (false, _) => {}
            }
        }
    }
    all
}

/// A file without its comments and its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.fold(String::new(), |all, line| all + line + "\n")
}

/// Whether the sources hold a call such as `text("NAME")` or `seconds(shell, "NAME")`.
fn is_read(sources: &str, name: &str) -> bool {
    let literal = format!("\"{name}\"");
    sources.match_indices(&literal).any(|(at, _)| {
        let before = sources[..at].trim_end();
        // A first argument: the shell or the settings.
        let before = match before.strip_suffix(',') {
            Some(more) => more.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '.'),
            None => before,
        };
        let Some(function) = before.trim_end_matches('&').strip_suffix('(') else { return false };
        let start = function.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
        READERS.contains(&&function[start..]) && sources[at + literal.len()..].trim_start().starts_with(')')
    })
}

fn reads(sources: &str, row: &Setting) -> bool {
    is_read(sources, row.name)
        || settings::owners::OWNERS.iter().any(|owner| owner.name == row.name)
        || settings::look::reads(row.name)
        || settings::architecture::answers(row.name)
        || settings::rows::packets::packet_of(row.name).is_some()
        || row.name == settings::rows::packets::ALL_BREAKPOINTS
}

#[test]
fn every_setting_is_read_or_says_that_it_has_no_effect() {
    let sources = sources();
    let rows = || settings::TABLE.iter().copied().flatten();
    let dead: Vec<_> =
        rows().filter(|row| !row.ignored && !row.same && !reads(&sources, row)).map(|row| row.name).collect();
    assert!(dead.is_empty(), "{dead:?} have no reader: read them, or mark their rows with `.ignored()`");
    let alive: Vec<_> =
        rows().filter(|row| (row.ignored || row.same) && reads(&sources, row)).map(|row| row.name).collect();
    assert!(alive.is_empty(), "{alive:?} are read, but their rows say that they have no effect");
}

#[test]
fn a_dead_setting_is_found() {
    let sources = code(
        "// settings.bool(\"print commented\")\n\
         let a = settings.bool(\"print pretty\");\n\
         let b = seconds(shell, \"remotetimeout\");\n\
         let c = shell.settings.text(\n    \"long name\",\n);\n\
         shell.settings.put(\"print written\", value);\n\
         match name { \"print matched\" => {} _ => {} }\n\
         #[cfg(test)]\nmod tests { fn a() { settings.bool(\"print tested\") } }\n",
    );
    assert!(is_read(&sources, "print pretty") && is_read(&sources, "remotetimeout"));
    for dead in ["print commented", "print written", "print matched", "print tested", "print", "pretty"] {
        assert!(!is_read(&sources, dead), "{dead}");
    }
}
