//! `set remote memory-read-packet-size` and `memory-write-packet-size`.

use super::{Settings, Value};
use crate::{Error, Shell};
use kdive_session::PacketSize;

/// Bytes of a packet whose size is fixed without being given.
const FIXED: u64 = 16384;

/// Whether a setting is one of these.
pub(super) fn concerns(name: &str) -> bool {
    matches!(name, "remote memory-read-packet-size" | "remote memory-write-packet-size")
}

/// The size in a value such as `512` or `512 fixed`, and whether it is fixed.
fn parts(value: &str) -> (u64, bool) {
    let (size, fixed) = value.split_once(' ').map_or((value, false), |(size, word)| (size, word == "fixed"));
    (size.parse().unwrap_or(0), fixed)
}

/// What the client gets.
pub(crate) fn of(settings: &Settings) -> (PacketSize, PacketSize) {
    let size = |text: String| match parts(&text) {
        (0, false) => PacketSize::Stub,
        (size, false) => PacketSize::Limit(usize::try_from(size).unwrap_or(usize::MAX)),
        (0, true) => PacketSize::Fixed(FIXED as usize),
        (size, true) => PacketSize::Fixed(usize::try_from(size).unwrap_or(usize::MAX)),
    };
    let read = settings.text("remote memory-read-packet-size");
    let write = settings.text("remote memory-write-packet-size");
    (size(read), size(write))
}

/// The new value for a text of the user's: a number changes the size, `fixed` and `limit` how it is meant.
pub(super) fn adjusted(shell: &mut Shell, name: &str, text: &str, old: &str) -> Result<Value, Error> {
    let what = name.strip_prefix("remote ").unwrap_or(name);
    let (size, was_fixed) = parts(old);
    let (size, fixed) = match text.trim() {
        "" => return Err(Error::msg("Argument required (integer, `fixed' or `limited').")),
        "fixed" | "hard" => (size, true),
        "limit" | "soft" => (size, false),
        number => {
            let bad = || Error::msg(format!("Invalid {what} (bad syntax)."));
            (super::kind::offset(number).ok_or_else(bad)?, was_fixed)
        }
    };
    if fixed && !was_fixed {
        let bytes = if size == 0 { FIXED } else { size };
        let question = format!(
            "The target may not be able to correctly handle a {what}\nof {bytes} bytes. Change the packet size"
        );
        if !shell.query(&question) {
            return Err(Error::msg("Packet size not changed."));
        }
    }
    Ok(Value::Text(if fixed { format!("{size} fixed") } else { size.to_string() }))
}

/// The sentence of `show`.
pub(crate) fn say(shell: &Shell, what: &str, value: &Value) -> String {
    let (size, fixed) = parts(&value.shown());
    let default = if size == 0 { " (default)" } else { "" };
    let limits = match shell.session.remote() {
        _ if fixed => format!("Packets are fixed at {} bytes.", if size == 0 { FIXED } else { size }),
        Some(remote) => {
            let sizes = of(&shell.settings);
            let size = if what == "read" { sizes.0 } else { sizes.1 };
            format!("Packets are limited to {} bytes.", size.of(remote.packet_size()))
        }
        None => "The actual limit will be further reduced dependent on the target.".to_owned(),
    };
    format!("The memory-{what}-packet-size is {size}{default}. {limits}")
}
