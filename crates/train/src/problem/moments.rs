//! Moments of the data by feature, and the start of sampling that they match.

use langevin_core::NoiseLevel;
use langevin_data::{Dataset, Part, Purpose, Streams};

/// Largest distance between the data's marginal and N(0, sigma²), as a share of the marginal's standard
/// deviation, at which the start `matched` is that noise.
const MATCHED_TOLERANCE: f64 = 0.01;

/// Training rows that stand for data which does not state what is asked of it.
const DRAWN_ROWS: usize = 10_000;

/// Most numbers that are drawn at once.
const NUMBERS_AT_ONCE: usize = 1 << 20;

/// Mean and variance of the training rows by feature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DataMoments {
    pub(crate) mean: Vec<f64>,
    pub(crate) variance: Vec<f64>,
}

impl DataMoments {
    /// What the data states, else estimates from [`DRAWN_ROWS`] training rows, which do not depend on
    /// the run's seed.
    pub(crate) fn of(data: &dyn Dataset) -> Self {
        match (data.mean(), data.variance()) {
            (Some(mean), Some(variance)) => Self { mean, variance },
            (mean, variance) => {
                let drawn = Self::drawn(data);
                Self {
                    mean: mean.unwrap_or(drawn.mean),
                    variance: variance.unwrap_or(drawn.variance),
                }
            }
        }
    }

    /// Welford's means and variances of drawn rows.
    fn drawn(data: &dyn Dataset) -> Self {
        let features = data.features();
        let (mut mean, mut square) = (vec![0.0; features], vec![0.0; features]);
        let mut seen = 0;
        for_each_drawn(data, |row| {
            seen += 1;
            for ((x, mean), square) in row.iter().zip(&mut mean).zip(&mut square) {
                let from_old = x - *mean;
                *mean += from_old / f64::from(seen);
                *square += from_old * (x - *mean);
            }
        });
        let variance = square.iter().map(|square| square / DRAWN_ROWS as f64).collect();
        Self { mean, variance }
    }

    /// Standard deviation of a feature.
    pub(crate) fn std(&self, feature: usize) -> f64 {
        self.variance.get(feature).map_or(0.0, |variance| variance.max(0.0).sqrt())
    }

    /// The first feature whose marginal at `level` is further from N(0, sigma²), in its mean or its
    /// standard deviation, than `tolerance` of that standard deviation, with both.
    pub(super) fn off_noise(
        &self,
        level: &NoiseLevel,
        tolerance: f64,
    ) -> Option<(usize, f64, f64)> {
        let marginals = self.mean.iter().zip(&self.variance).enumerate();
        marginals
            .map(|(feature, (mean, variance))| {
                let std = (level.alpha() * variance.max(0.0).sqrt()).hypot(level.sigma());
                (feature, level.alpha() * mean, std)
            })
            .find(|(_, mean, std)| {
                (mean.abs() / std).max((level.sigma() / std - 1.0).abs()) > tolerance
            })
    }
}

/// Shows 10,000 drawn training rows to `see`, one by one. They do not depend on the run's seed.
pub(crate) fn for_each_drawn(data: &dyn Dataset, mut see: impl FnMut(&[f64])) {
    let features = data.features().max(1);
    let at_once = (NUMBERS_AT_ONCE / features).clamp(1, DRAWN_ROWS);
    let mut rows = vec![0.0; at_once * features];
    for first in (0..DRAWN_ROWS).step_by(at_once) {
        let rows = &mut rows[..at_once.min(DRAWN_ROWS - first) * features];
        let word = first as u64 * data.words_per_row();
        data.draw(Part::Training, &mut Streams::new(0).at(Purpose::Survey, 0, word), rows);
        rows.chunks_exact(features).for_each(&mut see);
    }
}

/// The data's moments where the start `matched` at the level `first` is a Gaussian with them, and `None`
/// where it is N(0, sigma²).
///
/// The one or the other holds for the whole row, so that the start is always one that a run file can
/// state, with the same bits.
pub(crate) fn matched(data: &dyn Dataset, first: &NoiseLevel) -> Option<DataMoments> {
    let moments = DataMoments::of(data);
    moments.off_noise(first, MATCHED_TOLERANCE).is_some().then_some(moments)
}

#[cfg(test)]
pub(crate) mod tests {
    use langevin_data::{Gaussian, Stream};

    use super::*;

    /// Normal rows that state nothing, or their mean alone.
    pub(crate) struct Unstated(pub(crate) Gaussian, pub(crate) Option<Vec<f64>>);

    impl Dataset for Unstated {
        fn features(&self) -> usize {
            self.0.features()
        }
        fn words_per_row(&self) -> u64 {
            self.0.words_per_row()
        }
        fn draw(&self, part: Part, stream: &mut Stream, rows: &mut [f64]) {
            self.0.draw(part, stream, rows);
        }
        fn mean(&self) -> Option<Vec<f64>> {
            self.1.clone()
        }
    }

    #[test]
    fn moments_that_are_not_stated_come_from_ten_thousand_rows() {
        // Wide rows come in several draws.
        for features in [1, 2, 700] {
            let data = || Gaussian::new(vec![3.0; features], 2.0).expect("valid");
            let found = DataMoments::of(&Unstated(data(), None));
            assert_eq!((found.mean.len(), found.variance.len()), (features, features));
            // Six standard errors of 10,000 rows, for the largest of 700: 2 / 100 and 4 √2 / 100.
            let near = |found: &[f64], want: f64, error: f64| {
                found.iter().all(|found| (found - want).abs() < 6.0 * error)
            };
            assert!(near(&found.mean, 3.0, 0.02), "{:?}", found.mean);
            assert!(near(&found.variance, 4.0, 0.0566), "{:?}", found.variance);
            let part = DataMoments::of(&Unstated(data(), Some(vec![3.5; features])));
            assert_eq!((part.mean, part.variance), (vec![3.5; features], found.variance));
        }
    }
}
