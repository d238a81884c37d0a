//! [`Survey`]: what a file holds, column by column, to propose the columns to train on.

mod called;
mod dates;
mod days;
mod ends;
mod noted;
mod number;
mod spelled;
mod tally;
mod text;

use std::path::Path;

pub use self::text::TextKind;
use self::{number::WHOLE_LIMIT, tally::Tally};
use super::{
    TableError, TableOptions,
    field::{Field, cut},
    missing_numbers::MissingNumbers,
    npy::Array,
    records::Records,
    source::Source,
};

/// Characters of a field that are kept.
const TEXT: usize = 200;

/// Kind of a column, by what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Nothing: every value is missing.
    Empty,
    /// One number, again and again.
    Constant,
    /// Numbers that tell rows apart: whole numbers that ascend by one, or whole numbers in a column
    /// whose name is id or ends in it, as `row_id`; and what [`IdSign`] says.
    Id,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
    /// Two words for no and yes, as FALSE and TRUE.
    YesNo,
    /// Days, times of day, or both together.
    Date,
    /// Text: neither numbers nor missing, in more rows than may be left out.
    Text,
}

/// Why a column of whole numbers holds ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdSign {
    /// They ascend by one.
    Ascending,
    /// The column is called so.
    Name,
    /// They have leading zeros, which numbers would lose.
    LeadingZeros,
    /// They are above 2^53, where not every whole number has an f64.
    TooLong,
    /// They are long, all of one length, in no order, and no two are equal.
    Unique,
}

/// A field that stands out, and where it is met first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Text of the field, cut where it is long.
    pub text: String,
    /// Line of the file, from 1, or row of an array, from 0.
    pub line: u64,
    /// Number of rows that have it.
    pub count: u64,
}

/// A number at an end of a column, repeated and far from all others, as −9999 for a missing value; of a date the number
/// that stands for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sentinel {
    /// The number.
    pub value: f64,
    /// Number of rows that have it.
    pub count: u64,
    /// Smallest and largest of the other numbers.
    pub others: (f64, f64),
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
    /// Smallest and largest finite number of the column; of words for no and yes 0 and 1, of dates the
    /// numbers that stand for them.
    pub range: Option<(f64, f64)>,
    /// Distinct values of the column, as the file writes them, in its order; `None` if there are more
    /// than 20.
    pub distinct: Option<Vec<String>>,
    /// Most digits behind the sign before decimals; `None` where a number has an exponent, or more than 15,
    /// and in an array.
    pub decimals: Option<u32>,
    /// Whether all numbers have as many digits there, and some a 0 at the end.
    pub trailing_zeros: bool,
    /// The words for no and yes.
    pub words: Option<[String; 2]>,
    /// The format of dates, in the directives of strftime; of numbers that are no bare ones how the file writes 1234.5, or
    /// 1234 where they are whole.
    pub format: Option<String>,
    /// Another format that all dates or numbers have too, as day before month, or decimal commas for thousands.
    pub other_format: Option<String>,
    /// Fields that mean a missing value, as `?`; they count as missing.
    pub marks: Vec<String>,
    /// Fields that are none of the column's values, in at most one row of twenty; such rows can be left out.
    pub odd: Vec<Cell>,
    /// The first NaN of a column of an array; it counts as missing.
    pub gap: Option<Cell>,
    /// The first text, or field that makes the column what it is; of numbers of two formats the first that shows both.
    pub example: Option<Cell>,
    /// Number of rows with a text that is neither a number nor a mark.
    pub texts: u64,
    /// Number of different ones among those texts; `None` of more than 100,000.
    pub different_texts: Option<u64>,
    /// What most texts are.
    pub text: Option<TextKind>,
    /// A number that may stand for a missing value.
    pub sentinel: Option<Sentinel>,
    /// Why it holds ids.
    pub id: Option<IdSign>,
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
    /// Axes of a row, where the file is an array of three axes or four.
    pub axes: Vec<usize>,
}

impl Survey {
    /// Surveys a file of any size, in little memory, read as the options say. Which columns they choose is of no
    /// account.
    ///
    /// # Errors
    /// A file that cannot be read, or whose records differ in length. Values of any kind are no error.
    pub fn read(path: &Path, options: &TableOptions) -> Result<Self, TableError> {
        Self::of(Source::open(path, options)?, options)
    }

    /// Surveys the bytes of a file named `name`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_bytes(
        name: &str,
        bytes: &[u8],
        options: &TableOptions,
    ) -> Result<Self, TableError> {
        Self::of(Source::from_bytes(name, bytes, options)?, options)
    }

    fn of(source: Source<'_>, options: &TableOptions) -> Result<Self, TableError> {
        if source.is_npy() {
            return Self::of_array(Array::open(source)?, options);
        }
        let mut records = Records::open(source, options)?;
        let decimal = options.layout.decimal;
        let mut columns: Vec<_> =
            records.names().iter().map(|name| Tally::new(name, decimal)).collect();
        let (mut rows, has_header) = (0, records.has_header());
        while records.next()? {
            rows += 1;
            for (i, column) in columns.iter_mut().enumerate() {
                let field = records.field(i);
                let read = records.cells().number(field);
                let plain = records.cells().plain(field);
                column.take(read, plain.as_deref(), || cut(field, TEXT), || records.line_of(i));
            }
        }
        if rows == 0 {
            return Err(TableError::HeaderOnly { file: records.file().to_owned() });
        }
        let columns = columns.into_iter().map(|column| column.finish(rows)).collect();
        Ok(Self { rows, has_header, columns, axes: Vec::new() })
    }

    fn of_array(mut array: Array<'_>, options: &TableOptions) -> Result<Self, TableError> {
        let missing = MissingNumbers::new(&options.layout, &[]);
        let mut columns: Vec<_> =
            (0..array.features).map(|i| Tally::of_array(&format!("x{i}"))).collect();
        // The file has bytes for each number, so the product is in range.
        for i in 0..array.rows * array.features {
            let (row, column) = array.place(i);
            let given = array.next()?;
            if given.is_nan() {
                columns[column].take_nan(row as u64);
                continue;
            }
            let value = missing.of(column, given);
            let field = if value.is_nan() { Field::Missing } else { Field::Number(value) };
            let text = value.to_string();
            // A whole number that was rounded is known by its digits.
            let plain = (array.is_whole && value.abs() >= WHOLE_LIMIT).then_some(text.as_bytes());
            columns[column].take(field, plain, || text.clone(), || row as u64);
        }
        let rows = array.rows as u64;
        let columns = columns.into_iter().map(|column| column.finish(rows)).collect();
        Ok(Self { rows, has_header: false, columns, axes: array.axes })
    }
}
