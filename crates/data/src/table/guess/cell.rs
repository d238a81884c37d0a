//! [`kind`]: what a field looks like, and [`Line`]s of fields.

use super::super::{Decimal, date, field::Field, layout, marks};

/// A record of the sample.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Line on which it starts, from 1.
    pub line: u64,
    pub fields: Vec<Vec<u8>>,
}

/// What a field looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// Nothing, or a mark that stands for it.
    Missing,
    /// A number; whether its text has neither decimals nor an exponent.
    Number {
        value: f64,
        is_whole: bool,
    },
    /// A word for no or yes.
    Word,
    /// A day, a time, or both.
    Date,
    Text,
}

impl Kind {
    /// Whether it may be a column's name: text, also where it is a word such as `t`.
    pub const fn is_name(self) -> bool {
        matches!(self, Self::Text | Self::Word)
    }

    pub const fn is_number(self) -> bool {
        matches!(self, Self::Number { .. })
    }
}

/// What a trimmed field looks like. Without a decimal sign, either is taken.
pub(super) fn kind(field: &[u8], decimal: Option<Decimal>) -> Kind {
    let spellings = decimal.map_or(vec![Decimal::Point, Decimal::Comma], |decimal| vec![decimal]);
    let read =
        |decimal| layout::plain(field, decimal).map_or(Field::Text, |plain| Field::parse(&plain));
    let is_whole = field.iter().all(|byte| byte.is_ascii_digit() || b"+-".contains(byte));
    let mut fields = [Field::parse(field)].into_iter().chain(spellings.into_iter().map(read));
    match fields.find(|field| *field != Field::Text) {
        Some(Field::Missing) => return Kind::Missing,
        Some(Field::Number(value)) => return Kind::Number { value, is_whole },
        _ => {}
    }
    let Ok(text) = str::from_utf8(field) else { return Kind::Text };
    if marks::is_missing_mark(text) {
        Kind::Missing
    } else if marks::is_yes_or_no(text) {
        Kind::Word
    } else if !date::formats_of(text).is_empty() {
        Kind::Date
    } else {
        Kind::Text
    }
}

/// The most frequent number of fields; the larger of equals.
pub(super) fn width(lines: &[Line]) -> usize {
    let mut counts = std::collections::BTreeMap::new();
    lines.iter().for_each(|line| *counts.entry(line.fields.len()).or_insert(0) += 1);
    counts.into_iter().max_by_key(|(_, count)| *count).map_or(0, |(width, _)| width)
}

/// Whether records that start with # have another width than the others.
pub(super) fn has_comments(lines: &[Line]) -> bool {
    let width = width(lines);
    let opens = |line: &Line| line.fields.first().is_some_and(|field| field.starts_with(b"#"));
    lines.iter().any(|line| opens(line) && line.fields.len() != width)
}

/// The number of lines that start with `opening`.
pub(super) fn comments(text: &[u8], opening: u8) -> usize {
    super::lines(text).filter(|line| line.trim_ascii_start().first() == Some(&opening)).count()
}
