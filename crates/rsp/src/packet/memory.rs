//! Memory: `m addr,len`, `M addr,len:hex`, `X addr,len:binary`.
//!
//! QEMU: `m` with more than half of PacketSize is refused (E22), a page that is not mapped anywhere in the range refuses the whole
//! range (E14), length 0 gives the empty reply that elsewhere means "unsupported". gdbserver may return fewer bytes than asked.

use crate::hex;

/// `m`: reads `len` bytes.
#[must_use]
pub fn read(addr: u64, len: usize) -> Vec<u8> {
    format!("m{addr:x},{len:x}").into_bytes()
}

/// `M`: writes bytes as hex.
#[must_use]
pub fn write(addr: u64, bytes: &[u8]) -> Vec<u8> {
    let mut payload = format!("M{addr:x},{:x}:", bytes.len()).into_bytes();
    hex::encode_into(&mut payload, bytes);
    payload
}

/// `X`: writes bytes as they are; framing escapes them.
#[must_use]
pub fn write_binary(addr: u64, bytes: &[u8]) -> Vec<u8> {
    let mut payload = format!("X{addr:x},{:x}:", bytes.len()).into_bytes();
    payload.extend_from_slice(bytes);
    payload
}

/// `qCRC`: asks for the checksum of `len` bytes.
#[must_use]
pub fn checksum(addr: u64, len: u64) -> Vec<u8> {
    format!("qCRC:{addr:x},{len:x}").into_bytes()
}

/// The bytes of an `m` reply, at most `asked`; `None` when it is not hex or holds more than asked.
#[must_use]
pub fn parse_read(data: &[u8], asked: usize) -> Option<Vec<u8>> {
    hex::decode(data).filter(|bytes| bytes.len() <= asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        assert_eq!(read(0xffff_ffff_8100_0000, 0x800), b"mffffffff81000000,800");
        assert_eq!(write(0x10, &[0xcc, 0x01]), b"M10,2:cc01");
        assert_eq!(write_binary(0x10, b"#a"), b"X10,2:#a");
    }

    #[test]
    fn replies_longer_than_asked_are_refused() {
        assert_eq!(parse_read(b"00ff", 2), Some(vec![0, 255]));
        assert_eq!(parse_read(b"00", 2), Some(vec![0]));
        assert_eq!(parse_read(b"00ff00", 2), None);
        assert_eq!(parse_read(b"0", 2), None);
    }
}
