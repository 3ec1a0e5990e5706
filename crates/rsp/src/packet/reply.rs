//! What replies have in common: empty means unsupported, `Exx` means refused, the rest depends on the request.

use crate::hex;
use std::fmt;

/// An error reply: `E14`, or the text of `E.text`. The digits have no agreed meaning and are never interpreted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StubError {
    text: String,
    payload: Vec<u8>,
}

impl StubError {
    /// Reads an error reply: exactly `E` and two digits, `E.` and text, or lldb's `Exx;hex`. An odd length tells it from hex data.
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let rest = payload.strip_prefix(b"E")?;
        let text = match rest {
            [a, b] if hex::digit(*a).is_some() && hex::digit(*b).is_some() => payload.to_vec(),
            [b'.', text @ ..] => text.to_vec(),
            [a, b, b';', text @ ..] if hex::digit(*a).is_some() && hex::digit(*b).is_some() => {
                hex::decode(text).unwrap_or_else(|| payload.to_vec())
            }
            _ => return None,
        };
        Some(Self { text: String::from_utf8_lossy(&text).into_owned(), payload: payload.to_vec() })
    }

    /// The packet as it came.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The reply as sent (`E14`), or the stub's own words.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for StubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A final reply, sorted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// The stub does not know the request.
    Empty,
    /// The stub refuses.
    Error(StubError),
    /// Anything else, `OK` included.
    Data(Vec<u8>),
}

impl Reply {
    /// Sorts a payload.
    #[must_use]
    pub fn sort(payload: Vec<u8>) -> Self {
        if payload.is_empty() {
            return Self::Empty;
        }
        match StubError::parse(&payload) {
            Some(error) => Self::Error(error),
            None => Self::Data(payload),
        }
    }
}

/// What a reply to a request has to look like, so that one that belongs to something else is noticed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// No expectation (a packet the user typed).
    Any,
    /// `OK`.
    Ok,
    /// Pairs of hex digits.
    Hex,
    /// Pairs of hex digits or `xx`.
    Registers,
    /// `m…` or `l…`: thread lists and `qXfer`.
    Chunk,
    /// A reply that starts with this text (`QC`, `vCont`).
    Prefix(&'static [u8]),
    /// Printable text (`qSupported`, `qqemu.sstep`).
    Text,
    /// A stop reply (`?`, `vRun`, `vAttach`).
    Stop,
    /// `O…` any number of times, then `OK` or hex text (`qRcmd`).
    Monitor,
}

/// How a payload fits a [`Shape`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fit {
    /// The awaited reply.
    Reply,
    /// An unexpected stop reply; the awaited reply is still to come.
    StrayStop,
    /// It belongs to another request: the two sides are out of step.
    Misfit,
}

impl Shape {
    /// Judges a payload.
    #[must_use]
    pub fn judge(self, payload: &[u8]) -> Fit {
        if self == Self::Any {
            return Fit::Reply;
        }
        let is_stop = looks_like_stop(payload);
        if is_stop && self != Self::Stop {
            return Fit::StrayStop;
        }
        if payload.is_empty() || StubError::parse(payload).is_some() {
            return Fit::Reply;
        }
        let fits = match self {
            Self::Any => true,
            Self::Ok => payload == b"OK",
            Self::Hex => is_hex(payload),
            Self::Registers => {
                let is_digit = |&byte: &u8| hex::digit(byte).is_some() || matches!(byte, b'x' | b'X');
                payload.len().is_multiple_of(2) && (is_hex(payload) || payload.iter().all(is_digit))
            }
            Self::Chunk => matches!(payload.first(), Some(b'm' | b'l')),
            Self::Prefix(prefix) => payload.starts_with(prefix),
            Self::Text => {
                payload != b"OK" && payload.iter().all(|&b| (b' '..0x7f).contains(&b) || b == b'\t')
            }
            Self::Stop => is_stop || matches!(payload.first(), Some(b'W' | b'X' | b'N' | b'O')),
            Self::Monitor => payload == b"OK" || is_hex(payload),
        };
        if fits { Fit::Reply } else { Fit::Misfit }
    }
}

fn is_hex(payload: &[u8]) -> bool {
    payload.len().is_multiple_of(2) && hex::is_hex(payload)
}

/// `S05`, `T05…` with nothing or a `key:value;` list after the signal.
fn looks_like_stop(payload: &[u8]) -> bool {
    match payload {
        [b'S', a, b] | [b'T', a, b] => hex::digit(*a).is_some() && hex::digit(*b).is_some(),
        [b'T', a, b, rest @ ..] => {
            hex::digit(*a).is_some() && hex::digit(*b).is_some() && rest.contains(&b':')
        }
        // The gdbstub crate ends `S05` with the separator it uses for `T`.
        [b'S', a, b, b';'] => hex::digit(*a).is_some() && hex::digit(*b).is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_three_characters_or_have_a_dot() {
        assert_eq!(StubError::parse(b"E14").unwrap().text(), "E14");
        assert_eq!(StubError::parse(b"E.no such thread").unwrap().text(), "no such thread");
        assert_eq!(StubError::parse(b"E01;6e6f").unwrap().text(), "no");
        for data in [&b"E1"[..], b"E1234", b"OK", b"", b"e14", b"E123"] {
            assert_eq!(StubError::parse(data), None, "{data:?}");
        }
    }

    #[test]
    fn upper_case_memory_that_begins_with_e_is_data() {
        assert_eq!(Reply::sort(b"E145".to_vec()), Reply::Data(b"E145".to_vec()));
        assert_eq!(Shape::Hex.judge(b"E145"), Fit::Reply);
    }

    #[test]
    fn replies_of_another_request_are_noticed() {
        assert_eq!(Shape::Hex.judge(b"OK"), Fit::Misfit);
        assert_eq!(Shape::Hex.judge(b"abc"), Fit::Misfit);
        assert_eq!(Shape::Ok.judge(b"0011"), Fit::Misfit);
        assert_eq!(Shape::Registers.judge(b"00xx"), Fit::Reply);
        assert_eq!(Shape::Hex.judge(b"00xx"), Fit::Misfit);
        assert_eq!(Shape::Chunk.judge(b"OK"), Fit::Misfit);
        assert_eq!(Shape::Prefix(b"QC").judge(b"QCp01.01"), Fit::Reply);
        assert_eq!(Shape::Prefix(b"QC").judge(b"OK"), Fit::Misfit);
        assert_eq!(Shape::Text.judge(b"OK"), Fit::Misfit);
        assert_eq!(Shape::Any.judge(b"T05thread:1;"), Fit::Reply);
    }

    #[test]
    fn stops_nobody_waits_for() {
        for stop in [&b"T05thread:p01.01;"[..], b"S05", b"T02", b"S05;"] {
            assert_eq!(Shape::Hex.judge(stop), Fit::StrayStop, "{stop:?}");
            assert_eq!(Shape::Ok.judge(stop), Fit::StrayStop, "{stop:?}");
            assert_eq!(Shape::Stop.judge(stop), Fit::Reply, "{stop:?}");
        }
    }
}
