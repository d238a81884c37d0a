//! [`TableError`]: what can be wrong with a table. Each message names the file, the place in it, what is
//! required, and a way out.

use super::{Place, ToldError, WeightError, WindowError};

/// Largest number of columns that a file may have.
pub const COLUMN_LIMIT: usize = 65_536;

/// Largest number of columns that a message lists. Of more columns it gives the number.
const LISTED: usize = 12;

/// Reason why a table cannot be read or trained on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TableError {
    /// The file cannot be opened or read.
    #[error(
        "{file}: cannot be read: {reason}; it must be a CSV or NPY file, as it is or packed by gzip, or a workbook"
    )]
    CannotRead {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// The file is of a kind that is no table.
    #[error("{file}: is {what}, and a CSV or NPY file or a workbook is required; {way}")]
    OtherFormat {
        /// The file.
        file: String,
        /// What it is.
        what: &'static str,
        /// What to do.
        way: &'static str,
    },
    /// What is told of a table cannot be told.
    #[error(transparent)]
    Told(#[from] ToldError),
    /// A column cannot weigh rows.
    #[error(transparent)]
    Weight(#[from] WeightError),
    /// A series has no windows to train on.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The file is a workbook that cannot be read.
    #[error(
        "{file}: is a damaged workbook ({reason}); open it in a spreadsheet program and save it again, or its sheet as CSV"
    )]
    BadWorkbook {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// The file is an encrypted workbook.
    #[error("{file}: is a workbook locked by a password; save it without one, or its sheet as CSV")]
    LockedWorkbook {
        /// The file.
        file: String,
    },
    /// The workbook or its sheet takes too many bytes.
    #[error(
        "{file}: is larger than a workbook that is read: {limit} bytes unpacked, and 2^30 places from its first row and \
         column to its last; save its sheet as CSV"
    )]
    LargeWorkbook {
        /// The file.
        file: String,
        /// The most bytes that are read.
        limit: u64,
    },
    /// The sheet, or all sheets, hold nothing.
    #[error(
        "{file}: {} no cell that holds something; at least one row of numbers is required",
        sheet.as_ref().map_or("is a workbook with".to_owned(), |sheet| format!("its sheet `{sheet}` has"))
    )]
    NoCells {
        /// The file.
        file: String,
        /// The sheet that was asked for.
        sheet: Option<String>,
    },
    /// The workbook has no such sheet.
    #[error("{file}: data.sheet names `{name}`, which is none of its sheets; they are `{}`", known.join("`, `"))]
    NoSheet {
        /// The file.
        file: String,
        /// Name or number that was given.
        name: String,
        /// The names of its sheets.
        known: Vec<String>,
    },
    /// Something is said of a workbook or an array that only a file of text has.
    #[error("{file}: is {what}, and {field} says how a file of text is read; leave it out")]
    OfText {
        /// The file.
        file: String,
        /// What it is.
        what: &'static str,
        /// The field that says it.
        field: &'static str,
    },
    /// A sheet is named of a file that is no workbook.
    #[error("{file}: is no workbook, and data.sheet names a sheet; leave it out")]
    NotWorkbook {
        /// The file.
        file: String,
    },
    /// There is nothing in the file.
    #[error("{file}: is empty; at least one row of numbers is required")]
    Empty {
        /// The file.
        file: String,
    },
    /// There is a header and nothing else.
    #[error(
        "{file}: holds no row below its header; at least one row of numbers is required (if the first line is one, \
         set data.header to false)"
    )]
    HeaderOnly {
        /// The file.
        file: String,
    },
    /// All lines are skipped.
    #[error(
        "{file}: all its lines are among the first {lines}, which data.skip_lines skips; skip fewer"
    )]
    AllSkipped {
        /// The file.
        file: String,
        /// Number of lines that are skipped.
        lines: u64,
    },
    /// The run file names a column that the file lacks.
    #[error("{file}: {field} names `{name}`, which is none of its columns; {}", way(.nearest, .known))]
    UnknownColumn {
        /// The file.
        file: String,
        /// The field of the run file that names it.
        field: &'static str,
        /// The name.
        name: String,
        /// A column that may have been meant.
        nearest: Option<String>,
        /// The file's columns.
        known: Vec<String>,
    },
    /// One column is chosen twice.
    #[error("{file}: data.columns names `{name}` twice; name each column once")]
    ChosenTwice {
        /// The file.
        file: String,
        /// The name.
        name: String,
    },
    /// Two columns of the file have the name of a chosen column.
    #[error(
        "{file}: columns {first} and {second} are both named `{name}`; rename one, or leave both out by data.exclude"
    )]
    SameName {
        /// The file.
        file: String,
        /// The name.
        name: String,
        /// Place of the first among the columns, from 1.
        first: usize,
        /// Place of the second.
        second: usize,
    },
    /// No column is left.
    #[error("{file}: data.columns and data.exclude leave no column; at least one is required")]
    NoColumns {
        /// The file.
        file: String,
    },
    /// The file has more columns than [`COLUMN_LIMIT`].
    #[error(
        "{file}: has {columns} columns, and at most {COLUMN_LIMIT} are allowed; rows must be samples: transpose it, or \
         check data.delimiter"
    )]
    TooManyColumns {
        /// The file.
        file: String,
        /// Number of its columns.
        columns: u64,
    },
    /// The rows of an array of three axes or four have more numbers than [`COLUMN_LIMIT`].
    #[error(
        "{file}: its rows of {} have {columns} numbers, and at most {COLUMN_LIMIT} are allowed; scale pictures down, or cut \
         them",
        by(axes)
    )]
    LargeRows {
        /// The file.
        file: String,
        /// Axes of a row.
        axes: Vec<usize>,
        /// Numbers of a row.
        columns: u64,
    },
    /// The rows of an array have other axes than the run file says.
    #[error(
        "{file}: its rows are {}, and data.shape says {}; correct data.shape or leave it out, or give the \
         array that it was written for",
        if axes.is_empty() { "a list of numbers".to_owned() } else { by(axes) }, by(required)
    )]
    Axes {
        /// The file.
        file: String,
        /// Axes of a row.
        axes: Vec<usize>,
        /// Axes that the run file says.
        required: Vec<usize>,
    },
    /// A field is neither a value of its column nor missing.
    #[error(
        "{file}, {place}, column `{column}`: `{text}` is not {required}; leave the column out by \
         data.exclude, or choose the numeric ones by data.columns"
    )]
    Text {
        /// The file.
        file: String,
        /// Where the record stands.
        place: Place,
        /// The column.
        column: String,
        /// Text of the field, cut where it is long.
        text: String,
        /// What it must be.
        required: String,
    },
    /// A record has more or fewer fields than the first.
    #[error(
        "{file}, line {line}: holds {fields} fields, and {expected} are required, as in the first record; {}",
        hint.unwrap_or("correct the line, or check its quotes and data.delimiter")
    )]
    Ragged {
        /// The file.
        file: String,
        /// The line on which the record starts.
        line: u64,
        /// Number of its fields.
        fields: usize,
        /// Number of fields in the first record.
        expected: usize,
        /// What may be the matter with the line, and the way out.
        hint: Option<&'static str>,
    },
    /// A number is infinite, or too large for an f64.
    #[error(
        "{file}, {place}, column `{column}`: the number is infinite or too large, and must be finite; correct it, write \
         NA for a missing value, or leave the column out by data.exclude"
    )]
    Infinite {
        /// The file.
        file: String,
        /// Where the row stands.
        place: Place,
        /// The column.
        column: String,
    },
    /// A value is missing where that is refused.
    #[error(
        "{file}, {place}, column `{column}`: the value is missing, and data.missing is \"refuse\"; fill it in, set \
         data.missing to \"drop\", or leave the column out by data.exclude"
    )]
    Missing {
        /// The file.
        file: String,
        /// Where the row stands.
        place: Place,
        /// The column.
        column: String,
    },
    /// A column's name is not UTF-8.
    #[error(
        "{file}, line {line}: the name of column {column} must be UTF-8; save the file as UTF-8 (iconv -f latin1 -t utf-8)"
    )]
    NotUtf8 {
        /// The file.
        file: String,
        /// The line of the header.
        line: u64,
        /// Place of the column, from 1.
        column: usize,
    },
    /// Lines end as on old Macintoshes.
    #[error(
        "{file}: its lines end in carriage returns alone; save it with the line ends of Unix or Windows (LF or CRLF)"
    )]
    LineEnds {
        /// The file.
        file: String,
    },
    /// A record is longer than any record of a table.
    #[error(
        "{file}, line {line}: the record that starts here is longer than {limit} bytes; close its quotes, or check \
         data.delimiter"
    )]
    LongRecord {
        /// The file.
        file: String,
        /// The line on which the record starts.
        line: u64,
        /// The most bytes that are read.
        limit: u64,
    },
    /// The file starts as gzip does, and cannot be unpacked.
    #[error("{file}: its gzip packing is cut or damaged ({reason}); pack or fetch it again")]
    DamagedGzip {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// The file unpacks to too many bytes.
    #[error(
        "{file}: unpacks to more than {limit} bytes, the most that is read from gzip; unpack it or split it"
    )]
    TooLarge {
        /// The file.
        file: String,
        /// The most bytes that are read.
        limit: u64,
    },
    /// The numbers do not fit into memory.
    #[error(
        "{file}: its numbers take more than {limit} bytes, the most that this machine has for them; choose fewer columns by \
         data.columns, or give fewer rows"
    )]
    TooManyRows {
        /// The file.
        file: String,
        /// The most bytes that they may take.
        limit: u64,
    },
    /// The file has the name of a NumPy array, and is no array of numbers in rows.
    #[error(
        "{file}: is not an NPY table: {reason}; numpy.save must have written numbers (float32, float64 or integers), \
         rows along the first of one to four axes, as of the shape [rows, features]; array.astype(\"float32\") makes \
         such numbers, array.reshape(len(array), -1) such axes"
    )]
    BadNpy {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// Every row lacks a value.
    #[error(
        "{file}: each of its {dropped} rows lacks a value, the first ({place}) in column `{column}`; leave the columns \
         with gaps out by data.exclude, or fill them in"
    )]
    NoRows {
        /// The file.
        file: String,
        /// Number of rows, all dropped.
        dropped: u64,
        /// Place of the first row.
        place: Place,
        /// First column of which that row lacks the value.
        column: String,
    },
    /// There are too few rows for a split.
    #[error(
        "{file}: {rows} complete {}, and at least {required} are required to train on and to hold out; give more rows",
        if *.rows == 1 { "row" } else { "rows" }
    )]
    TooFewRows {
        /// The file.
        file: String,
        /// Number of complete rows.
        rows: usize,
        /// Number of rows that are required.
        required: usize,
    },
    /// The share to hold out is out of its range.
    #[error("data.holdout: must be a share from 0 to below 1 or a number of rows, got {share}")]
    HoldoutShare {
        /// Share that was given.
        share: f64,
    },
    /// Holding out leaves too little to train on.
    #[error(
        "data.holdout: {holdout} of the {rows} rows of {file} leaves {left} to train on, and at least 2 are required; \
         hold out less"
    )]
    Holdout {
        /// The file.
        file: String,
        /// Share or number of rows that was given.
        holdout: String,
        /// Number of rows in the table.
        rows: usize,
        /// Number of training rows that it leaves.
        left: usize,
    },
    /// No column varies among the training rows.
    #[error(
        "{file}: each column holds one and the same value in all {rows} training rows, and at least one must vary; \
         choose others by data.columns"
    )]
    AllConstant {
        /// The file.
        file: String,
        /// Number of training rows.
        rows: usize,
    },
    /// A column is said to be derived from one that is not learnt.
    #[error(
        "{file}, column `{column}`: `derived_from` must name another column that is learnt, got `{from}`"
    )]
    DerivedFrom {
        /// The file.
        file: String,
        /// Name of the column.
        column: String,
        /// What is named.
        from: String,
    },
    /// A column is said to be derived from another, and is no function of it.
    #[error(
        "{file}, column `{column}`: it is no function of `{from}`, by a row in which that is {at}; leave out `derived_from`"
    )]
    NoFunction {
        /// The file.
        file: String,
        /// Name of the column.
        column: String,
        /// Name of the other column.
        from: String,
        /// Value of the other column, as the model's number of it.
        at: String,
    },
    /// A column has no value in any training row.
    #[error(
        "{file}, column `{column}`: it has no value in any of the {rows} training rows; leave it out by data.exclude"
    )]
    AllMissing {
        /// The file.
        file: String,
        /// Name of the column.
        column: String,
        /// Number of training rows.
        rows: usize,
    },
    /// The variance of a column overflows or vanishes.
    #[error(
        "{file}, column `{column}`: values from {minimum:e} to {maximum:e} cannot be scaled in 64 bits; rescale the \
         column, leave it out by data.exclude, or set data.transform to \"none\""
    )]
    Unscalable {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// Smallest training value of the column.
        minimum: f64,
        /// Largest training value of the column.
        maximum: f64,
    },
}

/// Sizes of axes: `8 by 8`.
fn by(axes: &[usize]) -> String {
    axes.iter().map(usize::to_string).collect::<Vec<_>>().join(" by ")
}

/// The way out for an unknown column: the column that may have been meant, and what there is.
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
