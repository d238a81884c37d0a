//! [`statistics`]: what a column's scale is made of.

use super::{rounding::is_whole, rows::Rows};

/// Statistics of a column's training values.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub minimum: f64,
    pub maximum: f64,
    pub is_integer: bool,
    /// Weight of the rows that have a value, and of those that lack one; whether a row, held out or not, lacks one.
    pub count: f64,
    pub missing: f64,
    pub may_miss: bool,
    /// Weighted sums of the values, of their deviations from `sum / count`, and of the squares of these.
    pub sum: f64,
    pub deviation: f64,
    pub square: f64,
}

/// Statistics of the rows from `first` on, by column; `weight` of a row's index is what it weighs.
pub(super) fn statistics(
    rows: &Rows,
    first: usize,
    width: usize,
    weight: impl Fn(usize) -> f64,
) -> Vec<Column> {
    let start = Column {
        minimum: f64::INFINITY,
        maximum: f64::NEG_INFINITY,
        is_integer: true,
        count: 0.0,
        missing: 0.0,
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
        let weight = weight(row);
        for (column, value) in columns.iter_mut().zip(rows.row(row)) {
            if value.is_nan() {
                column.may_miss = true;
                column.missing += weight;
                continue;
            }
            column.count += weight;
            column.minimum = column.minimum.min(*value);
            column.maximum = column.maximum.max(*value);
            column.is_integer &= is_whole(*value);
            column.sum += weight * value;
        }
    }
    let means: Vec<_> = columns.iter().map(|column| column.sum / column.count).collect();
    for row in first..rows.len() {
        let weight = weight(row);
        for ((column, value), mean) in columns.iter_mut().zip(rows.row(row)).zip(&means) {
            if value.is_nan() {
                continue;
            }
            let deviation = value - mean;
            column.deviation += weight * deviation;
            column.square += weight * deviation * deviation;
        }
    }
    columns
}
