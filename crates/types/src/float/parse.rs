//! From text to the nearest number.

use super::decimal::Natural;
use super::{Class, Float, FloatFormat, normalized};

/// Largest decimal exponent that is not surely infinite, and the smallest not surely zero, with many digits to spare.
const MAX_EXPONENT: i64 = 20_000;
/// Longest text that is read as a number.
const MAX_LEN: usize = 4096;

impl Float {
    /// Reads `1.5`, `.5e-3`, `1.`, `0x1.8p3`, rounding once to `format`; `None` when the text is not all of that form.
    #[must_use]
    pub fn parse(text: &str, format: FloatFormat) -> Option<Self> {
        if text.len() > MAX_LEN {
            return None;
        }
        let (negative, body) = match text.strip_prefix('-') {
            Some(body) => (true, body),
            None => (false, text),
        };
        let lower = body.to_ascii_lowercase();
        let class = match lower.strip_prefix("0x") {
            Some(hex) => parse_hex(hex)?,
            None => parse_decimal(&lower)?,
        };
        Some(Self { negative, class }.rounded(format))
    }
}

/// Digits without the point, and how many of them come after it.
fn split_digits(text: &str, radix: u32) -> Option<(String, i64)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    Some((digits, i64::try_from(fraction.len()).ok()?))
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.trim_start_matches(['+', '-']);
    if digits.is_empty() || text.len() - digits.len() > 1 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // Anything that does not fit is far outside every format.
    let value = digits.parse::<i64>().unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
    Some(if text.starts_with('-') { -value } else { value })
}

fn parse_hex(text: &str) -> Option<Class> {
    let (digits, exponent) = match text.split_once('p') {
        Some((digits, exponent)) => (digits, parse_exponent(exponent)?),
        None => (text, 0),
    };
    let (digits, after) = split_digits(digits, 16)?;
    let mut mantissa = 0u128;
    let mut scale = exponent - 4 * after;
    for digit in digits.chars().filter_map(|c| c.to_digit(16)) {
        if mantissa >> 120 == 0 {
            mantissa = mantissa << 4 | u128::from(digit);
        } else {
            mantissa |= u128::from(digit != 0);
            scale += 4;
        }
    }
    Some(scaled(mantissa, scale))
}

fn scaled(mantissa: u128, exponent: i64) -> Class {
    match i32::try_from(exponent) {
        Ok(exponent) if exponent.abs() < 1 << 20 => normalized(mantissa, exponent),
        _ if mantissa == 0 || exponent < 0 => Class::Zero,
        _ => Class::Infinite,
    }
}

fn parse_decimal(text: &str) -> Option<Class> {
    let (digits, exponent) = match text.split_once('e') {
        Some((digits, exponent)) => (digits, parse_exponent(exponent)?),
        None => (text, 0),
    };
    let (digits, after) = split_digits(digits, 10)?;
    let mut number = Natural(Vec::new());
    for digit in digits.chars().filter_map(|c| c.to_digit(10)) {
        number.mul_add(10, digit);
    }
    if number.is_zero() {
        return Some(Class::Zero);
    }
    let exponent = exponent - after;
    if exponent > MAX_EXPONENT {
        return Some(Class::Infinite);
    }
    if exponent < -MAX_EXPONENT {
        return Some(Class::Zero);
    }
    let power = i32::try_from(exponent).ok()?;
    if power >= 0 {
        number.pow5(power.unsigned_abs());
        let (mantissa, dropped) = top_bits(&number);
        return Some(normalized(mantissa, power + dropped));
    }
    let mut divisor = Natural::from_u128(1);
    divisor.pow5(power.unsigned_abs());
    let (mantissa, exponent) = divide(number, divisor);
    Some(normalized(mantissa, exponent + power))
}

/// The highest 127 bits with a sticky bit below, and the power of two they are to be multiplied with.
fn top_bits(number: &Natural) -> (u128, i32) {
    let length = bit_length(number);
    let drop = length.saturating_sub(127);
    let mut mantissa = 0u128;
    for bit in (drop..length).rev() {
        mantissa = mantissa << 1 | u128::from(bit_at(number, bit));
    }
    let sticky = (0..drop).any(|bit| bit_at(number, bit));
    if drop == 0 {
        return (mantissa, 0);
    }
    (mantissa << 1 | u128::from(sticky), i32::try_from(drop).unwrap_or(i32::MAX) - 1)
}

fn bit_length(number: &Natural) -> usize {
    number.0.last().map_or(0, |top| number.0.len() * 32 - top.leading_zeros() as usize)
}

fn bit_at(number: &Natural, bit: usize) -> bool {
    number.0.get(bit / 32).is_some_and(|word| word >> (bit % 32) & 1 == 1)
}

/// `number / divisor` as a mantissa of 126 or more bits with a sticky bit, times a power of two.
fn divide(mut number: Natural, mut divisor: Natural) -> (u128, i32) {
    let (n, d) = (bit_length(&number), bit_length(&divisor));
    // Bring both to one length: the quotient is then between a half and two.
    let exponent = if n < d {
        number.shl((d - n) as u32);
        -((d - n) as i32)
    } else {
        divisor.shl((n - d) as u32);
        (n - d) as i32
    };
    let mut quotient = 0u128;
    for _ in 0..127 {
        quotient <<= 1;
        if !less(&number, &divisor) {
            subtract(&mut number, &divisor);
            quotient |= 1;
        }
        number.shl(1);
    }
    (quotient << 1 | u128::from(!number.is_zero()), exponent - 127)
}

fn less(a: &Natural, b: &Natural) -> bool {
    if a.0.len() != b.0.len() {
        return a.0.len() < b.0.len();
    }
    a.0.iter().rev().lt(b.0.iter().rev())
}

fn subtract(a: &mut Natural, b: &Natural) {
    let mut borrow = 0i64;
    for (at, word) in a.0.iter_mut().enumerate() {
        let value = i64::from(*word) - i64::from(b.0.get(at).copied().unwrap_or(0)) + borrow;
        *word = value as u32;
        borrow = if value < 0 { -1 } else { 0 };
    }
    while a.0.last() == Some(&0) {
        a.0.pop();
    }
}
