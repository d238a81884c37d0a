//! Euler's method on the probability-flow ODE.

use burn::tensor::Tensor;

use super::{Noise, Plan, Sampler, Steps, Transition, estimated_noise};
use crate::{CoreError, Denoiser};

/// Euler's step: as if the estimated noise stayed the same down to the next level.
///
/// `x_s = alpha_s · D + sigma_s · eps` with `eps = (x_t − alpha_t · D) / sigma_t`.
///
/// With alpha = 1 this is `x + (sigma_s − sigma_t) · (x − D) / sigma_t`; on the rectified flow it is
/// Euler's method in t; on a variance-preserving schedule it is DDIM with eta = 0. Order 1, one call a
/// step. Source: Karras et al. 2022, equation 4, in the variable sigma / alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Euler;

impl Sampler for Euler {
    fn start(&self, _plan: &Plan) -> Box<dyn Steps + '_> {
        Box::new(*self)
    }
}

impl Steps for Euler {
    fn step(
        &mut self,
        x: Tensor<2>,
        denoiser: &dyn Denoiser,
        step: &Transition,
        _noise: &mut Noise,
    ) -> Result<Tensor<2>, CoreError> {
        let denoised = denoiser.denoise(x.clone(), &step.from)?;
        let eps = estimated_noise(x, &denoised, &step.from);
        Ok(denoised.mul_scalar(step.to.alpha()) + eps.mul_scalar(step.to.sigma()))
    }
}
