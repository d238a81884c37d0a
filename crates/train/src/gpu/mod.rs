//! The direct engine for GPUs: the step of a multilayer perceptron by kernels of its own, a dozen
//! launches, one upload, and nothing read back.

mod activation;
mod device;
mod engine;
mod pass;
mod plan;
mod product;
mod update;

pub use device::DeviceOutput;
pub(crate) use device::read;
pub use engine::GpuEngine;
pub(crate) use engine::client;
