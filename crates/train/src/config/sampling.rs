//! `sample`: how samples are drawn.

use langevin_core::{
    AncestralVariance, CoreError, Ddim, Ddpm, End, Euler, Heun, Sampler, Subtract,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How samples are drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SampleConfig {
    /// The sampling method.
    pub sampler: SamplerConfig,
    /// Samples drawn at the end of the run.
    #[serde(default = "thousand")]
    pub count: usize,
    /// What sampling starts from.
    #[serde(default)]
    pub start: StartConfig,
    /// Where sampling ends.
    #[serde(default)]
    pub end: EndConfig,
}

fn thousand() -> usize {
    1000
}

/// The sampling method and its number of steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SamplerConfig {
    /// Heun's second-order method (EDM).
    Heun {
        /// Noise levels used.
        steps: usize,
    },
    /// Euler's method.
    Euler {
        /// Noise levels used.
        steps: usize,
    },
    /// DDIM.
    Ddim {
        /// Noise levels used.
        steps: usize,
        /// 0 is deterministic, 1 ancestral.
        #[serde(default)]
        eta: f64,
    },
    /// DDPM's ancestral sampling.
    Ddpm {
        /// Noise levels used.
        steps: usize,
        /// Which of DDPM's two variances.
        #[serde(default)]
        variance: VarianceConfig,
        /// Steps without fresh noise, counted from the one to sigma = 0, which never gets any.
        #[serde(default = "one_step")]
        quiet_steps: usize,
    },
    /// Takes off what the network gives: the step of a `level_step` prediction, over its whole grid.
    Subtract {
        /// Noise levels used, all of the schedule's.
        steps: usize,
    },
}

fn one_step() -> usize {
    1
}

/// Which of DDPM's two variances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VarianceConfig {
    /// The posterior's.
    #[default]
    Lower,
    /// beta.
    Upper,
}

impl SamplerConfig {
    /// The method's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Heun { .. } => "heun",
            Self::Euler { .. } => "euler",
            Self::Ddim { .. } => "ddim",
            Self::Ddpm { .. } => "ddpm",
            Self::Subtract { .. } => "subtract",
        }
    }

    /// Noise levels used.
    pub const fn steps(&self) -> usize {
        match self {
            Self::Heun { steps } | Self::Euler { steps } | Self::Subtract { steps } => *steps,
            Self::Ddim { steps, .. } | Self::Ddpm { steps, .. } => *steps,
        }
    }

    /// The sampler itself.
    ///
    /// # Errors
    /// A parameter out of its range.
    pub fn build(&self) -> Result<Box<dyn Sampler>, CoreError> {
        Ok(match *self {
            Self::Heun { .. } => Box::new(Heun),
            Self::Euler { .. } => Box::new(Euler),
            Self::Ddim { eta, .. } => Box::new(Ddim::new(eta)?),
            Self::Subtract { .. } => Box::new(Subtract),
            Self::Ddpm { variance, quiet_steps, .. } => Box::new(Ddpm {
                quiet_steps,
                variance: match variance {
                    VarianceConfig::Lower => AncestralVariance::Lower,
                    VarianceConfig::Upper => AncestralVariance::Upper,
                },
            }),
        })
    }
}

/// What sampling starts from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum StartConfig {
    /// N(0, sigma²) of the first level; refused where the data's marginal is another.
    Noise {},
    /// A Gaussian with the data's mean and standard deviation along each axis at the first level.
    Marginal {},
    /// The Gaussian stated here.
    Gaussian {
        /// Its mean: one number for every feature, or one number a feature.
        mean: Vec<f64>,
        /// Its standard deviation.
        std: f64,
    },
    /// What one row of data has become at the first level: N(alpha · row, sigma²).
    Row {
        /// One number for every feature, or one number a feature.
        row: Vec<f64>,
    },
    /// The data's exact distribution at the first level, by the inverse of its cumulative
    /// distribution: for data of one feature.
    Exact {},
}

impl StartConfig {
    /// The row that a start is made of, and its path in the run file.
    pub(crate) fn row(&self) -> Option<(&'static str, &[f64])> {
        match self {
            Self::Gaussian { mean, .. } => Some(("sample.start.mean", mean)),
            Self::Row { row } => Some(("sample.start.row", row)),
            Self::Noise {} | Self::Marginal {} | Self::Exact {} => None,
        }
    }
}

/// Where sampling ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum EndConfig {
    /// At sigma = 0.
    Clean {
        /// How many more times the step there is made, as if from the last level.
        #[serde(default)]
        repeats: usize,
    },
    /// At the last level, whose noise the samples keep.
    LastLevel {},
}

impl Default for EndConfig {
    fn default() -> Self {
        Self::Clean { repeats: 0 }
    }
}

impl EndConfig {
    /// The end itself.
    pub const fn build(&self) -> End {
        match *self {
            Self::Clean { repeats } => End::Clean { repeats },
            Self::LastLevel {} => End::LastLevel,
        }
    }
}

impl Default for StartConfig {
    fn default() -> Self {
        Self::Noise {}
    }
}
