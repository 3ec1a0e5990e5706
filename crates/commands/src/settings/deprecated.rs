//! Settings that have another name today. gdb tells so once for each command, and does what the new name does.

use super::{Setting, Settings, Value};
use crate::Shell;

/// Old names and new ones.
const RENAMED: &[(&str, &str)] = &[("remotebreak", "remote interrupt-sequence")];

/// The newer name.
pub(crate) fn newer(name: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(old, _)| *old == name).map(|(_, new)| *new)
}

/// The setting that stands for an old one, and the value it has with the old one's.
pub(super) fn replacement(shell: &Shell, name: &str) -> Option<(&'static Setting, Value)> {
    let new = newer(name)?;
    let sequence = if shell.settings.bool("remotebreak") { "BREAK" } else { "Ctrl-C" };
    Some((Settings::find(new)?, Value::Text(sequence.to_owned())))
}
