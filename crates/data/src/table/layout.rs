//! [`Layout`]: how a file lays out its table beyond header and delimiter, and [`Cells`], which read its fields so.

use std::borrow::Cow;

use super::field::Field;

/// How a file lays out its table, beyond header and delimiter. The default is a plain CSV file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The sheet of a workbook, by its name or its number from 1; the first that has cells if `None`.
    pub sheet: Option<String>,
    /// Lines above the table, or rows of a sheet, that are skipped whatever they hold; none if `None`.
    pub skip_lines: Option<u64>,
    /// Whether columns are aligned: blanks in a row count as one delimiter, and those at a line's ends as none.
    pub aligned: bool,
    /// The sign before decimals. Where it is given, the other sign may group digits by three, as in
    /// `1.299,99`; `None` is a point, and no groups.
    pub decimal: Option<Decimal>,
    /// The ASCII character that opens a comment where a line starts with it.
    pub comment: Option<u8>,
    /// Whether the last comment before the first row is the header.
    pub header_in_comment: bool,
    /// Whether the record below the header holds units, which are skipped.
    pub units_row: bool,
    /// Whether each row starts with a name for which the header has no field, as R writes tables. That
    /// column is called `row`.
    pub row_names: bool,
    /// Whether a delimiter may end a line without another field after it.
    pub trailing_delimiter: bool,
    /// Whether a column with the name of one before it gets a new one: `x` is followed by `x_2`.
    pub unique_names: bool,
    /// Fields that stand for a missing value, beside those that always do. One that is a number stands for
    /// that number in any spelling.
    pub missing_values: Vec<String>,
}

/// Sign before the decimals of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub enum Decimal {
    /// A point: `1,299.99` is a number.
    #[cfg_attr(feature = "serde", serde(rename = "."))]
    Point,
    /// A comma: `1.299,99` is a number.
    #[cfg_attr(feature = "serde", serde(rename = ","))]
    Comma,
}

impl Decimal {
    /// The sign before decimals, and the one that groups digits.
    pub(super) const fn signs(self) -> (u8, u8) {
        match self {
            Self::Point => (b'.', b','),
            Self::Comma => (b',', b'.'),
        }
    }
}

impl Layout {
    /// The names of columns as a table has them: where they must be unique, a name that stands before in the
    /// list, and one made for an empty name that the file has too, end in `_2`, `_3`, ….
    pub(super) fn names(&self, names: Vec<Option<String>>) -> Vec<String> {
        let made = |column: usize| format!("x{column}");
        if !self.unique_names {
            let named = names.into_iter().enumerate();
            return named.map(|(i, name)| name.unwrap_or_else(|| made(i))).collect();
        }
        let own: std::collections::HashSet<String> = names.iter().flatten().cloned().collect();
        let mut used = std::collections::HashSet::new();
        let mut unique = Vec::with_capacity(names.len());
        for (i, name) in names.into_iter().enumerate() {
            let is_own = name.is_some();
            let name = name.unwrap_or_else(|| made(i));
            let is_free = |name: &String| !used.contains(name) && !own.contains(name);
            let chosen = match is_own && !used.contains(&name) || is_free(&name) {
                true => name,
                false => (2..)
                    .map(|number: u64| format!("{name}_{number}"))
                    .find(is_free)
                    .unwrap_or_default(),
            };
            used.insert(chosen.clone());
            unique.push(chosen);
        }
        unique
    }
}

/// Reader of a table's fields: which of them are missing, and how numbers are spelled.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    decimal: Option<Decimal>,
    texts: Vec<String>,
    numbers: Vec<f64>,
}

impl Cells {
    pub fn new(layout: &Layout) -> Self {
        let mut cells = Self { decimal: layout.decimal, ..Self::default() };
        for value in &layout.missing_values {
            // As fields are trimmed: other blanks are part of them.
            let value = value.trim_matches(|c: char| c.is_ascii_whitespace());
            match cells.plain(value.as_bytes()).map(|plain| Field::parse(&plain)) {
                Some(Field::Number(number)) if number.is_finite() => cells.numbers.push(number),
                _ => cells.texts.push(value.to_owned()),
            }
        }
        cells
    }

    /// Whether a trimmed field is one of those that stand for a missing value here.
    pub fn is_missing(&self, field: &[u8]) -> bool {
        self.texts.iter().any(|text| text.as_bytes() == field)
    }

    /// Reads a trimmed field as a number.
    pub fn number(&self, field: &[u8]) -> Field {
        if self.is_missing(field) {
            return Field::Missing;
        }
        match self.plain(field).map_or(Field::Text, |plain| Field::parse(&plain)) {
            Field::Number(number) if self.numbers.contains(&number) => Field::Missing,
            field => field,
        }
    }

    /// A field with a decimal point and without groups of digits; `None` where its groups are wrong.
    pub fn plain<'a>(&self, field: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        match self.decimal {
            None => Some(Cow::Borrowed(field)),
            Some(decimal) => plain(field, decimal),
        }
    }
}

/// A field with `decimal` made a point and groups of three digits joined; `None` where groups are wrong.
pub(super) fn plain(field: &[u8], decimal: Decimal) -> Option<Cow<'_, [u8]>> {
    let (sign, group) = decimal.signs();
    if !field.contains(&group) && (sign == b'.' || !field.contains(&sign)) {
        return Some(Cow::Borrowed(field));
    }
    if !field.iter().any(u8::is_ascii_digit) {
        return Some(Cow::Borrowed(field));
    }
    let mut halves = field.splitn(2, |byte| *byte == sign);
    let (whole, decimals) = (halves.next().unwrap_or_default(), halves.next());
    let digits = whole.strip_prefix(b"-").or_else(|| whole.strip_prefix(b"+")).unwrap_or(whole);
    let groups: Vec<_> = digits.split(|byte| *byte == group).collect();
    let is_number = |group: &[u8]| group.iter().all(u8::is_ascii_digit);
    if let [first, rest @ ..] = &groups[..]
        && !rest.is_empty()
    {
        let is_first = (1..=3).contains(&first.len()) && is_number(first);
        // A group of zeros alone, as in 0.123, is no thousand.
        let is_leading = first.first() != Some(&b'0');
        if !(is_first
            && is_leading
            && rest.iter().all(|group| group.len() == 3 && is_number(group)))
        {
            return None;
        }
    }
    if decimals.is_some_and(|decimals| decimals.contains(&group) || decimals.contains(&sign)) {
        return None;
    }
    let mut text: Vec<u8> = whole.iter().copied().filter(|byte| *byte != group).collect();
    if let Some(decimals) = decimals {
        text.push(b'.');
        text.extend_from_slice(decimals);
    }
    Some(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(decimal: Option<Decimal>, text: &str) -> Option<f64> {
        let cells = Cells::new(&Layout { decimal, ..Layout::default() });
        match cells.number(text.as_bytes()) {
            Field::Number(number) => Some(number),
            _ => None,
        }
    }

    #[test]
    fn numbers_are_read_with_either_sign_and_right_groups() {
        let comma = Some(Decimal::Comma);
        for (text, value) in [
            ("3.967,96", Some(3967.96)),
            ("-1,63", Some(-1.63)),
            ("1.016", Some(1016.0)),
            ("1.234.567", Some(1_234_567.0)),
            ("4", Some(4.0)),
            (",5", Some(0.5)),
            ("1,5e3", Some(1500.0)),
            ("1.5", None),
            ("0.123", None),
            ("1234.567", None),
            ("1,234.5", None),
            ("1,2,3", None),
            ("1..234", None),
        ] {
            assert_eq!(number(comma, text), value, "{text}");
        }
        let point = Some(Decimal::Point);
        for (text, value) in
            [("1,234.5", Some(1234.5)), ("7,887", Some(7887.0)), ("1.5", Some(1.5)), ("1,5", None)]
        {
            assert_eq!(number(point, text), value, "{text}");
        }
        assert_eq!((number(None, "1.016"), number(None, "1,016")), (Some(1.016), None));
    }

    #[test]
    fn names_become_unique_and_none_of_the_file_s_own_is_taken() {
        let layout = Layout { unique_names: true, ..Layout::default() };
        let own = |names: &[&str]| {
            let named = names.iter().map(|name| Some((*name).to_owned()).filter(|n| !n.is_empty()));
            layout.names(named.collect())
        };
        assert_eq!(own(&["x", "", "x", "", "y"]), ["x", "x1", "x_2", "x3", "y"]);
        assert_eq!(own(&["a", "", "x1"]), ["a", "x1_2", "x1"]);
        assert_eq!(own(&["a", "a", "a_2", "a"]), ["a", "a_3", "a_2", "a_4"]);
        assert_eq!(own(&["", ""]), ["x0", "x1"]);
    }

    #[test]
    fn a_missing_value_that_is_a_number_is_so_in_any_spelling() {
        let missing_values = vec!["-9999".to_owned(), "#N/A".to_owned(), "inf".to_owned()];
        let cells = Cells::new(&Layout { missing_values, ..Layout::default() });
        for text in ["-9999", "-9999.0", "-9.999e3", "#N/A", "inf", ""] {
            assert_eq!(cells.number(text.as_bytes()), Field::Missing, "{text}");
        }
        for text in ["9999", "-999", "1e999"] {
            assert!(matches!(cells.number(text.as_bytes()), Field::Number(_)), "{text}");
        }
        assert_eq!(cells.number(b"#n/a"), Field::Text);
    }
}
