//! Start of sampling against the data: the first level's mean and standard deviation by feature, and
//! whether a start fits them.

use langevin_core::NoiseLevel;
use langevin_data::{Dataset, LevelDensity, Part, Purpose, Streams};

use super::{Problem, remarks};
use crate::{TrainError, config::StartConfig};

/// Largest distance between the data's marginal and a start from pure noise, as a share of the
/// marginal's standard deviation.
const START_TOLERANCE: f64 = 0.05;

/// The same for the start `matched`, which has another to take.
const MATCHED_TOLERANCE: f64 = 0.01;

/// Training rows that the mean and variance are estimated from where the data does not state them.
const MOMENT_ROWS: usize = 10_000;

/// Most numbers that are drawn at once.
const NUMBERS_AT_ONCE: usize = 1 << 20;

/// Mean and variance of the training rows by feature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DataMoments {
    pub(crate) mean: Vec<f64>,
    pub(crate) variance: Vec<f64>,
}

impl DataMoments {
    /// What the data states, else estimates from [`MOMENT_ROWS`] training rows, which do not depend on
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
        let at_once = (NUMBERS_AT_ONCE / features.max(1)).clamp(1, MOMENT_ROWS);
        let (mut mean, mut square) = (vec![0.0; features], vec![0.0; features]);
        let mut rows = vec![0.0; at_once * features];
        let mut seen = 0;
        while seen < MOMENT_ROWS {
            let count = at_once.min(MOMENT_ROWS - seen);
            let rows = &mut rows[..count * features];
            let word = seen as u64 * data.words_per_row();
            data.draw(Part::Training, &mut Streams::new(0).at(Purpose::Survey, 0, word), rows);
            for row in rows.chunks_exact(features) {
                seen += 1;
                for ((x, mean), square) in row.iter().zip(&mut mean).zip(&mut square) {
                    let from_old = x - *mean;
                    *mean += from_old / seen as f64;
                    *square += from_old * (x - *mean);
                }
            }
        }
        let variance = square.iter().map(|square| square / MOMENT_ROWS as f64).collect();
        Self { mean, variance }
    }

    /// Standard deviation of a feature.
    pub(crate) fn std(&self, feature: usize) -> f64 {
        self.variance.get(feature).map_or(0.0, |variance| variance.max(0.0).sqrt())
    }

    /// The first feature whose marginal at `level` is further from N(0, sigma²), in its mean or its
    /// standard deviation, than `tolerance` of that standard deviation, with both.
    fn off_noise(&self, level: &NoiseLevel, tolerance: f64) -> Option<(usize, f64, f64)> {
        let marginals = self.mean.iter().zip(&self.variance).enumerate();
        marginals
            .map(|(feature, (mean, variance))| {
                let std = (level.alpha() * variance.sqrt()).hypot(level.sigma());
                (feature, level.alpha() * mean, std)
            })
            .find(|(_, mean, std)| {
                (mean.abs() / std).max((level.sigma() / std - 1.0).abs()) > tolerance
            })
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

impl Problem {
    /// Checks that sampling starts from the data's marginal at the first level.
    ///
    /// # Errors
    /// A start from noise alone where the data's marginal is off by more than 5 % of its standard
    /// deviation; `matched` where the noise is below the data's spread; a stated start of another width
    /// than the data.
    pub(super) fn check_start(&self, data: &dyn Dataset) -> Result<(), TrainError> {
        if let Some((path, row)) = self.config.sample.start.row()
            && row.len() != 1
            && row.len() != data.features()
        {
            let message = format!(
                "must hold 1 number or {}, one a feature, got {}",
                data.features(),
                row.len()
            );
            return Err(TrainError::config(path, message));
        }
        match &self.config.sample.start {
            StartConfig::Gaussian { .. } | StartConfig::Row { .. } => Ok(()),
            StartConfig::Exact => self.check_exact_start(data),
            StartConfig::Marginal if data.mean().is_none() || data.variance().is_none() => {
                let message =
                    "the data does not state its mean and variance, which `marginal` needs";
                Err(TrainError::config("sample.start", message))
            }
            StartConfig::Marginal => Ok(()),
            StartConfig::Matched => remarks::check_most_noise(self, data),
            StartConfig::Noise => self.check_noise_start(data),
        }
    }

    fn check_exact_start(&self, data: &dyn Dataset) -> Result<(), TrainError> {
        let first = self.plan.start();
        LevelDensity::new(data, first.alpha(), first.sigma())
            .map(|_| ())
            .map_err(|error| TrainError::config("sample.start", error.to_string()))
    }

    fn check_noise_start(&self, data: &dyn Dataset) -> Result<(), TrainError> {
        let level = self.plan.start();
        let (Some(mean), Some(variance)) = (data.mean(), data.variance()) else {
            return Ok(());
        };
        let moments = DataMoments { mean, variance };
        let Some((feature, mean, std)) = moments.off_noise(&level, START_TOLERANCE) else {
            return Ok(());
        };
        let message = format!(
            "starting from N(0, {:.4}²) is off: at the first level feature {feature} of the data \
             has mean {mean:.4} and standard deviation {std:.4}. Use {{\"kind\": \"marginal\"}}, \
             state the distribution ({{\"kind\": \"gaussian\", \"mean\": …, \"std\": …}}), or let \
             the schedule end in more noise",
            level.sigma()
        );
        Err(TrainError::config("sample.start", message))
    }
}
