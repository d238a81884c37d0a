//! Runs of diffusion models: config, training step, checkpoints, sampling, figures.
//!
//! [`parse_config`] reads a run file of up to [`CONFIG_LIMIT`] bytes into a [`RunConfig`], and [`train`], [`resume`] and [`sample_run`]
//! do the whole of it in a run folder. Nothing here prints: an [`Observer`] hears what happens.
//!
//! The same step by step:
//!
//! - A [`Diffusion`] turns rows, levels and noise into a [`StepBatch`], and that is all that an
//!   [`Engine`] sees; [`TapeEngine`] works on Burn's autodiff, [`DirectEngine`] without, and on a GPU, with
//!   the feature `gpu`, `GpuEngine`.
//! - A [`Trainer`] makes the steps of any network, keeps the averaged weights and gives [`Metrics`].
//! - [`draw_samples`] samples from a denoiser, such as the [`RunDenoiser`] of a run's networks,
//!   [`write_samples`] writes the rows as CSV or NPY, and `figures` draws them; [`draw_film`] makes a
//!   [`film`] of them moving from noise to data.
//!
//! Real data: a [`TableConfig`] names the columns of a file. [`evaluate_run`] measures samples against
//! held-out rows, by the distances of [`evaluation`]; [`report_run`] shows a run on one page, a
//! [`Comparison`] shows several side by side, and [`RunRecords`] is what both read. [`export_weights`]
//! writes weights for other programs. A [`fingerprint`] tells data apart, and nothing takes the place of
//! a file that is there ([`write_new_file`]).
//!
//! A [`number`] is written as people read it.
//!
//! Around a run: a [`MemoryEstimate`] says whether it fits, its [`Manifest`] what made it,
//! [`newest_run`] where the last one lies, a [`TensorMap`] holds weights by name as Python reads them.
//! A [`Reproduction`] makes a run again and compares, [`verify_run`] says whether its files are sound, finding by [`Finding`] in a [`Verification`].
//! A [`TrainError`] says what went wrong, and whose fault it is.
//!
//! To train a Burn module of your own, or on data of your own, implement
//! [`langevin_core::Network`] or [`langevin_data::Dataset`] and give them to [`Trainer::new`] or
//! [`train`].

mod checkpoint;
mod comparison;
mod config;
mod diffusion;
mod direct;
mod disk;
mod durable;
mod engine;
mod error;
mod evaluate;
pub mod evaluation;
mod export;
#[cfg(feature = "figures")]
pub mod figures;
#[cfg(feature = "figures")]
pub mod film;
#[cfg(feature = "figures")]
mod films;
mod fingerprint;
mod folder;
#[cfg(feature = "gpu")]
mod gpu;
mod level_remarks;
mod manifest;
mod memory;
mod numbers;
mod observer;
mod optimizer;
#[cfg(feature = "figures")]
mod page;
mod records;
#[cfg(feature = "figures")]
mod report;
mod reproduce;
mod run;
mod run_files;
mod samples_file;
mod sampling;
mod session;
mod spaces;
mod tensors;
mod trainer;
mod trajectory;
mod transfer;
mod verify;

pub use comparison::{ComparedRow, Comparison};
pub use config::{
    DataConfig, DenoiserConfig, EmaConfig, EngineConfig, FigureKind, FilmConfig, FilmPicture,
    KeepConfig, LearningRateConfig, NetworkConfig, NetworksConfig, NoiseConfig, OptimizerConfig,
    ReportConfig, RunConfig, SampleConfig, SamplerConfig, ScheduleConfig, StartConfig, TableConfig,
    TrainConfig, nearest, parse_config, read_config, relative_path, schema,
};
pub use diffusion::{Columns, Diffusion, StepBatch};
pub use direct::{DirectEngine, RunDenoiser};
pub use durable::write_new as write_new_file;
pub use engine::{Engine, StepOutput, TapeEngine, row_losses};
pub use error::TrainError;
pub use export::{WeightsFormat, export_weights};
#[cfg(feature = "figures")]
pub use films::{FilmFormat, draw_film};
pub use fingerprint::fingerprint;
pub use folder::{newest_run, read_run_config};
#[cfg(feature = "gpu")]
pub use gpu::{DeviceOutput, GpuEngine};
pub use manifest::{Machine, Manifest, Program, RunState};
pub use memory::{MemoryEstimate, free_memory};
pub use numbers::number;
pub use observer::{Event, Observer, RunOptions, RunReport};
pub use records::{RunRecords, Timing, runs_under};
#[cfg(feature = "figures")]
pub use report::{compare_runs, report_run};
pub use reproduce::{Reproduction, reproduction_tolerance};
pub use run::{built_in, dry_run, evaluate_run, resume, sample_run, train};
pub use run_files::CONFIG_LIMIT;
pub use samples_file::{SamplesFormat, write_samples};
pub use sampling::{LevelSummary, Samples, draw_samples, level_goal};
pub use tensors::{Array, TensorMap, Values};
pub use trainer::{Metrics, StepReport, Trainer};
pub use verify::{Finding, Verification, verify_run};
