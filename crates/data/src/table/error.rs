//! What can be wrong with a table: each message names the file, the place in it, what is required,
//! and a way out.

use std::fmt;

/// The most columns that a file may have.
pub const COLUMN_LIMIT: usize = 65_536;

/// Columns of a file that a message lists; of more it says how many there are.
const LISTED: usize = 12;

/// Where in a file a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The line of a text file on which it starts, from 1.
    Line(u64),
    /// The index of a row in an array, from 0.
    Row(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row} (counted from 0)"),
        }
    }
}

/// Why a table cannot be read or trained on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what the variants and their fields are")]
pub enum TableError {
    #[error(
        "{file}: cannot be read: {reason}; it must be a CSV or NPY file, as it is or packed by gzip"
    )]
    CannotRead { file: String, reason: String },
    #[error("{file}: is empty; at least one row of numbers is required")]
    Empty { file: String },
    #[error(
        "{file}: holds no row below its header; at least one row of numbers is required (if the first line is one, \
         set data.header to false)"
    )]
    HeaderOnly { file: String },
    #[error("{file}: {field} names `{name}`, which is none of its columns; {}", way(.nearest, .known))]
    UnknownColumn {
        file: String,
        field: &'static str,
        name: String,
        nearest: Option<String>,
        known: Vec<String>,
    },
    #[error("{file}: data.columns names `{name}` twice; name each column once")]
    ChosenTwice { file: String, name: String },
    #[error(
        "{file}: columns {first} and {second} are both named `{name}`; rename one, or leave both out by data.exclude"
    )]
    SameName { file: String, name: String, first: usize, second: usize },
    #[error("{file}: data.columns and data.exclude leave no column; at least one is required")]
    NoColumns { file: String },
    #[error(
        "{file}: has {columns} columns, and at most {COLUMN_LIMIT} are allowed; rows must be samples: transpose it, or \
         check data.delimiter"
    )]
    TooManyColumns { file: String, columns: u64 },
    #[error(
        "{file}, line {line}, column `{column}`: `{text}` is not a number, such as 1.5 or 2e-3; leave the column out by \
         data.exclude, or choose the numeric ones by data.columns"
    )]
    Text { file: String, line: u64, column: String, text: String },
    #[error(
        "{file}, line {line}: holds {fields} fields, and {expected} are required, as in the first record; correct the \
         line, or check its quotes and data.delimiter"
    )]
    Ragged { file: String, line: u64, fields: usize, expected: usize },
    #[error(
        "{file}, {place}, column `{column}`: the number is infinite or too large, and must be finite; correct it, write \
         NA for a missing value, or leave the column out by data.exclude"
    )]
    Infinite { file: String, place: Place, column: String },
    #[error(
        "{file}, {place}, column `{column}`: the value is missing, and data.missing is \"refuse\"; fill it in, set \
         data.missing to \"drop\", or leave the column out by data.exclude"
    )]
    Missing { file: String, place: Place, column: String },
    #[error(
        "{file}, line {line}: the name of column {column} must be UTF-8; save the file as UTF-8"
    )]
    NotUtf8 { file: String, line: u64, column: usize },
    #[error(
        "{file}: its lines end in carriage returns alone; save it with the line ends of Unix or Windows (LF or CRLF)"
    )]
    LineEnds { file: String },
    #[error(
        "{file}, line {line}: the record that starts here is longer than {limit} bytes; close its quotes, or check \
         data.delimiter"
    )]
    LongRecord { file: String, line: u64, limit: u64 },
    #[error("{file}: its gzip packing is cut or damaged ({reason}); pack or fetch it again")]
    DamagedGzip { file: String, reason: String },
    #[error(
        "{file}: unpacks to more than {limit} bytes, the most that is read from gzip; unpack it or split it"
    )]
    TooLarge { file: String, limit: u64 },
    #[error(
        "{file}: is not an NPY table: {reason}; numpy.save must have written numbers (float32, float64 or integers) of \
         the shape [rows, features]"
    )]
    BadNpy { file: String, reason: String },
    #[error(
        "{file}: each of its {dropped} rows lacks a value, the first ({place}) in column `{column}`; leave the columns \
         with gaps out by data.exclude, or fill them in"
    )]
    NoRows { file: String, dropped: u64, place: Place, column: String },
    #[error(
        "{file}: {rows} complete {}, and at least {required} are required to train on and to hold out; give more rows",
        if *.rows == 1 { "row" } else { "rows" }
    )]
    TooFewRows { file: String, rows: usize, required: usize },
    #[error("data.holdout: must be a share from 0 to below 1 or a number of rows, got {share}")]
    HoldoutShare { share: f64 },
    #[error(
        "data.holdout: {holdout} of the {rows} rows of {file} leaves {left} to train on, and at least 2 are required; \
         hold out less"
    )]
    Holdout { file: String, holdout: String, rows: usize, left: usize },
    #[error(
        "{file}: each column holds one and the same value in all {rows} training rows, and at least one must vary; \
         choose others by data.columns"
    )]
    AllConstant { file: String, rows: usize },
    #[error(
        "{file}, column `{column}`: values from {minimum:e} to {maximum:e} cannot be scaled in 64 bits; rescale the \
         column, leave it out by data.exclude, or set data.transform to \"none\""
    )]
    Unscalable { file: String, column: String, minimum: f64, maximum: f64 },
}

/// What to name instead of an unknown column.
fn way(nearest: &Option<String>, known: &[String]) -> String {
    let meant = nearest.as_ref().map_or(String::new(), |name| format!("did you mean `{name}`? "));
    let list = match known {
        [first, .., last] if known.len() > LISTED => {
            format!("it has {} columns, `{first}` to `{last}`", known.len())
        }
        _ => format!("its columns are `{}`", known.join("`, `")),
    };
    format!("{meant}{list}")
}
