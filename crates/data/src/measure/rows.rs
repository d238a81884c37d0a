//! [`Rows`]: a view of rows in memory, checked once, and the Euclidean distance between two of them.

use super::MeasureError;
use crate::Column;

/// Limit of the values. The squares of larger ones could overflow.
const LARGEST: f64 = 1e150;

/// Number of sums that are made side by side, so that the processor need not wait for each addition.
const LANES: usize = 8;

/// Rows of finite values, at least one, one after the other in memory. In rows of the user's columns a value may be missing,
/// which is NaN, where the column says so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rows<'a> {
    columns: usize,
    values: &'a [f64],
}

impl<'a> Rows<'a> {
    /// Checks `values` as rows of `columns` values. `name` stands for the rows in errors, as "held-out rows".
    ///
    /// # Errors
    /// No rows, no columns, values that do not divide into rows, or a value that is not finite or so large
    /// that its square overflows.
    pub fn new(name: &str, columns: usize, values: &'a [f64]) -> Result<Self, MeasureError> {
        Self::with_missing(name, columns, values, |_| false)
    }

    /// Checks `values` as rows of a user's columns, in which values may be missing where the columns say so.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_columns(
        name: &str,
        columns: &[Column],
        values: &'a [f64],
    ) -> Result<Self, MeasureError> {
        Self::with_missing(name, columns.len(), values, |column| columns[column].may_miss)
    }

    fn with_missing(
        name: &str,
        columns: usize,
        values: &'a [f64],
        may_miss: impl Fn(usize) -> bool,
    ) -> Result<Self, MeasureError> {
        let rows = || name.to_owned();
        if !values.len().is_multiple_of(columns) || columns == 0 {
            return Err(MeasureError::Shape { rows: rows(), values: values.len(), columns });
        }
        if values.is_empty() {
            return Err(MeasureError::Empty { rows: rows() });
        }
        let is_value =
            |(i, v): (usize, &f64)| v.abs() < LARGEST || v.is_nan() && may_miss(i % columns);
        match values.iter().enumerate().position(|value| !is_value(value)) {
            None => Ok(Self { columns, values }),
            Some(i) => {
                let (row, column) = (i / columns, i % columns);
                Err(MeasureError::OutOfRange { rows: rows(), row, column, value: values[i] })
            }
        }
    }

    /// Rows of values that were checked before.
    pub(super) const fn checked(columns: usize, values: &'a [f64]) -> Self {
        Self { columns, values }
    }

    /// The number of columns.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// The number of rows, at least one.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.values.len() / self.columns
    }

    /// The rows, one after the other.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [f64]> + use<'a> {
        self.values.chunks_exact(self.columns)
    }

    /// The values of one column.
    #[must_use]
    pub fn column(&self, column: usize) -> Vec<f64> {
        self.iter().map(|row| row[column]).collect()
    }

    /// The values of the rows with the given numbers.
    pub(super) fn gather(&self, numbers: &[usize]) -> Vec<f64> {
        let row = |i: &usize| &self.values[i * self.columns..(i + 1) * self.columns];
        numbers.iter().flat_map(row).copied().collect()
    }

    /// The mean of each column.
    #[must_use]
    pub fn mean(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.columns];
        for row in self.iter() {
            mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += value);
        }
        mean.iter_mut().for_each(|mean| *mean /= self.count() as f64);
        mean
    }

    /// Fails unless there are `required` columns.
    pub(super) fn require_columns(&self, name: &str, required: usize) -> Result<(), MeasureError> {
        let columns = self.columns;
        if columns == required {
            return Ok(());
        }
        Err(MeasureError::Columns { rows: name.to_owned(), required, columns })
    }
}

/// The squared distance `|a − b|²`.
#[inline]
pub(super) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    let ((a_lanes, a_rest), (b_lanes, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += (a - b) * (a - b);
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| (a - b) * (a - b)).sum();
    sums.iter().sum::<f64>() + rest
}

/// The dot product `Σ a b`.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a_lanes, a_rest), (b_lanes, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

/// At most `most` numbers of `0..count`, evenly spread, so that every part of ordered rows is
/// represented.
pub(crate) fn spread(count: usize, most: usize) -> Vec<usize> {
    let chosen = count.min(most);
    (0..chosen).map(|i| i * count / chosen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_rows_is_named() {
        let error = |columns, values: &[f64]| {
            Rows::new("samples", columns, values).expect_err("wrong").to_string()
        };
        assert_eq!(error(2, &[]), "there are no samples");
        assert_eq!(error(2, &[1.0; 3]), "samples: 3 values do not make rows of 2 columns");
        assert_eq!(error(0, &[1.0]), "samples: 1 values do not make rows of 0 columns");
        for value in [f64::NAN, f64::INFINITY, -1e150] {
            let text = error(2, &[0.0, 0.0, 0.0, value]);
            assert!(text.starts_with("samples: row 1, column 1 is "), "{text}");
        }
    }

    #[test]
    fn lanes_and_the_rest_give_the_sum_of_all() {
        // Whole numbers, so that every order of summation gives the same bits.
        for length in [1, 7, 8, 9, 61] {
            let a: Vec<f64> = (0..length).map(|i| f64::from(i * i % 17)).collect();
            let b: Vec<f64> = (0..length).map(|i| f64::from(i * 7 % 11)).collect();
            let squares: f64 = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum();
            let product: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            assert_eq!(squared_distance(&a, &b), squares, "{length} columns");
            assert_eq!(dot(&a, &b), product, "{length} columns");
        }
    }
}
