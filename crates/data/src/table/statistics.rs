//! [`statistics`]: what a column's scale is made of.

use super::{rounding::is_whole, rows::Rows};

/// Statistics of a column's training values.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub minimum: f64,
    pub maximum: f64,
    pub is_integer: bool,
    /// Number of rows that have a value, and whether a row, held out or not, lacks one.
    pub count: f64,
    pub may_miss: bool,
    pub sum: f64,
    /// Sums of the deviations from `sum / n`, and of their squares.
    pub deviation: f64,
    pub square: f64,
}

/// Statistics of the rows from `first` on, by column.
pub(super) fn statistics(rows: &Rows, first: usize, width: usize) -> Vec<Column> {
    let start = Column {
        minimum: f64::INFINITY,
        maximum: f64::NEG_INFINITY,
        is_integer: true,
        count: 0.0,
        may_miss: false,
        sum: 0.0,
        deviation: 0.0,
        square: 0.0,
    };
    let mut columns = vec![start; width];
    for row in 0..first {
        let values = columns.iter_mut().zip(rows.row(row));
        values.for_each(|(column, value)| column.may_miss |= value.is_nan());
    }
    for row in first..rows.len() {
        for (column, value) in columns.iter_mut().zip(rows.row(row)) {
            if value.is_nan() {
                column.may_miss = true;
                continue;
            }
            column.count += 1.0;
            column.minimum = column.minimum.min(*value);
            column.maximum = column.maximum.max(*value);
            column.is_integer &= is_whole(*value);
            column.sum += value;
        }
    }
    let means: Vec<_> = columns.iter().map(|column| column.sum / column.count).collect();
    for row in first..rows.len() {
        for ((column, value), mean) in columns.iter_mut().zip(rows.row(row)).zip(&means) {
            if value.is_nan() {
                continue;
            }
            let deviation = value - mean;
            column.deviation += deviation;
            column.square += deviation * deviation;
        }
    }
    columns
}
