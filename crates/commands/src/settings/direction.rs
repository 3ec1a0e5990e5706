//! `set exec-direction`, and what is said of running backwards.

use super::Value;
use crate::{Error, Shell};

/// Whether the stub says that it can run backwards, as QEMU's does while it replays a recording.
pub(crate) fn stub_runs_backwards(shell: &Shell) -> bool {
    shell.session.remote().is_some_and(|remote| remote.runs_backwards())
}

/// The sentence of `show`.
pub(super) fn say(shell: &Shell, _: &Value) -> String {
    let backwards = shell.settings.text("exec-direction") == "reverse";
    if backwards { "Reverse." } else { "Forward." }.to_owned()
}

/// What is said where the stub could.
pub(crate) const NOT_YET: &str = "kdive runs forwards only; the stub could run backwards, under gdb.";

/// gdb refuses both directions for a target that has only one.
///
/// # Errors
/// gdb's message.
pub(super) fn check(shell: &Shell, name: &str, value: &Value) -> Result<(), Error> {
    if name != "exec-direction" {
        return Ok(());
    }
    match (stub_runs_backwards(shell), value.shown().as_str()) {
        (false, _) => Err(Error::msg("Target does not support this operation.")),
        (true, "reverse") => Err(Error::msg(NOT_YET)),
        (true, _) => Ok(()),
    }
}
