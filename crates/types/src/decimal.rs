//! IEEE 754 decimal floating point, C's `_Decimal32`, `_Decimal64` and `_Decimal128`, in the binary encoding of x86.

use std::cmp::Ordering;

/// A decimal layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DecimalFormat {
    /// Decimal digits of the coefficient.
    digits: usize,
    /// Largest exponent of the coefficient's last digit, and the smallest is `-bias`.
    max_exponent: i32,
    bias: i32,
    exp_bits: u32,
    bytes: usize,
}

impl DecimalFormat {
    /// `_Decimal32`.
    pub const SINGLE: Self = Self { digits: 7, max_exponent: 90, bias: 101, exp_bits: 8, bytes: 4 };
    /// `_Decimal64`.
    pub const DOUBLE: Self = Self { digits: 16, max_exponent: 369, bias: 398, exp_bits: 10, bytes: 8 };
    /// `_Decimal128`.
    pub const LONG: Self = Self { digits: 34, max_exponent: 6111, bias: 6176, exp_bits: 14, bytes: 16 };

    /// The format of a type of this size in bytes.
    #[must_use]
    pub fn of(size: u64) -> Option<Self> {
        match size {
            4 => Some(Self::SINGLE),
            8 => Some(Self::DOUBLE),
            16 => Some(Self::LONG),
            _ => None,
        }
    }

    const fn coefficient_bits(self) -> u32 {
        self.bytes as u32 * 8 - 1 - self.exp_bits
    }
}

/// A decimal number: digits, most significant first and without leading zeros, times a power of ten.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decimal {
    negative: bool,
    class: Class,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Class {
    Finite { digits: Vec<u8>, exponent: i32 },
    Infinite,
    Nan,
}

/// An operation on two decimals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecimalOp {
    /// `a + b`.
    Add,
    /// `a - b`.
    Sub,
    /// `a * b`.
    Mul,
    /// `a / b`.
    Div,
}

/// Longest text that is read.
const MAX_LEN: usize = 4096;
/// Digits beyond those of the widest format that may decide a rounding.
const SPARE: usize = 80;

impl Decimal {
    fn finite(negative: bool, digits: Vec<u8>, exponent: i32) -> Self {
        let zeros = digits.iter().take_while(|&&digit| digit == 0).count();
        let digits = digits.get(zeros..).unwrap_or(&[]).to_vec();
        Self { negative, class: Class::Finite { digits, exponent } }
    }

    /// From an integer, exactly.
    #[must_use]
    pub fn from_int(value: i128) -> Self {
        Self::finite(value < 0, digits_of(value.unsigned_abs()), 0)
    }

    /// Reads `1.2`, `1.2E-10`, as many digits as are written; `None` when the text is not all of that form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_LEN {
            return None;
        }
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = whole
            .chars()
            .chain(fraction.chars())
            .map(|c| c.to_digit(10).map(|digit| digit as u8))
            .collect::<Option<Vec<_>>>()?;
        if digits.is_empty() {
            return None;
        }
        let after = i32::try_from(fraction.len()).ok()?;
        Some(Self::finite(negative, digits, exponent.checked_sub(after)?))
    }

    /// Reads little-endian bytes in the binary integer encoding.
    #[must_use]
    pub fn decode(bytes: &[u8], format: DecimalFormat) -> Self {
        let mut raw = [0; 16];
        let len = bytes.len().min(format.bytes);
        raw[..len].copy_from_slice(&bytes[..len]);
        let raw = u128::from_le_bytes(raw);
        let width = format.bytes as u32 * 8;
        let negative = raw >> (width - 1) & 1 == 1;
        let top = raw >> (width - 6) & 0b11111;
        if top >> 1 == 0b1111 {
            let class = if top == 0b11111 { Class::Nan } else { Class::Infinite };
            return Self { negative, class };
        }
        let bits = format.coefficient_bits();
        let exp_mask = (1u128 << format.exp_bits) - 1;
        let (field, coefficient) = if raw >> (width - 3) & 0b11 == 0b11 {
            // Two bits of the exponent's place say that the coefficient begins with 100.
            let low = bits - 2;
            (raw >> low & exp_mask, 0b100 << low | raw & ((1 << low) - 1))
        } else {
            (raw >> bits & exp_mask, raw & ((1 << bits) - 1))
        };
        let digits = digits_of(coefficient);
        // Coefficients too large for the format stand for zero.
        let digits = if digits.len() > format.digits { Vec::new() } else { digits };
        Self::finite(negative, digits, field as i32 - format.bias)
    }

    /// The bytes of the nearest number of the format, ties to even; too large ones become infinite.
    #[must_use]
    pub fn encode(&self, format: DecimalFormat) -> Vec<u8> {
        let width = format.bytes as u32 * 8;
        let sign = u128::from(self.negative) << (width - 1);
        let raw = match self.rounded(format).class {
            Class::Infinite => 0b11110 << (width - 6),
            Class::Nan => 0b11111 << (width - 6),
            Class::Finite { digits, exponent } => {
                let coefficient = digits.iter().fold(0u128, |number, &digit| number * 10 + u128::from(digit));
                let field = (exponent + format.bias).max(0) as u128;
                let bits = format.coefficient_bits();
                if coefficient >> bits == 0 {
                    field << bits | coefficient
                } else {
                    let low = bits - 2;
                    0b11 << (width - 3) | field << low | coefficient & ((1 << low) - 1)
                }
            }
        };
        (sign | raw).to_le_bytes()[..format.bytes].to_vec()
    }

    /// The nearest number that the format can hold.
    #[must_use]
    pub fn rounded(&self, format: DecimalFormat) -> Self {
        let Class::Finite { digits, exponent } = &self.class else { return self.clone() };
        let (mut digits, mut exponent) = (digits.clone(), *exponent);
        let excess = digits.len().saturating_sub(format.digits);
        let below = usize::try_from(-format.bias - exponent).unwrap_or(0);
        let drop = excess.max(below);
        if drop > 0 {
            let kept = digits.len().saturating_sub(drop);
            let up = round_up(&digits, kept, drop);
            digits.truncate(kept);
            exponent = exponent.saturating_add(i32::try_from(drop).unwrap_or(i32::MAX));
            if up {
                increment(&mut digits);
                if digits.len() > format.digits {
                    digits.pop();
                    exponent += 1;
                }
            }
        }
        if exponent > format.max_exponent {
            let pad = (exponent - format.max_exponent) as usize;
            if digits.is_empty() {
                exponent = format.max_exponent;
            } else if digits.len() + pad <= format.digits {
                digits.resize(digits.len() + pad, 0);
                exponent = format.max_exponent;
            } else {
                return Self { negative: self.negative, class: Class::Infinite };
            }
        }
        Self::finite(self.negative, digits, exponent.max(-format.bias))
    }

    /// The number with the other sign.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self { negative: !self.negative, class: self.class.clone() }
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        matches!(&self.class, Class::Finite { digits, .. } if digits.is_empty())
    }

    /// Comparison; `None` when one is NaN.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        let difference = self.binary(DecimalOp::Sub, other, DecimalFormat::LONG);
        match difference.class {
            Class::Nan => {
                let same = self.class == Class::Infinite && other.class == Class::Infinite;
                (same && self.negative == other.negative).then_some(Ordering::Equal)
            }
            _ if difference.is_zero() => Some(Ordering::Equal),
            _ if difference.negative => Some(Ordering::Less),
            _ => Some(Ordering::Greater),
        }
    }

    /// The result rounded to a format.
    #[must_use]
    pub fn binary(&self, op: DecimalOp, other: &Self, format: DecimalFormat) -> Self {
        let other = if op == DecimalOp::Sub { other.negated() } else { other.clone() };
        let negative = self.negative != other.negative;
        let (Class::Finite { digits: a, exponent: ea }, Class::Finite { digits: b, exponent: eb }) =
            (&self.class, &other.class)
        else {
            return self.special(op, &other);
        };
        let exact = match op {
            DecimalOp::Add | DecimalOp::Sub => add(self.negative, a, *ea, other.negative, b, *eb),
            DecimalOp::Mul => Self::finite(negative, mul(a, b), ea.saturating_add(*eb)),
            DecimalOp::Div if b.is_empty() => {
                let class = if a.is_empty() { Class::Nan } else { Class::Infinite };
                return Self { negative, class };
            }
            DecimalOp::Div => div(negative, a, b, ea.saturating_sub(*eb), format.digits),
        };
        exact.rounded(format)
    }

    fn special(&self, op: DecimalOp, other: &Self) -> Self {
        let negative = self.negative != other.negative;
        let nan = Self { negative: false, class: Class::Nan };
        let infinite = |negative| Self { negative, class: Class::Infinite };
        match (op, &self.class, &other.class) {
            (_, Class::Nan, _) | (_, _, Class::Nan) => nan,
            (DecimalOp::Add | DecimalOp::Sub, Class::Infinite, Class::Infinite) if negative => nan,
            (DecimalOp::Add | DecimalOp::Sub, Class::Infinite, _) => infinite(self.negative),
            (DecimalOp::Add | DecimalOp::Sub, ..) => infinite(other.negative),
            (DecimalOp::Mul, ..) if self.is_zero() || other.is_zero() => nan,
            (DecimalOp::Mul, ..) => infinite(negative),
            (DecimalOp::Div, Class::Infinite, Class::Infinite) => nan,
            (DecimalOp::Div, Class::Infinite, _) => infinite(negative),
            (DecimalOp::Div, ..) => Self::finite(negative, Vec::new(), 0),
        }
    }
}

impl std::fmt::Display for Decimal {
    /// The scientific string of the decimal arithmetic specification: `1.2`, `1E-7`, `1.200000E+96`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let (digits, exponent) = match &self.class {
            Class::Infinite => return f.write_str("Infinity"),
            Class::Nan => return f.write_str("NaN"),
            Class::Finite { digits, exponent } => (digits, *exponent),
        };
        let text: String = digits.iter().map(|&digit| char::from(b'0' + digit)).collect();
        let text = if text.is_empty() { "0" } else { &text };
        let adjusted = exponent.saturating_add(text.len() as i32 - 1);
        if exponent <= 0 && adjusted >= -6 {
            let after = exponent.unsigned_abs() as usize;
            if after == 0 {
                return f.write_str(text);
            }
            return match text.len().checked_sub(after) {
                Some(before @ 1..) => write!(f, "{}.{}", &text[..before], &text[before..]),
                _ => write!(f, "0.{}{text}", "0".repeat(after - text.len())),
            };
        }
        f.write_str(&text[..1])?;
        if text.len() > 1 {
            write!(f, ".{}", &text[1..])?;
        }
        write!(f, "E{adjusted:+}")
    }
}

fn digits_of(mut number: u128) -> Vec<u8> {
    let mut digits = Vec::new();
    while number > 0 {
        digits.push((number % 10) as u8);
        number /= 10;
    }
    digits.reverse();
    digits
}

/// Whether dropping `drop` digits after the first `kept` rounds up.
fn round_up(digits: &[u8], kept: usize, drop: usize) -> bool {
    // More digits dropped than there are: what is dropped begins with zeros.
    if drop > digits.len() {
        return false;
    }
    let first = digits.get(kept).copied().unwrap_or(0);
    let rest = digits.get(kept + 1..).unwrap_or(&[]).iter().any(|&digit| digit != 0);
    let odd = kept.checked_sub(1).and_then(|last| digits.get(last)).is_some_and(|digit| digit % 2 == 1);
    first > 5 || (first == 5 && (rest || odd))
}

fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return;
        }
        *digit = 0;
    }
    digits.insert(0, 1);
}

fn add(a_negative: bool, a: &[u8], ea: i32, b_negative: bool, b: &[u8], eb: i32) -> Decimal {
    let low = ea.min(eb);
    // Digits far below the other number only decide the rounding.
    let shift = |exponent: i32| usize::try_from(exponent.saturating_sub(low)).unwrap_or(0);
    let (mut a, mut b, mut low) = (a.to_vec(), b.to_vec(), low);
    let (shift_a, shift_b) = (shift(ea), shift(eb));
    if shift_a.max(shift_b) > 34 + SPARE {
        let (small, big_shift) = if shift_a > shift_b { (&mut b, shift_a) } else { (&mut a, shift_b) };
        if !small.is_empty() {
            *small = vec![1];
        }
        let excess = big_shift - (34 + SPARE);
        low = low.saturating_add(i32::try_from(excess).unwrap_or(i32::MAX));
    }
    a.resize(a.len() + shift_a.min(34 + SPARE), 0);
    b.resize(b.len() + shift_b.min(34 + SPARE), 0);
    let width = a.len().max(b.len()) + 1;
    let at = |digits: &[u8], place: usize| {
        digits.len().checked_sub(place + 1).and_then(|at| digits.get(at)).copied().unwrap_or(0)
    };
    let compare = |a: &[u8], b: &[u8]| {
        (0..width).rev().map(|place| at(a, place).cmp(&at(b, place))).find(|order| order.is_ne())
    };
    if a_negative == b_negative {
        let mut carry = 0;
        let mut sum: Vec<u8> = (0..width)
            .map(|place| {
                let total = at(&a, place) + at(&b, place) + carry;
                carry = total / 10;
                total % 10
            })
            .collect();
        sum.reverse();
        return Decimal::finite(a_negative, sum, low);
    }
    let (big, small, negative) = match compare(&a, &b) {
        None => return Decimal::finite(false, Vec::new(), low),
        Some(Ordering::Less) => (&b, &a, b_negative),
        _ => (&a, &b, a_negative),
    };
    let mut borrow = 0;
    let mut difference: Vec<u8> = (0..width)
        .map(|place| {
            let total = 10 + at(big, place) - at(small, place) - borrow;
            borrow = u8::from(total < 10);
            total % 10
        })
        .collect();
    difference.reverse();
    Decimal::finite(negative, difference, low)
}

fn mul(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut product = vec![0u32; a.len() + b.len()];
    for (i, &x) in a.iter().enumerate() {
        for (j, &y) in b.iter().enumerate() {
            product[i + j + 1] += u32::from(x) * u32::from(y);
        }
    }
    for at in (1..product.len()).rev() {
        let carry = product[at] / 10;
        product[at] %= 10;
        product[at - 1] += carry;
    }
    product.into_iter().map(|digit| digit as u8).collect()
}

fn div(negative: bool, a: &[u8], b: &[u8], exponent: i32, precision: usize) -> Decimal {
    if a.is_empty() {
        return Decimal::finite(negative, Vec::new(), exponent);
    }
    let mut rest: Vec<u8> = Vec::new();
    let mut quotient = Vec::new();
    let mut exponent = exponent;
    let mut digits = a.iter().copied();
    let mut significant = 0;
    loop {
        let next = digits.next();
        let exact = rest.iter().all(|&digit| digit == 0);
        if next.is_none() && (exact || significant > precision + 1) {
            if !exact {
                // A digit that only says that there is more.
                quotient.push(1);
                exponent -= 1;
            }
            return Decimal::finite(negative, quotient, exponent);
        }
        if next.is_none() {
            exponent -= 1;
        }
        rest.push(next.unwrap_or(0));
        let mut digit = 0;
        while !less(&rest, b) {
            subtract(&mut rest, b);
            digit += 1;
        }
        quotient.push(digit);
        significant += usize::from(significant > 0 || digit > 0);
    }
}

fn less(a: &[u8], b: &[u8]) -> bool {
    let trim = |digits: &[u8]| digits.iter().copied().skip_while(|&digit| digit == 0).collect::<Vec<_>>();
    let (a, b) = (trim(a), trim(b));
    (a.len(), &a) < (b.len(), &b)
}

fn subtract(a: &mut [u8], b: &[u8]) {
    let mut borrow = 0;
    let mut b = b.iter().rev();
    for digit in a.iter_mut().rev() {
        let total = 10 + *digit - b.next().copied().unwrap_or(0) - borrow;
        borrow = u8::from(total < 10);
        *digit = total % 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn numbers_print_as_in_gdb() {
        let check = |text: &str, format: DecimalFormat, expected: &str| {
            let rounded = number(text).rounded(format);
            assert_eq!(rounded.to_string(), expected);
            assert_eq!(Decimal::decode(&rounded.encode(format), format).to_string(), expected);
        };
        check("1.2", DecimalFormat::SINGLE, "1.2");
        check("-1234567.", DecimalFormat::SINGLE, "-1234567");
        check("1.2E1", DecimalFormat::SINGLE, "12");
        check("1.2E10", DecimalFormat::SINGLE, "1.2E+10");
        check("1.2E96", DecimalFormat::SINGLE, "1.200000E+96");
        check("1.2E97", DecimalFormat::SINGLE, "Infinity");
        check("1.E-101", DecimalFormat::SINGLE, "1E-101");
        check("123456789.", DecimalFormat::SINGLE, "1.234568E+8");
        check("0.00001", DecimalFormat::SINGLE, "0.00001");
        check("0.0000001", DecimalFormat::SINGLE, "1E-7");
        check("0.00000012", DecimalFormat::SINGLE, "1.2E-7");
        check("9999999", DecimalFormat::SINGLE, "9999999");
        check("10E5", DecimalFormat::SINGLE, "1.0E+6");
        check("1.2E384", DecimalFormat::DOUBLE, "1.200000000000000E+384");
        check("1.234567890123456", DecimalFormat::DOUBLE, "1.234567890123456");
        check(
            "1.234567890123456789012345678901234",
            DecimalFormat::LONG,
            "1.234567890123456789012345678901234",
        );
        check("1.2E6144", DecimalFormat::LONG, "1.200000000000000000000000000000000E+6144");
    }

    #[test]
    fn encodings() {
        assert_eq!(number("1.2").encode(DecimalFormat::SINGLE), 0x3200_000cu32.to_le_bytes());
        assert_eq!(number("1.2").encode(DecimalFormat::DOUBLE), 0x31a0_0000_0000_000cu64.to_le_bytes());
        let long = 0x303e_0000_0000_0000_0000_0000_0000_000cu128;
        assert_eq!(number("1.2").encode(DecimalFormat::LONG), long.to_le_bytes());
    }

    #[test]
    fn arithmetic() {
        let check = |a: &str, op, b: &str, format: DecimalFormat, expected: &str| {
            assert_eq!(number(a).binary(op, &number(b), format).to_string(), expected, "{a} {op:?} {b}");
        };
        let (single, double) = (DecimalFormat::SINGLE, DecimalFormat::DOUBLE);
        check("1.2", DecimalOp::Add, "1.3", single, "2.5");
        check("1.2", DecimalOp::Sub, "1.3", single, "-0.1");
        check("1.2", DecimalOp::Mul, "2", single, "2.4");
        check("5.0e3", DecimalOp::Div, "3", double, "1666.666666666667");
        check("1", DecimalOp::Div, "8", single, "0.125");
        check("1e50", DecimalOp::Add, "1e-100", single, "1.000000E+50");
        check("1", DecimalOp::Div, "0", single, "Infinity");
        check("9999999", DecimalOp::Add, "1", single, "1.000000E+7");
        assert_eq!(number("1.20").compare(&number("1.2")), Some(Ordering::Equal));
        assert_eq!(number("-3").compare(&number("1e-5")), Some(Ordering::Less));
    }
}
