//! A run from its run file to its results: trained, resumed, sampled again, measured, verified, made again.

mod conditionals;
mod data;
pub(crate) mod evaluate;
mod guide;
mod level_remarks;
mod memory;
pub(crate) mod observer;
mod pace;
mod reproduce;
mod results;
mod resume;
pub(crate) mod session;
mod single_cells;
pub(crate) mod train;
mod trained;
mod verify;

pub use data::{built_in, built_in_for_samples};
pub use guide::Guide;
pub use memory::MemoryEstimate;
pub use observer::{Event, Observer, RunOptions, RunReport};
pub use pace::pace;
pub use reproduce::{Reproduction, reproduction_tolerance};
pub use results::{evaluate_run, sample_run, sample_run_given};
pub use resume::resume;
pub use train::{built_in_trainer, dry_run, train, train_with};
pub use verify::{Finding, Verification, verify_run};
