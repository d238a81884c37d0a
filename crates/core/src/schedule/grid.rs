//! A discrete grid of noise levels, from betas or from a continuous path.

use super::{NoiseSchedule, countable};
use crate::{CoreError, NoiseLevel};

/// Discrete grid of noise levels, noisiest first: no others exist, and each knows the next one's sigma.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelGrid {
    levels: Vec<NoiseLevel>,
}

impl LevelGrid {
    /// The grid of `count` levels of a continuous path.
    ///
    /// # Errors
    /// See [`NoiseSchedule::levels`].
    pub fn of(path: &dyn NoiseSchedule, count: usize) -> Result<Self, CoreError> {
        Ok(Self::from_noisiest(path.levels(count)?))
    }

    /// The grid of the given levels, of which there is at least one; noisiest first.
    pub(super) fn from_noisiest(levels: Vec<NoiseLevel>) -> Self {
        let next = levels.iter().skip(1).map(NoiseLevel::sigma).chain([0.0]);
        let place =
            |(i, (level, next)): (usize, (&NoiseLevel, f64))| level.with_index(i).with_next(next);
        Self { levels: levels.iter().zip(next).enumerate().map(place).collect() }
    }

    fn last(&self) -> usize {
        self.levels.len() - 1
    }
}

impl NoiseSchedule for LevelGrid {
    fn at(&self, t: f64) -> NoiseLevel {
        // K equal shares of [0, 1], so that a uniform t makes every level equally likely.
        let share = ((1.0 - t) * self.levels.len() as f64).floor().max(0.0) as usize;
        self.levels[share.min(self.last())]
    }

    fn at_ratio(&self, ratio: f64) -> NoiseLevel {
        let after = self.levels.partition_point(|level| level.ratio() > ratio);
        let (low, high) = (after.saturating_sub(1), after.min(self.last()));
        let distance = |i: usize| (self.levels[i].ratio().ln() - ratio.ln()).abs();
        self.levels[if distance(low) <= distance(high) { low } else { high }]
    }

    /// On the straight chord between the two neighbours, where the grid has two; beyond its ends, the end.
    fn between(&self, ratio: f64) -> NoiseLevel {
        let after = self.levels.partition_point(|level| level.ratio() > ratio);
        let ends =
            after.checked_sub(1).and_then(|i| self.levels.get(i)).zip(self.levels.get(after));
        let Some((t, s)) = ends else { return self.at_ratio(ratio).off_grid() };
        // The share u of the way from t to s at which sigma is ratio · alpha.
        let (alpha, sigma) = (s.alpha() - t.alpha(), s.sigma() - t.sigma());
        let u = (ratio * t.alpha() - t.sigma()) / (sigma - ratio * alpha);
        NoiseLevel::of(t.alpha() + u * alpha, t.sigma() + u * sigma)
    }

    /// The grid's levels, all or `count` of them evenly spaced in index, with the first and the last
    /// included (diffusers' "linspace").
    fn levels(&self, count: usize) -> Result<Vec<NoiseLevel>, CoreError> {
        countable(count)?;
        if count > self.levels.len() {
            let requirement =
                format!("must be at most the schedule's {} levels", self.levels.len());
            return Err(CoreError::parameter("steps", requirement, count));
        }
        // DDPM's k by diffusers' formula, ties to even; a single level is the noisiest.
        let (last, gaps) = (self.last(), (count - 1).max(1));
        let k = |step: usize| (((gaps - step) * last) as f64 / gaps as f64).round_ties_even();
        Ok((0..count).map(|step| self.levels[last - k(step) as usize]).collect())
    }

    fn len(&self) -> Option<usize> {
        Some(self.levels.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Karras;

    #[test]
    fn every_level_knows_its_place_and_the_next() {
        let path = Karras::new(0.001, 1.0, 7.0).expect("valid");
        let grid = LevelGrid::of(&path, 10).expect("ten levels");
        let levels = grid.levels(10).expect("all");
        assert_eq!(levels[0].sigma(), 1.0);
        for (i, level) in levels.iter().enumerate() {
            assert_eq!(level.index(), Some(i));
            let next = levels.get(i + 1).map_or(0.0, NoiseLevel::sigma);
            assert_eq!(level.next_sigma(), Some(next));
            // EDM's formula, i of N − 1.
            let (low, high) = (0.001_f64.powf(1.0 / 7.0), 1.0);
            let sigma = (high + i as f64 / 9.0 * (low - high)).powf(7.0);
            assert!((level.sigma() / sigma - 1.0).abs() < 1e-12, "{i}");
        }
        assert_eq!(grid.at(1.0), levels[0]);
        assert_eq!(grid.at(0.0), levels[9]);
        assert_eq!(grid.at_ratio(levels[4].sigma() * 1.01), levels[4]);
        assert_eq!(path.levels(10).expect("ten")[3].next_sigma(), None, "a path has no next level");
    }
}
