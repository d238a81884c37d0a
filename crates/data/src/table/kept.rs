//! [`KeptTable`]: what samples need of a table whose rows are not at hand.

use super::{Table, space::Space, weights::Weights};
use crate::{Stream, measure::spread};

/// What is known of rows that are not at hand.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub struct KeptRows {
    /// Fingerprint of the data, which tells it from other data.
    pub fingerprint: String,
    /// Mean of each feature over the training rows.
    pub mean: Vec<f64>,
    /// Variance of each feature over the training rows.
    pub variance: Vec<f64>,
    /// Range of each feature within which estimates of clean rows are kept.
    pub ranges: Vec<[f64; 2]>,
    /// Values of black and of white, where rows are pictures.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tones: Option<[f64; 2]>,
}

/// Columns of a table without its rows: their scaling, names, kinds and ranges, and the moments that sampling
/// starts from. It restores samples with the bits that the table itself gives them, and has no row.
///
/// As JSON it is the file that a run keeps. What is read from there is checked, since it may come from elsewhere.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "json::Kept", into = "json::Kept"))]
pub struct KeptTable {
    pub(super) rows: KeptRows,
    pub(super) space: Space,
    pub(super) told: ToldRows,
    pub(super) attribution: Option<String>,
}

/// Most rows of which it is kept what is told of them, and most numbers of all.
const TOLD_ROWS: usize = 10_000;
const TOLD_NUMBERS: usize = 2_000_000;

/// What is told of training rows, in the user's units: of all, of those that [stand for them](Weights::representatives) where rows have
/// weights, and of evenly spread ones where there are many. Samples are told the same as one of them.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub(super) struct ToldRows(Vec<Vec<f64>>);

impl ToldRows {
    /// What is told of the rows of a table from `first` on.
    pub fn of(table: &Table, first: usize, weights: Option<&Weights>) -> Self {
        let most =
            TOLD_NUMBERS.checked_div(table.told.len()).map_or(0, |most| most.clamp(1, TOLD_ROWS));
        let row = |i: usize| {
            let row = table.rows.row(first + i);
            table.told.iter().map(|column| row[*column]).collect()
        };
        let rows = weights.map(|weights| weights.representatives(false));
        let count = rows.map_or(table.rows.len() - first, <[usize]>::len);
        let chosen = spread(count, most).into_iter().map(|i| rows.map_or(i, |rows| rows[i]));
        Self(chosen.map(row).collect())
    }

    /// Appends a row of all columns with what is told of one of these, each as likely; the others are NaN.
    pub fn draw(&self, stream: &mut Stream, space: &Space, out: &mut Vec<f64>) {
        let first = out.len();
        out.resize(first + space.specs.len(), f64::NAN);
        let index = stream.index(self.0.len());
        for (column, value) in space.told.iter().zip(self.0.get(index).into_iter().flatten()) {
            out[first + column] = *value;
        }
    }
}

/// The table as JSON.
#[cfg(feature = "serde")]
mod json {
    use serde::{Deserialize, Serialize};

    use super::{KeptRows, KeptTable, Space, ToldRows};
    use crate::{
        ColumnSpec, Picture,
        table::{
            SpecError,
            scale::{Map, Scale},
        },
    };

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct Kept {
        rows: KeptRows,
        columns: Vec<KeptColumn>,
        round_integers: bool,
        image: Option<Picture>,
        attribution: Option<String>,
        /// Places of the columns that are told.
        #[serde(default)]
        told: Vec<usize>,
        #[serde(default)]
        told_rows: ToldRows,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct KeptColumn {
        column: ColumnSpec,
        scale: Scale,
    }

    impl From<KeptTable> for Kept {
        fn from(KeptTable { rows, space, told: told_rows, attribution }: KeptTable) -> Self {
            let image = space.picture;
            let columns = space.specs.into_iter().zip(space.scales);
            let columns = columns.map(|(column, scale)| KeptColumn { column, scale }).collect();
            let (round_integers, told) = (space.round_integers, space.told);
            Self { rows, columns, round_integers, image, attribution, told, told_rows }
        }
    }

    impl TryFrom<Kept> for KeptTable {
        type Error = SpecError;

        fn try_from(kept: Kept) -> Result<Self, SpecError> {
            let Kept { rows, columns, round_integers, image, attribution, told, told_rows } = kept;
            let (mut specs, mut scales) = (Vec::new(), Vec::new());
            for (i, KeptColumn { column, scale }) in columns.into_iter().enumerate() {
                column.check(&format!("columns[{i}].column"))?;
                scale.check(&format!("columns[{i}].scale"))?;
                specs.push(column);
                scales.push(scale);
            }
            for (i, scale) in scales.iter().enumerate() {
                let Map::Derived(derived) = &scale.map else { continue };
                let is_learnt = |source: &Scale| !matches!(source.map, Map::Derived(_));
                if !scales.get(derived.source).is_some_and(is_learnt) {
                    let (path, message) = (
                        format!("columns[{i}].scale.map"),
                        "must be derived from a column that is learnt",
                    );
                    return Err(SpecError { path, message: message.to_owned() });
                }
            }
            check_told(&told, &told_rows, &scales)?;
            let space = Space::new(specs, scales, told, round_integers, image);
            rows.check(space.features())?;
            let columns = space.drawn_columns();
            let is_whole = |it: Picture| {
                Picture::of_columns(columns, it.width, it.channels, it.axis) == Some(it)
            };
            if !image.is_none_or(is_whole) {
                let message = format!("must have {columns} numbers, got {image:?}");
                return Err(SpecError { path: "image".to_owned(), message });
            }
            Ok(Self { rows, space, told: told_rows, attribution })
        }
    }

    fn check_told(told: &[usize], rows: &ToldRows, scales: &[Scale]) -> Result<(), SpecError> {
        let error = |path: &str, message: &str| SpecError {
            path: path.to_owned(),
            message: message.to_owned(),
        };
        let is_told = |(i, column): (usize, &usize)| {
            scales.get(*column).is_some_and(|scale| scale.features() > 0)
                && !told[..i].contains(column)
        };
        if !told.iter().enumerate().all(is_told) {
            return Err(error("told", "must hold places of columns that vary, each once"));
        }
        let is_drawn = |i: usize| scales[i].features() > 0 && !told.contains(&i);
        if !told.is_empty() && !(0..scales.len()).any(is_drawn) {
            return Err(error("told", "must leave a column that is drawn"));
        }
        let is_row = |row: &Vec<f64>| {
            let values = || row.iter().zip(told).map(|(value, i)| (value, &scales[*i].map));
            row.len() == told.len()
                && values().all(|(value, map)| match map {
                    Map::Category(names) => (0..names.len()).any(|i| i as f64 == *value),
                    _ => value.is_finite(),
                })
        };
        if rows.0.is_empty() != told.is_empty() || !rows.0.iter().all(is_row) {
            return Err(error("told_rows", "must hold a value for each column of `told`"));
        }
        Ok(())
    }

    impl KeptRows {
        fn check(&self, features: usize) -> Result<(), SpecError> {
            let error = |field, message| SpecError { path: format!("rows.{field}"), message };
            if features == 0 {
                let message = "must hold a column at least that varies".to_owned();
                return Err(SpecError { path: "columns".to_owned(), message });
            }
            for (field, given) in [
                ("mean", self.mean.len()),
                ("variance", self.variance.len()),
                ("ranges", self.ranges.len()),
            ] {
                if given != features {
                    let message = format!("must be {features}, one a feature, got {given}");
                    return Err(error(field, message));
                }
            }
            if let Some(value) = self.variance.iter().find(|value| **value < 0.0) {
                return Err(error("variance", format!("must not be below 0, got {value}")));
            }
            match self.ranges.iter().find(|[least, most]| least > most) {
                Some([least, most]) => {
                    Err(error("ranges", format!("must go up, got {least} to {most}")))
                }
                None => Ok(()),
            }
        }
    }
}
