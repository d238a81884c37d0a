//! [`KeptTable`] as a [`Dataset`] that has no row.

use super::{KeptRows, KeptTable};
use crate::{Column, Dataset, DrawnCategory, FeatureGroup, Part, Picture, Shape, Stream};

impl Dataset for KeptTable {
    fn features(&self) -> usize {
        self.space.features()
    }

    fn words_per_row(&self) -> u64 {
        1
    }

    /// There is no row: the numbers are none.
    fn draw(&self, _part: Part, _stream: &mut Stream, rows: &mut [f64]) {
        rows.fill(f64::NAN);
    }

    fn len(&self, _part: Part) -> Option<usize> {
        Some(0)
    }

    fn columns(&self) -> Vec<Column> {
        self.space.columns()
    }

    fn layout(&self) -> Vec<FeatureGroup> {
        self.space.layout()
    }

    fn drawn_categories(&self) -> &[DrawnCategory] {
        &self.space.categories
    }

    fn shape(&self) -> Option<Shape> {
        self.space.shape()
    }

    fn picture(&self) -> Option<Picture> {
        self.space.picture
    }

    fn restore(&self, row: &[f64], out: &mut Vec<f64>) {
        self.space.restore(row, out);
    }

    fn restore_free(&self, row: &[f64], out: &mut Vec<f64>) {
        self.space.restore_free(row, out);
    }

    fn is_final(&self, column: usize) -> bool {
        self.space.is_final(column)
    }

    fn scale(&self, row: &[f64], out: &mut Vec<f64>) {
        self.space.scale(row, || 0.5, out);
    }

    fn scale_at_random(&self, row: &[f64], uniform: &mut dyn FnMut() -> f64, out: &mut Vec<f64>) {
        self.space.scale(row, uniform, out);
    }

    fn told(&self) -> Vec<usize> {
        self.space.told.clone()
    }

    fn draw_user_row(&self, stream: &mut Stream, out: &mut Vec<f64>) {
        self.told.draw(stream, &self.space, out);
    }

    fn derived_from(&self, column: usize) -> Option<usize> {
        self.space.derived_from(column)
    }

    fn seen_range(&self, column: usize) -> Option<[f64; 2]> {
        self.space.scales.get(column)?.seen
    }

    fn attribution(&self) -> Option<&str> {
        self.attribution.as_deref()
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(self.rows.mean.clone())
    }

    fn variance(&self) -> Option<Vec<f64>> {
        Some(self.rows.variance.clone())
    }

    fn kept_rows(&self) -> Option<&KeptRows> {
        Some(&self.rows)
    }
}
