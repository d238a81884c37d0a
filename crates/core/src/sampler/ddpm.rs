//! DDPM's ancestral step: the mean of the posterior, and fresh noise.

use burn::tensor::Tensor;

use super::{Noise, Plan, Sampler, Steps, Transition, estimated_noise, renewed_share};
use crate::{CoreError, Denoiser};

/// Variance of an ancestral step. Both are optimal for some data (Ho et al. 2020, section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum AncestralVariance {
    /// The posterior's, `beta_t (1 − alpha_bar_{t−1}) / (1 − alpha_bar_t)`: exact for data at one
    /// point.
    #[default]
    Lower,
    /// The forward step's, `beta_t`: exact for data that is N(0, I).
    Upper,
}

/// DDPM's step: the posterior's mean for the estimate D, plus fresh noise except in the last steps.
///
/// `x_s = alpha_s · D + sigma_s · sqrt(1 − tau) · eps + std · z` with
/// `tau = 1 − (alpha_t sigma_s / (alpha_s sigma_t))²`; std² is `sigma_s² · tau` (lower) or
/// `sigma_t² − (alpha_t sigma_s / alpha_s)²` (upper), which on DDPM's grid is beta. Order 1 in
/// distribution, one call a step. Source: Ho et al. 2020, algorithm 2 and equation 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ddpm {
    /// Variance of the fresh noise.
    pub variance: AncestralVariance,
    /// Number of steps without fresh noise, counted back from the step to sigma = 0, even where sampling
    /// ends before it. That step never gets noise; in the paper it is the only one.
    pub quiet_steps: usize,
}

impl Sampler for Ddpm {
    fn start(&self, plan: &Plan) -> Box<dyn Steps + '_> {
        // The step to sigma = 0 counts even where the plan ends before it; repeats of it don't.
        let noisy = plan.transitions().iter().rev().find(|step| step.to.sigma() > 0.0);
        let to_clean = noisy.map_or(0, |step| step.index + 1);
        let first_quiet = (to_clean + 1).saturating_sub(self.quiet_steps);
        Box::new(DdpmSteps { variance: self.variance, first_quiet })
    }
}

/// DDPM at work on one chunk of rows.
struct DdpmSteps {
    variance: AncestralVariance,
    /// Index of the first transition without fresh noise.
    first_quiet: usize,
}

impl Steps for DdpmSteps {
    fn step(
        &mut self,
        x: Tensor<2>,
        denoiser: &dyn Denoiser,
        step: &Transition,
        noise: &mut Noise,
    ) -> Result<Tensor<2>, CoreError> {
        let (t, s) = (&step.from, &step.to);
        let denoised = denoiser.denoise(x.clone(), t)?;
        let eps = estimated_noise(x, &denoised, t);
        let renewed = renewed_share(step);
        let next =
            denoised.mul_scalar(s.alpha()) + eps.mul_scalar(s.sigma() * (1.0 - renewed).sqrt());
        if s.sigma() == 0.0 || step.index >= self.first_quiet {
            return Ok(next);
        }
        let std = match self.variance {
            AncestralVariance::Lower => s.sigma() * renewed.sqrt(),
            // sigma_t² − (alpha_t sigma_s / alpha_s)² is sigma_t² · tau.
            AncestralVariance::Upper => t.sigma() * renewed.sqrt(),
        };
        Ok(next + noise(step).mul_scalar(std))
    }
}
