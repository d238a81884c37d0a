//! [`TextKind`]: what a text is that nearly is a number.

use crate::table::{Decimal, field::Field, layout::plain};

/// Signs of money.
pub(super) const MONEY: &str = "$€£¥₹₽₩₺₴₫¢";
/// Codes and short names of currencies; one that begins as another stands before it.
pub(super) const CURRENCIES: [&str; 29] = [
    "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "SEK", "NOK", "DKK", "PLN", "CZK", "BRL",
    "AUD", "CAD", "NZD", "MXN", "ZAR", "TRY", "HKD", "SGD", "KRW", "HUF", "RON", "ILS", "Rs.",
    "Rs", "kr.", "kr",
];

/// What most texts of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextKind {
    /// Amounts of money, as `$1,817.50`.
    Currency,
    /// Per cent, as `5.2%`.
    Percent,
    /// Numbers whose comma may stand before decimals or between groups of digits, as `7,887`.
    EitherComma,
    /// Numbers with decimal commas, as `3,5`.
    DecimalComma,
    /// Numbers with decimal points and commas between groups of digits, as `1,234.5`.
    Thousands,
    /// Numbers whose digits are grouped by blanks or apostrophes, as `12 345`.
    Blanks,
    /// Numbers with a unit behind them, as `5 kg`.
    Unit,
    /// Numbers in brackets, as `(12)`.
    Brackets,
    /// Numbers with a sign of comparison, as `<0.5`.
    Comparison,
    /// Dates in more than one spelling.
    Dates,
    /// Dates with two digits of the year that can be read in more than one order, as `03/04/05`.
    UnclearDates,
}

/// What a text is; `None` for any other text.
pub(super) fn text_kind(text: &str) -> Option<TextKind> {
    let is_number = |text: &str| {
        [Decimal::Point, Decimal::Comma].into_iter().any(|decimal| reads(text.trim(), decimal))
    };
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (point, comma) = (reads(text, Decimal::Point), reads(text, Decimal::Comma));
    match (point, comma) {
        (true, true) => return Some(TextKind::EitherComma),
        (true, false) => return Some(TextKind::Thousands),
        (false, true) => return Some(TextKind::DecimalComma),
        (false, false) => {}
    }
    if let Some(share) = text.strip_suffix(['%', '‰']) {
        return is_number(share).then_some(TextKind::Percent);
    }
    let bare: String = text.chars().filter(|c| !MONEY.contains(*c)).collect();
    let code = CURRENCIES.iter().find(|code| text.starts_with(**code) || text.ends_with(**code));
    let amount = |text: &str| {
        let text = text.trim().trim_start_matches('(').trim_end_matches(')').trim();
        is_number(text) || is_number(&joined(text))
    };
    if bare.len() < text.len() && amount(&bare)
        || code.is_some_and(|code| amount(&text.replace(code, "")))
    {
        return Some(TextKind::Currency);
    }
    if let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        return is_number(inner).then_some(TextKind::Brackets);
    }
    let compared = text.trim_start_matches(['<', '>', '=', '≤', '≥', '~', ' ']);
    if compared.len() < text.len() {
        return is_number(compared).then_some(TextKind::Comparison);
    }
    let joined = joined(text);
    if joined.len() < text.len() && is_number(&joined) {
        return Some(TextKind::Blanks);
    }
    let number = text.trim_end_matches(|c: char| c.is_alphabetic() || "°/²³µ· ".contains(c));
    let is_unit = number.len() < text.len() && is_number(number) && !text.starts_with("0x");
    is_unit.then_some(TextKind::Unit)
}

/// Whether a text is a number in this spelling.
fn reads(text: &str, decimal: Decimal) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && plain(text.as_bytes(), decimal)
            .is_some_and(|plain| matches!(Field::parse(&plain), Field::Number(_)))
}

/// A text without blanks and apostrophes between digits.
fn joined(text: &str) -> String {
    text.chars().filter(|c| !" '’_\u{a0}\u{202f}\u{2009}".contains(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_nearly_are_numbers_are_told_apart() {
        for (text, kind) in [
            ("$1,817.50", Some(TextKind::Currency)),
            ("1.234,50 €", Some(TextKind::Currency)),
            ("12 EUR", Some(TextKind::Currency)),
            ("-5.2%", Some(TextKind::Percent)),
            ("5,2 %", Some(TextKind::Percent)),
            ("7,887", Some(TextKind::EitherComma)),
            ("3,5", Some(TextKind::DecimalComma)),
            ("1,234.5", Some(TextKind::Thousands)),
            ("12 345", Some(TextKind::Blanks)),
            ("5 kg", Some(TextKind::Unit)),
            ("21°C", Some(TextKind::Unit)),
            ("(12)", Some(TextKind::Brackets)),
            ("<0.5", Some(TextKind::Comparison)),
            ("Ann", None),
            ("$", None),
            ("0x10", None),
            ("8011-N", None),
        ] {
            assert_eq!(text_kind(text), kind, "{text}");
        }
    }
}
