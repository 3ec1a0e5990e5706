//! Exact conversion of binary fractions to decimal, for formats wider than the host's.

/// `mantissa * 2^exponent` as C's `%.Ng` prints it, with exactly rounded digits.
pub(super) fn general(mantissa: u64, exponent: i32, precision: usize) -> String {
    if mantissa == 0 {
        return "0".to_owned();
    }
    let (digits, point) = exact_digits(mantissa, exponent);
    let (digits, point) = round_to(&digits, point, precision);
    let scientific = point - 1;
    let kept = digits.trim_end_matches('0');
    let kept = if kept.is_empty() { "0" } else { kept };
    let limit = i32::try_from(precision).unwrap_or(i32::MAX);
    if scientific < -4 || scientific >= limit {
        let (first, rest) = kept.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let sign = if scientific < 0 { '-' } else { '+' };
        return format!("{first}{dot}{rest}e{sign}{:02}", scientific.abs());
    }
    match usize::try_from(point) {
        Ok(whole) if whole >= kept.len() => format!("{kept:0<whole$}"),
        Ok(whole) if whole > 0 => format!("{}.{}", &kept[..whole], &kept[whole..]),
        _ => format!("0.{}{kept}", "0".repeat(usize::try_from(-point).unwrap_or(0))),
    }
}

/// All decimal digits of the value, and how many of them stand before the point (negative: zeros after it).
fn exact_digits(mantissa: u64, exponent: i32) -> (String, i32) {
    let mut number = Big::new(mantissa);
    if exponent >= 0 {
        for _ in 0..exponent / 31 {
            number.multiply(1 << 31);
        }
        number.multiply(1 << (exponent % 31));
        let digits = number.into_decimal();
        let point = i32::try_from(digits.len()).unwrap_or(i32::MAX);
        return (digits, point);
    }
    // m / 2^s = m * 5^s / 10^s.
    let shift = exponent.unsigned_abs();
    for _ in 0..shift / 13 {
        number.multiply(1_220_703_125); // 5^13
    }
    number.multiply(5u32.pow(shift % 13));
    let digits = number.into_decimal();
    let point = i32::try_from(digits.len()).unwrap_or(i32::MAX).saturating_add(exponent);
    (digits, point)
}

/// Rounds half to even after `precision` digits; pads with zeros when there are fewer.
fn round_to(digits: &str, point: i32, precision: usize) -> (String, i32) {
    if digits.len() <= precision {
        return (format!("{digits:0<precision$}"), point);
    }
    let (kept, rest) = digits.split_at(precision);
    let mut kept = kept.as_bytes().to_vec();
    let tail_is_zero = rest.bytes().skip(1).all(|digit| digit == b'0');
    let odd = kept.last().is_some_and(|digit| digit & 1 == 1);
    let up = match rest.bytes().next() {
        Some(b'5') if tail_is_zero => odd,
        Some(digit) => digit >= b'5',
        None => false,
    };
    if up {
        let carried = kept.iter_mut().rev().all(|digit| {
            let carry = *digit == b'9';
            *digit = if carry { b'0' } else { *digit + 1 };
            carry
        });
        if carried {
            kept.insert(0, b'1');
            kept.truncate(precision);
            return (String::from_utf8_lossy(&kept).into_owned(), point + 1);
        }
    }
    (String::from_utf8_lossy(&kept).into_owned(), point)
}

/// A natural number in 32-bit limbs, least significant first.
struct Big(Vec<u32>);

impl Big {
    fn new(value: u64) -> Self {
        Self(vec![value as u32, (value >> 32) as u32])
    }

    fn multiply(&mut self, factor: u32) {
        let mut carry = 0u64;
        for limb in &mut self.0 {
            let product = u64::from(*limb) * u64::from(factor) + carry;
            *limb = product as u32;
            carry = product >> 32;
        }
        if carry != 0 {
            self.0.push(carry as u32);
        }
    }

    fn divide(&mut self, divisor: u32) -> u32 {
        let mut rest = 0u64;
        for limb in self.0.iter_mut().rev() {
            let dividend = rest << 32 | u64::from(*limb);
            *limb = (dividend / u64::from(divisor)) as u32;
            rest = dividend % u64::from(divisor);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        rest as u32
    }

    fn into_decimal(mut self) -> String {
        let mut groups = Vec::new();
        while !self.0.is_empty() {
            groups.push(self.divide(1_000_000_000));
        }
        let mut text = String::new();
        for (at, group) in groups.iter().rev().enumerate() {
            if at == 0 {
                text.push_str(&group.to_string());
            } else {
                text.push_str(&format!("{group:09}"));
            }
        }
        // The top limb may have been zero from the start.
        let trimmed = text.trim_start_matches('0');
        trimmed.to_owned()
    }
}
