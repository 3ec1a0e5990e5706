//! Numbers: where they end, their type, their value.

use crate::builtin::builtin;
use crate::error::{ExprError, Result};
use kdive_types::{Base, Decimal, DecimalFormat, Encoding, Float, FloatFormat, Kind, Node, Type, Value};

/// Length of the number at the start of `text`: letters and digits, with a point and a signed exponent where those can be.
pub(super) fn scan(text: &str, radix: u32) -> usize {
    let bytes = text.as_bytes();
    let mut hex = radix > 10;
    let mut at = 0;
    if bytes.first() == Some(&b'0') {
        match bytes.get(1) {
            Some(b'x' | b'X') => (hex, at) = (true, 2),
            Some(b't' | b'T' | b'd' | b'D') => (hex, at) = (false, 2),
            _ => {}
        }
    }
    let (mut point, mut exponent) = (false, None);
    while let Some(&byte) = bytes.get(at) {
        let previous = at.checked_sub(1).and_then(|before| bytes.get(before)).map(u8::to_ascii_lowercase);
        match byte.to_ascii_lowercase() {
            b'e' if !hex && exponent.is_none() => (point, exponent) = (true, Some(b'e')),
            b'p' if exponent.is_none() => (point, exponent) = (true, Some(b'p')),
            b'.' if !point => point = true,
            b'+' | b'-' if exponent.is_some() && previous == exponent => {}
            b if b.is_ascii_alphanumeric() => {}
            _ => break,
        }
        at += 1;
    }
    at
}

fn is_float(text: &str, radix: u32) -> bool {
    let lower = text.to_ascii_lowercase();
    let hex = match lower.get(..2) {
        Some("0x") => true,
        Some("0t" | "0d") => false,
        _ => radix > 10,
    };
    lower.contains('.') || lower.contains('p') || (!hex && lower.contains('e'))
}

/// A literal as a value of the type C and gdb give it.
pub(super) fn parse(text: &str, radix: u32) -> Result<Value> {
    let invalid = || ExprError::msg(format!("Invalid number \"{text}\"."));
    if is_float(text, radix) {
        parse_float(text).ok_or_else(invalid)
    } else {
        parse_int(text, radix)?.ok_or_else(invalid)
    }
}

fn parse_float(text: &str) -> Option<Value> {
    let types = builtin();
    let (text, imaginary) = match text.strip_suffix('i') {
        Some(text) => (text, true),
        None => (text, false),
    };
    let decimal = [("df", &types.decimal32), ("dd", &types.decimal64), ("dl", &types.decimal128)];
    if let Some((digits, ty)) =
        decimal.into_iter().find_map(|(suffix, ty)| Some((text.strip_suffix(suffix)?, ty)))
    {
        let format = DecimalFormat::of(ty.size()?)?;
        return Some(Value::from_bytes(ty.clone(), Decimal::parse(digits)?.encode(format)));
    }
    let (digits, ty, format) = if text.ends_with(['f', 'F']) {
        (&text[..text.len() - 1], &types.float, FloatFormat::SINGLE)
    } else if text.ends_with(['l', 'L']) {
        (&text[..text.len() - 1], &types.long_double, FloatFormat::X87)
    } else {
        (text, &types.double, FloatFormat::DOUBLE)
    };
    let mut bytes = Float::parse(digits, format)?.encode(format);
    bytes.resize(usize::try_from(ty.size()?).ok()?, 0);
    if imaginary {
        let mut pair = vec![0; bytes.len()];
        pair.extend_from_slice(&bytes);
        return Some(Value::from_bytes(complex_of(ty), pair));
    }
    Some(Value::from_bytes(ty.clone(), bytes))
}

/// The complex type whose parts have this type.
pub(crate) fn complex_of(part: &Type) -> Type {
    let name = match part.name() {
        Some("float") => "complex float".to_owned(),
        Some("double") => "complex double".to_owned(),
        Some("long double") => "complex long double".to_owned(),
        Some(name) => format!("_Complex {name}"),
        None => "_Complex".to_owned(),
    };
    Type::new(Node {
        name: Some(name.into()),
        byte_size: part.size().map(|size| size * 2),
        align: None,
        big_endian: false,
        kind: Kind::Base(Base { encoding: Encoding::ComplexFloat, bit_size: None }),
    })
}

/// `$_creal` and `$_cimag`.
pub(crate) fn complex_part(context: &dyn crate::Context, args: &[Value], part: u64) -> Result<Value> {
    let value = args.first().filter(|value| value.ty().is_complex());
    let value = value.ok_or_else(|| ExprError::msg("expected a complex number"))?;
    let ty = crate::eval::part_type(value.ty());
    let bits = ty.size().unwrap_or(0).saturating_mul(8);
    Ok(value.component(ty, part.saturating_mul(bits), None).without_place(context))
}

/// `None` is an invalid number, an error one with a reason of its own.
fn parse_int(text: &str, radix: u32) -> Result<Option<Value>> {
    let lower = text.to_ascii_lowercase();
    let (digits, base) = match lower.get(..2) {
        Some("0x") if lower.len() > 2 => (&lower[2..], 16),
        Some("0b") if lower.len() > 2 => (&lower[2..], 2),
        Some("0t" | "0d") if lower.len() > 2 => (&lower[2..], 10),
        Some("0x" | "0b" | "0t" | "0d") => (&lower[..], radix),
        _ if lower.starts_with('0') && lower.len() > 1 => (&lower[..], 8),
        _ => (&lower[..], radix),
    };
    let mut value = 0u64;
    let (mut longs, mut unsigned, mut imaginary, mut suffix) = (0, false, false, false);
    for c in digits.chars() {
        match c {
            'l' => (longs, suffix) = (longs + 1, true),
            'u' => (unsigned, suffix) = (true, true),
            'i' => (imaginary, suffix) = (true, true),
            _ if suffix => return Ok(None),
            _ => {
                let Some(digit) = c.to_digit(16).filter(|&digit| digit < base) else { return Ok(None) };
                value = value
                    .checked_mul(u64::from(base))
                    .and_then(|value| value.checked_add(u64::from(digit)))
                    .ok_or_else(|| ExprError::msg("Numeric constant too large."))?;
            }
        }
    }
    let types = builtin();
    let fits = |bits: u32| value >> (bits - 1) >> 1 == 0;
    let signed_ok = !unsigned;
    let unsigned_ok = unsigned || base != 10 || !fits(63);
    let candidates = [
        (longs == 0, signed_ok && fits(31), &types.int),
        (longs == 0, unsigned_ok && fits(32), &types.unsigned_int),
        (longs <= 1, signed_ok && fits(63), &types.long),
        (longs <= 1, unsigned_ok, &types.unsigned_long),
        (true, signed_ok && fits(63), &types.long_long),
        (true, unsigned_ok, &types.unsigned_long_long),
    ];
    let Some((_, _, ty)) = candidates.into_iter().find(|(length, fits, _)| *length && *fits) else {
        return Err(ExprError::msg("Numeric constant too large."));
    };
    let size = usize::try_from(ty.size().unwrap_or(8)).unwrap_or(8);
    let bytes = &value.to_le_bytes()[..size];
    if imaginary {
        // A complex integer; the parts have the literal's type.
        let mut pair = vec![0; size];
        pair.extend_from_slice(bytes);
        return Ok(Some(Value::from_bytes(complex_of(ty), pair)));
    }
    Ok(Some(Value::from_bytes(ty.clone(), bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, ty: &str, value: u64) {
        let parsed = parse(text, 10).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(parsed.ty().to_string(), ty, "{text}");
        let contents = parsed.contents(&crate::eval::NoTarget).unwrap();
        let mut bytes = [0; 8];
        bytes[..contents.bytes().len()].copy_from_slice(contents.bytes());
        assert_eq!(u64::from_le_bytes(bytes), value, "{text}");
    }

    #[test]
    fn types_follow_value_base_and_suffix() {
        check("1", "int", 1);
        check("2147483648", "long", 1 << 31);
        check("0x80000000", "unsigned int", 1 << 31);
        check("4294967295u", "unsigned int", u64::from(u32::MAX));
        check("0xffffffffffffffff", "unsigned long", u64::MAX);
        check("18446744073709551615", "unsigned long", u64::MAX);
        check("1l", "long", 1);
        check("1ULL", "unsigned long long", 1);
        check("017", "int", 15);
        check("0t17", "int", 17);
        check("0b101", "int", 5);
        check("1.5", "double", 1.5f64.to_bits());
        check("1.5f", "float", u64::from(1.5f32.to_bits()));
        check("0x1p4", "double", 16.0f64.to_bits());
    }

    #[test]
    fn errors() {
        for text in ["1x", "0x", "08", "1lx", "1.5g", "0b2", "1e"] {
            assert_eq!(parse(text, 10).unwrap_err().to_string(), format!("Invalid number \"{text}\"."));
        }
        assert_eq!(parse("18446744073709551616", 10).unwrap_err().to_string(), "Numeric constant too large.");
    }

    #[test]
    fn numbers_end_where_gdb_ends_them() {
        for (text, len) in [("1+2", 1), ("1e+2+3", 4), ("0x1e+2", 4), ("1.5.2", 3), ("12abc)", 5), ("1.f", 3)]
        {
            assert_eq!(scan(text, 10), len, "{text}");
        }
    }
}
