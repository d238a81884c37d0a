//! The direct engine: the step of a multilayer perceptron without Burn's tape.

mod activation;
mod buffer;
mod engine;
mod form;
mod functions;
mod gradients;
mod learner;
mod loss;
mod pass;
mod product;
mod simd;
mod update;

pub use engine::DirectEngine;

#[cfg(test)]
mod tests;
