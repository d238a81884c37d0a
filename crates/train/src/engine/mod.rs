//! Engines, which turn a [`StepBatch`](crate::problem::StepBatch) into a step of a network's weights.
//!
//! An engine sees batches, and knows neither where they come from nor run folders. The tape takes any
//! network. The direct engines compute the same for Langevin's own network, on the processor and on a
//! GPU.

mod averages;
mod by_name;
mod choice;
mod error;
mod halves;
pub(crate) mod mlp_cpu;
#[cfg(feature = "gpu")]
pub(crate) mod mlp_gpu;
pub(crate) mod optimizer;
mod step;
mod tape;
mod tape_losses;
pub(crate) mod tensors;
pub(crate) mod transfer;

pub use averages::Average;
pub(crate) use choice::engine_for;
pub use error::EngineError;
pub use halves::{BatchGradients, GradientsError, PartialSums};
pub use mlp_cpu::{DirectEngine, RunDenoiser, use_instructions};
#[cfg(feature = "gpu")]
pub use mlp_gpu::{DeviceOutput, GpuEngine};
pub use step::{Engine, StepOutput};
pub use tape::{TapeEngine, row_losses};
pub use tensors::{Array, ArrayError, TensorMap, TypedBytes, Values};

#[cfg(test)]
pub(crate) mod tests;
