//! Addition, multiplication, division. Results carry at least 14 bits more than any format keeps, the last of them
//! sticky, so that rounding them once gives what the hardware gives.

use super::{Class, Float, FloatFormat, normalized};

/// An operation on two numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FloatOp {
    /// `a + b`.
    Add,
    /// `a - b`.
    Sub,
    /// `a * b`.
    Mul,
    /// `a / b`.
    Div,
}

/// What x86 makes of an invalid operation: the quiet NaN with the sign set.
const INDEFINITE: Float = Float { negative: true, class: Class::Nan(0) };

impl Float {
    /// The result rounded to `format`.
    #[must_use]
    pub fn binary(self, op: FloatOp, other: Self, format: FloatFormat) -> Self {
        for operand in [self, other] {
            if matches!(operand.class, Class::Nan(_) | Class::Invalid) {
                return operand;
            }
        }
        let exact = match op {
            FloatOp::Add => add(self, other),
            FloatOp::Sub => add(self, other.negated()),
            FloatOp::Mul => mul(self, other),
            FloatOp::Div => div(self, other),
        };
        match exact.class {
            // The payload that goes with the format's quiet bit.
            Class::Nan(_) => Self::decode(&exact.encode(format), format),
            _ => exact.rounded(format),
        }
    }
}

fn add(a: Float, b: Float) -> Float {
    match (a.class, b.class) {
        (Class::Infinite, Class::Infinite) if a.negative != b.negative => INDEFINITE,
        (Class::Infinite, _) => a,
        (_, Class::Infinite) => b,
        (Class::Zero, Class::Zero) => Float { negative: a.negative && b.negative, class: Class::Zero },
        (Class::Zero, _) => b,
        (_, Class::Zero) => a,
        (Class::Finite { exponent: ea, mantissa: ma }, Class::Finite { exponent: eb, mantissa: mb }) => {
            let ((big, eb, mb), (small, es, ms)) =
                if (ea, ma) >= (eb, mb) { ((a, ea, ma), (b, eb, mb)) } else { ((b, eb, mb), (a, ea, ma)) };
            // One bit of headroom for the carry; formats leave 15 low bits of the mantissa zero.
            let high = mb >> 1;
            let low = shift_sticky(ms >> 1, (eb - es).unsigned_abs());
            let sum = if big.negative == small.negative { high + low } else { high - low };
            if sum == 0 {
                return Float::ZERO;
            }
            Float { negative: big.negative, class: normalized(sum, eb - 126) }
        }
        _ => INDEFINITE,
    }
}

fn mul(a: Float, b: Float) -> Float {
    let negative = a.negative != b.negative;
    match (a.class, b.class) {
        (Class::Infinite, Class::Zero) | (Class::Zero, Class::Infinite) => INDEFINITE,
        (Class::Infinite, _) | (_, Class::Infinite) => Float { negative, class: Class::Infinite },
        (Class::Zero, _) | (_, Class::Zero) => Float { negative, class: Class::Zero },
        (Class::Finite { exponent: ea, mantissa: ma }, Class::Finite { exponent: eb, mantissa: mb }) => {
            let (high, low) = wide_mul(ma, mb);
            let product = high | u128::from(low != 0);
            // Both mantissas are below two: the product's unit is bit 126 of the high half.
            Float { negative, class: normalized(product, ea + eb - 126) }
        }
        _ => INDEFINITE,
    }
}

fn div(a: Float, b: Float) -> Float {
    let negative = a.negative != b.negative;
    match (a.class, b.class) {
        (Class::Infinite, Class::Infinite) | (Class::Zero, Class::Zero) => INDEFINITE,
        (Class::Infinite, _) | (_, Class::Zero) => Float { negative, class: Class::Infinite },
        (Class::Zero, _) | (_, Class::Infinite) => Float { negative, class: Class::Zero },
        (Class::Finite { exponent: ea, mantissa: ma }, Class::Finite { exponent: eb, mantissa: mb }) => {
            // Schoolbook, one bit at a time; the first bit is the unit.
            let mut rest = ma;
            let mut quotient = 0u128;
            let mut carry = false;
            for _ in 0..128 {
                quotient <<= 1;
                if carry || rest >= mb {
                    rest = rest.wrapping_sub(mb);
                    quotient |= 1;
                }
                carry = rest >> 127 == 1;
                rest <<= 1;
            }
            let sticky = u128::from(carry || rest != 0);
            Float { negative, class: normalized(quotient | sticky, ea - eb - 127) }
        }
        _ => INDEFINITE,
    }
}

/// Shifts right; the lowest bit tells whether anything was lost.
fn shift_sticky(value: u128, by: u32) -> u128 {
    match by {
        0 => value,
        1..=127 => value >> by | u128::from(value << (128 - by) != 0),
        _ => u128::from(value != 0),
    }
}

/// The 256 bits of a product, high and low.
fn wide_mul(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let (ah, al, bh, bl) = (a >> 64, a & LOW, b >> 64, b & LOW);
    let (ll, lh, hl, hh) = (al * bl, al * bh, ah * bl, ah * bh);
    let middle = (ll >> 64) + (lh & LOW) + (hl & LOW);
    let low = middle << 64 | (ll & LOW);
    (hh + (lh >> 64) + (hl >> 64) + (middle >> 64), low)
}
