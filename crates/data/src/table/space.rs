//! [`Space`]: the columns of a table between its user's units and the model's features.

use super::{
    CellKind, ColumnSpec, DateFormat,
    scale::{Map, Scale},
};
use crate::{ChannelAxis, Column, ColumnValues, DrawnCategory, FeatureGroup, Picture, Shape};

/// Columns, their scales, and which of them are features.
#[derive(Clone, Debug)]
pub(super) struct Space {
    pub specs: Vec<ColumnSpec>,
    pub scales: Vec<Scale>,
    /// Indices of the columns that aren't constant, in the order of their features: those that are told come last.
    pub varying: Vec<usize>,
    /// Indices of the columns that are told.
    pub told: Vec<usize>,
    /// Whether samples are rounded in columns whose training values are all whole.
    pub round_integers: bool,
    /// How the columns are the pixels of a picture.
    pub picture: Option<Picture>,
    /// The categories that are drawn, in the order of their features.
    pub categories: Vec<DrawnCategory>,
    /// The first feature of each column.
    places: Vec<usize>,
    features: usize,
}

impl Space {
    pub fn new(
        specs: Vec<ColumnSpec>,
        scales: Vec<Scale>,
        told: Vec<usize>,
        round_integers: bool,
        picture: Option<Picture>,
    ) -> Self {
        let is_drawn = |column: &usize| scales[*column].features() > 0 && !told.contains(column);
        // Numbers alone first, so that they have one range of the network's output.
        let (classes, mut varying): (Vec<usize>, Vec<usize>) = (0..scales.len())
            .filter(is_drawn)
            .partition(|column| scales[*column].category(0).is_some());
        varying.extend(classes);
        varying.extend(&told);
        let (mut places, mut features) = (vec![0; scales.len()], 0);
        let mut categories = Vec::new();
        for column in &varying {
            places[*column] = features;
            categories
                .extend(scales[*column].category(features).filter(|_| !told.contains(column)));
            features += scales[*column].features();
        }
        Self { specs, scales, varying, told, round_integers, picture, categories, places, features }
    }

    pub const fn features(&self) -> usize {
        self.features
    }

    /// The number of columns that are not told.
    pub const fn drawn_columns(&self) -> usize {
        self.specs.len() - self.told.len()
    }

    pub fn columns(&self) -> Vec<Column> {
        let values = |scale: &Scale| match scale {
            Scale { map: Map::Category(names), .. } => ColumnValues::Category(names.clone()),
            Scale { map: Map::Derived(derived), .. } if !derived.names.is_empty() => {
                ColumnValues::Category(derived.names.clone())
            }
            Scale { map: Map::Word(text), .. } => ColumnValues::Category(vec![text.clone()]),
            Scale { map: Map::Drawn(drawn), .. } if !drawn.names.is_empty() => {
                ColumnValues::Category(drawn.names.clone())
            }
            Scale { map: Map::Pooled(pooled), .. } => ColumnValues::Category(pooled.names.clone()),
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
            let (name, spelling) = (spec.name.clone(), spec.spelling());
            Column { name, values, decimals, spelling, may_miss: scale.may_miss() }
        };
        self.specs.iter().zip(&self.scales).map(column).collect()
    }

    /// The column that another is a function of.
    pub fn derived_from(&self, column: usize) -> Option<usize> {
        match &self.scales.get(column)?.map {
            Map::Derived(derived) => Some(derived.source),
            _ => None,
        }
    }

    pub fn layout(&self) -> Vec<FeatureGroup> {
        let group = |column: &usize| {
            let kind = self.scales[*column].kind()?;
            Some(FeatureGroup { column: *column, kind })
        };
        self.varying.iter().filter_map(group).collect()
    }

    pub fn shape(&self) -> Option<Shape> {
        let Picture { width, height, channels, axis } = self.picture?;
        // Features are in the order of the columns.
        let is_first = channels == 1 || axis == ChannelAxis::First;
        let shape = Shape { channels, height, width };
        let drawn = self.varying.len() - self.told.len();
        Some(shape).filter(|shape| is_first && shape.features() == drawn)
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
        for (scale, place) in self.scales.iter().zip(&self.places) {
            let own = row.get(*place..).unwrap_or_default();
            let own = own.get(..scale.features()).unwrap_or_default();
            out.push(self.rounded(scale, scale.read(own, &of)));
        }
        let first = out.len() - self.scales.len();
        for (column, scale) in self.scales.iter().enumerate() {
            if let Map::Derived(derived) = &scale.map {
                out[first + column] = derived.value(out[first + derived.source]);
            }
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

    /// Appends the features of a row in the user's units; `uniform` places a value that many features stand for.
    pub fn scale(&self, row: &[f64], mut uniform: impl FnMut() -> f64, out: &mut Vec<f64>) {
        let first = out.len();
        out.resize(first + self.features, 0.0);
        for (column, own) in self.by_column(&mut out[first..]) {
            self.scales[column].write(row[column], &mut uniform, own);
        }
    }

    /// The columns that aren't constant, each with its features of a row.
    pub fn by_column<'a>(
        &self,
        row: &'a mut [f64],
    ) -> impl Iterator<Item = (usize, &'a mut [f64])> {
        let mut rest = row;
        self.varying.iter().map(move |column| {
            let (own, later) =
                std::mem::take(&mut rest).split_at_mut(self.scales[*column].features());
            rest = later;
            (*column, own)
        })
    }

    /// The number of columns whose features a uniform number chooses.
    pub fn dithered(&self) -> usize {
        self.scales.iter().filter(|scale| scale.is_random()).count()
    }
}
