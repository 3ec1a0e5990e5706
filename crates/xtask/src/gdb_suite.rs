//! `cargo xtask gdb-suite`: files of gdb's own testsuite, run against kdive.
//!
//! `tests/gdb-suite.txt` names the files and says how many checks gdb passes in each. The tests themselves are
//! fetched in Debian's package `gdb-source`; they are gdb's, and never part of this repository. They run on
//! DejaGnu's board `native-gdbserver`: programs under gdbserver, the debugger over a pseudo-terminal.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::child::Owned;
use crate::host::{self, Apt, Need};
use crate::signals::Signals;
use crate::{paths, process};

/// The package that holds the testsuite.
const PACKAGE: &str = "gdb-source";

/// What running it takes.
const NEEDS: &[Need] = &[
    Need { provides: "runtest", package: "dejagnu" },
    Need { provides: "gdbserver", package: "gdbserver" },
    Need { provides: "gcc", package: "gcc" },
    Need { provides: "/usr/include/stdio.h", package: "libc6-dev" },
    Need { provides: "xz", package: "xz-utils" },
];

/// The checks of one file.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    passed: u32,
    /// Failed, unresolved, untested: whatever is not a pass and not expected.
    other: u32,
}

/// Runs the named files, or all of the table, with `debugger`. True if as many checks pass in each as pass with gdb.
pub fn run(debugger: &Path, names: &[String], signals: &Signals) -> Result<bool> {
    let table = read_table()?;
    if let Some(unknown) = names.iter().find(|name| !table.contains_key(*name)) {
        bail!("tests/gdb-suite.txt has no file {unknown}");
    }
    host::ensure(NEEDS)?;
    let directory = paths::target().join("gdb-suite");
    let suite = fetch(&directory)?;
    let run = directory.join("run");
    if run.exists() {
        fs::remove_dir_all(&run)?;
    }
    fs::create_dir_all(&run)?;
    fs::write(run.join("site.exp"), site(&suite, &run)?)?;
    let chosen: Vec<&String> = if names.is_empty() { table.keys().collect() } else { names.iter().collect() };
    // In the foreground: Ctrl-C reaches DejaGnu, which ends what it started.
    let mut child = Owned::spawn("runtest", false, |command| {
        command.current_dir(&run).stdin(Stdio::null()).args([
            "--target_board=native-gdbserver",
            "--tool",
            "gdb",
        ]);
        command.arg("--srcdir").arg(&suite).arg(format!("GDB={}", debugger.display()));
        command.args(chosen.iter().map(|name| format!("gdb.base/{name}.exp")));
    })?;
    // Its own status says no more than the summary does.
    child.wait_in_foreground(signals)?;
    signals.check()?;
    let summary = run.join("gdb.sum");
    let text = fs::read_to_string(&summary).with_context(|| format!("no {}", summary.display()))?;
    Ok(report(&chosen, &table, &counts(&text), &run))
}

/// Prints the comparison. True if nothing is missing.
fn report(
    chosen: &[&String],
    table: &BTreeMap<String, u32>,
    counts: &BTreeMap<String, Count>,
    run: &Path,
) -> bool {
    println!("{:<16} {:>6} {:>6} {:>7} {:>7}", "file", "gdb", "here", "missing", "failed");
    let (mut expected, mut passed, mut missing) = (0, 0, 0);
    for name in chosen {
        let gdb = table.get(*name).copied().unwrap_or_default();
        let here = counts.get(*name).copied().unwrap_or_default();
        let lacking = gdb.saturating_sub(here.passed);
        println!("{name:<16} {gdb:>6} {:>6} {lacking:>7} {:>7}", here.passed, here.other);
        expected += gdb;
        passed += here.passed;
        missing += lacking;
    }
    println!("{:<16} {expected:>6} {passed:>6} {missing:>7}", "all");
    println!("details: {}", run.join("gdb.log").display());
    missing == 0
}

/// Counts the results in a `gdb.sum`, by file.
fn counts(summary: &str) -> BTreeMap<String, Count> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for line in summary.lines() {
        // PASS: gdb.base/until.exp: until 99
        let Some((result, rest)) = line.split_once(": gdb.base/") else { continue };
        let Some((name, _)) = rest.split_once(".exp: ") else { continue };
        let count = counts.entry(name.to_owned()).or_default();
        match result {
            "PASS" => count.passed += 1,
            "FAIL" | "UNRESOLVED" | "UNTESTED" => count.other += 1,
            _ => {}
        }
    }
    counts
}

fn read_table() -> Result<BTreeMap<String, u32>> {
    let path = paths::root().join("tests/gdb-suite.txt");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| {
            let (name, count) = line.split_once(' ').with_context(|| format!("not `NAME COUNT`: {line}"))?;
            Ok((name.to_owned(), count.trim().parse()?))
        })
        .collect()
}

/// Fetches the testsuite, unless it is there, and returns its directory.
fn fetch(directory: &Path) -> Result<PathBuf> {
    let tree = directory.join("gdb");
    let suite = tree.join("gdb/testsuite");
    if suite.exists() {
        return Ok(suite);
    }
    fs::create_dir_all(directory)?;
    let mut apt = Apt::new(directory.join("apt"))?;
    let cache = paths::debs();
    fs::create_dir_all(&cache)?;
    let packages = [PACKAGE.to_owned()];
    let file = loop {
        let fetched = apt.files(&packages).and_then(|files| {
            let (file, _) =
                files.into_iter().next().with_context(|| format!("apt knows no package {PACKAGE}"))?;
            if !cache.join(&file).exists() {
                eprintln!("xtask: downloading {PACKAGE}");
                apt.download(&packages, &cache)?;
            }
            Ok(file)
        });
        match fetched {
            Ok(file) => break file,
            Err(error) if !apt.update()? => return Err(error),
            Err(_) => {}
        }
    };
    let unpacked = directory.join("package");
    process::output(Command::new("dpkg").arg("-x").arg(cache.join(file)).arg(&unpacked))?;
    let mut tar = Command::new("tar");
    tar.arg("-xJf").arg(unpacked.join("usr/src/gdb.tar.xz")).arg("-C").arg(directory);
    process::output(tar.args(["--wildcards", "gdb/gdb/testsuite/*"]))?;
    fs::remove_dir_all(&unpacked)?;
    Ok(suite)
}

/// DejaGnu's settings, which `configure` would write.
fn site(suite: &Path, run: &Path) -> Result<String> {
    let gdbserver = process::find("gdbserver").context("no gdbserver on PATH")?;
    let triplets = ["host_triplet", "build_triplet", "target_triplet", "target_alias"];
    let mut text: String =
        triplets.iter().map(|name| format!("set {name} \"x86_64-pc-linux-gnu\"\n")).collect();
    text.push_str(&format!("set srcdir \"{}\"\nset objdir \"{}\"\n", suite.display(), run.display()));
    text.push_str(&format!("set tool gdb\nlappend boards_dir \"{}\"\n", suite.join("boards").display()));
    text.push_str(&format!("set GDBSERVER \"{}\"\n", gdbserver.display()));
    // Debian's gdb reads CTF, so the table has whatis' checks with CTF as well as those with DWARF.
    text.push_str("set enable_libctf yes\n");
    // The suite's own flags, and the prompt it looks for.
    let flags = ["set height 0", "set width 0", "set prompt (gdb) "].map(|line| format!("-iex \"{line}\""));
    text.push_str(&format!("set INTERNAL_GDBFLAGS {{-nw -nx {}}}\n", flags.join(" ")));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_counted_by_file() {
        let summary = "\
Running target native-gdbserver
PASS: gdb.base/until.exp: until 99
PASS: gdb.base/until.exp: until 79
FAIL: gdb.base/until.exp: until factorial
KFAIL: gdb.base/until.exp: known (PRMS: gdb/1)
UNRESOLVED: gdb.base/list.exp: no program
";
        let counts = counts(summary);
        assert_eq!(counts["until"], Count { passed: 2, other: 1 });
        assert_eq!(counts["list"], Count { passed: 0, other: 1 });
        assert_eq!(counts.len(), 2);
    }

    #[test]
    fn the_table_is_read() {
        let table = read_table().unwrap();
        assert_eq!(table["printcmds"], 1005);
        assert_eq!(table["echo"], 1);
    }
}
