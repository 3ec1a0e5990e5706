//! `set charset` and its kin: which characters the bytes of the program's strings are, and which ones can be shown.

use super::{Settings, Value};
use crate::Shell;
use kdive_expr::Charset;

/// Names for the character sets of strings that are known, as `iconv -l` has them.
pub(super) const TARGET: &[&str] =
    &["auto", "ANSI_X3.4-1968", "ASCII", "ISO-8859-1", "LATIN1", "US-ASCII", "UTF-8"];

/// Those that output can be in.
pub(super) const HOST: &[&str] = &["auto", "ANSI_X3.4-1968", "ASCII", "US-ASCII", "UTF-8"];

/// Those of wide strings, whose width is that of their elements.
pub(super) const WIDE: &[&str] = &["auto", "UTF-16", "UTF-16LE", "UTF-32", "UTF-32LE"];

/// What glibc calls ASCII.
const ASCII: &str = "ANSI_X3.4-1968";

/// Whether the locale of the environment is one of UTF-8 (locale(7): the first of these that is not empty counts).
fn locale_is_utf8() -> bool {
    let set = |name: &&str| std::env::var_os(name).filter(|value| !value.is_empty());
    let Some(name) = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set) else { return false };
    let name = name.to_string_lossy().to_ascii_lowercase();
    name.ends_with(".utf-8") || name.ends_with(".utf8")
}

fn automatic() -> &'static str {
    if locale_is_utf8() { "UTF-8" } else { ASCII }
}

fn chosen(settings: &Settings, name: &str) -> String {
    match settings.text(name).as_str() {
        "auto" => automatic().to_owned(),
        other => other.to_owned(),
    }
}

/// How the program's strings are read.
pub(crate) fn target(settings: &Settings) -> Charset {
    match chosen(settings, "target-charset").as_str() {
        "UTF-8" => Charset::Utf8,
        "ISO-8859-1" | "LATIN1" => Charset::Latin1,
        _ => Charset::Ascii,
    }
}

/// Whether characters beyond ASCII may be shown: the host's character set has them, and so has the locale.
pub(crate) fn shows_utf8(settings: &Settings) -> bool {
    chosen(settings, "host-charset") == "UTF-8" && locale_is_utf8()
}

/// `set charset NAME` is both.
pub(super) fn set_both(shell: &mut Shell) {
    let value = Value::Text(shell.settings.text("charset"));
    shell.settings.put("host-charset", value.clone());
    shell.settings.put("target-charset", value);
}

fn shown(shell: &Shell, name: &str) -> String {
    shell.settings.value(name).map(Value::shown).unwrap_or_default()
}

fn sentence(which: &str, value: &str, automatic: &str) -> String {
    match value {
        "auto" => format!("The {which} character set is \"auto; currently {automatic}\"."),
        value => format!("The {which} character set is \"{value}\"."),
    }
}

/// `show host-charset`.
pub(super) fn show_host(shell: &Shell, _: &Value) -> String {
    sentence("host", &shown(shell, "host-charset"), automatic())
}

/// `show target-charset`.
pub(super) fn show_target(shell: &Shell, _: &Value) -> String {
    sentence("target", &shown(shell, "target-charset"), automatic())
}

/// `show target-wide-charset`.
pub(super) fn show_wide(shell: &Shell, _: &Value) -> String {
    sentence("target wide", &shown(shell, "target-wide-charset"), "UTF-32")
}

/// `show charset`: all three.
pub(super) fn show_all(shell: &Shell, value: &Value) -> String {
    [show_host(shell, value), show_target(shell, value), show_wide(shell, value)].join("\n")
}
