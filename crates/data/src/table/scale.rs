//! Columns between the user's units and the model's space.

use super::{
    CellKind, ColumnRange, ColumnSpec, DateFormat, Encoding, Ends, SampleValues, Table, TableError,
    ToldError, quantile::Quantile, rank::Rank, rows::Rows,
};
#[cfg(feature = "serde")]
use super::{SpecError, quantile::ascend};

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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub(super) struct Scale {
    /// Whether all training values are whole.
    pub is_integer: bool,
    pub map: Map,
    /// The least and the largest training value; none of a category, and in files of earlier versions.
    #[cfg_attr(feature = "serde", serde(default))]
    pub seen: Option<[f64; 2]>,
    /// What a restored value is rounded to.
    rounding: Rounding,
    /// Where a restored value may lie.
    #[cfg_attr(feature = "serde", serde(with = "open_ends"))]
    ends: [f64; 2],
}

/// Ends of a range as JSON, which has no infinite number.
#[cfg(feature = "serde")]
mod open_ends {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(ends: &[f64; 2], serializer: S) -> Result<S::Ok, S::Error> {
        ends.map(|end| Some(end).filter(|end| end.is_finite())).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[f64; 2], D::Error> {
        let [least, most] = <[Option<f64>; 2]>::deserialize(deserializer)?;
        Ok([least.unwrap_or(f64::NEG_INFINITY), most.unwrap_or(f64::INFINITY)])
    }
}

/// What values are rounded to.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
enum Rounding {
    None,
    /// The next multiple of `1 / units`.
    Decimals {
        units: f64,
    },
    /// The next multiple of this.
    Multiples {
        step: f64,
    },
    /// The nearest of these, which ascend.
    Nearest(Vec<f64>),
}

impl Rounding {
    fn of(&self, value: f64) -> f64 {
        match self {
            Self::None => value,
            Self::Decimals { units } => {
                // Beyond 2^53 units every number is a multiple, and the product may be infinite.
                let scaled = value * units;
                if scaled.abs() < WHOLE_LIMIT { scaled.round() / units } else { value }
            }
            Self::Multiples { step } => (value / step).round() * step,
            Self::Nearest(values) => nearest(values, value),
        }
    }
}

impl Scale {
    /// Fails where it cannot restore a value; `path` is where it was read.
    #[cfg(feature = "serde")]
    pub fn check(&self, path: &str) -> Result<(), SpecError> {
        let error = |field: &str, message: &str| SpecError {
            path: format!("{path}.{field}"),
            message: message.to_owned(),
        };
        let is_map = match &self.map {
            Map::Constant(_) => true,
            Map::Category(names) => names.len() >= 2,
            Map::Linear { std, .. } => *std > 0.0,
            Map::Quantile(quantile) => quantile.is_sound(),
            Map::Rank(rank) => rank.is_sound(),
        };
        let is_rounding = match &self.rounding {
            Rounding::None => true,
            Rounding::Decimals { units: step } | Rounding::Multiples { step } => *step > 0.0,
            Rounding::Nearest(values) => !values.is_empty() && ascend(values),
        };
        match (is_map, is_rounding, self.ends[0] <= self.ends[1]) {
            (false, ..) => {
                Err(error("map", "must be invertible: numbers that ascend, or a std above 0"))
            }
            (_, false, _) => {
                Err(error("rounding", "must be a step above 0, or values that ascend"))
            }
            (.., false) => Err(error("ends", "must go up")),
            _ => Ok(()),
        }
    }

    /// The value in the user's units that a number of the model's space stands for, wherever it lies.
    pub fn restore_free(&self, value: f64) -> f64 {
        self.rounding.of(self.map.undo(value))
    }

    /// The value of a row that was scaled, as it was given: neither set to an end of the range nor to a value
    /// that was seen.
    pub fn given(&self, scaled: f64) -> f64 {
        let value = self.map.undo(scaled);
        let rounded = self.rounding.of(value);
        // What scaling and back rounds off.
        let is_rounding = |values: &[f64]| {
            let ends = [values.first(), values.last()].into_iter().flatten();
            let largest = ends.fold(0.0, |largest: f64, end| largest.max(end.abs()));
            (rounded - value).abs() <= 1e-12 * largest
        };
        match &self.rounding {
            Rounding::Nearest(values) if !is_rounding(values) => value,
            _ => rounded,
        }
    }

    /// Whether restored values are as they are to be written: rounding them further would take them from the
    /// values that were seen, or out of their range.
    pub fn is_final(&self) -> bool {
        !matches!(self.rounding, Rounding::None)
            || self.map.has_own_values()
            || self.ends.iter().any(|end| end.is_finite())
    }

    /// The value that a number of the model's space stands for, within the column's range.
    pub fn restore(&self, value: f64) -> f64 {
        let value = self.restore_free(value);
        let [least, most] = self.ends;
        // Neither `clamp`, which panics on ends the wrong way round, nor `min` and `max`, which hide NaN.
        if value < least {
            least
        } else if value > most {
            most
        } else {
            value
        }
    }
}

/// The nearest of values that ascend, the lower of two; NaN for NaN.
fn nearest(values: &[f64], value: f64) -> f64 {
    let above = values.partition_point(|other| *other < value);
    let below = above.checked_sub(1).and_then(|index| values.get(index));
    match (below, values.get(above)) {
        _ if value.is_nan() => value,
        (Some(below), Some(above)) if above - value < value - below => *above,
        (Some(near), _) | (None, Some(near)) => *near,
        (None, None) => value,
    }
}

#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub(super) enum Map {
    /// The column is one value, and no part of the model's space.
    Constant(f64),
    /// One feature for each of these names, 1 at the row's own; a value is a place among them.
    Category(Vec<String>),
    /// `(x − mean) / std`.
    Linear {
        mean: f64,
        std: f64,
    },
    Quantile(Quantile),
    Rank(Rank),
}

impl Map {
    /// The number in the model's space; `uniform` in (0, 1) chooses one where a value has many.
    pub fn apply(&self, value: f64, uniform: f64) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Category(_) => value,
            Self::Linear { mean, std } => (value - mean) / std,
            Self::Quantile(quantile) => quantile.apply(value),
            Self::Rank(rank) => rank.apply(value, uniform),
        }
    }

    /// The number of features.
    pub const fn features(&self) -> usize {
        match self {
            Self::Constant(_) => 0,
            Self::Category(names) => names.len(),
            Self::Linear { .. } | Self::Quantile(_) | Self::Rank(_) => 1,
        }
    }

    /// Whether a value has many numbers in the model's space.
    pub const fn is_dithered(&self) -> bool {
        matches!(self, Self::Rank(_))
    }

    /// Whether rows keep the user's values, since a value has many numbers in the model's space, or several features.
    pub const fn has_own_values(&self) -> bool {
        matches!(self, Self::Rank(_) | Self::Category(_))
    }

    pub fn undo(&self, value: f64) -> f64 {
        match self {
            Self::Constant(constant) => *constant,
            Self::Category(_) => value,
            Self::Linear { mean, std } => mean + std * value,
            Self::Quantile(quantile) => quantile.undo(value),
            Self::Rank(rank) => rank.undo(value),
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

/// The scales of a table's columns, by its rows from `first` on; at least one that is drawn isn't constant.
pub(super) fn fit(
    table: &Table,
    first: usize,
    transform: Transform,
) -> Result<Vec<Scale>, TableError> {
    let (file, specs, rows) = (table.file.as_str(), &table.specs, &table.rows);
    let count = (rows.len() - first) as f64;
    let columns = statistics(rows, first, specs.len());
    let drawn = (0..columns.len()).filter(|i| !table.told.contains(i)).map(|i| &columns[i]);
    let varying = || drawn.clone().filter(|column| column.minimum < column.maximum);
    if varying().next().is_none() {
        let rows = rows.len() - first;
        return Err(TableError::AllConstant { file: file.to_owned(), rows });
    }
    let is_constant = |i: &&usize| columns[**i].minimum == columns[**i].maximum;
    if let Some(told) = table.told.iter().find(is_constant).filter(|_| table.series.is_none()) {
        let (file, column) = (file.to_owned(), specs[*told].name.clone());
        return Err(ToldError::Constant { file, column, rows: rows.len() - first }.into());
    }
    let variance = |column: &Column| column.square / count;
    let share = 1.0 / varying().count() as f64;
    let together = varying().map(|column| share * variance(column)).sum::<f64>().sqrt();
    let scale = |(i, (column, spec)): (usize, (&Column, &ColumnSpec))| {
        let is_integer = column.is_integer;
        let (minimum, maximum) = (column.minimum, column.maximum);
        if let Some(names) = &table.categories[i] {
            let (map, rounding) = (Map::Category(names.clone()), Rounding::None);
            let ends = [f64::NEG_INFINITY, f64::INFINITY];
            return Ok(Scale { is_integer: false, map, seen: None, rounding, ends });
        }
        if minimum == maximum {
            let (map, rounding) = (Map::Constant(minimum), Rounding::None);
            let ends = [f64::NEG_INFINITY, f64::INFINITY];
            return Ok(Scale { is_integer, map, seen: Some([minimum, minimum]), rounding, ends });
        }
        let sorted = || {
            let mut values: Vec<_> = (first..rows.len()).map(|row| rows.row(row)[i]).collect();
            values.sort_unstable_by(f64::total_cmp);
            values
        };
        // The sum of many numbers far from 0 has a large rounding error, that of the deviations a small one.
        let mean = column.sum / count + column.deviation / count;
        let std = variance(column).sqrt();
        // What is told counts by itself, whatever the unit of the others.
        let of_table = match transform {
            Transform::None | Transform::StandardiseTogether if table.told.contains(&i) => {
                Transform::Standardise
            }
            other => other,
        };
        let map = match spec.encoding.map_or(Way::Table(of_table), Way::Column) {
            Way::Column(Encoding::Rank) => Map::Rank(Rank::new(&sorted())),
            Way::Table(Transform::None) => Map::Linear { mean: 0.0, std: 1.0 },
            _ if !(std.is_normal() && (maximum - minimum).is_finite()) => {
                let (file, column) = (file.to_owned(), spec.name.clone());
                return Err(TableError::Unscalable { file, column, minimum, maximum });
            }
            Way::Table(Transform::Standardise) | Way::Column(Encoding::Standardise) => {
                Map::Linear { mean, std }
            }
            Way::Table(Transform::StandardiseTogether) => Map::Linear { mean, std: together },
            Way::Table(Transform::Quantile) => Map::Quantile(Quantile::new(&sorted())),
        };
        let rounding = match spec {
            ColumnSpec { values: SampleValues::Seen, .. } => {
                let mut values = sorted();
                values.dedup();
                Rounding::Nearest(values)
            }
            ColumnSpec { kind: CellKind::Whole, .. } => Rounding::Decimals { units: 1.0 },
            ColumnSpec { kind: CellKind::Date, format: Some(format), .. } => {
                match DateFormat::new(format).map_or(1.0, |format| format.step()) {
                    step if step < 1.0 => Rounding::Decimals { units: (1.0 / step).round() },
                    step => Rounding::Multiples { step },
                }
            }
            ColumnSpec { kind: CellKind::YesNo, .. } => Rounding::Nearest(vec![0.0, 1.0]),
            ColumnSpec { decimals: Some(decimals), .. } => {
                Rounding::Decimals { units: 10_f64.powi(*decimals as i32) }
            }
            _ => Rounding::None,
        };
        let ends = match spec.range {
            ColumnRange::Free => [f64::NEG_INFINITY, f64::INFINITY],
            ColumnRange::Seen => [minimum, maximum],
            ColumnRange::Ends(Ends { min, max }) => {
                [min.unwrap_or(f64::NEG_INFINITY), max.unwrap_or(f64::INFINITY)]
            }
        };
        Ok(Scale { is_integer, map, seen: Some([minimum, maximum]), rounding, ends })
    };
    columns.iter().zip(specs).enumerate().map(scale).collect()
}

/// Who says how a column is scaled.
enum Way {
    Table(Transform),
    Column(Encoding),
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
