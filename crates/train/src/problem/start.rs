//! Start of sampling against the data: whether what a run file states fits them.

use langevin_data::{Dataset, LevelDensity};

use super::{Problem, moments::DataMoments, numbers, remarks};
use crate::{TrainError, config::StartConfig};

/// Largest distance between the data's marginal and a start from pure noise, as a share of the
/// marginal's standard deviation.
const START_TOLERANCE: f64 = 0.05;

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
        numbers::check_rows(data)?;
        match &self.config.sample.start {
            StartConfig::Gaussian { .. } => numbers::check_start(&self.config.sample.start),
            StartConfig::Row { .. } => Ok(()),
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
        LevelDensity::new(data, first.alpha(), first.sigma()).map(|_| ()).map_err(|error| {
            let message = format!("`exact` cannot draw from this data ({error}): use `matched`");
            TrainError::config("sample.start", message)
        })
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
