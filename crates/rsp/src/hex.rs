//! Hexadecimal text, the encoding of nearly everything in RSP. Upper and lower case are read, lower case is written.

/// Value of each byte as a digit, 0xff for those that are none.
const VALUES: [u8; 256] = {
    let mut values = [0xff; 256];
    let mut byte = 0;
    while byte < 256 {
        values[byte] = match byte as u8 {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            digit @ b'A'..=b'F' => digit - b'A' + 10,
            _ => 0xff,
        };
        byte += 1;
    }
    values
};

/// The value of one hex digit.
#[must_use]
pub const fn digit(byte: u8) -> Option<u8> {
    match VALUES[byte as usize] {
        0xff => None,
        value => Some(value),
    }
}

/// Whether every byte is a digit.
#[must_use]
pub fn is_hex(text: &[u8]) -> bool {
    // All of them, good or bad: one comparison at the end is cheaper than one for each.
    text.iter().fold(0, |seen, &byte| seen | VALUES[usize::from(byte)]) & 0xf0 == 0
}

/// Appends two lower-case digits for each byte.
pub fn encode_into(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(bytes.len() * 2);
    for &byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// Two lower-case digits for each byte.
#[must_use]
pub fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode_into(&mut out, bytes);
    out
}

/// Bytes from pairs of digits; `None` for an odd count or anything that is not a digit.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 2);
    // Good digits have their upper half clear; one bad one among all sets it, which is checked once at the end.
    let mut seen = 0;
    for pair in text.chunks_exact(2) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        seen |= high | low;
        bytes.push(high << 4 | low & 15);
    }
    (seen & 0xf0 == 0).then_some(bytes)
}

/// A number without prefix or sign; `None` when empty, not hex, or wider than 64 bits.
#[must_use]
pub fn parse_u64(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let mut value = 0u64;
    for &byte in text {
        if value >> 60 != 0 {
            return None;
        }
        value = value << 4 | u64::from(digit(byte)?);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_both_ways() {
        assert_eq!(encode(&[0x00, 0x7f, 0xff]), b"007fff");
        assert_eq!(decode(b"007FfF"), Some(vec![0x00, 0x7f, 0xff]));
        assert_eq!(decode(b""), Some(vec![]));
        assert_eq!(decode(b"0"), None);
        assert_eq!(decode(b"0g"), None);
    }

    #[test]
    fn numbers_up_to_64_bits() {
        assert_eq!(parse_u64(b"0"), Some(0));
        assert_eq!(parse_u64(b"ffffFFFFffffFFFF"), Some(u64::MAX));
        assert_eq!(parse_u64(b"00000000000000000001"), Some(1));
        assert_eq!(parse_u64(b"10000000000000000"), None);
        assert_eq!(parse_u64(b""), None);
        assert_eq!(parse_u64(b"-1"), None);
    }
}
