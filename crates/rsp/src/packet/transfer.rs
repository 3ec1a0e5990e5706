//! Objects read in pieces: `qXfer:object:read:annex:offset,length`.
//!
//! QEMU matches an annex by prefix, clamps the length to its own buffer and answers E00 for an offset past the end.

/// `qXfer:…:read`.
#[must_use]
pub fn read(object: &str, annex: &str, offset: usize, len: usize) -> Vec<u8> {
    format!("qXfer:{object}:read:{annex}:{offset:x},{len:x}").into_bytes()
}

/// A piece of an object and whether it is the last; `None` when the reply is something else.
#[must_use]
pub fn parse(data: &[u8]) -> Option<(&[u8], bool)> {
    match data.split_first() {
        Some((b'm', piece)) => Some((piece, false)),
        Some((b'l', piece)) => Some((piece, true)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_and_reply() {
        assert_eq!(read("features", "target.xml", 0x7fd, 0xffb), b"qXfer:features:read:target.xml:7fd,ffb");
        assert_eq!(parse(b"mabc"), Some((&b"abc"[..], false)));
        assert_eq!(parse(b"l"), Some((&b""[..], true)));
        assert_eq!(parse(b"OK"), None);
    }
}
