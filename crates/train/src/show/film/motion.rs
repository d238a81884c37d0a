//! Motion of rows through a sampling: snapshots at the levels, and straight lines between them.

use super::FilmError;
use crate::show::figures::widened;

/// Trajectory of a sampling: its rows at every level, from the noise to the final samples.
#[derive(Clone, Copy, Debug)]
pub struct Trajectory<'a> {
    /// Snapshots, one more than there are steps, each row by row. A frame leaves out the values
    /// that are not finite in it.
    pub levels: &'a [&'a [f32]],
    /// Values per row. Films show the first two.
    pub features: usize,
    /// Captions of the snapshots, such as "σ = 0.12". Without any, frames have no caption.
    pub names: &'a [String],
}

impl<'a> Trajectory<'a> {
    pub(super) fn validate(&self) -> Result<(), FilmError> {
        let fault = |what: String| Err(FilmError::Trajectory(what));
        let [first, _, ..] = self.levels else {
            return fault(format!("needs two snapshots or more, got {}", self.levels.len()));
        };
        if self.features == 0 || first.is_empty() || !first.len().is_multiple_of(self.features) {
            let (got, features) = (first.len(), self.features);
            return fault(format!("{got} values are no rows of {features} columns"));
        }
        if let Some(i) = self.levels.iter().position(|level| level.len() != first.len()) {
            let (got, length) = (self.levels[i].len(), first.len());
            return fault(format!("snapshot {i} has {got} values, snapshot 0 has {length}"));
        }
        if !self.names.is_empty() && self.names.len() != self.levels.len() {
            let (names, levels) = (self.names.len(), self.levels.len());
            return fault(format!("{names} names for {levels} snapshots"));
        }
        Ok(())
    }

    pub(super) fn steps(&self) -> usize {
        self.levels.len() - 1
    }

    /// Rows at a step position. At a whole position they are the snapshot's bits, even if the next
    /// snapshot holds values that are not finite.
    pub(super) fn at(&self, position: f64) -> Vec<f64> {
        let level = (position as usize).min(self.steps());
        let part = position - level as f64;
        let from = self.levels[level].iter().copied().map(f64::from);
        match self.levels.get(level + 1) {
            Some(to) if part > 0.0 => {
                from.zip(*to).map(|(a, b)| a + part * (f64::from(*b) - a)).collect()
            }
            _ => from.collect(),
        }
    }

    /// Caption of the nearest snapshot.
    pub(super) fn name(&self, position: f64) -> &'a str {
        self.names.get(position.round() as usize).map_or("", String::as_str)
    }

    /// Note about the columns that a picture of points leaves out.
    pub(super) fn note(&self) -> String {
        match self.features {
            0..=2 => String::new(),
            features => format!("the first 2 of {features} columns"),
        }
    }

    /// Horizontal and vertical axis of a picture of points over rows of the data, on one scale. Rows of one
    /// column are placed along the horizontal axis by their index instead.
    pub(super) fn axes(&self, data: &[f64]) -> [(f64, f64); 2] {
        let [x, y] = [0, self.features.min(2) - 1].map(|column| self.range(column, data));
        let half = f64::max(x.1 - x.0, y.1 - y.0) / 2.0;
        [x, y].map(|(low, high)| (low / 2.0 + high / 2.0 - half, low / 2.0 + high / 2.0 + half))
    }

    /// Range of a column over all snapshots, with a margin. The least and the greatest 0.5 % of each are left out, so
    /// that a stray row does not press the others together. Over rows of the data it goes no further from them and
    /// from the samples than they are wide, on either side, so that noise does not press them into a dot.
    pub(super) fn range(&self, column: usize, data: &[f64]) -> (f64, f64) {
        let central = |values: &mut dyn Iterator<Item = f64>| {
            let values = values.skip(column).step_by(self.features);
            let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
            values.sort_unstable_by(f64::total_cmp);
            let cut = values.len() / 200;
            Some((*values.get(cut)?, *values.get(values.len() - 1 - cut)?))
        };
        let level = |level: &&[f32]| central(&mut level.iter().copied().map(f64::from));
        let union = |(a, b): (f64, f64), (c, d): (f64, f64)| (a.min(c), b.max(d));
        let data = central(&mut data.iter().copied());
        let widest = self.levels.iter().filter_map(level).chain(data).reduce(union);
        let end = self.levels.last().and_then(level).into_iter().chain(data).reduce(union);
        let (mut low, mut high) = widened(widest.unwrap_or((0.0, 1.0)));
        if let (Some(_), Some((from, to))) = (data, end.map(widened)) {
            let wide = to - from;
            (low, high) = (low.max(from - wide), high.min(to + wide));
        }
        let margin = 0.06 * (high - low);
        (low - margin, high + margin)
    }
}
