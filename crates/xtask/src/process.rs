//! Running other programs: quietly, with the reason when one fails.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, bail};

/// Lines of a failed program's output that go into the error.
const TAIL: usize = 15;

/// Runs `command` with no input and returns what it wrote to stdout. When it fails, the error says so with the
/// end of both its streams.
pub fn output(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run `{shown}`"))?;
    let stdout = String::from_utf8_lossy(&done.stdout).into_owned();
    if !done.status.success() {
        let all = format!("{stdout}{}", String::from_utf8_lossy(&done.stderr));
        let lines: Vec<&str> = all.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n  ");
        bail!("`{shown}` failed ({})\n  {tail}", done.status);
    }
    Ok(stdout)
}

/// The command as one would type it.
pub fn show(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}

/// The first executable file called `name` on `PATH` or in the system directories, which an ordinary user's
/// `PATH` may lack.
pub fn find(name: impl AsRef<OsStr>) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;

    let name = name.as_ref();
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from))
        .map(|dir| dir.join(name))
        .find(|file| fs::metadata(file).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0))
}
