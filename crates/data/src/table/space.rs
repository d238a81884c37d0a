//! [`Space`]: the columns of a table between its user's units and the model's features.

use super::{
    CellKind, ColumnSpec, DateFormat,
    scale::{Map, Scale},
};
use crate::{ChannelAxis, Column, ColumnValues, FeatureGroup, FeatureKind, Picture, Shape};

/// Columns, their scales, and which of them are features.
#[derive(Clone, Debug)]
pub(super) struct Space {
    pub specs: Vec<ColumnSpec>,
    pub scales: Vec<Scale>,
    /// Indices of the columns that aren't constant.
    pub varying: Vec<usize>,
    /// Whether samples are rounded in columns whose training values are all whole.
    pub round_integers: bool,
    /// How the columns are the pixels of a picture.
    pub picture: Option<Picture>,
}

impl Space {
    pub fn new(
        specs: Vec<ColumnSpec>,
        scales: Vec<Scale>,
        round_integers: bool,
        picture: Option<Picture>,
    ) -> Self {
        let is_varying = |column: &usize| !matches!(scales[*column].map, Map::Constant(_));
        let varying = (0..scales.len()).filter(is_varying).collect();
        Self { specs, scales, varying, round_integers, picture }
    }

    pub const fn features(&self) -> usize {
        self.varying.len()
    }

    pub fn columns(&self) -> Vec<Column> {
        let values = |scale: &Scale| match scale {
            Scale { map: Map::Constant(value), .. } => ColumnValues::Constant(*value),
            Scale { is_integer: true, .. } if self.round_integers => ColumnValues::Whole,
            _ => ColumnValues::Number,
        };
        let column = |(spec, scale): (&ColumnSpec, &Scale)| {
            let format = || spec.format.as_deref().and_then(DateFormat::new);
            let values = match (spec.kind, &spec.words) {
                (CellKind::YesNo, Some(words)) => ColumnValues::YesNo(words.clone()),
                (CellKind::Whole, _) => ColumnValues::Whole,
                (CellKind::Date, _) => format().map_or(ColumnValues::Number, ColumnValues::Date),
                _ => values(scale),
            };
            let decimals = spec.decimals.filter(|_| spec.trailing_zeros);
            Column { name: spec.name.clone(), values, decimals }
        };
        self.specs.iter().zip(&self.scales).map(column).collect()
    }

    pub fn layout(&self) -> Vec<FeatureGroup> {
        let group = |column: &usize| FeatureGroup { column: *column, kind: FeatureKind::Number };
        self.varying.iter().map(group).collect()
    }

    pub fn shape(&self) -> Option<Shape> {
        let Picture { width, height, channels, axis } = self.picture?;
        // Features are in the order of the columns.
        let is_first = channels == 1 || axis == ChannelAxis::First;
        let shape = Shape { channels, height, width };
        Some(shape).filter(|shape| is_first && shape.features() == self.features())
    }

    pub fn restore(&self, row: &[f64], out: &mut Vec<f64>) {
        self.restore_each(row, out, Scale::restore);
    }

    pub fn restore_free(&self, row: &[f64], out: &mut Vec<f64>) {
        self.restore_each(row, out, Scale::restore_free);
    }

    pub fn restore_as_version_0_1(&self, row: &[f64], out: &mut Vec<f64>) {
        self.restore_each(row, out, |scale, value| scale.map.undo(value));
    }

    fn restore_each(&self, row: &[f64], out: &mut Vec<f64>, of: impl Fn(&Scale, f64) -> f64) {
        let mut varying = row.iter();
        for scale in &self.scales {
            let value = match scale.map {
                Map::Constant(value) => value,
                _ => of(scale, varying.next().copied().unwrap_or(f64::NAN)),
            };
            out.push(self.rounded(scale, value));
        }
    }

    /// The value, whole where `round_integers` makes it so. Adding 0 makes −0, which a rounded −0.3 is, 0.
    pub fn rounded(&self, scale: &Scale, value: f64) -> f64 {
        let is_rounded = self.round_integers && scale.is_integer;
        if is_rounded { value.round() + 0.0 } else { value + 0.0 }
    }

    pub fn is_final(&self, column: usize) -> bool {
        self.scales.get(column).is_some_and(Scale::is_final)
    }

    pub fn scale(&self, row: &[f64], out: &mut Vec<f64>) {
        let scaled = |column: &usize| self.scales[*column].map.apply(row[*column], 0.5);
        out.extend(self.varying.iter().map(scaled));
    }

    /// The number of columns whose values are spread at random.
    pub fn dithered(&self) -> usize {
        self.scales.iter().filter(|scale| scale.map.is_dithered()).count()
    }
}
