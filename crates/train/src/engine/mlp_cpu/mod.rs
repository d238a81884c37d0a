//! The direct engine: the step of a multilayer perceptron without Burn's tape.

mod activation;
pub(crate) mod buffer;
mod denoiser;
mod divide;
pub(crate) mod engine;
pub(crate) mod form;
mod functions;
pub(crate) mod gradients;
mod heads;
pub(crate) mod known;
pub(crate) mod learner;
mod loss;
mod panels;
pub(crate) mod pass;
mod position;
mod product;
pub(crate) mod simd;
mod team;
pub(crate) mod update;

pub use denoiser::RunDenoiser;
pub use engine::DirectEngine;
pub(crate) use gradients::most_groups;
pub(crate) use known::{is_processor, same_seed};
pub(crate) use simd::InstructionSet;
pub use simd::use_instructions;

#[cfg(test)]
mod tests;
