//! [`NumberSpelling`]: how a file writes numbers beyond their bare digits, as `$1,234.50`, `5.2%` or `12 345 kg`.

/// Signs that group digits by three: a comma, a point, a blank, two that do not break, a thin one, and two apostrophes.
pub(super) const GROUPS: [char; 8] = [',', '.', ' ', '\u{a0}', '\u{202f}', '\u{2009}', '\'', '’'];
/// Signs of numbers below 0.
const MINUS: [char; 2] = ['-', '−'];

/// Spelling of numbers, given by the example 1234.5 or 1234: what stands before and after the digits, the sign that
/// groups them by three, and the one before decimals.
///
/// ```
/// use langevin_data::NumberSpelling;
///
/// let price = NumberSpelling::new("$1,234.5").expect("an example");
/// assert_eq!(price.parse("$1,817.50"), Some(1817.5));
/// assert_eq!(price.spell("-12345.60"), "-$12,345.60");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberSpelling {
    text: String,
    before: String,
    group: Option<char>,
    decimal: char,
    after: String,
}

impl NumberSpelling {
    /// The spelling that writes 1234.5, or 1234, as this text; `None` of any other text, and where a sign or a bracket stands
    /// beside the digits. Of 1234 the sign before decimals is a point, or a comma where a point groups digits.
    pub fn new(text: &str) -> Option<Self> {
        let is_digit = |c: char| c.is_ascii_digit();
        let (first, last) = (text.find(is_digit)?, text.rfind(is_digit)?);
        let (before, after) = (&text[..first], &text[last + 1..]);
        let rest = text[first..=last].strip_prefix('1')?;
        let group = rest.chars().next().filter(|sign| GROUPS.contains(sign));
        let rest = group.map_or(rest, |sign| &rest[sign.len_utf8()..]).strip_prefix("234")?;
        let decimal = match rest {
            "" if group == Some('.') => ',',
            "" | ".5" => '.',
            ",5" => ',',
            _ => return None,
        };
        let is_sign = |c: char| MINUS.contains(&c) || "+()".contains(c);
        let is_plain = !before.contains(is_sign) && !after.contains(is_sign);
        if group == Some(decimal) || !is_plain || text.trim_ascii() != text {
            return None;
        }
        let (before, after) = (before.to_owned(), after.to_owned());
        Some(Self { text: text.to_owned(), before, group, decimal, after })
    }

    /// The example.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number that a text of this spelling stands for; per cent are not divided. One below 0 has a minus sign before the
    /// digits or before all, or is in brackets. Groups of digits are whole or left out.
    pub fn parse(&self, text: &str) -> Option<f64> {
        self.plain(text)?.parse().ok().filter(|value: &f64| value.is_finite())
    }

    /// A text of this spelling as a bare number, with all its digits.
    pub(super) fn plain(&self, text: &str) -> Option<String> {
        let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
        let mut is_negative = inner.is_some();
        let mut unsigned = |text| match str::strip_prefix(text, MINUS) {
            Some(rest) if !is_negative => {
                is_negative = true;
                rest
            }
            _ => text,
        };
        let rest = unsigned(inner.unwrap_or(text)).strip_prefix(self.before.as_str())?;
        let digits = unsigned(rest).strip_suffix(self.after.as_str())?;
        let (whole, decimals) = match digits.split_once(self.decimal) {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (digits, None),
        };
        let is_number =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let mut groups = self.group.map_or(vec![whole], |sign| whole.split(sign).collect());
        // A group of zeros alone, as in 0,123, is no thousand.
        let is_first = |first: &str| first.len() <= 3 && !first.starts_with('0');
        let are_whole = match &groups[..] {
            [first, rest @ ..] if !rest.is_empty() => {
                is_first(first) && rest.iter().all(|group| group.len() == 3)
            }
            _ => true,
        };
        if !are_whole || !groups.iter().copied().chain(decimals).all(is_number) {
            return None;
        }
        groups.insert(0, if is_negative { "-" } else { "" });
        let mut plain = groups.concat();
        if let Some(decimals) = decimals {
            plain.push('.');
            plain.push_str(decimals);
        }
        Some(plain)
    }

    /// A bare number, digits with a point before decimals, in this spelling: a minus sign stands before all. Any other text,
    /// as that of an infinite number, stays as it is.
    #[must_use]
    pub fn spell(&self, plain: &str) -> String {
        let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |digits| ("-", digits));
        if !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return plain.to_owned();
        }
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let mut text = format!("{sign}{}", self.before);
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i).is_multiple_of(3) {
                text.extend(self.group);
            }
            text.push(digit);
        }
        if !decimals.is_empty() {
            text.push(self.decimal);
            text.push_str(decimals);
        }
        text + &self.after
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    #[test]
    fn numbers_are_read_and_written_as_the_example() {
        for (example, pairs) in [
            (
                "$1,234.5",
                &[("$1,817.50", "1817.50"), ("-$0.5", "-0.5"), ("$12,345,678", "12345678")][..],
            ),
            ("1.234,5 €", &[("1.234,50 €", "1234.50"), ("999 €", "999"), ("-1.000 €", "-1000")]),
            ("1234 EUR", &[("12 EUR", "12"), ("12345.5 EUR", "12345.5")]),
            ("1234.5%", &[("5.2%", "5.2"), ("-0.10%", "-0.10"), ("0%", "0")]),
            ("1234,5 %", &[("5,2 %", "5.2")]),
            ("1,234", &[("7,887", "7887"), ("7,887.25", "7887.25"), ("887", "887")]),
            ("1.234", &[("7.887", "7887"), ("7.887,25", "7887.25")]),
            ("1 234", &[("12 345", "12345")]),
            ("1\u{202f}234,5", &[("1\u{202f}234\u{202f}567,5", "1234567.5")]),
            ("1'234", &[("1'234", "1234")]),
            ("1234.5 kg", &[("5 kg", "5"), ("1234 kg", "1234")]),
            ("1234°C", &[("21°C", "21"), ("-3°C", "-3")]),
            ("CHF 1’234.5", &[("CHF 1’234.50", "1234.50")]),
            ("1234.5", &[("1234.5", "1234.5")]),
        ] {
            let spelling = NumberSpelling::new(example).expect(example);
            assert_eq!(spelling.text(), example);
            for (text, plain) in pairs {
                assert_eq!(spelling.plain(text).as_deref(), Some(*plain), "{text} as {example}");
                assert_eq!(spelling.spell(plain), *text, "{plain} as {example}");
                assert_eq!(spelling.parse(text), plain.parse().ok());
            }
        }
    }

    #[test]
    fn numbers_below_zero_have_a_sign_or_brackets() {
        let dollars = NumberSpelling::new("$1,234.5").expect("an example");
        for text in ["-$1,500", "$-1,500", "−$1,500", "$−1500", "($1,500)"] {
            assert_eq!(dollars.parse(text), Some(-1500.0), "{text}");
        }
        for text in ["--$5", "-$-5", "(-$5)", "($5", "$5)", "$(5)", "+$5", "$+5"] {
            assert_eq!(dollars.parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_of_the_spelling_is_none() {
        for (example, texts) in [
            (
                "$1,234.5",
                &[
                    "5",
                    "€5",
                    "$",
                    "$1,23",
                    "$12,3456",
                    "$0,123",
                    "$1234,567",
                    "$,123",
                    "$1.2.3",
                    "$1.",
                    "$.5",
                ][..],
            ),
            (
                "$1,234.5",
                &[
                    "$1.5,000", "$ 5", "$5 ", "$1e3", "$inf", "$NaN", "", "$١", "()", "-", "(",
                    "$1,,000",
                ],
            ),
            ("1.234,5 €", &["1,234.5 €", "5€", "5", "€", " €", "1.5 €"]),
            ("1234.5%", &["1,234%", "5", "5‰", "%"]),
            ("1 234", &["12 34", "1  234", "555 1234"]),
        ] {
            let spelling = NumberSpelling::new(example).expect(example);
            for text in texts {
                assert_eq!(spelling.parse(text), None, "{text:?} as {example}");
            }
        }
        let percent = NumberSpelling::new("1234%").expect("an example");
        assert_eq!(percent.parse(&format!("{}%", "9".repeat(400))), None, "an infinite number");
        assert_eq!(percent.spell("inf"), "inf");
    }

    #[test]
    fn an_example_is_of_one_number_alone() {
        for text in [
            "",
            "$",
            "$5",
            "12345",
            "1235",
            "1,234,5",
            "1.234.5",
            "1,2345",
            "1234.50",
            "1234.5 m2",
            "-1,234",
            "$-1,234",
            "(1,234)",
            " 1,234",
            "1,234 ",
            "1_234",
            "12,34",
            "１234",
            "%Y-%m-%d",
            "1234;5",
        ] {
            assert_eq!(NumberSpelling::new(text), None, "{text:?}");
        }
    }

    #[test]
    fn random_numbers_come_back_from_every_spelling() {
        let mut stream = Streams::new(3).at(Purpose::Data, 0, 0);
        for group in GROUPS.map(Some).into_iter().chain([None]) {
            for (decimal, before, after) in
                [('.', "$", ""), (',', "", " €"), ('.', "", "%"), (',', "kr. ", " m²")]
            {
                if group == Some(decimal) {
                    continue;
                }
                let group = group.map_or(String::new(), String::from);
                let example = format!("{before}1{group}234{decimal}5{after}");
                let spelling = NumberSpelling::new(&example).expect(&example);
                for _ in 0..200 {
                    let word = stream.next_word();
                    let decimals = (word % 5) as usize;
                    // Up to 11 digits before 4 decimals, which an f64 holds.
                    let value = (word >> (16 + word % 40)) as i64 as f64 / 1e4 - 1000.0;
                    let plain = format!("{value:.decimals$}");
                    let text = spelling.spell(&plain);
                    assert_eq!(spelling.plain(&text), Some(plain.clone()), "{text} as {example}");
                    assert_eq!(spelling.parse(&text), plain.parse().ok());
                }
            }
        }
    }
}
