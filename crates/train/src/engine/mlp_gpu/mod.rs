//! The direct engine for GPUs: it trains a multilayer perceptron by kernels of its own. A step is one upload
//! and a few launches, and reads nothing back.

mod activation;
mod arguments;
mod device;
mod engine;
mod halves;
mod heads;
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

/// Length of a matrix row of `columns` columns: whole lines of 16 numbers. Beyond 64 columns the number of
/// lines is odd, so that the numbers of a column are spread over the banks of the memory.
const fn stride(columns: usize) -> usize {
    let lines = columns.div_ceil(16);
    16 * if lines > 4 { lines | 1 } else { lines }
}
