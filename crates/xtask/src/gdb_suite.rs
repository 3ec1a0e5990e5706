//! `cargo xtask gdb-suite`: files of gdb's own testsuite, run against kdive.
//!
//! `tests/gdb-suite.txt` names files of gdb.base, `tests/gdb-mi-suite.txt` files of gdb.mi, and how many checks gdb passes in each. The tests themselves are
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

/// The share of gdb's passes that the files of gdb.mi have to reach on the average.
const MI_SHARE: f64 = 0.85;

/// Which part of the testsuite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `gdb.base`: commands as people type them.
    Base,
    /// `gdb.mi`: the protocol of editors.
    Mi,
}

impl Part {
    fn directory(self) -> &'static str {
        match self {
            Self::Base => "gdb.base",
            Self::Mi => "gdb.mi",
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::Base => "tests/gdb-suite.txt",
            Self::Mi => "tests/gdb-mi-suite.txt",
        }
    }
}

/// The checks of one file.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    passed: u32,
    /// Failed, unresolved, untested: whatever is not a pass and not expected.
    other: u32,
}

/// Runs the named files, or all of the table, with `debugger`. True if as many checks pass in each as pass with gdb; of gdb.mi, if the
/// mean share is high enough.
pub fn run(part: Part, debugger: &Path, names: &[String], signals: &Signals) -> Result<bool> {
    let table = read_table(part)?;
    if let Some(unknown) = names.iter().find(|name| !table.contains_key(*name)) {
        bail!("{} has no file {unknown}", part.table());
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
        command.args(chosen.iter().map(|name| format!("{}/{name}.exp", part.directory())));
    })?;
    // Its own status says no more than the summary does.
    child.wait_in_foreground(signals)?;
    signals.check()?;
    let summary = run.join("gdb.sum");
    let text = fs::read_to_string(&summary).with_context(|| format!("no {}", summary.display()))?;
    Ok(report(part, &chosen, &table, &counts(part, &text), &run))
}

/// Prints the comparison. True if nothing is missing.
fn report(
    part: Part,
    chosen: &[&String],
    table: &BTreeMap<String, u32>,
    counts: &BTreeMap<String, Count>,
    run: &Path,
) -> bool {
    println!("{:<34} {:>6} {:>6} {:>7} {:>7} {:>6}", "file", "gdb", "here", "missing", "failed", "share");
    let (mut expected, mut passed, mut missing) = (0, 0, 0);
    let mut shares = 0.0;
    for name in chosen {
        let gdb = table.get(*name).copied().unwrap_or_default();
        let here = counts.get(*name).copied().unwrap_or_default();
        let lacking = gdb.saturating_sub(here.passed);
        let share = if gdb == 0 { 1.0 } else { f64::from(gdb - lacking) / f64::from(gdb) };
        shares += share;
        println!("{name:<34} {gdb:>6} {:>6} {lacking:>7} {:>7} {share:>6.2}", here.passed, here.other);
        expected += gdb;
        passed += here.passed;
        missing += lacking;
    }
    let mean = shares / chosen.len().max(1) as f64;
    println!(
        "{:<34} {expected:>6} {passed:>6} {missing:>7} {:>7} {mean:>6.2}",
        "all, and the mean of the shares", ""
    );
    println!("details: {}", run.join("gdb.log").display());
    match part {
        Part::Base => missing == 0,
        Part::Mi => mean >= MI_SHARE,
    }
}

/// Counts the results in a `gdb.sum`, by file.
fn counts(part: Part, summary: &str) -> BTreeMap<String, Count> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let begin = format!(": {}/", part.directory());
    for line in summary.lines() {
        // PASS: gdb.base/until.exp: until 99
        let Some((result, rest)) = line.split_once(&begin) else { continue };
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

fn read_table(part: Part) -> Result<BTreeMap<String, u32>> {
    let path = paths::root().join(part.table());
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
        let counts = counts(Part::Base, summary);
        assert_eq!(counts["until"], Count { passed: 2, other: 1 });
        assert_eq!(counts["list"], Count { passed: 0, other: 1 });
        assert_eq!(counts.len(), 2);
    }

    #[test]
    fn the_table_is_read() {
        let table = read_table(Part::Base).unwrap();
        assert_eq!(table["printcmds"], 1005);
        assert_eq!(table["echo"], 1);
        assert_eq!(read_table(Part::Mi).unwrap()["mi-break"], 116);
    }
}
