//! Building kdive with cargo.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::paths;

/// How kdive is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// As the tests are, which have built most of it already.
    Dev,
    /// As a user would.
    Release,
}

/// The cargo that runs this task.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(paths::root()).stdin(Stdio::null());
    cargo
}

/// Builds kdive and returns the binary's path. What cargo has to say goes to stderr.
pub fn kdive(profile: Profile) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--package", "kdive", "--bin", "kdive"]);
    let directory = match profile {
        Profile::Dev => "debug",
        Profile::Release => {
            command.arg("--release");
            "release"
        }
    };
    let status = command.status().context("cannot run cargo")?;
    if !status.success() {
        bail!("kdive does not build");
    }
    Ok(paths::target().join(directory).join("kdive"))
}
