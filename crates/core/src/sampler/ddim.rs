//! DDIM: from the deterministic step (eta = 0) to the ancestral one (eta = 1).

use burn::tensor::Tensor;

use super::{Noise, Plan, Sampler, Steps, Transition, estimated_noise, renewed_share};
use crate::{CoreError, Denoiser};

/// DDIM's step: draws `eta` times the fresh noise of an ancestral step, and keeps the rest of the noise.
///
/// `x_s = alpha_s · D + sigma_s · sqrt(1 − eta² tau) · eps + sigma_s · eta · sqrt(tau) · z`.
///
/// `tau = 1 − (alpha_t sigma_s / (alpha_s sigma_t))²`. Order 1, one call a step. Source: Song et al.
/// 2021, "Denoising diffusion implicit models", equations 12 and 16.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ddim {
    eta: f64,
}

impl Ddim {
    /// DDIM with the share `eta` of fresh noise: 0 is deterministic, 1 has DDPM's lower variance.
    ///
    /// # Errors
    /// `eta` must be from 0 to 1.
    pub fn new(eta: f64) -> Result<Self, CoreError> {
        if !(0.0..=1.0).contains(&eta) {
            return Err(CoreError::parameter("eta", "must be from 0 to 1", eta));
        }
        Ok(Self { eta })
    }
}

impl Sampler for Ddim {
    fn start(&self, _plan: &Plan) -> Box<dyn Steps + '_> {
        Box::new(*self)
    }
}

impl Steps for Ddim {
    fn step(
        &mut self,
        x: Tensor<2>,
        denoiser: &dyn Denoiser,
        step: &Transition,
        noise: &mut Noise,
    ) -> Result<Tensor<2>, CoreError> {
        let denoised = denoiser.denoise(x.clone(), &step.from)?;
        let eps = estimated_noise(x, &denoised, &step.from);
        let renewed = self.eta * self.eta * renewed_share(step);
        let sigma = step.to.sigma();
        let next =
            denoised.mul_scalar(step.to.alpha()) + eps.mul_scalar(sigma * (1.0 - renewed).sqrt());
        if sigma == 0.0 || renewed == 0.0 {
            return Ok(next);
        }
        Ok(next + noise(step).mul_scalar(sigma * renewed.sqrt()))
    }
}
