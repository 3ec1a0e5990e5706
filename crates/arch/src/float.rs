//! Floating-point values as registers hold them, printed as gdb prints them.

mod decimal;

use crate::FloatFormat;

/// Where the parts of a format are.
struct Shape {
    exponent_bits: u32,
    fraction_bits: u32,
    /// The integer bit is stored (x87).
    explicit: bool,
}

const fn shape(format: FloatFormat) -> Shape {
    let (exponent_bits, fraction_bits, explicit) = match format {
        FloatFormat::BFloat16 => (8, 7, false),
        FloatFormat::Half => (5, 10, false),
        FloatFormat::Single => (8, 23, false),
        FloatFormat::Double => (11, 52, false),
        FloatFormat::I387Ext => (15, 63, true),
    };
    Shape { exponent_bits, fraction_bits, explicit }
}

/// A value taken apart.
enum Parts {
    /// `mantissa * 2^exponent`.
    Finite {
        mantissa: u64,
        exponent: i32,
    },
    Infinite,
    /// The fraction bits as stored, the integer bit of x87 included.
    Nan {
        payload: u64,
    },
    /// An x87 encoding the CPU refuses.
    Invalid,
}

fn take_apart(format: FloatFormat, bytes: &[u8]) -> Option<(bool, Parts)> {
    if bytes.len() != format.size() {
        return None;
    }
    let mut wide = [0u8; 16];
    wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
    let raw = u128::from_le_bytes(wide);
    let shape = shape(format);
    let mantissa_bits = shape.fraction_bits + u32::from(shape.explicit);
    let stored = (raw & ((1u128 << mantissa_bits) - 1)) as u64;
    let biased = (raw >> mantissa_bits) as u32 & ((1 << shape.exponent_bits) - 1);
    let negative = raw >> (mantissa_bits + shape.exponent_bits) & 1 == 1;
    let integer = 1u64 << shape.fraction_bits;
    let bias = (1i32 << (shape.exponent_bits - 1)) - 1;
    let largest = (1u32 << shape.exponent_bits) - 1;
    if shape.explicit && (stored & integer != 0) != (biased != 0) {
        return Some((negative, Parts::Invalid));
    }
    let fraction = stored & (integer - 1);
    let parts = match biased {
        0 => Parts::Finite { mantissa: fraction, exponent: 1 - bias - shape.fraction_bits as i32 },
        _ if biased == largest && fraction == 0 => Parts::Infinite,
        _ if biased == largest => Parts::Nan { payload: stored },
        _ => Parts::Finite {
            mantissa: fraction | integer,
            exponent: biased as i32 - bias - shape.fraction_bits as i32,
        },
    };
    Some((negative, parts))
}

/// The text gdb prints for a floating-point value (`%g` with enough digits to be read back: 9 for single, 17 for
/// double, 21 for the x87 format), or `None` when `bytes` is not as long as the format.
///
/// Infinities are `inf` and `-inf`, NaNs `nan(0x8000000000000)` with the fraction bits, as in gdb; x87 encodings the
/// CPU no longer accepts print as `<invalid float value>`.
#[must_use]
pub fn to_text(format: FloatFormat, bytes: &[u8]) -> Option<String> {
    let (negative, parts) = take_apart(format, bytes)?;
    let sign = if negative { "-" } else { "" };
    Some(match parts {
        Parts::Finite { mantissa, exponent } => {
            format!("{sign}{}", decimal::general(mantissa, exponent, digits(format)))
        }
        Parts::Infinite => format!("{sign}inf"),
        Parts::Nan { payload } => format!("{sign}nan({payload:#x})"),
        Parts::Invalid => "<invalid float value>".to_owned(),
    })
}

/// The value with its sign and at most this many digits (C's `%+.19g`), or `None` when `bytes` is not as long as the format or the
/// encoding is invalid.
pub(crate) fn with_digits(format: FloatFormat, bytes: &[u8], digits: usize) -> Option<String> {
    let (negative, parts) = take_apart(format, bytes)?;
    let Parts::Finite { mantissa, exponent } = parts else { return None };
    let sign = if negative { '-' } else { '+' };
    Some(format!("{sign}{}", decimal::general(mantissa, exponent, digits)))
}

/// Decimal digits that tell all values of the format apart: `ceil(1 + p * log10(2))` for `p` bits of precision.
const fn digits(format: FloatFormat) -> usize {
    match format {
        FloatFormat::BFloat16 => 4,
        FloatFormat::Half => 5,
        FloatFormat::Single => 9,
        FloatFormat::Double => 17,
        FloatFormat::I387Ext => 21,
    }
}

/// The value rounded to a double, `None` when `bytes` is not as long as the format or the encoding is invalid.
#[must_use]
pub fn to_f64(format: FloatFormat, bytes: &[u8]) -> Option<f64> {
    let (negative, parts) = take_apart(format, bytes)?;
    let magnitude = match parts {
        Parts::Finite { mantissa, exponent } => assemble(mantissa, exponent, FloatFormat::Double),
        Parts::Infinite => f64::INFINITY.to_bits().into(),
        Parts::Nan { .. } => f64::NAN.to_bits().into(),
        Parts::Invalid => return None,
    };
    let bits = u64::try_from(magnitude).ok()?;
    Some(f64::from_bits(bits | u64::from(negative) << 63))
}

/// The bytes of `value` in `format`, rounded to nearest even.
#[must_use]
pub fn from_f64(format: FloatFormat, value: f64) -> Vec<u8> {
    let shape = shape(format);
    let mantissa_bits = shape.fraction_bits + u32::from(shape.explicit);
    let largest = (1u128 << shape.exponent_bits) - 1;
    let infinity = largest << mantissa_bits | u128::from(shape.explicit) << shape.fraction_bits;
    let magnitude = match take_apart(FloatFormat::Double, &value.to_le_bytes()) {
        Some((_, Parts::Finite { mantissa, exponent })) => assemble(mantissa, exponent, format),
        Some((_, Parts::Nan { .. })) => infinity | 1u128 << (shape.fraction_bits - 1),
        _ => infinity,
    };
    let sign = u128::from(value.is_sign_negative()) << (mantissa_bits + shape.exponent_bits);
    let mut bytes = (magnitude | sign).to_le_bytes().to_vec();
    bytes.truncate(format.size());
    bytes
}

/// The encoding of `mantissa * 2^exponent`, rounded to nearest even, without sign.
fn assemble(mantissa: u64, exponent: i32, format: FloatFormat) -> u128 {
    let shape = shape(format);
    let fraction_bits = shape.fraction_bits as i32;
    let bias = (1i32 << (shape.exponent_bits - 1)) - 1;
    let largest = (1i32 << shape.exponent_bits) - 1;
    if mantissa == 0 {
        return 0;
    }
    // Bring the leading one to the integer bit, keeping what falls off for rounding.
    let length = 64 - mantissa.leading_zeros() as i32;
    let mut biased = exponent + length - 1 + bias;
    let keep = if biased < 1 { fraction_bits + biased } else { fraction_bits + 1 };
    let drop = length - keep;
    let mut rounded = round(mantissa, drop);
    if biased < 1 {
        biased = i32::from(rounded >> shape.fraction_bits != 0);
    } else if rounded >> (shape.fraction_bits + 1) != 0 {
        rounded >>= 1;
        biased += 1;
    }
    let mantissa_bits = shape.fraction_bits + u32::from(shape.explicit);
    if biased >= largest {
        let integer = u128::from(shape.explicit) << shape.fraction_bits;
        return (largest as u128) << mantissa_bits | integer;
    }
    let stored = if shape.explicit { rounded } else { rounded & ((1u128 << shape.fraction_bits) - 1) };
    (biased as u128) << mantissa_bits | stored
}

/// `value / 2^drop`, rounded to nearest even; a negative `drop` multiplies.
fn round(value: u64, drop: i32) -> u128 {
    let value = u128::from(value);
    match drop {
        ..=0 => value << drop.unsigned_abs().min(64),
        1..=64 => {
            let half = 1u128 << (drop - 1);
            let (whole, rest) = (value >> drop, value & ((1u128 << drop) - 1));
            whole + u128::from(rest > half || (rest == half && whole & 1 == 1))
        }
        _ => 0,
    }
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

    #[test]
    fn doubles_go_into_every_format_and_back() {
        for value in [0.0, -0.0, 1.0, -1.5, 65504.0, 2.0f64.powi(-14)] {
            for format in [FloatFormat::Half, FloatFormat::Single, FloatFormat::Double, FloatFormat::I387Ext]
            {
                let bytes = from_f64(format, value);
                assert_eq!(
                    to_f64(format, &bytes).map(f64::to_bits),
                    Some(value.to_bits()),
                    "{format:?} {value}"
                );
            }
        }
        assert_eq!(
            from_f64(FloatFormat::I387Ext, f64::from_bits(0x4009_21fb_5444_2d11)),
            x87_bytes(0x4000_c90f_daa2_2168_8800)
        );
        assert_eq!(from_f64(FloatFormat::Single, 0.1), 0.1f32.to_le_bytes());
        assert_eq!(from_f64(FloatFormat::Single, 1e300), f32::INFINITY.to_le_bytes());
        assert_eq!(from_f64(FloatFormat::Single, 1.5e-45), f32::from_bits(1).to_le_bytes());
        assert_eq!(from_f64(FloatFormat::Half, 65520.0), [0x00, 0x7c]);
        assert_eq!(from_f64(FloatFormat::Half, 65519.9), [0xff, 0x7b]);
        assert_eq!(to_f64(FloatFormat::I387Ext, &x87_bytes(0x7ffe_ffff_ffff_ffff_ffff)), Some(f64::INFINITY));
        let min = to_f64(FloatFormat::I387Ext, &x87_bytes(0x3c01_8000_0000_0000_0000)).unwrap();
        assert_eq!(min, f64::MIN_POSITIVE);
        assert!(to_f64(FloatFormat::I387Ext, &from_f64(FloatFormat::I387Ext, f64::NAN)).unwrap().is_nan());
    }

    fn x87_bytes(value: u128) -> Vec<u8> {
        value.to_le_bytes()[..10].to_vec()
    }
}
