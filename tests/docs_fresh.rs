//! docs/commands.md and docs/settings.md are what the tables say. `KDIVE_BLESS=1` rewrites them.

use std::fs;

fn check(name: &str, expected: &str) {
    let path = crate::root().join("docs").join(name);
    if std::env::var_os("KDIVE_BLESS").is_some() {
        fs::write(&path, expected).unwrap();
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let different = found.lines().zip(expected.lines()).position(|(found, expected)| found != expected);
    let line = different.unwrap_or_else(|| found.lines().count().min(expected.lines().count())) + 1;
    assert!(
        found == expected,
        "docs/{name} is stale from line {line} on; run `KDIVE_BLESS=1 cargo test docs_fresh`"
    );
}

#[test]
fn commands() {
    check("commands.md", &kdive_commands::docgen::commands());
}

#[test]
fn settings() {
    check("settings.md", &kdive_commands::docgen::settings());
}
