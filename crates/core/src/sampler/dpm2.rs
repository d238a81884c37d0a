//! DPM-Solver-2: the slope in the middle of a step, in the logarithm of sigma.

use burn::tensor::Tensor;

use super::{Euler, Noise, Plan, Sampler, Steps, Transition, estimated_noise};
use crate::{CoreError, Denoiser, NoiseLevel, NoiseSchedule};

/// DPM-Solver-2's step: Euler's step to a level m between the two, and from there the slope of the whole
/// step. Steps from a level without signal, and to sigma = 0, are Euler's alone.
///
/// `x_s = x_e + alpha_s · (r_t − r_s) / r_m · (D' − D)` with `r = sigma / alpha`, `r_m = sqrt(r_t · r_s)`,
/// x_e Euler's step to s and `D' = D(x_m; m)` at Euler's step x_m to the level of r_m.
///
/// Order 2; two calls a step, one in the last. The level m lies between those of a grid, so that the
/// network must be told a quantity which exists there. Source: Lu et al. 2022, "DPM-Solver", algorithm 1
/// with `r_1 = 1/2`; with alpha = 1, k-diffusion's `sample_dpm_2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dpm2;

impl Sampler for Dpm2 {
    fn start(&self, _plan: &Plan) -> Box<dyn Steps + '_> {
        Box::new(*self)
    }

    fn refine(&self, plan: Plan, schedule: &dyn NoiseSchedule) -> Result<Plan, CoreError> {
        let middle = |step: &Transition| {
            let has_middle = step.from.alpha() > 0.0 && step.to.sigma() > 0.0 && !step.is_rising();
            let ratio = (step.from.ratio() * step.to.ratio()).sqrt();
            has_middle.then(|| schedule.between(ratio)).into_iter().collect()
        };
        Ok(plan.with_between(middle))
    }

    fn amplification(&self, step: &Transition) -> f64 {
        step.between.first().map_or(0.0, |middle| share(step, middle))
    }
}

/// Factor of `D' − D` in a step: `alpha_s · (r_t − r_s) / r_m`.
fn share(step: &Transition, middle: &NoiseLevel) -> f64 {
    step.to.alpha() * (step.from.ratio() - step.to.ratio()) / middle.ratio()
}

impl Steps for Dpm2 {
    fn step(
        &mut self,
        x: Tensor<2>,
        denoiser: &dyn Denoiser,
        step: &Transition,
        noise: &mut Noise,
    ) -> Result<Tensor<2>, CoreError> {
        let [m] = &step.between[..] else { return Euler.step(x, denoiser, step, noise) };
        let (t, s) = (&step.from, &step.to);
        let denoised = denoiser.denoise(x.clone(), t)?;
        let eps = estimated_noise(x, &denoised, t);
        let euler = denoised.clone().mul_scalar(s.alpha()) + eps.clone().mul_scalar(s.sigma());
        let middle = denoised.clone().mul_scalar(m.alpha()) + eps.mul_scalar(m.sigma());
        let change = denoiser.denoise(middle, m)? - denoised;
        // eps at m less eps at t is (D − D') / r_m: put in, no large terms cancel.
        Ok(euler + change.mul_scalar(share(step, m)))
    }
}
