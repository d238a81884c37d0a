//! Heun's method on the probability-flow ODE: the mean of the slopes at both ends of a step.

use burn::tensor::Tensor;

use super::{Euler, Noise, Plan, Sampler, Steps, Transition, estimated_noise};
use crate::{CoreError, Denoiser};

/// Heun's step: Euler's step to `x_e`, then the mean of the slopes at both ends. The step to sigma = 0 is
/// Euler's alone.
///
/// `x_s = x_e + (alpha_s sigma_t / sigma_s − alpha_t) · (D' − D) / 2` with `D' = D(x_e; s)`.
///
/// This is Heun's method along the straight chord between the levels, on
/// `dx = D · d alpha + eps · d sigma`. With alpha = 1 it is EDM's sampler; on the rectified flow it is
/// Heun's method in t. Order 2; two calls a step, one in the last.
///
/// On other schedules the chord stays bounded where EDM's own variable, sigma / alpha, runs to infinity.
/// For example, on 24 of the 1000 cosine levels, samples of N(0, 1) end with 4.1 times the standard
/// deviation of the data in EDM's variable, and with 0.99994 times along the chord. Source: Karras et al.
/// 2022, algorithm 1 without churn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heun;

impl Sampler for Heun {
    fn start(&self, _plan: &Plan) -> Box<dyn Steps + '_> {
        Box::new(*self)
    }

    fn calls(&self, step: &Transition) -> usize {
        if step.to.sigma() == 0.0 { 1 } else { 2 }
    }

    fn amplification(&self, step: &Transition) -> f64 {
        if step.to.sigma() == 0.0 { 0.0 } else { share(step).abs() }
    }
}

/// Factor of `D' − D` in the slopes' mean: `(alpha_s sigma_t / sigma_s − alpha_t) / 2`.
fn share(step: &Transition) -> f64 {
    let (t, s) = (&step.from, &step.to);
    (s.alpha() * t.sigma() / s.sigma() - t.alpha()) / 2.0
}

impl Steps for Heun {
    fn step(
        &mut self,
        x: Tensor<2>,
        denoiser: &dyn Denoiser,
        step: &Transition,
        noise: &mut Noise,
    ) -> Result<Tensor<2>, CoreError> {
        let (t, s) = (&step.from, &step.to);
        if s.sigma() == 0.0 {
            return Euler.step(x, denoiser, step, noise);
        }
        let denoised = denoiser.denoise(x.clone(), t)?;
        let eps = estimated_noise(x, &denoised, t);
        let euler = denoised.clone().mul_scalar(s.alpha()) + eps.mul_scalar(s.sigma());
        let change = denoiser.denoise(euler.clone(), s)? - denoised;
        // The slopes' mean with eps' − eps = (alpha_s / sigma_s) · (D − D') put in: no large terms cancel.
        Ok(euler + change.mul_scalar(share(step)))
    }
}
