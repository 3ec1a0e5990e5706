//! Floating-point values as registers hold them, printed as gdb prints them.

use crate::FloatFormat;

/// The text gdb prints for a floating-point value (`%g` with enough digits to be read back: 9 for single, 17 for
/// double, 18 for the x87 format), or `None` when `bytes` is not as long as the format.
///
/// Infinities are `inf` and `-inf`, NaNs `nan(0x8000000000000)` with the fraction bits, as in gdb; x87 encodings the
/// CPU no longer accepts print as `<invalid float value>`.
#[must_use]
pub fn to_text(format: FloatFormat, bytes: &[u8]) -> Option<String> {
    let _ = (format, bytes);
    None
}

/// The value rounded to a double, `None` when `bytes` is not as long as the format or the encoding is invalid.
#[must_use]
pub fn to_f64(format: FloatFormat, bytes: &[u8]) -> Option<f64> {
    let _ = (format, bytes);
    None
}

/// The bytes of `value` in `format`, rounded to nearest even.
#[must_use]
pub fn from_f64(format: FloatFormat, value: f64) -> Vec<u8> {
    let _ = value;
    vec![0; format.size()]
}
