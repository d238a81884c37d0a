//! What a network's output means, and how it becomes the denoised row.

use crate::{CoreError, NoiseLevel, error::positive};

/// Meaning of a network's output F(c_in · x_t).
///
/// Each kind is the line `D = c_skip · x_t + c_out · F` with coefficients of the level, so that any
/// of them converts exactly to any other through D, the estimate of x_0.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)
)]
pub enum Prediction {
    /// The noise: `F = eps`. Singular at alpha = 0. Source: Ho et al. 2020, equation 12.
    Noise,
    /// The clean row: `F = x_0`.
    Sample,
    /// The velocity: `F = alpha · eps − sigma · x_0`. Source: Salimans & Ho 2022, appendix D.
    Velocity,
    /// The velocity of the straight path: `F = eps − x_0`. Source: Liu et al. 2022, equation 1.
    Flow,
    /// EDM's preconditioned F: its input and target have unit variance where the data has standard
    /// deviation sigma_data. Source: Karras et al. 2022, table 1 and equation 7, applied to
    /// x_t / alpha. At alpha = 0 it is the limit, `F = x_0 / sigma_data`.
    Edm {
        /// Standard deviation of the data.
        #[cfg_attr(feature = "serde", serde(default = "crate::defaults::one"))]
        sigma_data: f64,
    },
    /// A share of the noise `n = sigma · eps` at a level of a grid with alpha = 1. A sampler subtracts
    /// it to come to the next level. Source: Bouvier 2024, "Introduction to diffusion models".
    LevelStep {
        /// Which share of the noise.
        #[cfg_attr(feature = "serde", serde(default))]
        share: NoiseShare,
    },
}

/// Share of the noise that a level step subtracts. sigma' is the noise scale of the grid's next level,
/// 0 after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum NoiseShare {
    /// `1 − sigma' / sigma`: subtracting this share is Euler's step on the noise.
    #[default]
    Corrected,
    /// `sigma' / sigma`, as in the article "Introduction to Diffusion Models". At the last level it is 0
    /// and says nothing about the noise; elsewhere the noise that remains is not the next level's.
    Published,
}

impl NoiseShare {
    /// The share at a level; 0 off a grid.
    fn at(self, level: &NoiseLevel) -> f64 {
        let kept = level.next_sigma().map(|next| next / level.sigma());
        match self {
            Self::Published => kept.unwrap_or(0.0),
            Self::Corrected => kept.map_or(0.0, |kept| 1.0 - kept),
        }
    }
}

/// The coefficients of `D = skip · x_t + out · F(input · x_t)` at one level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficients {
    /// c_in: scale of the network's input.
    pub input: f64,
    /// c_skip: how much of x_t goes past the network.
    pub skip: f64,
    /// c_out: scale of the network's output.
    pub out: f64,
}

impl Prediction {
    /// Fails on a parameter out of its range.
    ///
    /// # Errors
    /// `sigma_data` must be finite and above 0.
    pub fn validated(self) -> Result<Self, CoreError> {
        if let Self::Edm { sigma_data } = self {
            positive("sigma_data", sigma_data)?;
        }
        Ok(self)
    }

    /// The prediction's name in run files and messages.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::Sample => "sample",
            Self::Velocity => "velocity",
            Self::Flow => "flow",
            Self::Edm { .. } => "edm",
            Self::LevelStep { .. } => "level_step",
        }
    }

    /// Refuses a level at which the output says nothing about x_0.
    ///
    /// # Errors
    /// `Noise` divides by alpha, which must be above 0. `LevelStep` divides by its share of the noise;
    /// the published share is 0 at the last level. The target must exist too
    /// ([`check_target`](Self::check_target)).
    pub fn check(&self, level: &NoiseLevel) -> Result<(), CoreError> {
        self.check_target(level)?;
        match self {
            // Tensors hold 32-bit floats, in which 1 / alpha must be finite.
            Self::Noise if !((1.0 / level.alpha()) as f32).is_finite() => {
                Err(self.singular(level, "x_0 = (x_t − sigma · eps) / alpha divides by alpha = 0"))
            }
            Self::LevelStep { share } if share.at(level) == 0.0 => Err(self.singular(
                level,
                "x_0 = x_t − F / share divides by a share of 0, which `corrected` never is",
            )),
            _ => Ok(()),
        }
    }

    /// Refuses a level at which the training target does not exist.
    ///
    /// # Errors
    /// `LevelStep` is defined on a discrete grid with alpha = 1.
    pub fn check_target(&self, level: &NoiseLevel) -> Result<(), CoreError> {
        match self {
            Self::LevelStep { .. } if level.next_sigma().is_none() => Err(self
                .singular(level, "it needs the next level, and this schedule is no discrete grid")),
            Self::LevelStep { .. } if level.alpha() != 1.0 => Err(self
                .singular(level, "taking off noise leads to the next level only where alpha = 1")),
            _ => Ok(()),
        }
    }

    fn singular(&self, level: &NoiseLevel, why: &'static str) -> CoreError {
        let (alpha, sigma) = (level.alpha(), level.sigma());
        CoreError::Singular { prediction: self.name(), alpha, sigma, why }
    }

    /// The coefficients at a level that [`check`](Self::check) has passed.
    pub fn coefficients(&self, level: &NoiseLevel) -> Coefficients {
        let (alpha, sigma) = (level.alpha(), level.sigma());
        let (input, skip, out) = match self {
            Self::Noise => (1.0, 1.0 / alpha, -sigma / alpha),
            Self::Sample => (1.0, 0.0, 1.0),
            Self::Velocity => {
                let square = alpha * alpha + sigma * sigma;
                (1.0, alpha / square, -sigma / square)
            }
            Self::Flow => (1.0, 1.0 / (alpha + sigma), -sigma / (alpha + sigma)),
            Self::Edm { sigma_data } => {
                // EDM's coefficients at x_t / alpha, with s = sigma / alpha and d = sigma_data: for
                // example, c_in = 1 / sqrt(s² + d²) / alpha. Numerators and denominators are multiplied
                // by alpha, so that alpha = 0 needs no division by 0.
                let signal = alpha * sigma_data;
                let norm = signal.hypot(sigma);
                (1.0 / norm, signal / norm * (sigma_data / norm), sigma * sigma_data / norm)
            }
            Self::LevelStep { share } => (1.0, 1.0, -1.0 / share.at(level)),
        };
        Coefficients { input, skip, out }
    }

    /// Converts an `output` of this kind to the kind `to`, through the clean row D that both mean:
    /// `F' = (D − c_skip' · x_t) / c_out'`.
    ///
    /// # Errors
    /// Both kinds must pass [`check`](Self::check) at the level, and c_out' must not be 0 there, as it
    /// is for the noise at sigma = 0.
    pub fn convert(
        &self,
        to: &Self,
        level: &NoiseLevel,
        x_t: f64,
        output: f64,
    ) -> Result<f64, CoreError> {
        self.check(level)?;
        to.check(level)?;
        let (own, other) = (self.coefficients(level), to.coefficients(level));
        if other.out == 0.0 {
            let why = "without noise, F = (x_0 − c_skip · x_t) / c_out divides by c_out = 0";
            return Err(to.singular(level, why));
        }
        // Written as one line in x_t and the output, so that equal c_skip and c_skip' cancel exactly.
        Ok(((own.skip - other.skip) * x_t + own.out * output) / other.out)
    }

    /// The training target F for one number of a row, from the clean value and the noise.
    pub fn target(&self, level: &NoiseLevel, x0: f64, eps: f64) -> f64 {
        let (alpha, sigma) = (level.alpha(), level.sigma());
        match self {
            Self::Noise => eps,
            Self::Sample => x0,
            Self::Velocity => alpha * eps - sigma * x0,
            Self::Flow => eps - x0,
            // (x0 − c_skip · x_t) / c_out, in which equal terms are cancelled by hand.
            Self::Edm { sigma_data } => {
                let signal = alpha * sigma_data;
                (sigma / sigma_data * x0 - signal * eps) / signal.hypot(sigma)
            }
            Self::LevelStep { share } => share.at(level) * sigma * eps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Betas, Karras, LevelGrid, NoiseSchedule};

    const ALL: [Prediction; 5] = [
        Prediction::Noise,
        Prediction::Sample,
        Prediction::Velocity,
        Prediction::Flow,
        Prediction::Edm { sigma_data: 0.7 },
    ];

    #[test]
    fn the_exact_target_gives_back_the_clean_row() {
        for (alpha, sigma) in [(1.0, 0.001), (1.0, 80.0), (0.6, 0.8), (0.25, 0.75), (0.999, 0.045)]
        {
            let level = NoiseLevel::new(alpha, sigma).expect("valid");
            for prediction in ALL {
                let (x0, eps) = (0.83, -1.7);
                let x_t = alpha * x0 + sigma * eps;
                let c = prediction.coefficients(&level);
                let denoised = c.skip * x_t + c.out * prediction.target(&level, x0, eps);
                // Rounding of x_t is amplified by c_skip <= 1 / alpha.
                let bound = 1e-15 * (1.0 + x_t.abs() / alpha) * 8.0;
                assert!((denoised - x0).abs() < bound, "{prediction:?} {level:?} {denoised}");
            }
        }
    }

    #[test]
    fn every_kind_converts_to_every_other() {
        for (alpha, sigma) in [(1.0, 0.01), (1.0, 80.0), (0.6, 0.8), (0.25, 0.75)] {
            let level = NoiseLevel::new(alpha, sigma).expect("valid");
            let (x0, eps) = (0.83, -1.7);
            let x_t = alpha * x0 + sigma * eps;
            for from in ALL {
                for to in ALL {
                    let (f, want) = (from.target(&level, x0, eps), to.target(&level, x0, eps));
                    let got = from.convert(&to, &level, x_t, f).expect("regular");
                    // Rounding of x_t is divided by c_out' >= sigma / (1 + sigma) / 2 or so.
                    let bound = 1e-15 * (1.0 + x_t.abs()) * (2.0 + 2.0 / sigma) * 8.0 / alpha;
                    assert!((got - want).abs() < bound, "{from:?} {to:?} {level:?} {got} {want}");
                }
            }
        }
    }

    #[test]
    fn a_conversion_that_divides_by_nothing_is_refused() {
        let (sample, noise) = (Prediction::Sample, Prediction::Noise);
        let pure = NoiseLevel::new(0.0, 1.0).expect("valid");
        assert!(sample.convert(&noise, &pure, 0.3, 0.2).is_err());
        assert!(noise.convert(&sample, &pure, 0.3, 0.2).is_err());
        let message = sample.convert(&noise, &NoiseLevel::CLEAN, 0.3, 0.2).expect_err("singular");
        assert!(message.to_string().contains("alpha = 1, sigma = 0"), "{message}");
        assert_eq!(noise.convert(&sample, &NoiseLevel::CLEAN, 0.3, 0.2).expect("regular"), 0.3);
    }

    #[test]
    fn a_level_step_is_a_share_of_the_noise() {
        let grid = LevelGrid::of(&Karras::new(0.001, 1.0, 7.0).expect("valid"), 10).expect("grid");
        let levels = grid.levels(10).expect("all");
        let published = Prediction::LevelStep { share: NoiseShare::Published };
        let corrected = Prediction::LevelStep { share: NoiseShare::Corrected };
        let (x0, eps) = (0.83, -1.7);
        for (i, level) in levels.iter().enumerate() {
            let noise = level.sigma() * eps;
            let next = levels.get(i + 1).map_or(0.0, NoiseLevel::sigma);
            let kept = next / level.sigma();
            // Three roundings of numbers below 2.
            assert!((published.target(level, x0, eps) - noise * kept).abs() < 1e-15);
            assert!((corrected.target(level, x0, eps) - noise * (1.0 - kept)).abs() < 1e-15);
            // The corrected step leaves the noise of the next level.
            let left = x0 + noise - corrected.target(level, x0, eps);
            assert!((left - (x0 + next * eps)).abs() < 1e-15);
            assert_eq!(published.check(level).is_err(), i == 9, "singular at the last level");
            assert!(published.check_target(level).is_ok() && corrected.check(level).is_ok());
            for prediction in [published, corrected].iter().filter(|p| p.check(level).is_ok()) {
                let c = prediction.coefficients(level);
                let denoised = c.skip * (x0 + noise) + c.out * prediction.target(level, x0, eps);
                assert!((denoised - x0).abs() < 1e-14, "{prediction:?} {level:?} {denoised}");
            }
        }
        let path = NoiseLevel::new(1.0, 0.5).expect("valid");
        let message = corrected.check_target(&path).expect_err("no grid").to_string();
        assert!(message.contains("no discrete grid"), "{message}");
        let preserving = Betas::new(&[0.1, 0.2]).expect("valid").at(1.0);
        let message = corrected.check(&preserving).expect_err("alpha").to_string();
        assert!(message.contains("only where alpha = 1"), "{message}");
    }

    #[test]
    fn edms_network_sees_and_makes_unit_variance() {
        let prediction = Prediction::Edm { sigma_data: 0.5 };
        for sigma in [0.002, 0.5, 80.0] {
            let level = NoiseLevel::new(1.0, sigma).expect("valid");
            let c = prediction.coefficients(&level);
            let input_variance = c.input.powi(2) * (0.25 + sigma * sigma);
            assert!((input_variance - 1.0).abs() < 1e-14);
            // The target is linear in x0 (std 0.5) and eps (std 1).
            let of_x0 = prediction.target(&level, 1.0, 0.0);
            let of_eps = prediction.target(&level, 0.0, 1.0);
            assert!((of_x0.powi(2) * 0.25 + of_eps.powi(2) - 1.0).abs() < 1e-14);
        }
    }

    #[test]
    fn without_signal_only_the_noise_is_refused() {
        let level = NoiseLevel::new(0.0, 1.0).expect("valid");
        for prediction in ALL {
            assert_eq!(prediction.check(&level).is_err(), prediction == Prediction::Noise);
            if prediction != Prediction::Noise {
                // x_t = eps holds nothing of x_0: D must get x_0 from the target alone.
                let c = prediction.coefficients(&level);
                let denoised = c.skip * -1.7 + c.out * prediction.target(&level, 0.83, -1.7);
                assert!((denoised - 0.83).abs() < 1e-15, "{prediction:?} {denoised}");
            }
        }
        let message = Prediction::Noise.check(&level).expect_err("singular").to_string();
        assert!(message.contains("noise prediction is singular"), "{message}");
        assert!(message.contains("alpha = 0, sigma = 1"), "{message}");
    }
}
