//! The article's sampler: subtracts the network's output, level by level.

use burn::tensor::Tensor;

use super::{Noise, Sampler, Transition};
use crate::Denoiser;

/// The published level-by-level step: `x_s = x_t − F`.
///
/// F is the output of a [`LevelStep`](crate::Prediction::LevelStep) network. For any other denoiser, F
/// is its estimated noise in excess of the next level's, and the step is [`Euler`](super::Euler)'s.
///
/// Every level of the grid must be visited, since F leads to the next level only. One call a step.
/// Source: Bouvier 2024, "Introduction to diffusion models".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subtract;

impl Sampler for Subtract {
    fn step(
        &self,
        x: Tensor<2>,
        denoiser: &dyn Denoiser,
        condition: Option<&Tensor<2>>,
        step: &Transition,
        _noise: &mut Noise,
    ) -> Tensor<2> {
        let excess = denoiser.level_step(x.clone(), &step.from, condition);
        x - excess
    }

    fn calls(&self, _step: &Transition) -> usize {
        1
    }
}
