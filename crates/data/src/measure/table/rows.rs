//! [`TableRows`]: a view of a table's rows in the user's columns, where cells may be missing.

use crate::{
    Column, ColumnValues,
    measure::{MeasureError, rows::spread},
};

/// Most rows of each kind that are looked at: evenly spread ones of more.
pub const MOST_ROWS: usize = 50_000;

/// Cells of a column of [`TableRows`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cells {
    /// Numbers, dates and times by the numbers that stand for them.
    Numbers,
    /// One of so many values, by their places from 0.
    Category(usize),
}

impl Cells {
    /// What the cells of a column are, for measures of tables: yes and no are a category.
    #[must_use]
    pub fn of(column: &Column) -> Self {
        match &column.values {
            ColumnValues::Category(names) => Self::Category(names.len()),
            ColumnValues::YesNo(_) => Self::Category(2),
            _ => Self::Numbers,
        }
    }
}

/// The rows that are looked at: at most 50,000, evenly spread.
pub(super) fn looked_at(width: usize, rows: &[f64]) -> Vec<f64> {
    let width = width.max(1);
    let numbers = spread(rows.len() / width, MOST_ROWS).into_iter();
    numbers.flat_map(|row| &rows[row * width..(row + 1) * width]).copied().collect()
}

/// Rows of a table, one after the other in memory. A missing cell is NaN.
#[derive(Debug, Clone, Copy)]
pub struct TableRows<'a> {
    columns: &'a [Cells],
    values: &'a [f64],
}

impl<'a> TableRows<'a> {
    /// Checks `values` as rows of these columns. `name` stands for the rows in errors, as "samples".
    ///
    /// # Errors
    /// No rows, no columns, values that do not divide into rows, an infinite number, or a category's cell that is no place of
    /// one of its values.
    pub fn new(name: &str, columns: &'a [Cells], values: &'a [f64]) -> Result<Self, MeasureError> {
        let rows = || name.to_owned();
        if columns.is_empty() || !values.len().is_multiple_of(columns.len()) {
            let (values, columns) = (values.len(), columns.len());
            return Err(MeasureError::Shape { rows: rows(), values, columns });
        }
        if values.is_empty() {
            return Err(MeasureError::Empty { rows: rows() });
        }
        let is_cell = |(i, value): (usize, &f64)| match columns[i % columns.len()] {
            _ if value.is_nan() => true,
            Cells::Numbers => value.is_finite(),
            Cells::Category(count) => value.fract() == 0.0 && (0.0..count as f64).contains(value),
        };
        match values.iter().enumerate().position(|cell| !is_cell(cell)) {
            None => Ok(Self { columns, values }),
            Some(i) => {
                let (row, column) = (i / columns.len(), i % columns.len());
                Err(MeasureError::OutOfRange { rows: rows(), row, column, value: values[i] })
            }
        }
    }

    /// Rows that were [checked](Self::new) before.
    pub(super) const fn checked(columns: &'a [Cells], values: &'a [f64]) -> Self {
        Self { columns, values }
    }

    /// What the columns hold.
    #[must_use]
    pub const fn columns(&self) -> &'a [Cells] {
        self.columns
    }

    /// The number of rows, at least one.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.values.len() / self.columns.len()
    }

    /// The rows, one after the other.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [f64]> + use<'a> {
        self.values.chunks_exact(self.columns.len())
    }

    /// The cells of one column.
    #[must_use]
    pub fn column(&self, column: usize) -> Vec<f64> {
        self.iter().map(|row| row[column]).collect()
    }

    /// The values of the rows with these numbers, one row after the other.
    pub(super) fn gather(&self, numbers: &[usize]) -> Vec<f64> {
        let width = self.columns.len();
        numbers.iter().flat_map(|i| &self.values[i * width..][..width]).copied().collect()
    }

    /// Checks that these columns hold what `columns` hold.
    pub(super) fn require_columns(
        &self,
        name: &str,
        columns: &[Cells],
    ) -> Result<(), MeasureError> {
        let (rows, required) = (name.to_owned(), columns.len());
        if self.columns.len() != required {
            return Err(MeasureError::Columns { rows, required, columns: self.columns.len() });
        }
        match self.columns.iter().zip(columns).position(|(own, other)| own != other) {
            None => Ok(()),
            Some(column) => Err(MeasureError::Cells { rows, column }),
        }
    }
}
