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

/// The length of a row of a matrix of so many columns: whole lines of 16, and beyond 64 columns an odd
/// number of them, so that a column's numbers don't all lie in the same few banks.
const fn stride(columns: usize) -> usize {
    let lines = columns.div_ceil(16);
    16 * if lines > 4 { lines | 1 } else { lines }
}
