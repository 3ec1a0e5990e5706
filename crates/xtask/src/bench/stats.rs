//! Medians of repeated measurements.

use std::time::Duration;

/// The median, the mean of the middle two of an even number; `None` of none.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some((upper + sorted.get(middle.checked_sub(1)?)?) / 2.0)
}

/// Seconds, less what a command that does nothing takes; never below zero.
pub fn net(taken: Duration, nothing: f64) -> f64 {
    (taken.as_secs_f64() - nothing).max(0.0)
}

/// Seconds as people read them, with three digits.
pub fn seconds(value: f64) -> String {
    let (value, unit) = if value >= 1.0 {
        (value, "s")
    } else if value >= 1e-3 {
        (value * 1e3, "ms")
    } else {
        (value * 1e6, "µs")
    };
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 100.0]), Some(3.0));
    }

    #[test]
    fn nothing_is_never_negative() {
        assert_eq!(net(Duration::from_millis(500), 0.25), 0.25);
        assert_eq!(net(Duration::from_millis(500), 0.75), 0.0);
    }

    #[test]
    fn three_digits_and_a_unit() {
        assert_eq!(seconds(17.94), "17.9 s");
        assert_eq!(seconds(1.5), "1.50 s");
        assert_eq!(seconds(0.1286), "129 ms");
        assert_eq!(seconds(0.00035), "350 µs");
    }
}
