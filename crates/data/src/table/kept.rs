//! [`KeptTable`]: what samples need of a table whose rows are not at hand.

use super::space::Space;

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
    pub(super) attribution: Option<String>,
}

impl KeptTable {
    pub(super) const fn new(rows: KeptRows, space: Space, attribution: Option<String>) -> Self {
        Self { rows, space, attribution }
    }
}

/// The table as JSON.
#[cfg(feature = "serde")]
mod json {
    use serde::{Deserialize, Serialize};

    use super::{KeptRows, KeptTable, Space};
    use crate::{
        ColumnSpec, Picture,
        table::{SpecError, scale::Scale},
    };

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct Kept {
        rows: KeptRows,
        columns: Vec<KeptColumn>,
        round_integers: bool,
        image: Option<Picture>,
        attribution: Option<String>,
    }

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct KeptColumn {
        column: ColumnSpec,
        scale: Scale,
    }

    impl From<KeptTable> for Kept {
        fn from(KeptTable { rows, space, attribution }: KeptTable) -> Self {
            let image = space.picture;
            let columns = space.specs.into_iter().zip(space.scales);
            let columns = columns.map(|(column, scale)| KeptColumn { column, scale }).collect();
            Self { rows, columns, round_integers: space.round_integers, image, attribution }
        }
    }

    impl TryFrom<Kept> for KeptTable {
        type Error = SpecError;

        fn try_from(kept: Kept) -> Result<Self, SpecError> {
            let Kept { rows, columns, round_integers, image, attribution } = kept;
            let (mut specs, mut scales) = (Vec::new(), Vec::new());
            for (i, KeptColumn { column, scale }) in columns.into_iter().enumerate() {
                column.check(&format!("columns[{i}].column"))?;
                scale.check(&format!("columns[{i}].scale"))?;
                specs.push(column);
                scales.push(scale);
            }
            let space = Space::new(specs, scales, round_integers, image);
            rows.check(space.features())?;
            let columns = space.specs.len();
            let is_whole = |it: Picture| {
                Picture::of_columns(columns, it.width, it.channels, it.axis) == Some(it)
            };
            if !image.is_none_or(is_whole) {
                let message = format!("must have {columns} numbers, got {image:?}");
                return Err(SpecError { path: "image".to_owned(), message });
            }
            Ok(Self { rows, space, attribution })
        }
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
