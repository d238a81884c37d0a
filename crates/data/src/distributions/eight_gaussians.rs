//! [`EightGaussians`]: eight modes on a circle.

use super::GaussianMixture;
use crate::{DataError, Dataset, Mode, Part, Stream, error::positive, math::sin_cos_turns};

/// Mixture of eight equal Gaussians, evenly spaced on a circle around the origin.
#[derive(Clone, Debug, PartialEq)]
pub struct EightGaussians {
    mixture: GaussianMixture,
}

impl EightGaussians {
    /// Creates the mixture; `std` is that of each Gaussian.
    ///
    /// # Errors
    /// `radius` and `std` must be finite and above 0.
    pub fn new(radius: f64, std: f64) -> Result<Self, DataError> {
        positive("radius", radius)?;
        let mean = |i: u32| {
            let (sin, cos) = sin_cos_turns(f64::from(i) / 8.0);
            vec![radius * cos, radius * sin]
        };
        Ok(Self { mixture: GaussianMixture::new((0..8).map(mean).collect(), std, None)? })
    }

    /// The mixture.
    #[must_use]
    pub fn into_mixture(self) -> GaussianMixture {
        self.mixture
    }
}

impl Dataset for EightGaussians {
    fn features(&self) -> usize {
        2
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
