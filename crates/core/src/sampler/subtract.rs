//! The article's sampler: subtracts the network's output, level by level.

use burn::tensor::Tensor;

use super::{Noise, Plan, Sampler, Steps, Transition};
use crate::{CoreError, Denoiser, denoiser::level_step};

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
    fn start(&self, _plan: &Plan) -> Box<dyn Steps + '_> {
        Box::new(*self)
    }
}

impl Steps for Subtract {
    fn step(
        &mut self,
        x: Tensor<2>,
        denoiser: &dyn Denoiser,
        step: &Transition,
        _noise: &mut Noise,
    ) -> Result<Tensor<2>, CoreError> {
        let excess = level_step(denoiser, x.clone(), &step.from)?;
        Ok(x - excess)
    }
}
