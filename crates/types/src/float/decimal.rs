//! Exact decimal digits, and C's `%e %f %g %a` made of them.

use super::{Class, Float};

/// A natural number of any size, least significant word first.
#[derive(Clone, Debug)]
pub(super) struct Natural(pub(super) Vec<u32>);

impl Natural {
    pub(super) fn from_u128(mut value: u128) -> Self {
        let mut words = Vec::new();
        while value > 0 {
            words.push(value as u32);
            value >>= 32;
        }
        Self(words)
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn mul_add(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for word in &mut self.0 {
            carry += u64::from(*word) * u64::from(factor);
            *word = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    pub(super) fn shl(&mut self, bits: u32) {
        if self.is_zero() {
            return;
        }
        let rest = bits % 32;
        if rest > 0 {
            let mut carry = 0;
            for word in &mut self.0 {
                let next = *word >> (32 - rest);
                *word = *word << rest | carry;
                carry = next;
            }
            if carry > 0 {
                self.0.push(carry);
            }
        }
        self.0.splice(0..0, std::iter::repeat_n(0, (bits / 32) as usize));
    }

    pub(super) fn pow5(&mut self, mut exponent: u32) {
        // 5^13 is the largest power in a word.
        while exponent >= 13 {
            self.mul_add(1_220_703_125, 0);
            exponent -= 13;
        }
        self.mul_add(5u32.pow(exponent), 0);
    }

    fn div_small(&mut self, divisor: u32) -> u32 {
        let mut rest = 0u64;
        for word in self.0.iter_mut().rev() {
            rest = rest << 32 | u64::from(*word);
            *word = (rest / u64::from(divisor)) as u32;
            rest %= u64::from(divisor);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        rest as u32
    }

    fn into_digits(mut self) -> Vec<u8> {
        let mut digits = Vec::new();
        while !self.is_zero() {
            let mut chunk = self.div_small(1_000_000_000);
            for _ in 0..9 {
                digits.push((chunk % 10) as u8);
                chunk /= 10;
            }
        }
        while digits.last() == Some(&0) {
            digits.pop();
        }
        digits.reverse();
        digits
    }
}

/// `0.d1 d2 d3... * 10^point`.
struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

impl Decimal {
    fn of(exponent: i32, mantissa: u128) -> Self {
        let zeros = mantissa.trailing_zeros();
        let mut number = Natural::from_u128(mantissa >> zeros);
        let power = exponent - 127 + zeros.cast_signed();
        let scale = if power >= 0 {
            number.shl(power.unsigned_abs());
            0
        } else {
            number.pow5(power.unsigned_abs());
            power
        };
        let digits = number.into_digits();
        let point = i32::try_from(digits.len()).unwrap_or(i32::MAX).saturating_add(scale);
        Self { digits, point }
    }

    /// Keeps `count` digits, rounding half to even.
    fn round(&mut self, count: usize) {
        if count >= self.digits.len() {
            return;
        }
        let rest = self.digits.split_off(count);
        let odd = self.digits.last().is_some_and(|digit| digit % 2 == 1);
        let above = rest[1..].iter().any(|&digit| digit != 0);
        let up = rest[0] > 5 || (rest[0] == 5 && (above || odd));
        if !up {
            return;
        }
        for digit in self.digits.iter_mut().rev() {
            if *digit < 9 {
                *digit += 1;
                return;
            }
            *digit = 0;
        }
        self.digits.insert(0, 1);
        self.digits.truncate(count.max(1));
        self.point += 1;
    }

    /// Digit at a position after the point, counted from 1; from 0 downwards before it.
    fn digit(&self, place: i32) -> char {
        let index = place + self.point - 1;
        let digit = usize::try_from(index).ok().and_then(|index| self.digits.get(index)).copied();
        char::from(b'0' + digit.unwrap_or(0))
    }
}

/// Most digits after the point that `%.Nf` gives.
const MAX_PRECISION: usize = 10_000;

impl Float {
    /// C's `%e`, `%f`, `%g`, `%a` (upper case too) without width and flags, except `#` (`alternate`). The sign is printed when negative.
    #[must_use]
    pub fn printf(self, conversion: char, precision: Option<usize>, alternate: bool) -> String {
        let sign = if self.negative { "-" } else { "" };
        let precision = precision.map(|precision| precision.min(MAX_PRECISION));
        let body = match (self.class, conversion.to_ascii_lowercase()) {
            (Class::Infinite, _) => "inf".to_owned(),
            (Class::Nan(_) | Class::Invalid, _) => "nan".to_owned(),
            (_, 'a') => self.hexadecimal(precision, alternate),
            (_, 'f') => self.fixed(precision.unwrap_or(6), alternate),
            (_, 'e') => self.scientific(precision.unwrap_or(6), alternate),
            _ => self.general(precision.unwrap_or(6).max(1), alternate),
        };
        let text = format!("{sign}{body}");
        if conversion.is_ascii_uppercase() { text.to_ascii_uppercase() } else { text }
    }

    fn decimal(self) -> Decimal {
        match self.class {
            Class::Finite { exponent, mantissa } => Decimal::of(exponent, mantissa),
            _ => Decimal { digits: Vec::new(), point: 1 },
        }
    }

    fn fixed(self, precision: usize, alternate: bool) -> String {
        let mut decimal = self.decimal();
        let after = i32::try_from(precision).unwrap_or(i32::MAX);
        match usize::try_from(decimal.point.saturating_add(after)) {
            Ok(count) => decimal.round(count),
            Err(_) => decimal.digits.clear(),
        }
        let mut text = String::new();
        for place in (1 - decimal.point.max(1))..=0 {
            text.push(decimal.digit(place));
        }
        if precision > 0 || alternate {
            text.push('.');
        }
        text.extend((1..=after).map(|place| decimal.digit(place)));
        text
    }

    fn scientific(self, precision: usize, alternate: bool) -> String {
        let mut decimal = self.decimal();
        decimal.round(precision + 1);
        scientific(&decimal, precision, alternate)
    }

    fn general(self, precision: usize, alternate: bool) -> String {
        let mut decimal = self.decimal();
        decimal.round(precision);
        let exponent = decimal.point - 1;
        let digits = i32::try_from(precision).unwrap_or(i32::MAX);
        let text = if exponent < -4 || exponent >= digits {
            scientific(&decimal, precision - 1, alternate)
        } else {
            self.fixed(usize::try_from(digits - 1 - exponent).unwrap_or(0), alternate)
        };
        if alternate { text } else { without_trailing_zeros(&text) }
    }

    fn hexadecimal(self, precision: Option<usize>, alternate: bool) -> String {
        let Class::Finite { exponent, mantissa } = self.class else {
            let zeros = "0".repeat(precision.unwrap_or(0));
            let point = if zeros.is_empty() && !alternate { "" } else { "." };
            return format!("0x0{point}{zeros}p+0");
        };
        let fraction = mantissa << 1;
        let mut digits = format!("{fraction:032x}");
        let mut lead = 1;
        match precision {
            None => digits.truncate(digits.trim_end_matches('0').len()),
            Some(count) if count < 32 => {
                let drop = 128 - 4 * count;
                let (kept, rest) =
                    if count == 0 { (0, fraction) } else { (fraction >> drop, fraction & ((1 << drop) - 1)) };
                let half = 1u128 << (drop - 1);
                let odd = if count == 0 { true } else { kept & 1 == 1 };
                let kept = kept + u128::from(rest > half || (rest == half && odd));
                if count == 0 || kept >> (4 * count) != 0 {
                    lead += u32::from(kept != 0);
                    digits = "0".repeat(count);
                } else {
                    digits = format!("{kept:0count$x}");
                }
            }
            Some(count) => digits.extend(std::iter::repeat_n('0', count - 32)),
        }
        let point = if digits.is_empty() && !alternate { "" } else { "." };
        format!("0x{lead}{point}{digits}p{exponent:+}")
    }
}

fn scientific(decimal: &Decimal, precision: usize, alternate: bool) -> String {
    let digit = |index: usize| char::from(b'0' + decimal.digits.get(index).copied().unwrap_or(0));
    let mut text = String::from(digit(0));
    if precision > 0 || alternate {
        text.push('.');
    }
    text.extend((1..=precision).map(digit));
    let exponent = if decimal.digits.is_empty() { 0 } else { decimal.point - 1 };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{text}e{sign}{:02}", exponent.unsigned_abs())
}

/// `1.500e+10` to `1.5e+10`.
fn without_trailing_zeros(text: &str) -> String {
    let (mantissa, exponent) = match text.find('e') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    if !mantissa.contains('.') {
        return text.to_owned();
    }
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    format!("{mantissa}{exponent}")
}
