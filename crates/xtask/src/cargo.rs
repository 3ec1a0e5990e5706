//! Building kdive with cargo.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::paths;

/// The cargo that runs this task.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(paths::root()).stdin(Stdio::null());
    cargo
}

/// Builds kdive and returns the binary's path. What cargo has to say goes to stderr.
///
/// With the development profile: it optimises what reads debug information, and most of it is built for the tests
/// anyway. A release build takes several times as long on a small machine and starts no faster than one notices.
pub fn kdive() -> Result<PathBuf> {
    build(&[], "debug")
}

/// The same as users get it, for measurements.
pub fn released_kdive() -> Result<PathBuf> {
    build(&["--release"], "release")
}

fn build(options: &[&str], directory: &str) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--package", "kdive", "--bin", "kdive"]).args(options);
    let status = command.status().context("cannot run cargo")?;
    if !status.success() {
        bail!("kdive does not build");
    }
    Ok(paths::target().join(directory).join("kdive"))
}
