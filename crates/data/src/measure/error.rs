//! What evaluation refuses, each with the name of the rows that are wrong.

/// Rows that cannot be compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MeasureError {
    /// There is nothing to compare.
    #[error("there are no {rows}")]
    Empty {
        /// Which rows, as "held-out rows".
        rows: String,
    },
    /// Values that do not divide into rows.
    #[error("{rows}: {values} values do not make rows of {columns} columns")]
    Shape {
        /// Which rows.
        rows: String,
        /// How many values there are.
        values: usize,
        /// Columns of a row.
        columns: usize,
    },
    /// A value that is not finite, or whose square overflows.
    #[error("{rows}: row {row}, column {column} is {value}; it must be finite and below 1e150")]
    OutOfRange {
        /// Which rows.
        rows: String,
        /// The first such row, from 0.
        row: usize,
        /// Its column, from 0.
        column: usize,
        /// The value.
        value: f64,
    },
    /// Rows of other columns than those they are compared with.
    #[error("{rows}: must have {required} columns, got {columns}")]
    Columns {
        /// Which rows.
        rows: String,
        /// Columns of the others.
        required: usize,
        /// Columns of these.
        columns: usize,
    },
    /// The same rows in two spaces that differ in number.
    #[error("{rows}: {user} rows in the user's units, but {model} in model space")]
    Counts {
        /// Which rows.
        rows: String,
        /// Rows in the user's units.
        user: usize,
        /// Rows in model space.
        model: usize,
    },
    /// A baseline too small to be compared at the size of the samples.
    #[error(
        "{baseline}: must have at least {required} rows, as are compared at a time, got {rows}"
    )]
    FewRows {
        /// Which baseline.
        baseline: String,
        /// Rows compared at a time.
        required: usize,
        /// Rows it has.
        rows: usize,
    },
}
