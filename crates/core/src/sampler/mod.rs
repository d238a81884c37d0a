//! Samplers, from noise to data: the trait of one step, and the one loop that drives every sampler.

mod ddim;
mod ddpm;
mod euler;
mod heun;
mod subtract;
#[cfg(test)]
mod tests;

pub use ddim::Ddim;
pub use ddpm::{AncestralVariance, Ddpm};
pub use euler::Euler;
pub use heun::Heun;
pub use subtract::Subtract;

use burn::tensor::Tensor;

use crate::{Denoiser, NoiseLevel};

/// One step's two levels, and its place among all steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transition {
    /// The level that the rows are at; its sigma is above 0.
    pub from: NoiseLevel,
    /// The level that the rows go to; its sigma is 0 in the step to clean data.
    pub to: NoiseLevel,
    /// The step's number, from 0.
    pub index: usize,
    /// Number of steps from `from` to sigma = 0, this one included; 1 in repeats of the last step.
    ///
    /// The step to sigma = 0 counts even where sampling ends before it.
    pub left: usize,
}

/// Source of standard normal rows for a step, `[batch, features]` in the dtype of the sampled rows.
///
/// Each call gives fresh numbers, which depend on the step and on the number of the call alone. So a
/// sampler that asks for no noise in one step changes nothing in the others.
pub type Noise<'a> = dyn FnMut(&Transition) -> Tensor<2> + 'a;

/// One step of a sampling method.
pub trait Sampler: Send + Sync {
    /// Takes rows from the level `step.from` to the level `step.to`.
    ///
    /// # Shapes
    /// `x` and the result `[batch, features]`, of the same dtype.
    fn step(
        &self,
        x: Tensor<2>,
        denoiser: &dyn Denoiser,
        condition: Option<&Tensor<2>>,
        step: &Transition,
        noise: &mut Noise,
    ) -> Tensor<2>;

    /// Number of calls of the denoiser that a step makes.
    fn calls(&self, step: &Transition) -> usize;
}

/// Where sampling ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)
)]
pub enum End {
    /// At sigma = 0, which the loop appends to the levels.
    Clean {
        /// How many more times the step to sigma = 0 is made, as if its rows were still at the last
        /// level. Only published systems that did so need more than 0.
        #[cfg_attr(feature = "serde", serde(default))]
        repeats: usize,
    },
    /// At the last level, whose noise the samples keep.
    LastLevel,
}

impl Default for End {
    fn default() -> Self {
        Self::CLEAN
    }
}

impl End {
    /// Sampling to sigma = 0, without repeats of the last step.
    pub const CLEAN: Self = Self::Clean { repeats: 0 };

    /// The levels that rows visit: the first of `levels`, then the level after each step.
    pub fn visited(self, levels: &[NoiseLevel]) -> Vec<NoiseLevel> {
        levels
            .iter()
            .copied()
            .take(1)
            .chain(transitions(levels, self).map(|step| step.to))
            .collect()
    }
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

/// Draws samples: takes the rows `x` from the first of `levels` through all of them to `end`.
///
/// This is the only sampling loop; every sampler is a step under it. The step to sigma = 0 never adds
/// noise.
///
/// # Shapes
/// `x` and the result `[batch, features]`; the method runs in the dtype of `x`.
#[allow(clippy::too_many_arguments, reason = "the one place where all parts meet")]
pub fn sample(
    sampler: &dyn Sampler,
    denoiser: &dyn Denoiser,
    condition: Option<&Tensor<2>>,
    levels: &[NoiseLevel],
    end: End,
    mut x: Tensor<2>,
    noise: &mut Noise,
    observer: &mut dyn FnMut(&Progress),
) -> Tensor<2> {
    let steps: Vec<_> = transitions(levels, end).collect();
    if let Some(first) = levels.first() {
        observer(&Progress { step: 0, steps: steps.len(), level: *first, x: &x });
    }
    for step in &steps {
        x = sampler.step(x, denoiser, condition, step, noise);
        observer(&Progress { step: step.index + 1, steps: steps.len(), level: step.to, x: &x });
    }
    x
}

/// The steps from each level to the next, and from the last level to `end`.
fn transitions(levels: &[NoiseLevel], end: End) -> impl Iterator<Item = Transition> {
    let clean = match (end, levels.last()) {
        (End::Clean { repeats }, Some(last)) => Some((*last, 1 + repeats)),
        _ => None,
    };
    let to_clean = clean
        .into_iter()
        .flat_map(|(last, times)| std::iter::repeat_n((last, NoiseLevel::CLEAN, 1), times));
    let pairs = levels.iter().zip(levels.iter().skip(1)).enumerate();
    let between = pairs.map(|(i, (from, to))| (*from, *to, levels.len() - i));
    between.chain(to_clean).enumerate().map(|(index, (from, to, left))| Transition {
        from,
        to,
        index,
        left,
    })
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
