//! Run files, one JSON document for a run: the serde types, their defaults, and what they build.
//!
//! Every default is written out in the resolved copy that a run keeps, and the JSON Schema of
//! `langevin schema` is made from these types.

mod condition;
mod custom;
mod data;
mod denoiser;
mod film;
mod learning_rate;
mod mend;
mod noise;
mod parse;
mod pictures;
mod pixels;
mod ranges;
mod repeated;
mod report;
mod sampling;
mod synonyms;
mod table;
mod told_values;
mod training;
mod versions;
mod wording;

pub use condition::{ConditionConfig, GivenColumns};
pub use custom::{Choice, CustomPart};
pub use data::DataConfig;
pub use denoiser::{DenoiserConfig, NetworkConfig, NetworksConfig};
pub use film::{Course, FilmConfig, FilmFault, FilmPicture, MOST_GIF_FPS};
pub use learning_rate::LearningRateConfig;
pub use noise::{NoiseConfig, ScheduleConfig};
pub use parse::{CONFIG_LIMIT, parse_config, read_config, schema};
pub use pixels::{EachColumn, ImageChannels};
pub use report::{FigureKind, ReportConfig, TRAJECTORY_ROWS};
pub use sampling::{BoundConfig, SampleConfig, SamplerConfig, StartConfig};
pub use synonyms::field_elsewhere;
pub use table::{BUILT_IN, TableConfig, relative_path};
pub use told_values::ToldValues;
pub use training::{EmaConfig, EngineConfig, KeepConfig, OptimizerConfig, TrainConfig};
pub use wording::{nearest, spelled_out};

pub(crate) use versions::fill_defaults;
pub(crate) use wording::{list, no_column};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::TrainError;

/// A whole run: data, noise, denoiser, training, sampling and report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Version of this format: 2, or 1 for the defaults of Langevin 0.1.
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
    /// How the network is trained.
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

impl RunConfig {
    /// Checks each section by itself. [`Problem::new`](crate::Problem::new) checks the parts that it
    /// makes of the sections, and whether they fit each other.
    ///
    /// # Errors
    /// The first field that is out of its range, by its path.
    pub(crate) fn validate(&self) -> Result<(), TrainError> {
        versions::check_version(self.version)?;
        self.validate_name()?;
        self.data.validate()?;
        self.denoiser.validate()?;
        self.train.validate()?;
        self.sample.validate()?;
        self.report.validate()
    }

    fn validate_name(&self) -> Result<(), TrainError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if self.name.is_empty()
            || self.name.len() > 100
            || self.name.starts_with('.')
            || !self.name.chars().all(allowed)
        {
            let requirement =
                "must be 1 to 100 letters, digits, '.', '_' or '-', not starting with '.'";
            return Err(TrainError::config("name", format!("{requirement}, got {:?}", self.name)));
        }
        Ok(())
    }
}
