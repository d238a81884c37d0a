//! The direct engine: the step of a multilayer perceptron without Burn's tape.

mod activation;
mod buffer;
mod denoiser;
mod divide;
mod engine;
mod form;
mod functions;
mod gradients;
mod learner;
mod loss;
mod panels;
mod pass;
mod product;
mod simd;
mod team;
mod update;

pub use denoiser::RunDenoiser;
pub use engine::DirectEngine;
pub(crate) use engine::is_processor;
pub(crate) use gradients::most_groups;

#[cfg(test)]
mod tests;
