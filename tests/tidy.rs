//! Rules about the source tree that the compiler does not know.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a file without its tests.
const MAX_LINES: usize = 800;

fn source_files() -> Vec<PathBuf> {
    let mut dirs = vec![crate::root().join("src"), crate::root().join("tests"), crate::root().join("crates")];
    let mut files = Vec::new();
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn shown(path: &Path) -> String {
    path.strip_prefix(crate::root()).unwrap_or(path).display().to_string()
}

/// Names of workspace crates in the `[dependencies]` of a manifest.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside =
                line == "[dependencies]" || line.starts_with("[target.") && line.ends_with(".dependencies]");
        } else if inside && let Some(name) = line.strip_prefix("kdive-") {
            let end = name.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(name.len());
            found.push(name[..end].to_owned());
        }
    }
    found
}

/// Which crates a crate may name: the table of docs/architecture.md, whose rows start with the crate and its edges.
fn allowed_edges() -> Vec<(String, Vec<String>)> {
    let page = fs::read_to_string(crate::root().join("docs/architecture.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    rows.map(|(name, rest)| {
        let edges = rest.split('|').next().unwrap_or_default();
        (name.to_owned(), edges.split_whitespace().map(str::to_owned).collect())
    })
    .collect()
}

#[test]
fn crates_name_only_crates_below_them() {
    let table = allowed_edges();
    assert!(
        table.contains(&("base".to_owned(), Vec::new())),
        "no table of crates in docs/architecture.md: {table:?}"
    );
    let mut wrong = Vec::new();
    for entry in fs::read_dir(crate::root().join("crates")).unwrap() {
        let dir = entry.unwrap().path();
        let name = dir.file_name().unwrap().to_str().unwrap().to_owned();
        let Ok(manifest) = fs::read_to_string(dir.join("Cargo.toml")) else { continue };
        let Some((_, allowed)) = table.iter().find(|(known, _)| *known == name) else {
            wrong.push(format!("{name} is not in the table of docs/architecture.md"));
            continue;
        };
        for dependency in dependencies(&manifest) {
            if !allowed.contains(&dependency) {
                wrong.push(format!("{name} names {dependency}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_manifests_reads() {
    let manifest = "[package]\nname = \"kdive-x\"\n[dependencies]\nkdive-base.workspace = true\nkdive-rsp = { path = \"x\" }\n\
                    [dev-dependencies]\nkdive-testkit.workspace = true\n";
    assert_eq!(dependencies(manifest), ["base", "rsp"]);
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = source_files()
        .into_iter()
        .filter(|path| {
            !fs::read_to_string(path).unwrap().trim_start_matches("#!").trim_start().starts_with("//!")
        })
        .map(|path| shown(&path))
        .collect();
    assert!(silent.is_empty(), "files that do not start with `//!`:\n{}", silent.join("\n"));
}

#[test]
fn files_are_short() {
    let is_test = |path: &Path| {
        let in_tests =
            path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "benches");
        in_tests || path.file_name().is_some_and(|name| name == "tests.rs")
    };
    let long: Vec<String> = source_files()
        .into_iter()
        .filter(|path| !is_test(path))
        .filter_map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default().lines().count();
            (code > MAX_LINES).then(|| format!("{}: {code} lines", shown(&path)))
        })
        .collect();
    assert!(long.is_empty(), "files of more than {MAX_LINES} lines without tests:\n{}", long.join("\n"));
}

#[test]
fn libraries_do_not_print() {
    let words = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];
    let mut wrong = Vec::new();
    for path in source_files() {
        let text = shown(&path);
        let is_library = text.starts_with("crates/")
            && !["crates/repl/", "crates/testkit/", "crates/xtask/"].iter().any(|dir| text.starts_with(dir));
        if !is_library || !text.contains("/src/") || text.contains("/tests") {
            continue;
        }
        let code = fs::read_to_string(&path).unwrap();
        let code = code.split("\n#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            let line = line.trim_start();
            if !line.starts_with("//") && words.iter().any(|word| line.starts_with(word)) {
                wrong.push(format!("{text}:{}: {line}", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_command_file_is_in_the_table() {
    let commands = crate::root().join("crates/commands/src");
    let table = fs::read_to_string(commands.join("table.rs")).unwrap();
    let mut missing = Vec::new();
    for family in ["gdb", "linux", "meta"] {
        let Ok(entries) = fs::read_dir(commands.join(family)) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            let Some(name) = path.file_stem().and_then(|name| name.to_str()).filter(|_| path.is_file())
            else {
                continue;
            };
            let has_commands = fs::read_to_string(&path).unwrap().contains("\npub const COMMANDS: &[Spec]");
            if has_commands && !table.contains(&format!("{name}::COMMANDS")) {
                missing.push(shown(&path));
            }
        }
    }
    assert!(missing.is_empty(), "not named in table.rs:\n{}", missing.join("\n"));
}
