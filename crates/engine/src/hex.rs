//! Addresses and bytes in JSON: hexadecimal, as many readers keep only 53 bits of a number.

use serde::Serializer;

/// `"0xffffffff81000000"`.
pub(crate) fn number<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{value:#x}"))
}

/// The same, or `null`.
pub(crate) fn optional<S: Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => number(value, serializer),
        None => serializer.serialize_none(),
    }
}

/// Two digits a byte: `"4c696e7578"`.
pub(crate) fn bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    serializer.serialize_str(&digits)
}

/// First address and the one behind the last, or `null`.
pub(crate) fn range<S: Serializer>(range: &Option<(u64, u64)>, serializer: S) -> Result<S::Ok, S::Error> {
    match range {
        Some((start, end)) => serializer.collect_seq([format!("{start:#x}"), format!("{end:#x}")]),
        None => serializer.serialize_none(),
    }
}
