//! Registers: `g`, `G`, `p n`, `P n=value`.
//!
//! Values are in target byte order; a stub writes `xx` for a byte it cannot tell. The length of a `g` reply may differ from one stop to
//! the next (QEMU before 2.8 sends 308 bytes in 16/32-bit mode and 536 in 64-bit mode).

use crate::hex;

/// `g`: all registers of the thread chosen with `Hg`.
pub const READ_ALL: &[u8] = b"g";

/// `p`: one register.
#[must_use]
pub fn read_one(number: u32) -> Vec<u8> {
    format!("p{number:x}").into_bytes()
}

/// `P`: writes one register. `bytes` must have exactly the register's size: QEMU takes stale bytes for missing ones.
#[must_use]
pub fn write_one(number: u32, bytes: &[u8]) -> Vec<u8> {
    let mut payload = format!("P{number:x}=").into_bytes();
    hex::encode_into(&mut payload, bytes);
    payload
}

/// `G`: writes all registers; only for stubs without `P`.
#[must_use]
pub fn write_all(bytes: &[u8]) -> Vec<u8> {
    let mut payload = b"G".to_vec();
    hex::encode_into(&mut payload, bytes);
    payload
}

/// The bytes of a `g` or `p` reply, `None` for each that is unavailable; `None` altogether when it is not a register reply.
#[must_use]
pub fn parse(data: &[u8]) -> Option<Vec<Option<u8>>> {
    if let Some(bytes) = hex::decode(data) {
        return Some(bytes.into_iter().map(Some).collect());
    }
    if !data.len().is_multiple_of(2) {
        return None;
    }
    data.chunks_exact(2)
        .map(|pair| match pair {
            [b'x' | b'X', b'x' | b'X'] => Some(None),
            pair => Some(Some(hex::digit(pair[0])? << 4 | hex::digit(pair[1])?)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        assert_eq!(read_one(0x1b), b"p1b");
        assert_eq!(write_one(16, &[0x78, 0x56, 0, 0]), b"P10=78560000");
        assert_eq!(write_all(&[1, 2]), b"G0102");
    }

    #[test]
    fn unavailable_bytes() {
        assert_eq!(parse(b"01xxFF"), Some(vec![Some(1), None, Some(255)]));
        assert_eq!(parse(b"0x"), None);
        assert_eq!(parse(b"012"), None);
    }
}
