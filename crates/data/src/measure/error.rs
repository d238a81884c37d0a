//! [`MeasureError`]: rows that cannot be measured. Each message names the rows that are wrong.

/// Error of rows that cannot be compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MeasureError {
    /// There are no rows to compare.
    #[error("there are no {rows}")]
    Empty {
        /// Name of the rows, as "held-out rows".
        rows: String,
    },
    /// The values do not divide into rows.
    #[error("{rows}: {values} values do not make rows of {columns} columns")]
    Shape {
        /// Name of the rows.
        rows: String,
        /// Number of values.
        values: usize,
        /// Number of columns of a row.
        columns: usize,
    },
    /// A value is not finite, or its square overflows.
    #[error("{rows}: row {row}, column {column} is {value}; it must be finite and below 1e150")]
    OutOfRange {
        /// Name of the rows.
        rows: String,
        /// First row with such a value, from 0.
        row: usize,
        /// Column of the value, from 0.
        column: usize,
        /// Value that was found.
        value: f64,
    },
    /// The rows have another number of columns than the rows that they are compared with.
    #[error("{rows}: must have {required} columns, got {columns}")]
    Columns {
        /// Name of the rows.
        rows: String,
        /// Number of columns of the other rows.
        required: usize,
        /// Number of columns of these rows.
        columns: usize,
    },
    /// The same rows differ in number between the two spaces.
    #[error("{rows}: {user} rows in the user's units, but {model} in model space")]
    Counts {
        /// Name of the rows.
        rows: String,
        /// Number of rows in the user's units.
        user: usize,
        /// Number of rows in model space.
        model: usize,
    },
    /// A baseline has fewer rows than are compared at a time.
    #[error(
        "{baseline}: must have at least {required} rows, as are compared at a time, got {rows}"
    )]
    FewRows {
        /// Name of the baseline.
        baseline: String,
        /// Number of rows that are compared at a time.
        required: usize,
        /// Number of rows of the baseline.
        rows: usize,
    },
    /// A column holds other cells than the same column of the rows that they are compared with.
    #[error(
        "{rows}: column {column} must hold the same kind of cells as that of the other rows, and as many values"
    )]
    Cells {
        /// Name of the rows.
        rows: String,
        /// Column, from 0.
        column: usize,
    },
    /// There is not one target or weight for each row.
    #[error("{values}: there must be one for each of the {rows} rows, got {count}")]
    Labels {
        /// Name of the values.
        values: String,
        /// Number of rows.
        rows: usize,
        /// Number of values.
        count: usize,
    },
    /// A target or weight cannot be learnt from.
    #[error("{values}: that of row {row} is {value}, which is outside their range")]
    Label {
        /// Name of the values.
        values: String,
        /// First row with such a value, from 0.
        row: usize,
        /// Value that was found.
        value: f64,
    },
    /// All known cells of a column have one value, so there is nothing to learn.
    #[error("{rows}: column {column} has one value only, so there is nothing to learn")]
    OneValue {
        /// Name of the rows.
        rows: String,
        /// Column, from 0.
        column: usize,
    },
}
