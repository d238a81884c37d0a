//! The direct engine for GPUs: the step of a multilayer perceptron by kernels of its own, a few
//! launches, one upload, and nothing read back.

mod activation;
mod device;
mod engine;
mod learner;
mod numbers;
mod pass;
mod plan;
mod product;
mod update;

pub use engine::GpuEngine;
pub(crate) use engine::client;
pub use numbers::DeviceOutput;
pub(crate) use numbers::read;
