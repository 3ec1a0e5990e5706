//! What a test needs from outside: the prepared guest, other programs. A test that has to do without says why.
//!
//! `cargo xtask test` prepares everything and collects the reasons of the tests that did not run. Under `CI=true`
//! a test that cannot run fails.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The prepared guest's directory (`KDIVE_GUEST`), with `vmlinux`, `vmlinuz`, `initrd.gz`, `release`,
/// `modules/poc.ko` and `modules/kdive_test.ko`. `None`, and the reason printed, if there is none.
///
/// ```no_run
/// # fn test() {
/// let Some(guest) = kdive_testkit::environment::guest() else { return };
/// # }
/// ```
///
/// # Panics
/// Under `CI=true` without a guest.
pub fn guest() -> Option<PathBuf> {
    let Some(directory) = env::var_os("KDIVE_GUEST").filter(|value| !value.is_empty()) else {
        return skip("KDIVE_GUEST names no guest; `cargo xtask test` prepares one");
    };
    let directory = PathBuf::from(directory);
    if !directory.join("release").exists() {
        return skip(&format!("no guest in {}; `cargo xtask guest` prepares it", directory.display()));
    }
    Some(directory)
}

/// The prepared guest with the kernel of another series, such as `6.12`: the directory beside that of [`guest`] with the
/// series at the end of its name. `None`, and the reason printed, if there is none.
///
/// # Panics
/// Under `CI=true` without such a guest.
pub fn guest_of(series: &str) -> Option<PathBuf> {
    let directory = beside(&guest()?, series);
    if !directory.join("release").exists() {
        let shown = directory.display();
        return skip(&format!(
            "no guest with kernel {series} in {shown}; `cargo xtask guest {series}` prepares it"
        ));
    }
    Some(directory)
}

/// The Debug Adapter Protocol's test client for Node.js, `cargo xtask test` having fetched it. `None`, and the reason printed, where npm
/// or Node.js is missing, under `CI=true` too: the protocol is also tested without it.
pub fn debug_client() -> Option<PathBuf> {
    let directory = env::var_os("KDIVE_DEBUG_CLIENT").filter(|value| !value.is_empty()).map(PathBuf::from);
    let prepared = directory.filter(|directory| directory.join("package.json").exists());
    if prepared.is_none() {
        say_skipped("no debug client of npm; `cargo xtask test` fetches it where npm is installed");
    }
    prepared
}

/// The prepared guest whose kernel has kgdb, beside that of [`guest`]. `None`, and the reason printed, if there is none, under `CI=true`
/// too: its kernel is built from source, which takes longer than all other tests, so it is built when somebody asks for it.
pub fn guest_with_kgdb() -> Option<PathBuf> {
    let usual = env::var_os("KDIVE_GUEST").filter(|value| !value.is_empty()).map(PathBuf::from);
    let directory = usual.map(|usual| beside(&usual, "kgdb"));
    let prepared = directory.filter(|directory| directory.join("initrd.gz").exists());
    if prepared.is_none() {
        say_skipped("no guest whose kernel has kgdb; `cargo xtask test-kgdb` prepares it and runs this");
    }
    prepared
}

/// The guest of a series beside the usual one.
fn beside(usual: &Path, series: &str) -> PathBuf {
    let mut name = usual.file_name().unwrap_or_default().to_owned();
    name.push(format!("-{series}"));
    usual.with_file_name(name)
}

/// Whether every one of these programs can be run. False, and the reason printed, if one cannot.
///
/// # Panics
/// Under `CI=true` if one cannot.
pub fn programs(names: &[&str]) -> bool {
    let missing = names.iter().find(|name| {
        let mut command = Command::new(name);
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_err()
    });
    match missing {
        Some(name) => skip::<()>(&format!("no {name}")).is_some(),
        None => true,
    }
}

/// Says why a test does not run: on stdout, and in the file that `cargo xtask test` names in `KDIVE_SKIPPED`.
///
/// # Panics
/// Under `CI=true`: there, everything runs.
pub fn skip<T>(reason: &str) -> Option<T> {
    let ci = env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    assert!(!ci, "cannot run under CI: {reason}");
    say_skipped(reason);
    None
}

#[expect(clippy::print_stdout, reason = "the person who runs the tests is to read it")]
fn say_skipped(reason: &str) {
    println!("skipped: {reason}");
    if let Some(path) = env::var_os("KDIVE_SKIPPED") {
        let test = std::thread::current().name().unwrap_or("?").to_owned();
        let file = OpenOptions::new().create(true).append(true).open(path);
        // The reason was printed: a missing collection file is no reason to fail.
        let _ = file.and_then(|mut file| file.write_all(format!("{test}: {reason}\n").as_bytes()));
    }
}
