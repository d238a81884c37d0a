//! Numbers as text for people.

/// Text of a number with three significant digits.
#[must_use]
pub fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let digits = 2 - value.abs().log10().floor() as i32;
    if (-3..=6).contains(&digits) {
        format!("{value:.*}", usize::try_from(digits).unwrap_or(0))
    } else {
        format!("{value:.2e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let written: Vec<_> =
            [0.0, 1.0, 0.012_345, -123.45, 98_765.4, 1.5e-6, 2e9].map(number).into();
        assert_eq!(written, ["0", "1.00", "0.0123", "-123", "98765", "1.50e-6", "2.00e9"]);
    }
}
