//! Floating-point values as registers hold them, printed as gdb prints them.

use crate::FloatFormat;
use kdive_types::{Float, FloatFormat as Encoding};

const fn encoding(format: FloatFormat) -> Encoding {
    match format {
        FloatFormat::BFloat16 => Encoding::BFLOAT16,
        FloatFormat::Half => Encoding::HALF,
        FloatFormat::Single => Encoding::SINGLE,
        FloatFormat::Double => Encoding::DOUBLE,
        FloatFormat::I387Ext => Encoding::X87,
    }
}

/// The text gdb prints for a floating-point value (`%g` with enough digits to be read back), or `None` when `bytes` is not as
/// long as the format.
///
/// Infinities are `inf` and `-inf`, NaNs `nan(0x8000000000000)` with the fraction bits, as in gdb; x87 encodings the
/// CPU no longer accepts print as `<invalid float value>`.
#[must_use]
pub fn to_text(format: FloatFormat, bytes: &[u8]) -> Option<String> {
    let encoding = encoding(format);
    (bytes.len() == format.size()).then(|| Float::decode(bytes, encoding).print(encoding))
}

/// The value with its sign and at most this many digits (C's `%+.19g`), or `None` when `bytes` is not as long as the format or the
/// encoding is invalid.
pub(crate) fn with_digits(format: FloatFormat, bytes: &[u8], digits: usize) -> Option<String> {
    let value = Some(bytes).filter(|bytes| bytes.len() == format.size());
    let value = Float::decode(value?, encoding(format));
    let text = value.is_finite().then(|| value.printf('g', Some(digits), false))?;
    Some(if value.is_negative() { text } else { format!("+{text}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn double(value: f64) -> String {
        to_text(FloatFormat::Double, &value.to_le_bytes()).unwrap()
    }

    fn single(bits: u32) -> String {
        to_text(FloatFormat::Single, &bits.to_le_bytes()).unwrap()
    }

    fn x87(hex: &str) -> String {
        let value = u128::from_str_radix(hex, 16).unwrap();
        to_text(FloatFormat::I387Ext, &value.to_le_bytes()[..10]).unwrap()
    }

    #[test]
    fn values_print_as_in_gdb() {
        // Expected texts are gdb's answers to print $xmm0 and info registers st0.
        assert_eq!(double(0.0), "0");
        assert_eq!(double(-0.0), "-0");
        assert_eq!(double(1.0 / 3.0), "0.33333333333333331");
        assert_eq!(double(f64::from_bits(0xd0f2_24d5_3fc0_0000)), "-8.6053586830615204e+81");
        assert_eq!(double(f64::from_bits(1)), "4.9406564584124654e-324");
        assert_eq!(double(f64::INFINITY), "inf");
        assert_eq!(double(f64::from_bits(0xfff8_0000_0000_0001)), "-nan(0x8000000000001)");
        assert_eq!(single(0x3fc0_0000), "1.5");
        assert_eq!(single(0xd0f2_24d5), "-3.25000008e+10");
        assert_eq!(single(0xff00_ffff), "-1.71470391e+38");
        assert_eq!(single(1), "1.40129846e-45");
        assert_eq!(single(0x7ff0_0000), "nan(0x700000)");
        assert_eq!(to_text(FloatFormat::Half, &[0xd5, 0x24]).unwrap(), "0.018875");
        assert_eq!(to_text(FloatFormat::Half, &[0xf2, 0xd0]).unwrap(), "-39.562");
        assert_eq!(to_text(FloatFormat::BFloat16, &[0xd5, 0x24]).unwrap(), "9.237e-17");
        assert_eq!(to_text(FloatFormat::BFloat16, &[0x01, 0x00]).unwrap(), "9.184e-41");
        assert_eq!(x87("4000c90fdaa221688800"), "3.14159265358979000737");
        assert_eq!(x87("43e3bf21e44003ace000"), "1.0000000000000000525e+300");
        assert_eq!(x87("3ffdaaaaaaaaaaaaa800"), "0.33333333333333331483");
        assert_eq!(x87("7fff8000000000000000"), "inf");
        assert_eq!(x87("ffffc000000000000000"), "-nan(0xc000000000000000)");
        assert_eq!(x87("3fff0000000000000000"), "<invalid float value>");
        assert_eq!(to_text(FloatFormat::Double, &[0; 4]), None);
    }

    #[test]
    fn the_extremes_of_x87_are_exact() {
        assert_eq!(x87("00000000000000000001"), "3.64519953188247460253e-4951");
        assert_eq!(x87("7ffeffffffffffffffff"), "1.18973149535723176502e+4932");
    }
}
