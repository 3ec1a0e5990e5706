//! Binary floating point of the sizes C compilers use, x87's 80 bits among them, in software: the debugger's own
//! processor need not have the format, and `long double` has no Rust type.

mod arith;
mod decimal;
mod parse;

pub use arith::FloatOp;

use std::cmp::Ordering;

/// A floating-point layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FloatFormat {
    /// Significant bits, the leading one included.
    pub precision: u32,
    /// Width of the exponent.
    exp_bits: u32,
    /// Whether the leading bit is stored (x87).
    explicit: bool,
}

impl FloatFormat {
    /// IEEE 754 binary16.
    pub const HALF: Self = Self { precision: 11, exp_bits: 5, explicit: false };
    /// bfloat16: a binary32 without the lower half of its fraction.
    pub const BFLOAT16: Self = Self { precision: 8, exp_bits: 8, explicit: false };
    /// IEEE 754 binary32, C's `float`.
    pub const SINGLE: Self = Self { precision: 24, exp_bits: 8, explicit: false };
    /// IEEE 754 binary64, C's `double`.
    pub const DOUBLE: Self = Self { precision: 53, exp_bits: 11, explicit: false };
    /// x87 double extended, C's `long double` on x86; ten bytes, padded to 12 or 16.
    pub const X87: Self = Self { precision: 64, exp_bits: 15, explicit: true };
    /// IEEE 754 binary128, `__float128`.
    pub const QUAD: Self = Self { precision: 113, exp_bits: 15, explicit: false };

    /// The format of a base type by its size, and its name where the size does not decide.
    #[must_use]
    pub fn of(size: u64, name: &str) -> Option<Self> {
        Some(match size {
            2 if name.contains("bfloat16") => Self::BFLOAT16,
            2 => Self::HALF,
            4 => Self::SINGLE,
            8 => Self::DOUBLE,
            10 | 12 => Self::X87,
            16 if name.contains("128") => Self::QUAD,
            16 => Self::X87,
            _ => return None,
        })
    }

    /// Bytes that carry the number.
    #[must_use]
    pub const fn bytes(self) -> usize {
        (self.total_bits() / 8) as usize
    }

    const fn total_bits(self) -> u32 {
        1 + self.exp_bits + self.stored_bits()
    }

    const fn stored_bits(self) -> u32 {
        if self.explicit { self.precision } else { self.precision - 1 }
    }

    const fn bias(self) -> i32 {
        (1 << (self.exp_bits - 1)) - 1
    }

    const fn max_exp_field(self) -> u32 {
        (1 << self.exp_bits) - 1
    }

    /// Significant decimal digits that tell all numbers apart: ceil(1 + precision * log10 2).
    #[must_use]
    pub fn decimal_digits(self) -> usize {
        // log10 2 as a fraction, exact enough for 113 bits.
        (1 + (u64::from(self.precision) * 30_103).div_ceil(100_000)) as usize
    }
}

/// A number, independent of any format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Float {
    negative: bool,
    class: Class,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    Zero,
    /// `mantissa / 2^127 * 2^exponent`, the highest bit of the mantissa set.
    Finite {
        exponent: i32,
        mantissa: u128,
    },
    Infinite,
    /// The stored bits of the mantissa.
    Nan(u128),
    /// x87 encodings without a meaning.
    Invalid,
}

impl Float {
    /// Zero.
    pub const ZERO: Self = Self { negative: false, class: Class::Zero };

    /// Reads the little-endian bytes of a number. Missing bytes count as zero.
    #[must_use]
    pub fn decode(bytes: &[u8], format: FloatFormat) -> Self {
        let mut raw = [0; 16];
        let len = bytes.len().min(format.bytes());
        raw[..len].copy_from_slice(&bytes[..len]);
        let raw = u128::from_le_bytes(raw);
        let stored = format.stored_bits();
        let field = (raw >> stored) as u32 & format.max_exp_field();
        let fraction = raw & ((1u128 << stored) - 1);
        let negative = raw >> (format.total_bits() - 1) & 1 == 1;
        let top = if format.explicit { fraction >> (stored - 1) & 1 == 1 } else { field != 0 };
        let class = if field == format.max_exp_field() {
            let significant = if format.explicit { fraction & ((1 << (stored - 1)) - 1) } else { fraction };
            match (format.explicit && !top, significant) {
                (true, _) => Class::Invalid,
                (false, 0) => Class::Infinite,
                (false, _) => Class::Nan(fraction),
            }
        } else if format.explicit && field != 0 && !top {
            Class::Invalid
        } else {
            let leading = if format.explicit || field == 0 { 0 } else { 1 << stored };
            let exponent = (field.max(1)).cast_signed() - format.bias();
            normalized(fraction | leading, exponent - (format.precision.cast_signed() - 1))
        };
        Self { negative, class }
    }

    /// The bytes of the nearest number of `format`, ties to even; too large ones become infinite.
    #[must_use]
    pub fn encode(self, format: FloatFormat) -> Vec<u8> {
        let stored = format.stored_bits();
        let quiet = 1u128 << (format.precision - 2);
        let leading = if format.explicit { 1u128 << (stored - 1) } else { 0 };
        let (field, fraction) = match self.class {
            Class::Zero => (0, 0),
            Class::Infinite => (format.max_exp_field(), leading),
            Class::Invalid => (format.max_exp_field(), leading | quiet),
            Class::Nan(payload) => {
                let mask = (1u128 << stored) - 1;
                (format.max_exp_field(), payload & mask | leading | quiet)
            }
            Class::Finite { exponent, mantissa } => format.pack(exponent, mantissa),
        };
        let sign = u128::from(self.negative) << (format.total_bits() - 1);
        let raw = sign | u128::from(field) << stored | fraction;
        raw.to_le_bytes()[..format.bytes()].to_vec()
    }

    /// The nearest number that `format` can hold.
    #[must_use]
    pub fn rounded(self, format: FloatFormat) -> Self {
        match self.class {
            Class::Finite { .. } => Self::decode(&self.encode(format), format),
            _ => self,
        }
    }

    /// From an integer, exactly.
    #[must_use]
    pub fn from_int(value: i128) -> Self {
        Self { negative: value < 0, class: normalized(value.unsigned_abs(), 0) }
    }

    /// From an unsigned integer, exactly.
    #[must_use]
    pub fn from_uint(value: u128) -> Self {
        Self { negative: false, class: normalized(value, 0) }
    }

    /// From a `double`.
    #[must_use]
    pub fn from_f64(value: f64) -> Self {
        Self::decode(&value.to_le_bytes(), FloatFormat::DOUBLE)
    }

    /// Towards zero, as an integer; clamped to the range of a signed 64-bit integer, as gdb converts; what is no number is
    /// the upper end.
    #[must_use]
    pub fn to_i64(self) -> i64 {
        match self.class {
            Class::Zero => 0,
            Class::Nan(_) | Class::Invalid => i64::MAX,
            Class::Infinite => {
                if self.negative {
                    i64::MIN
                } else {
                    i64::MAX
                }
            }
            Class::Finite { exponent, mantissa } => {
                let magnitude = match exponent {
                    ..0 => 0,
                    0..=126 => mantissa >> (127 - exponent),
                    _ => u128::MAX,
                };
                let clamped = magnitude.min(1 << 63);
                if self.negative {
                    (clamped as i128).wrapping_neg() as i64
                } else {
                    clamped.min(i64::MAX as u128) as i64
                }
            }
        }
    }

    /// The nearest `double`.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        let mut raw = [0; 8];
        raw.copy_from_slice(&self.encode(FloatFormat::DOUBLE));
        f64::from_le_bytes(raw)
    }

    /// Whether it is zero of either sign.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.class == Class::Zero
    }

    /// Whether the sign bit is set.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.negative
    }

    /// Whether it is a number: neither NaN nor infinite.
    #[must_use]
    pub fn is_finite(self) -> bool {
        matches!(self.class, Class::Zero | Class::Finite { .. })
    }

    /// IEEE comparison; `None` when one is NaN.
    #[must_use]
    pub fn compare(self, other: Self) -> Option<Ordering> {
        let magnitude = |float: Self| match float.class {
            Class::Zero => Some((0, i32::MIN, 0)),
            Class::Finite { exponent, mantissa } => Some((1, exponent, mantissa)),
            Class::Infinite => Some((2, 0, 0)),
            Class::Nan(_) | Class::Invalid => None,
        };
        let (a, b) = (magnitude(self)?, magnitude(other)?);
        if a.0 == 0 && b.0 == 0 {
            return Some(Ordering::Equal);
        }
        Some(match (self.negative && a.0 > 0, other.negative && b.0 > 0) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => a.cmp(&b),
            (true, true) => b.cmp(&a),
        })
    }

    /// The number with the other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { negative: !self.negative, class: self.class }
    }

    /// As gdb prints it without a format: enough digits to tell it from its neighbours in `format`, like `%g`.
    #[must_use]
    pub fn print(self, format: FloatFormat) -> String {
        let sign = if self.negative { "-" } else { "" };
        match self.class {
            Class::Nan(payload) => format!("{sign}nan({payload:#x})"),
            Class::Infinite => format!("{sign}inf"),
            Class::Invalid => "<invalid float value>".to_owned(),
            _ => self.printf('g', Some(format.decimal_digits()), false),
        }
    }
}

impl FloatFormat {
    /// Exponent field and stored fraction of a finite number, rounded.
    fn pack(self, exponent: i32, mantissa: u128) -> (u32, u128) {
        let stored = self.stored_bits();
        let lowest = 1 - self.bias();
        // Bits of the mantissa to drop: more of them for numbers below the smallest normal one.
        let denormal = (lowest - exponent).max(0).unsigned_abs();
        let drop = (128 - self.precision).saturating_add(denormal);
        let (kept, up) = if drop >= 129 {
            (0, false)
        } else if drop == 128 {
            (0, mantissa > 1 << 127)
        } else {
            let kept = mantissa >> drop;
            let rest = mantissa & ((1u128 << drop) - 1);
            let half = 1u128 << (drop - 1);
            (kept, rest > half || (rest == half && kept & 1 == 1))
        };
        let mut kept = kept + u128::from(up);
        let mut exponent = exponent.max(lowest);
        if kept >> self.precision != 0 {
            kept >>= 1;
            exponent += 1;
        }
        if exponent > self.bias() {
            let leading = if self.explicit { 1u128 << (stored - 1) } else { 0 };
            return (self.max_exp_field(), leading);
        }
        let is_normal = kept >> (self.precision - 1) & 1 == 1;
        let field = if is_normal { (exponent + self.bias()).unsigned_abs() } else { 0 };
        let fraction = if self.explicit { kept } else { kept & ((1u128 << stored) - 1) };
        (field, fraction)
    }
}

/// `mantissa * 2^exponent`.
fn normalized(mantissa: u128, exponent: i32) -> Class {
    if mantissa == 0 {
        return Class::Zero;
    }
    let shift = mantissa.leading_zeros();
    Class::Finite { exponent: exponent + 127 - shift.cast_signed(), mantissa: mantissa << shift }
}

#[cfg(test)]
mod tests;
