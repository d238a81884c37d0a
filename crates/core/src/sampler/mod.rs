//! Samplers, from noise to data: the traits of a method, and the one loop that drives every method.

mod ddim;
mod ddpm;
mod dpm2;
mod euler;
mod heun;
mod inpaint;
mod plan;
mod resampling;
mod subtract;
#[cfg(test)]
mod tests;

pub use ddim::Ddim;
pub use ddpm::{AncestralVariance, Ddpm};
pub use dpm2::Dpm2;
pub use euler::Euler;
pub use heun::Heun;
pub use inpaint::Inpaint;
pub use plan::{End, Plan, Transition};
pub use resampling::Resampling;
pub use subtract::Subtract;

use burn::tensor::Tensor;

use crate::{CoreError, Denoiser, NoiseLevel, NoiseSchedule};

/// Source of standard normal rows for a transition, `[batch, features]` in the dtype of the sampled rows.
///
/// Each call gives fresh numbers, which depend on the transition and on the number of the call alone. So a
/// method that asks for no noise in one step changes nothing in the others.
pub type Noise<'a> = dyn FnMut(&Transition) -> Tensor<2> + 'a;

/// Sampling method. It holds its settings alone: what it remembers of the rows lives in its [`Steps`].
///
/// A method goes through a [`Plan`] in three stages:
///
/// 1. [`refine`](Self::refine) may change the plan by formula, once, when the run file is read;
/// 2. [`Adaptive::adapt`] may choose levels by what the denoiser does to the pilot rows, once, before
///    the first chunk of rows;
/// 3. [`start`](Self::start) begins one chunk, and all chunks make the same plan. So a sample's bits
///    don't depend on how samples are cut into chunks.
pub trait Sampler: Send + Sync {
    /// Starts the method for one chunk of rows, which will make all transitions of `plan` in order.
    fn start(&self, plan: &Plan) -> Box<dyn Steps + '_>;

    /// Number of calls of the denoiser that a transition takes: by default one at its start, and one at each
    /// level between.
    fn calls(&self, step: &Transition) -> usize {
        1 + step.between.len()
    }

    /// The plan as the method makes it: with other transitions, or with
    /// [levels between](Transition::between) at which it asks the denoiser. By default as it is.
    ///
    /// # Errors
    /// A plan that the method cannot make.
    fn refine(&self, plan: Plan, _schedule: &dyn NoiseSchedule) -> Result<Plan, CoreError> {
        Ok(plan)
    }

    /// The method's own choice of levels, by what the denoiser does to the pilot rows; none for most methods.
    fn adaptive(&self) -> Option<&dyn Adaptive> {
        None
    }

    /// Factor by which a step multiplies the difference of two denoised rows, and with it what floats round off them; 0
    /// for methods that take no difference.
    fn amplification(&self, _step: &Transition) -> f64 {
        0.0
    }
}

/// Method that chooses its levels on pilot rows. They may lie between those of a grid, where `index` and
/// `step_alpha` have no number.
pub trait Adaptive {
    /// The plan with the levels that the method chose, from the same start.
    ///
    /// # Errors
    /// Whatever a denoiser or a plan fails with.
    fn adapt(&self, plan: Plan, pilot: &Pilot) -> Result<Plan, CoreError>;
}

/// Method at work on one chunk of rows. It may keep what it saw, as multistep methods do, and is dropped
/// with the chunk: chunks share nothing.
pub trait Steps {
    /// Takes rows from the level `step.from` to the less noisy level `step.to`.
    ///
    /// # Shapes
    /// `x` and the result `[batch, features]`, of the same dtype.
    ///
    /// # Errors
    /// Whatever the denoiser fails with.
    fn step(
        &mut self,
        x: Tensor<2>,
        denoiser: &dyn Denoiser,
        step: &Transition,
        noise: &mut Noise,
    ) -> Result<Tensor<2>, CoreError>;

    /// Forgets what was seen: the loop has added noise to the rows.
    fn restart(&mut self) {}
}

/// Pilot rows, by which an adaptive method chooses its levels: always the first rows of a drawing, whatever
/// its number of samples.
pub struct Pilot<'a> {
    /// Denoiser of the drawing.
    pub denoiser: &'a dyn Denoiser,
    /// Noise schedule, for levels between the plan's.
    pub schedule: &'a dyn NoiseSchedule,
    /// Rows at the plan's start, `[batch, features]`.
    pub x: Tensor<2>,
}

/// Progress that the loop shows its observer: the start (`step` 0), then the rows after each step.
#[derive(Debug)]
pub struct Progress<'a> {
    /// Number of steps made so far.
    pub step: usize,
    /// Number of steps in all.
    pub steps: usize,
    /// The level that the rows are at.
    pub level: NoiseLevel,
    /// The rows, `[batch, features]`.
    pub x: &'a Tensor<2>,
}

/// Draws samples: takes the rows `x` from the start of `plan` through all of its transitions.
///
/// This is the only sampling loop; every method is a step under it. The loop makes rising transitions by
/// itself: `x' = (alpha' / alpha) · x + sqrt(sigma'² − (alpha' sigma / alpha)²) · z`, so that rows at the
/// level before are distributed as the noisier level's.
///
/// # Shapes
/// `x` and the result `[batch, features]`; the method runs in the dtype of `x`.
///
/// # Errors
/// Whatever the denoiser fails with.
pub fn sample(
    sampler: &dyn Sampler,
    denoiser: &dyn Denoiser,
    plan: &Plan,
    mut x: Tensor<2>,
    noise: &mut Noise,
    observer: &mut dyn FnMut(&Progress),
) -> Result<Tensor<2>, CoreError> {
    let steps = plan.transitions().len();
    observer(&Progress { step: 0, steps, level: plan.start(), x: &x });
    let mut method = sampler.start(plan);
    for step in plan.transitions() {
        x = if step.is_rising() {
            method.restart();
            add_noise(x, step, noise)
        } else if step.from.sigma() == 0.0 {
            let requirement = "no step leads from sigma = 0 but to a level with noise";
            return Err(CoreError::parameter("plan", requirement, step.to.sigma()));
        } else {
            method.step(x, denoiser, step, noise)?
        };
        observer(&Progress { step: step.index + 1, steps, level: step.to, x: &x });
    }
    Ok(x)
}

/// Rows of a rising transition, which have the noise that was missing.
fn add_noise(x: Tensor<2>, step: &Transition, noise: &mut Noise) -> Tensor<2> {
    let kept = step.to.alpha() / step.from.alpha();
    let (before, after) = (kept * step.from.sigma(), step.to.sigma());
    // As a product, which does not cancel where the two are nearly equal.
    let missing = ((after - before) * (after + before)).max(0.0).sqrt();
    x.mul_scalar(kept) + noise(step).mul_scalar(missing)
}

/// The estimate of the noise in `x`: `eps = (x − alpha · D) / sigma`.
fn estimated_noise(x: Tensor<2>, denoised: &Tensor<2>, level: &NoiseLevel) -> Tensor<2> {
    (x - denoised.clone().mul_scalar(level.alpha())).div_scalar(level.sigma())
}

/// The share of the noise at `to` that the posterior of an ancestral step draws anew:
/// `tau = 1 − (alpha_t · sigma_s / (alpha_s · sigma_t))²`.
fn renewed_share(step: &Transition) -> f64 {
    let (t, s) = (&step.from, &step.to);
    let kept = t.alpha() * s.sigma() / (s.alpha() * t.sigma());
    (1.0 - kept * kept).max(0.0)
}
