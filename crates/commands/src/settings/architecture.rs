//! `set architecture`, `set endian` and `set language`: what kdive has of them, and what it says of the rest.

use super::{Settings, Value};
use crate::{Error, Shell};
use kdive_arch::CodeSize;

/// What gdb says of names in C without regard to case.
pub(super) const CASE: &str = "the current case sensitivity setting does not match the language.";

/// Languages whose expressions are read as C anyway.
const LIKE_C: &[&str] = &["auto", "local", "c", "asm", "minimal", "unknown"];

/// How code is decoded; `None` is as the CPU's mode says.
pub(crate) fn code_size(settings: &Settings) -> Option<CodeSize> {
    match settings.text("architecture").as_str() {
        "i8086" => Some(CodeSize::Bits16),
        "i386" | "i386:intel" => Some(CodeSize::Bits32),
        "i386:x86-64" | "i386:x86-64:intel" => Some(CodeSize::Bits64),
        _ => None,
    }
}

/// Values kdive does not have, and why.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "architecture",
        "i386:x64-32",
        "kdive has no architecture \"i386:x64-32\": its pointers have 8 bytes, not 4.",
    ),
    ("endian", "big", "kdive reads little-endian targets only."),
];

/// Refuses what kdive cannot do.
///
/// # Errors
/// One line that says what it can.
pub(super) fn check(name: &str, value: &Value) -> Result<(), Error> {
    let value = value.shown();
    match REFUSED.iter().find(|(setting, refused, _)| *setting == name && *refused == value) {
        Some((_, _, reason)) => Err(Error::msg(reason)),
        None => Ok(()),
    }
}

/// Whether all that can be asked of a setting is what kdive does anyway, or is refused.
#[cfg(test)]
pub(crate) fn answers(name: &str) -> bool {
    name == "endian" && REFUSED.iter().any(|(setting, ..)| *setting == name)
}

/// What is said when one of them was set: gdb answers two of them with what `show` says.
pub(super) fn tell(shell: &mut Shell, name: &str) {
    match name {
        "architecture" | "endian" => {
            if let Some(setting) = Settings::find(name) {
                super::command::show(shell, setting);
            }
        }
        "case-sensitive" if shell.settings.text("case-sensitive") == "off" => {
            shell.out.warning(&format!("{CASE}\n"));
        }
        "multiple-symbols" if shell.settings.text("multiple-symbols") == "ask" => {
            shell.out.warning("\"set multiple-symbols ask\" has no effect in kdive: all places are taken.");
        }
        "language" => {
            let language = shell.settings.text("language");
            if !LIKE_C.contains(&language.as_str()) {
                let text =
                    format!("expressions are read as C, \"set language {language}\" does not change that.");
                shell.out.warning(&text);
            }
        }
        _ => {}
    }
}
