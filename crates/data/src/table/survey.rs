//! [`Survey`]: what a file holds, column by column, to propose the columns to train on.

use std::path::Path;

use super::{
    TableError,
    npy::Array,
    records::{Field, Records, shown},
    scale::is_whole,
    source::Source,
};

/// Largest number of distinct values of a column that a survey lists.
const DISTINCT_LIMIT: usize = 20;
/// Smallest number of rows in which ascending numbers are a sign of an id.
const ID_ROWS: u64 = 3;

/// Kind of a column, by what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Nothing: every value is missing.
    Empty,
    /// One number, again and again.
    Constant,
    /// Numbers that tell rows apart: whole numbers that ascend by one, or whole numbers in a column
    /// whose name is id or ends in it, as `row_id`.
    Id,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
    /// Days, times of day, or both together.
    Date,
    /// Text, at least once: neither a number nor missing.
    Text,
}

/// Survey of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSurvey {
    /// Name of the column.
    pub name: String,
    /// Kind of the column.
    pub kind: ColumnKind,
    /// Number of rows that lack the value.
    pub missing: u64,
    /// Number of rows in which the value is infinite, which a table refuses.
    pub infinite: u64,
    /// Smallest and largest finite number of the column.
    pub range: Option<(f64, f64)>,
    /// Distinct values of the column, as the file writes them, in its order; `None` if there are more
    /// than 20.
    pub distinct: Option<Vec<String>>,
}

/// Survey of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// Number of rows, with those that lack values.
    pub rows: u64,
    /// Whether the file is CSV with a header.
    pub has_header: bool,
    /// Columns of the file.
    pub columns: Vec<ColumnSurvey>,
}

impl Survey {
    /// Surveys a file of any size, in little memory. `header` and `delimiter` are as in
    /// [`TableOptions`](super::TableOptions).
    ///
    /// # Errors
    /// A file that cannot be read, or whose records differ in length. Values of any kind are no error.
    pub fn read(
        path: &Path,
        header: Option<bool>,
        delimiter: Option<u8>,
    ) -> Result<Self, TableError> {
        Self::of(Source::open(path)?, header, delimiter)
    }

    /// Surveys the bytes of a file named `name`.
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
        // The file has bytes for each number, so the product is in range.
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

/// Tally of a column, up to the last row that was seen.
struct Tally {
    column: ColumnSurvey,
    is_whole: bool,
    is_date: bool,
    has_text: bool,
    has_number: bool,
    /// Last number, if each number so far was one more than the one before it.
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

/// Whether a text is a date: like 2026-01-31, 31/1/26, 31.01.2026, 12:30, 12:30:05.2 or a day and a time,
/// with or without a time zone.
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
