//! `cargo xtask test`: every test of the workspace with a guest at hand, then parity.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result};

use crate::cargo;
use crate::debugger::Subject;
use crate::guest::{self, Guest};
use crate::signals::Signals;
use crate::{kgdb, parity, paths, process, script};

/// The series of the second kernel that is tested.
const SECOND: &str = "6.12";

/// Runs everything; `arguments` go to the test runner. True if all of it passed.
pub fn run(arguments: &[OsString], signals: &Signals) -> Result<bool> {
    let ci = env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    let guest = match guest::prepare(None) {
        Ok(guest) => Some(guest),
        Err(error) if ci => return Err(error.context("there is no guest")),
        Err(error) => {
            println!("test: no guest, so tests that need one are skipped: {error:#}");
            None
        }
    };
    if guest.is_some() {
        // Found by the tests beside the usual one.
        match guest::prepare(Some(SECOND)) {
            Ok(_) => {}
            Err(error) if ci => return Err(error.context(format!("there is no guest with kernel {SECOND}"))),
            Err(error) => {
                println!("test: no guest with kernel {SECOND}, so tests that need it are skipped: {error:#}");
            }
        }
    }
    let client = match debug_client() {
        Ok(client) => Some(client),
        Err(error) => {
            println!("test: no debug client of npm, so the test with it is skipped: {error:#}");
            None
        }
    };
    let tests = workspace(arguments, guest.as_ref(), client.as_deref())?;
    let Some(guest) = guest else {
        println!("test: parity is skipped: there is no guest");
        return Ok(tests);
    };
    signals.check()?;
    let kdive = cargo::kdive()?;
    Ok(parity::run(&Subject::from(&guest), &kdive, &[], signals)? && tests)
}

/// Runs the tests that need the kernel with kgdb, then compares kdive with gdb on it. It is not part of [`run`]: to build that kernel takes
/// longer than a test may.
pub fn run_kgdb(signals: &Signals) -> Result<bool> {
    let guest = guest::prepare(Some(kgdb::NAME))?;
    // The tests find it beside the usual guest, whether that is there or not.
    let mut command = cargo::cargo();
    command.args(["test", "--package", "kdive", "--test", "main", "linux::kgdb::", "--", "--test-threads=2"]);
    let status = command.env("KDIVE_GUEST", paths::guest(None)).status().context("cannot run cargo")?;
    signals.check()?;
    let scripts = script::select(&paths::root().join("tests/parity"), &[])?;
    let names: Vec<String> =
        scripts.into_iter().filter(|script| script.kgdb.is_some()).map(|script| script.name).collect();
    let kdive = cargo::kdive()?;
    Ok(parity::run(&Subject::from(&guest), &kdive, &names, signals)? && status.success())
}

/// The package of npm that is the Debug Adapter Protocol's test client; tests/dap/client.cjs is written for this version.
const DEBUG_CLIENT: &str = "@vscode/debugadapter-testsupport@1.68.0";

/// Fetches the client; its directory.
fn debug_client() -> Result<PathBuf> {
    let directory = paths::target().join("dap-client");
    let package = directory.join("node_modules/@vscode/debugadapter-testsupport");
    if !package.join("package.json").exists() {
        fs::create_dir_all(&directory)?;
        let mut command = Command::new("npm");
        command.args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"]).arg(&directory);
        process::output(command.arg(DEBUG_CLIENT)).context("npm cannot install the client")?;
    }
    Ok(package)
}

/// Runs the workspace's tests, with nextest where it is installed.
fn workspace(arguments: &[OsString], guest: Option<&Guest>, client: Option<&Path>) -> Result<bool> {
    // Runners hide what a passing test prints, and a skipped test passes: the reasons are collected in a file.
    let skipped = paths::target().join("skipped-tests.txt");
    if skipped.exists() {
        fs::remove_file(&skipped)?;
    }
    let run = |words: &[&str], arguments: &[OsString]| -> Result<bool> {
        let mut command = cargo::cargo();
        command.args(words).args(arguments).env("KDIVE_SKIPPED", &skipped);
        match guest {
            Some(guest) => command.env("KDIVE_GUEST", guest.dir()),
            None => command.env_remove("KDIVE_GUEST"),
        };
        match client {
            Some(client) => command.env("KDIVE_DEBUG_CLIENT", client),
            None => command.env_remove("KDIVE_DEBUG_CLIENT"),
        };
        Ok(command.status().context("cannot run cargo")?.success())
    };
    let passed = if process::output(Command::new("cargo").args(["nextest", "--version"])).is_ok() {
        // nextest does not run the examples in documentation.
        run(&["nextest", "run", "--workspace", "--no-fail-fast"], arguments)?
            & run(&["test", "--quiet", "--workspace", "--doc"], &[])?
    } else {
        run(&["test", "--workspace", "--no-fail-fast"], arguments)?
    };
    report_skipped(&fs::read_to_string(&skipped).unwrap_or_default());
    Ok(passed)
}

/// Says which tests did not run, by reason.
fn report_skipped(text: &str) {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (test, reason) in text.lines().filter_map(|line| line.split_once(": ")) {
        reasons.entry(reason).or_default().push(test);
    }
    for (reason, tests) in reasons {
        println!("test: skipped: {reason}: {}", tests.join(" "));
    }
}
