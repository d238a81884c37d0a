//! Runs of diffusion models: config, training step, checkpoints, sampling, figures.
//!
//! [`parse_config`] reads a run file of up to [`CONFIG_LIMIT`] bytes into a [`RunConfig`], from which
//! [`Problem::new`] makes the parts of a run. [`train`], [`resume`] and [`sample_run`] then do the whole of
//! it in a run folder, with the network and the data of [`built_in`], or of [`built_in_for_samples`] where the rows
//! are not at hand. Nothing here prints: an [`Observer`] hears what happens.
//!
//! The stages of a run one by one:
//!
//! - A [`Diffusion`] turns rows, levels and noise into a [`StepBatch`] with its [`Head`]s, each a [`HeadLoss`]
//!   of squared errors or of [`Classes`] (a [`ClassesError`] or a [`BatchError`] says what does not fit), and that is all that an
//!   [`Engine`] sees. [`TapeEngine`] works on Burn's autodiff, [`DirectEngine`] without, on the backends of
//!   the features `flex` and `ndarray`, and `GpuEngine` on a GPU, with the feature `gpu`.
//!   [`use_instructions`] picks the processor's instructions. A step has two halves: [`BatchGradients`] by
//!   groups of rows, with a GPU's [`PartialSums`], and their application; a [`GradientsError`] says which do
//!   not fit. An engine keeps each [`Average`] of the weights by its name, and says by the [`BatchForm`],
//!   with a [`HeadForm`] and a [`HeadKind`] for each loss, what it supports.
//! - A [`Trainer`] makes the steps of any network, keeps the averaged weights and gives [`Metrics`].
//! - [`draw_samples`] samples from a denoiser, such as the [`RunDenoiser`] of a run's networks; [`draw_samples_given`] tells them what a
//!   [`Given`] says of each [`GivenCell`]. A [`GivenFile`] holds rows of such cells, and a [`FillFile`] a table whose empty cells
//!   samples fill, as its [`Filling`] says.
//!   [`write_samples`] writes the samples as CSV or NPY, or as pictures between the [`Tones`] black and white, and `figures` draws them; [`draw_film`] makes a
//!   [`film`] of them moving from noise to data.
//!
//! Data and measures: a [`TableConfig`] names the columns of a file, and a [`fingerprint`] tells one data
//! set from another. [`evaluate_run`] measures samples against held-out rows, by the distances of
//! [`langevin_data::measure`], and judges them, as [`verdict_lines`] says in words; [`denoising_errors`] measures a denoiser level by level, as
//! [`denoising_text`] says in a sentence; [`table_measures`] puts what is measured of tables into a [`MeasureTable`] each.
//!
//! Results: [`report_run`] shows a run on one page, and a [`Comparison`] shows several side by side. Both
//! read [`RunRecords`], and write every [`number`] as people read it. [`export_weights`] writes weights
//! for other programs, and [`write_new_file`] never replaces a file that exists.
//!
//! Around a run: a [`MemoryEstimate`] says whether a run fits into memory, a [`Manifest`] records what
//! made it, and [`newest_run`] finds the latest. A [`TensorMap`] holds weights by name as Python reads
//! them, numbers of rarer types as [`TypedBytes`], and an [`ArrayError`] names the array that does not fit. A [`Reproduction`] makes a run again and
//! compares. [`verify_run`] checks a run's files, each with a [`Finding`] in its [`Verification`]. A
//! [`TrainError`] says what went wrong, and whose fault it is; a [`shell_word`] is a path in a command that it advises,
//! and a character that [`steers_a_terminal`] is not to be printed as it is.
//!
//! To train a Burn module of your own, or on data of your own, implement
//! [`langevin_core::Network`] or [`langevin_data::Dataset`] and give them to [`Trainer::new`] or
//! [`train`].

mod config;
mod engine;
mod error;
mod problem;
mod run;
mod sample;
mod show;
mod store;
mod trainer;

pub use config::{
    BoundConfig, CONFIG_LIMIT, Choice, ConditionConfig, CustomPart, DataConfig, DenoiserConfig,
    EachColumn, EmaConfig, EngineConfig, FigureKind, FilmConfig, FilmPicture, GivenColumns,
    ImageChannels, KeepConfig, LearningRateConfig, NetworkConfig, NetworksConfig, NoiseConfig,
    OptimizerConfig, ReportConfig, RunConfig, SampleConfig, SamplerConfig, ScheduleConfig,
    StartConfig, TableConfig, ToldValues, TrainConfig, field_elsewhere, nearest, parse_config,
    read_config, relative_path, schema, spelled_out,
};
pub use engine::{
    Array, ArrayError, Average, BatchGradients, DirectEngine, Engine, EngineError, GradientsError,
    PartialSums, RunDenoiser, StepOutput, TapeEngine, TensorMap, TypedBytes, Values, row_losses,
    use_instructions,
};
#[cfg(feature = "gpu")]
pub use engine::{DeviceOutput, GpuEngine};
pub use error::{TrainError, shell_word, steers_a_terminal};
pub use problem::{
    BatchError, BatchForm, Classes, ClassesError, Columns, Condition, Diffusion, FreeMemory, Head,
    HeadForm, HeadKind, HeadLoss, MemoryBound, Problem, ProblemBuilder, StepBatch, free_memory,
};
pub use run::{
    Event, Finding, Guide, MemoryEstimate, Observer, Reproduction, RunOptions, RunReport,
    Verification, built_in, built_in_for_samples, built_in_trainer, dry_run, evaluate_run, pace,
    reproduction_tolerance, resume, sample_run, sample_run_given, train, train_with, verify_run,
};
pub use sample::{
    Bounded, FillFile, Filling, Given, GivenCell, GivenFile, Informed, LevelSummary, Samples,
    SamplesFormat, Tones, check_samples, denoising_errors, draw_samples, draw_samples_given,
    level_goal, write_samples,
};
pub use show::{
    ComparedRow, Comparison, MeasureTable, denoising_text, filled_lines, number, single_cell_rows,
    table_measures, verdict_lines,
};
#[cfg(feature = "figures")]
pub use show::{FilmFormat, compare_runs, draw_film, figures, film, report_run};
pub use store::{
    Locking, Machine, Manifest, Program, RunRecords, RunState, Timing, WeightsFormat,
    export_weights, fingerprint, newest_run, newest_unfinished_run, read_run_config, runs_under,
    write_new_file,
};
pub use trainer::{Metrics, StepReport, Trainer};
