//! What is in a file, column by column: enough to propose which columns to train on.

use std::path::Path;

use super::{
    TableError,
    npy::Array,
    records::{Field, Records, shown},
    scale::is_whole,
    source::Source,
};

/// Distinct values of a column up to which a survey lists them.
const DISTINCT_LIMIT: usize = 20;
/// Rows below which ascending numbers are no sign of an id.
const ID_ROWS: u64 = 3;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Nothing: every value is missing.
    Empty,
    /// One number, again and again.
    Constant,
    /// Numbers that tell rows apart: whole ones that ascend by one, or whole ones in a column that is
    /// called id, or something that ends so.
    Id,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
    /// Days or times of day, with or without the other.
    Date,
    /// Something else, at least once.
    Text,
}

/// A column of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSurvey {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// Rows that lack it.
    pub missing: u64,
    /// Rows in which it is infinite, which a table refuses.
    pub infinite: u64,
    /// The smallest and the largest of its finite numbers.
    pub range: Option<(f64, f64)>,
    /// Its distinct values as they are written first, in the order of the file, if there are at most
    /// 20.
    pub distinct: Option<Vec<String>>,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// Its rows, those that lack values too.
    pub rows: u64,
    /// Whether it is CSV with a header.
    pub has_header: bool,
    /// Its columns.
    pub columns: Vec<ColumnSurvey>,
}

impl Survey {
    /// Looks through a file of any size, in little memory; `header` and `delimiter` are as in
    /// [`TableOptions`](super::TableOptions).
    ///
    /// # Errors
    /// Whatever keeps the file from being read at all, ragged rows too; values of any kind do not.
    pub fn read(
        path: &Path,
        header: Option<bool>,
        delimiter: Option<u8>,
    ) -> Result<Self, TableError> {
        Self::of(Source::open(path)?, header, delimiter)
    }

    /// Looks through what a file named `name` would hold.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_bytes(
        name: &str,
        bytes: &[u8],
        header: Option<bool>,
        delimiter: Option<u8>,
    ) -> Result<Self, TableError> {
        Self::of(Source::from_bytes(name, bytes)?, header, delimiter)
    }

    fn of(
        source: Source<'_>,
        header: Option<bool>,
        delimiter: Option<u8>,
    ) -> Result<Self, TableError> {
        if source.is_npy() {
            return Self::of_array(Array::open(source)?);
        }
        let mut records = Records::open(source, header, delimiter)?;
        let mut columns: Vec<_> = records.names().iter().map(|name| Tally::new(name)).collect();
        let (mut rows, has_header) = (0, records.has_header());
        while records.next()? {
            rows += 1;
            for (i, column) in columns.iter_mut().enumerate() {
                let field = records.field(i);
                column.take(Field::parse(field), || shown(field));
            }
        }
        if rows == 0 {
            return Err(TableError::HeaderOnly { file: records.file().to_owned() });
        }
        let columns = columns.into_iter().map(|column| column.finish(rows)).collect();
        Ok(Self { rows, has_header, columns })
    }

    fn of_array(mut array: Array<'_>) -> Result<Self, TableError> {
        let mut columns: Vec<_> =
            (0..array.features).map(|i| Tally::new(&format!("x{i}"))).collect();
        // At most what the file has bytes for, so their product is in range.
        for i in 0..array.rows * array.features {
            let column = if array.by_column { i / array.rows } else { i % array.features };
            let value = array.next()?;
            let field = if value.is_nan() { Field::Missing } else { Field::Number(value) };
            columns[column].take(field, || value.to_string());
        }
        let rows = array.rows as u64;
        let columns = columns.into_iter().map(|column| column.finish(rows)).collect();
        Ok(Self { rows, has_header: false, columns })
    }
}

/// A column as far as it was seen.
struct Tally {
    column: ColumnSurvey,
    is_whole: bool,
    is_date: bool,
    has_text: bool,
    has_number: bool,
    /// The last number, as long as each was one more than that before it.
    ascending: Option<f64>,
}

impl Tally {
    fn new(name: &str) -> Self {
        let column = ColumnSurvey {
            name: name.to_owned(),
            kind: ColumnKind::Empty,
            missing: 0,
            infinite: 0,
            range: None,
            distinct: Some(Vec::new()),
        };
        Self {
            column,
            is_whole: true,
            is_date: true,
            has_text: false,
            has_number: false,
            ascending: None,
        }
    }

    fn take(&mut self, field: Field, text: impl Fn() -> String) {
        match field {
            Field::Missing => {
                self.column.missing += 1;
                return;
            }
            Field::Text => {
                self.has_text = true;
                self.is_date &= is_date(&text());
            }
            Field::Number(value) => {
                let is_next = self.ascending.is_some_and(|last| last + 1.0 == value);
                self.ascending = (is_next || !self.has_number).then_some(value);
                self.has_number = true;
                self.is_whole &= is_whole(value);
                if value.is_finite() {
                    let (minimum, maximum) = self.column.range.unwrap_or((value, value));
                    self.column.range = Some((minimum.min(value), maximum.max(value)));
                } else {
                    self.column.infinite += 1;
                }
            }
        }
        if let Some(distinct) = &mut self.column.distinct {
            let text = text();
            if distinct.contains(&text) {
            } else if distinct.len() == DISTINCT_LIMIT {
                self.column.distinct = None;
            } else {
                distinct.push(text);
            }
        }
    }

    fn finish(mut self, rows: u64) -> ColumnSurvey {
        let column = &mut self.column;
        let is_constant = column.range.is_some_and(|(minimum, maximum)| minimum == maximum);
        let name = column.name.to_lowercase();
        let is_called_id =
            name == "id" || ["_id", " id", "-id"].iter().any(|end| name.ends_with(end));
        let is_id = is_called_id || self.ascending.is_some() && rows >= ID_ROWS;
        column.kind = match (self.has_text, self.has_number) {
            (false, false) => ColumnKind::Empty,
            (true, false) if self.is_date => ColumnKind::Date,
            (true, _) => ColumnKind::Text,
            _ if is_constant && column.infinite == 0 => ColumnKind::Constant,
            _ if self.is_whole && is_id => ColumnKind::Id,
            _ if self.is_whole => ColumnKind::Integer,
            _ => ColumnKind::Number,
        };
        self.column
    }
}

/// Whether a text is like 2026-01-31, 31/1/26, 31.01.2026, 12:30, 12:30:05.2 or a day and a time,
/// with a zone or without.
fn is_date(text: &str) -> bool {
    let is_number = |part: &str| {
        (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_day = |text: &str| {
        ['-', '/', '.'].iter().any(|separator| {
            text.split(*separator).count() == 3 && text.split(*separator).all(is_number)
        })
    };
    let is_time = |text: &str| {
        let clock = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let (hour, rest) = clock.split_once(':').unwrap_or_default();
        let is_rest = |byte: u8| byte.is_ascii_digit() || b":.,+-".contains(&byte);
        is_number(hour) && !rest.is_empty() && rest.bytes().all(is_rest)
    };
    match text.split_once(['T', ' ']) {
        Some((day, time)) => is_day(day) && is_time(time),
        None => is_day(text) || is_time(text),
    }
}
