//! [`Gaussian`]: one mode, as wide along every axis.

use super::GaussianMixture;
use crate::{DataError, Dataset, Mode, Part, Stream, error::error};

/// Gaussian `N(mean, std² I)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussian {
    mixture: GaussianMixture,
}

impl Gaussian {
    /// Creates a Gaussian.
    ///
    /// # Errors
    /// `mean` must hold finite numbers, at least one; `std` must be finite and above 0.
    pub fn new(mean: Vec<f64>, std: f64) -> Result<Self, DataError> {
        if mean.is_empty() {
            return Err(error("mean", "must hold at least one number", "none"));
        }
        let mixture = GaussianMixture::new(vec![mean], std, None).map_err(|mut error| {
            if error.parameter.starts_with("means") {
                "mean".clone_into(&mut error.parameter);
            }
            error
        })?;
        Ok(Self { mixture })
    }
}

impl Dataset for Gaussian {
    fn features(&self) -> usize {
        self.mixture.features()
    }
    fn words_per_row(&self) -> u64 {
        self.mixture.words_per_row()
    }
    fn draw(&self, part: Part, stream: &mut Stream, rows: &mut [f64]) {
        self.mixture.draw(part, stream, rows);
    }
    fn mean(&self) -> Option<Vec<f64>> {
        self.mixture.mean()
    }
    fn covariance(&self) -> Option<Vec<Vec<f64>>> {
        self.mixture.covariance()
    }
    fn variance(&self) -> Option<Vec<f64>> {
        self.mixture.variance()
    }
    fn log_density(&self, x: &[f64]) -> Option<f64> {
        self.mixture.log_density(x)
    }
    fn diffused_log_density(&self, alpha: f64, sigma: f64, x: &[f64]) -> Option<f64> {
        self.mixture.diffused_log_density(alpha, sigma, x)
    }
    fn score(&self, x: &[f64]) -> Option<Vec<f64>> {
        self.mixture.score(x)
    }
    fn posterior_means(&self, rows: &[f64], alpha: f64, sigma: f64) -> Option<Vec<f64>> {
        Some(self.mixture.posterior_means(rows, alpha, sigma))
    }
    fn modes(&self) -> Option<Vec<Mode>> {
        self.mixture.modes()
    }
}
