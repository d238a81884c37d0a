//! Loss weights by noise level, and the reduction of a batch's errors to one loss.

use crate::{CoreError, NoiseLevel, Prediction, error::positive};

/// Weight of the training rows' errors by their noise level. [`Weighting`] holds ours.
pub trait LevelWeight: Send + Sync {
    /// The factor on the squared error of the network's output at a level.
    fn at(&self, level: &NoiseLevel, prediction: &Prediction) -> f64;
}

/// Weight of a row's squared error, by level.
///
/// Weights are defined on `|D − x_0|²` (D the denoised row) and turned into the factor on the
/// network's own error by `c_out²`, since `D − x_0 = c_out · (F − target)`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)
)]
pub enum Weighting {
    /// Weight 1 on the network's own error. With EDM's prediction this is EDM's weight.
    #[default]
    Uniform,
    /// Weight 1 on the error of x_0.
    Sample,
    /// Weight SNR, the signal-to-noise ratio, on the error of x_0: weight 1 on the error of the noise.
    Snr,
    /// Weight `min(SNR, gamma)` on the error of x_0. Source: Hang et al. 2023, equation 8.
    MinSnr {
        /// Ceiling of the weight, 5 in the paper.
        #[cfg_attr(feature = "serde", serde(default = "crate::defaults::min_snr_gamma"))]
        gamma: f64,
    },
    /// EDM's weight: `(s² + sigma_data²) / (s · sigma_data)²` on the error of x_0, with s = sigma / alpha.
    /// Source: Karras et al. 2022, table 1.
    Edm {
        /// Standard deviation of the data.
        #[cfg_attr(feature = "serde", serde(default = "crate::defaults::one"))]
        sigma_data: f64,
    },
}

impl Weighting {
    /// Fails on a parameter out of its range.
    ///
    /// # Errors
    /// `gamma` and `sigma_data` must be finite and above 0.
    pub fn validated(self) -> Result<Self, CoreError> {
        match self {
            Self::MinSnr { gamma } => positive("gamma", gamma).map(|_| self),
            Self::Edm { sigma_data } => positive("sigma_data", sigma_data).map(|_| self),
            _ => Ok(self),
        }
    }
}

impl LevelWeight for Weighting {
    fn at(&self, level: &NoiseLevel, prediction: &Prediction) -> f64 {
        if *self == Self::Uniform {
            return 1.0;
        }
        let snr = level.snr();
        let out = prediction.coefficients(level).out;
        let of_sample = match self {
            Self::Uniform | Self::Sample => 1.0,
            Self::Snr => snr,
            Self::MinSnr { gamma } => snr.min(*gamma),
            // (s² + d²) / (s d)² = 1 / d² + 1 / s², finite at alpha = 0 too.
            Self::Edm { sigma_data: d } => 1.0 / (d * d) + snr,
        };
        of_sample * out * out
    }
}

/// Reduction of a batch's weighted errors to its loss. A cell is what has a loss of its own: a feature, or a
/// category.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)
)]
pub enum LossReduction {
    /// The mean over rows and cells.
    #[default]
    Mean,
    /// The sum over rows and cells.
    Sum,
    /// The root of the sum over rows and cells.
    Norm,
    /// The mean of Huber's function, `e²/2` up to `delta`, `delta · (|e| − delta/2)` above; the
    /// cross-entropy of a category stays itself.
    Huber {
        /// Size of an error above which the loss is linear instead of quadratic.
        #[cfg_attr(feature = "serde", serde(default = "crate::defaults::one"))]
        delta: f64,
    },
}

impl LossReduction {
    /// Fails on a parameter out of its range.
    ///
    /// # Errors
    /// `delta` must be finite and above 0.
    pub fn validated(self) -> Result<Self, CoreError> {
        match self {
            Self::Huber { delta } => positive("delta", delta).map(|_| self),
            _ => Ok(self),
        }
    }

    /// The batch's loss from its rows' losses. A row's loss is its mean over features for `Mean` and
    /// `Huber`, and its sum for `Sum` and `Norm`.
    pub fn of_rows(&self, rows: &[f64]) -> f64 {
        self.of_sum(rows.iter().sum(), rows.len())
    }

    /// The batch's loss from `sum`, the sum of the losses of its `rows` rows.
    pub fn of_sum(&self, sum: f64, rows: usize) -> f64 {
        match self {
            Self::Mean | Self::Huber { .. } => sum / rows as f64,
            Self::Sum => sum,
            Self::Norm => sum.sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn min_snr_has_its_published_factors() {
        // Factors of the three predictions: min(SNR, g)/SNR, min(SNR, g), min(SNR, g)/(SNR + 1).
        let weighting = Weighting::MinSnr { gamma: 5.0 };
        for alpha_bar in [0.99_f64, 0.5, 0.01] {
            let level = NoiseLevel::new(alpha_bar.sqrt(), (1.0 - alpha_bar).sqrt()).expect("valid");
            let snr = alpha_bar / (1.0 - alpha_bar);
            let clipped = snr.min(5.0);
            for (prediction, expected) in [
                (Prediction::Noise, clipped / snr),
                (Prediction::Sample, clipped),
                (Prediction::Velocity, clipped / (snr + 1.0)),
            ] {
                let weight = weighting.at(&level, &prediction);
                assert!(
                    (weight / expected - 1.0).abs() < 1e-13,
                    "{prediction:?} {weight} {expected}"
                );
            }
        }
    }

    #[test]
    fn edms_weight_is_one_on_edms_network() {
        for sigma in [0.002, 0.5, 80.0] {
            let level = NoiseLevel::new(1.0, sigma).expect("valid");
            let prediction = Prediction::Edm { sigma_data: 0.5 };
            let weight = Weighting::Edm { sigma_data: 0.5 }.at(&level, &prediction);
            assert!((weight - 1.0).abs() < 1e-14);
        }
    }

    #[test]
    fn an_snr_weight_counts_every_noise_error_once() {
        let level = NoiseLevel::new(0.8, 0.6).expect("valid");
        assert!((Weighting::Snr.at(&level, &Prediction::Noise) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn reductions_are_mean_sum_and_root_of_sum() {
        let rows = [1.0, 3.0, 5.0];
        assert_eq!(LossReduction::Mean.of_rows(&rows), 3.0);
        assert_eq!(LossReduction::Sum.of_rows(&rows), 9.0);
        assert_eq!(LossReduction::Norm.of_rows(&rows), 3.0);
    }

    #[test]
    fn parameters_are_checked() {
        assert!(Weighting::MinSnr { gamma: 0.0 }.validated().is_err());
        assert!(Weighting::Edm { sigma_data: f64::NAN }.validated().is_err());
        assert!(LossReduction::Huber { delta: -1.0 }.validated().is_err());
    }

    #[test]
    fn every_weight_is_finite_from_pure_noise_to_almost_none() {
        let weightings = [
            Weighting::Uniform,
            Weighting::Sample,
            Weighting::Snr,
            Weighting::MinSnr { gamma: 5.0 },
            Weighting::Edm { sigma_data: 0.5 },
        ];
        for (alpha, sigma) in [(0.0, 1.0), (1e-9, 1.0), (1.0, 1e4), (1.0, 1e-4)] {
            let level = NoiseLevel::new(alpha, sigma).expect("valid");
            for prediction in [
                Prediction::Noise,
                Prediction::Sample,
                Prediction::Velocity,
                Prediction::Flow,
                Prediction::Edm { sigma_data: 0.5 },
            ] {
                if prediction.check(&level).is_ok() {
                    for weighting in weightings {
                        let weight = weighting.at(&level, &prediction);
                        assert!(weight.is_finite(), "{weighting:?} {prediction:?} {level:?}");
                    }
                }
            }
        }
        // EDM's weight at alpha = 0 is 1 / sigma_data² on the error of x_0. On the error of EDM's own
        // network it is 1 everywhere.
        let noise = NoiseLevel::new(0.0, 1.0).expect("valid");
        let edm = Weighting::Edm { sigma_data: 0.5 };
        assert_eq!(edm.at(&noise, &Prediction::Sample), 4.0);
        assert_eq!(edm.at(&noise, &Prediction::Edm { sigma_data: 0.5 }), 1.0);
    }
}
