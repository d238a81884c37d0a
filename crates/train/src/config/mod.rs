//! One JSON document describes a run: the serde types, their defaults, and what they build.
//!
//! Every default is written out in the resolved copy that a run keeps, and the JSON Schema of
//! `langevin schema` is made from these types.

mod data;
mod denoiser;
mod noise;
mod parse;
mod sampling;
mod table;
mod training;
mod validate;
mod versions;

pub use data::DataConfig;
pub use denoiser::{
    ActivationConfig, DenoiserConfig, EmbeddingConfig, NetworkConfig, NetworksConfig,
    PredictionConfig, QuantityConfig, ShareConfig,
};
pub use noise::{LevelsConfig, NoiseConfig, ScheduleConfig, UniformPer};
pub use parse::{CONFIG_LIMIT, nearest, parse_config, read_config, schema};
pub use sampling::{EndConfig, SampleConfig, SamplerConfig, StartConfig, VarianceConfig};
pub use table::{MissingConfig, TableConfig, TransformConfig, relative_path};
pub use training::{
    EmaConfig, EngineConfig, KeepConfig, LearningRateConfig, LossConfig, OptimizerConfig,
    TrainConfig, WeightingConfig,
};

pub(crate) use versions::fill_defaults;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A whole run: data, noise, denoiser, training, sampling and report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Version of this format: 2, or 1 for what fields that are left out meant in Langevin 0.1.
    #[serde(default = "version")]
    pub version: u32,
    /// Name of the run; its folder is `runs/NAME`.
    pub name: String,
    /// Seed of everything random: the same file with the same seed gives the same run.
    #[serde(default)]
    pub seed: u64,
    /// What the model learns.
    pub data: DataConfig,
    /// Which noise levels exist, and which of them training rows get.
    pub noise: NoiseConfig,
    /// The network and the meaning of its output.
    pub denoiser: DenoiserConfig,
    /// How it is trained.
    pub train: TrainConfig,
    /// How samples are drawn at the end of the run.
    pub sample: SampleConfig,
    /// What is drawn of the run.
    #[serde(default)]
    pub report: ReportConfig,
}

fn version() -> u32 {
    versions::NEWEST
}

/// Samples whose way through the levels is kept, where something is drawn of it.
pub(crate) const TRAJECTORY_ROWS: usize = 2000;

/// What is drawn of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportConfig {
    /// The figures, each as SVG and PNG under `figures/`.
    #[serde(default = "all_figures")]
    pub figures: Vec<FigureKind>,
    /// The film of the samples moving through the levels, `film.gif` and `film.mp4`; none where left
    /// out.
    #[serde(default)]
    pub film: Option<FilmConfig>,
    /// Whether samples are measured against held-out rows: evaluation.json.
    #[serde(default = "yes")]
    pub evaluation: bool,
    /// Whether the run is shown on a page: report.html.
    #[serde(default = "yes")]
    pub page: bool,
}

fn yes() -> bool {
    true
}

impl Default for ReportConfig {
    fn default() -> Self {
        Self { figures: all_figures(), film: None, evaluation: true, page: true }
    }
}

impl ReportConfig {
    /// Whether something is drawn of the samples' way through the levels.
    pub(crate) fn needs_trajectory(&self) -> bool {
        let along = [FigureKind::Trajectory, FigureKind::Density, FigureKind::Cumulative];
        self.film.is_some() || self.figures.iter().any(|kind| along.contains(kind))
    }
}

fn all_figures() -> Vec<FigureKind> {
    vec![FigureKind::Loss, FigureKind::Scatter, FigureKind::Levels]
}

/// A figure of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FigureKind {
    /// Training and held-out loss against the step.
    Loss,
    /// Samples over data.
    Scatter,
    /// Mean and standard deviation along the sampling against the exact goal.
    Levels,
    /// The distribution of each column, samples over data.
    Marginals,
    /// Samples as images beside data.
    Images,
    /// The signal and noise scales of the sampling's levels.
    Noise,
    /// Samples at each level of the sampling.
    Trajectory,
    /// Mean squared distance to the nearest mode at each level.
    Convergence,
    /// Share and spread of the samples by mode.
    Modes,
    /// The exact density of each level with the samples' histogram; filled contours in two dimensions.
    Density,
    /// The exact cumulative distribution of each level with the samples', in one dimension.
    Cumulative,
}

/// A film of the samples moving through the levels, interpolated between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilmConfig {
    /// Its length in seconds.
    #[serde(default = "two_seconds")]
    pub seconds: f64,
    /// Frames a second.
    #[serde(default = "twenty_four")]
    pub fps: u32,
    /// Width and height in pixels, even.
    #[serde(default = "film_size")]
    pub size: u32,
    /// The axes go from minus to plus this; to where the samples are where left out.
    #[serde(default)]
    pub extent: Option<f64>,
    /// What it shows.
    #[serde(default)]
    pub picture: PictureConfig,
    /// Whether there is also a GIF that goes back to its beginning: `film-loop.gif`.
    #[serde(default)]
    pub there_and_back: bool,
}

impl Default for FilmConfig {
    fn default() -> Self {
        Self {
            seconds: two_seconds(),
            fps: twenty_four(),
            size: film_size(),
            extent: None,
            picture: PictureConfig::Points,
            there_and_back: false,
        }
    }
}

/// What a film shows of the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PictureConfig {
    /// Each as a dot: the first two features, or the value over the sample's number.
    #[default]
    Points,
    /// The histogram of the first feature, over the exact density where data of one feature states it.
    Density,
}

fn film_size() -> u32 {
    480
}
fn two_seconds() -> f64 {
    2.0
}
fn twenty_four() -> u32 {
    24
}
