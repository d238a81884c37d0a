//! A run's parts: what makes batches of rows, levels and noise, with all that is diffusion in them.

pub(crate) mod diffusion;
mod free_memory;

pub use diffusion::{Columns, Diffusion, StepBatch};
pub use free_memory::free_memory;
