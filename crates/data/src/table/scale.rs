//! Columns between the user's units and the model's space.

use super::{TableError, quantile::Quantile, rows::Rows};

/// Limit of whole numbers: above it some have no f64.
const WHOLE_LIMIT: f64 = 9_007_199_254_740_992.0;

/// How a table's columns become numbers near 1, which a model is trained on. Statistics come from the
/// training rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum Transform {
    /// They stay as they are.
    None,
    /// Each has mean 0 and variance 1: `(x − mean) / std`.
    #[default]
    Standardise,
    /// Each has mean 0, and all are divided by one number, the root of their mean variance: for
    /// pixels and other columns of one unit.
    StandardiseTogether,
    /// Each becomes standard normal through the ranks of its values: `Φ⁻¹((rank − 1/2) / n)`, ties at
    /// their mean rank, linear between distinct values. Beyond the training values it is linear with
    /// the slope of the last piece, or that of the whole range where this is steeper in x: samples stay
    /// near the range of the data, and held-out rows near that of the normal.
    Quantile,
}

/// What is known of a column, and the way to the model's space and back.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    /// Whether all training values are whole.
    pub is_integer: bool,
    pub map: Map,
}

#[derive(Clone, Debug)]
pub(super) enum Map {
    /// The column is one value, and no part of the model's space.
    Constant(f64),
    /// `(x − mean) / std`.
    Linear {
        mean: f64,
        std: f64,
    },
    Quantile(Quantile),
}

impl Map {
    pub fn apply(&self, value: f64) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Linear { mean, std } => (value - mean) / std,
            Self::Quantile(quantile) => quantile.apply(value),
        }
    }

    pub fn undo(&self, value: f64) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Linear { mean, std } => mean + std * value,
            Self::Quantile(quantile) => quantile.undo(value),
        }
    }
}

/// Statistics of a column's training values.
#[derive(Clone, Debug)]
struct Column {
    minimum: f64,
    maximum: f64,
    is_integer: bool,
    sum: f64,
    /// Sums of the deviations from `sum / n`, and of their squares.
    deviation: f64,
    square: f64,
}

/// Whether a number is whole and so small that its neighbours have an f64 too.
pub(super) fn is_whole(value: f64) -> bool {
    value.fract() == 0.0 && value.abs() < WHOLE_LIMIT
}

/// The scales of the columns of `rows` from the row `first` on; at least one isn't constant.
pub(super) fn fit(
    file: &str,
    names: &[String],
    rows: &Rows,
    first: usize,
    transform: Transform,
) -> Result<Vec<Scale>, TableError> {
    let count = (rows.len() - first) as f64;
    let columns = statistics(rows, first, names.len());
    let varying = || columns.iter().filter(|column| column.minimum < column.maximum);
    if varying().next().is_none() {
        let rows = rows.len() - first;
        return Err(TableError::AllConstant { file: file.to_owned(), rows });
    }
    let variance = |column: &Column| column.square / count;
    let share = 1.0 / varying().count() as f64;
    let together = varying().map(|column| share * variance(column)).sum::<f64>().sqrt();
    let scale = |(i, column): (usize, &Column)| {
        let is_integer = column.is_integer;
        let (minimum, maximum) = (column.minimum, column.maximum);
        if minimum == maximum {
            return Ok(Scale { is_integer, map: Map::Constant(minimum) });
        }
        // The sum of many numbers far from 0 has a large rounding error, that of the deviations a small one.
        let mean = column.sum / count + column.deviation / count;
        let std = variance(column).sqrt();
        let map = match transform {
            Transform::None => Map::Linear { mean: 0.0, std: 1.0 },
            _ if !(std.is_normal() && (maximum - minimum).is_finite()) => {
                let (file, column) = (file.to_owned(), names[i].clone());
                return Err(TableError::Unscalable { file, column, minimum, maximum });
            }
            Transform::Standardise => Map::Linear { mean, std },
            Transform::StandardiseTogether => Map::Linear { mean, std: together },
            Transform::Quantile => {
                let mut values: Vec<_> = (first..rows.len()).map(|row| rows.row(row)[i]).collect();
                values.sort_unstable_by(f64::total_cmp);
                Map::Quantile(Quantile::new(&values))
            }
        };
        Ok(Scale { is_integer, map })
    };
    columns.iter().enumerate().map(scale).collect()
}

fn statistics(rows: &Rows, first: usize, width: usize) -> Vec<Column> {
    let start = Column {
        minimum: f64::INFINITY,
        maximum: f64::NEG_INFINITY,
        is_integer: true,
        sum: 0.0,
        deviation: 0.0,
        square: 0.0,
    };
    let mut columns = vec![start; width];
    for row in first..rows.len() {
        for (column, value) in columns.iter_mut().zip(rows.row(row)) {
            column.minimum = column.minimum.min(*value);
            column.maximum = column.maximum.max(*value);
            column.is_integer &= is_whole(*value);
            column.sum += value;
        }
    }
    let means: Vec<_> =
        columns.iter().map(|column| column.sum / (rows.len() - first) as f64).collect();
    for row in first..rows.len() {
        for ((column, value), mean) in columns.iter_mut().zip(rows.row(row)).zip(&means) {
            let deviation = value - mean;
            column.deviation += deviation;
            column.square += deviation * deviation;
        }
    }
    columns
}
