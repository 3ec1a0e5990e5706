//! The remote target against scripted stubs, real QEMU and real gdbserver.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests fail by panicking and say why they are skipped"
)]

mod gdbserver;
mod gdbstub;
mod qemu;
mod scripted;

use std::path::PathBuf;

/// The path of a program, if it is installed.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

/// The path of a program; says why the test is skipped when there is none, and fails where nothing may be skipped.
fn need(name: &str) -> Option<PathBuf> {
    let found = program(name);
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{name} is not installed");
        println!("skipped: {name} is not installed");
    }
    found
}
