//! One noise level: how much signal and how much noise a row holds.

use crate::error::CoreError;

/// Noise level: the signal scale alpha and the noise scale sigma of `x_t = alpha · x_0 + sigma · eps`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseLevel {
    alpha: f64,
    sigma: f64,
    index: Option<usize>,
    next_sigma: Option<f64>,
}

impl NoiseLevel {
    /// The level without noise, where sampling ends: alpha = 1, sigma = 0.
    pub const CLEAN: Self = Self::of(1.0, 0.0);

    /// A level with signal scale `alpha` and noise scale `sigma`.
    ///
    /// # Errors
    /// Both must be finite and at least 0, and one of them above 0.
    pub fn new(alpha: f64, sigma: f64) -> Result<Self, CoreError> {
        if !(alpha.is_finite() && alpha >= 0.0) {
            return Err(CoreError::parameter("alpha", "must be finite and at least 0", alpha));
        }
        if !(sigma.is_finite() && sigma >= 0.0) {
            return Err(CoreError::parameter("sigma", "must be finite and at least 0", sigma));
        }
        if alpha == 0.0 && sigma == 0.0 {
            return Err(CoreError::parameter("sigma", "must be above 0 where alpha is 0", sigma));
        }
        Ok(Self::of(alpha, sigma))
    }

    /// A level whose alpha and sigma the schedule has validated already.
    pub(crate) const fn of(alpha: f64, sigma: f64) -> Self {
        Self { alpha, sigma, index: None, next_sigma: None }
    }

    /// The same level with its `index` on a discrete grid; index 0 is the noisiest.
    #[must_use]
    pub const fn with_index(self, index: usize) -> Self {
        Self { index: Some(index), ..self }
    }

    /// The same alpha and sigma, as a level of no grid: without an index and without a next level.
    #[must_use]
    pub const fn off_grid(self) -> Self {
        Self { index: None, next_sigma: None, ..self }
    }

    /// The same level with the noise scale `sigma` of the grid's next level.
    pub(crate) const fn with_next(self, sigma: f64) -> Self {
        Self { next_sigma: Some(sigma), ..self }
    }

    /// The signal scale alpha, the square root of the literature's alpha-bar.
    pub const fn alpha(&self) -> f64 {
        self.alpha
    }

    /// The noise scale sigma.
    pub const fn sigma(&self) -> f64 {
        self.sigma
    }

    /// The level's index on a discrete grid of K levels, 0 the noisiest. DDPM's k is K − 1 − index.
    pub const fn index(&self) -> Option<usize> {
        self.index
    }

    /// The noise scale of the next level on a discrete grid; 0 for the last level.
    pub const fn next_sigma(&self) -> Option<f64> {
        self.next_sigma
    }

    /// The ratio `sigma / alpha`: the noise scale of `x_t / alpha`, EDM's sigma. Infinite at alpha = 0.
    pub fn ratio(&self) -> f64 {
        self.sigma / self.alpha
    }

    /// The signal-to-noise ratio `alpha² / sigma²`.
    pub fn snr(&self) -> f64 {
        (self.alpha / self.sigma).powi(2)
    }

    /// The logarithm of the signal-to-noise ratio, `2 · ln(alpha / sigma)`.
    pub fn log_snr(&self) -> f64 {
        2.0 * (self.alpha / self.sigma).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_without_signal_and_noise_is_refused() {
        assert!(NoiseLevel::new(0.0, 0.0).is_err());
        assert!(NoiseLevel::new(-0.1, 1.0).is_err());
        assert!(NoiseLevel::new(1.0, f64::NAN).is_err());
        assert!(NoiseLevel::new(0.0, 1.0).is_ok());
    }

    #[test]
    fn log_snr_is_zero_where_signal_equals_noise() {
        let level = NoiseLevel::new(0.6, 0.6).expect("valid");
        assert_eq!(level.log_snr(), 0.0);
        assert_eq!(level.snr(), 1.0);
        assert_eq!(level.ratio(), 1.0);
    }
}
