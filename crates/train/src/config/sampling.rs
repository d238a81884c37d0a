//! `sample`: how samples are drawn.

use langevin_core::{
    AncestralVariance, CoreError, Ddim, Ddpm, Dpm2, End, Euler, Guidance, Heun, Resampling,
    Sampler, Subtract,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    CustomPart, ToldValues,
    ranges::{above_zero, at_least_one},
};
use crate::{TrainError, error::in_section};

/// The most repeats of the last step.
const MOST_REPEATS: usize = 10_000;

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
    pub end: End,
    /// What the estimate of the clean rows is kept within.
    #[serde(default)]
    pub bound: BoundConfig,
    /// What the samples are told: `"as_data"`, which is the same as a training row each, or values of columns by their
    /// names, as `{"species": "Adelie"}`.
    #[serde(default)]
    pub condition: ToldValues,
    /// How far samples are moved towards what they are told; not at all where left out.
    #[serde(default)]
    pub guidance: Guidance,
    /// How the rest is filled in where values are given to a model that was not trained to be told any; they are refused
    /// where left out.
    #[serde(default)]
    pub inpaint: Option<Resampling>,
}

fn thousand() -> usize {
    1000
}

impl SampleConfig {
    /// Checks the section by itself.
    ///
    /// # Errors
    /// A field out of its range, by its path.
    pub(crate) fn validate(&self) -> Result<(), TrainError> {
        at_least_one("sample.count", self.count as u64)?;
        if let End::Clean { repeats } = self.end
            && repeats > MOST_REPEATS
        {
            let message = format!("must be at most {MOST_REPEATS}, got {repeats}");
            return Err(TrainError::config("sample.end.repeats", message));
        }
        if let StartConfig::Gaussian { std, .. } = &self.start {
            above_zero("sample.start.std", *std)?;
        }
        if let Some(resampling) = &self.inpaint {
            resampling.check().map_err(in_section("sample.inpaint"))?;
        }
        // How many features it needs is known with the data.
        self.guidance.check(usize::MAX).map_err(in_section("sample.guidance"))?;
        if let Some((path, row)) = self.start.row()
            && (row.is_empty() || !row.iter().all(|x| (*x as f32).is_finite()))
        {
            return Err(TrainError::config(
                path,
                format!("must hold numbers that are finite as 32-bit floats, got {row:?}"),
            ));
        }
        Ok(())
    }
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
    /// DPM-Solver-2, a second-order method that asks the network at levels between.
    Dpm2 {
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
        /// Scale of the fresh noise: 0 is deterministic, 1 ancestral.
        #[serde(default)]
        eta: f64,
    },
    /// DDPM's ancestral sampling.
    Ddpm {
        /// Noise levels used.
        steps: usize,
        /// Which of DDPM's two variances.
        #[serde(default)]
        variance: AncestralVariance,
        /// Number of last steps without fresh noise, counting the step to sigma = 0, which never gets
        /// any.
        #[serde(default = "one_step")]
        quiet_steps: usize,
    },
    /// Subtracts the network's output, which is the step of a `level_step` prediction, over the whole
    /// grid.
    Subtract {
        /// Noise levels used, all of the schedule's.
        steps: usize,
    },
    /// A user's own `Sampler`, given by a program of theirs.
    Custom {
        /// Name of the sampler.
        name: String,
        /// Noise levels used.
        steps: usize,
        /// Settings that the program reads.
        #[serde(default)]
        settings: Map<String, Value>,
    },
}

fn one_step() -> usize {
    1
}

impl SamplerConfig {
    /// The method's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Heun { .. } => "heun",
            Self::Dpm2 { .. } => "dpm2",
            Self::Euler { .. } => "euler",
            Self::Ddim { .. } => "ddim",
            Self::Ddpm { .. } => "ddpm",
            Self::Subtract { .. } => "subtract",
            Self::Custom { .. } => "custom",
        }
    }

    /// Noise levels used.
    pub const fn steps(&self) -> usize {
        match self {
            Self::Heun { steps }
            | Self::Dpm2 { steps }
            | Self::Euler { steps }
            | Self::Ddim { steps, .. }
            | Self::Ddpm { steps, .. }
            | Self::Subtract { steps }
            | Self::Custom { steps, .. } => *steps,
        }
    }

    /// The user's own sampler; `None` for one of ours.
    pub(crate) fn custom(&self) -> Option<CustomPart> {
        let Self::Custom { name, settings, .. } = self else { return None };
        Some(CustomPart { name: name.clone(), settings: settings.clone() })
    }

    /// Builds the sampler; `None` for a user's own.
    ///
    /// # Errors
    /// A parameter out of its range.
    pub fn build(&self) -> Result<Option<Box<dyn Sampler>>, CoreError> {
        let sampler: Box<dyn Sampler> = match *self {
            Self::Heun { .. } => Box::new(Heun),
            Self::Dpm2 { .. } => Box::new(Dpm2),
            Self::Euler { .. } => Box::new(Euler),
            Self::Ddim { eta, .. } => Box::new(Ddim::new(eta)?),
            Self::Subtract { .. } => Box::new(Subtract),
            Self::Ddpm { variance, quiet_steps, .. } => Box::new(Ddpm { variance, quiet_steps }),
            Self::Custom { .. } => return Ok(None),
        };
        Ok(Some(sampler))
    }
}

/// What the estimate of the clean rows is kept within while sampling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum BoundConfig {
    /// Nothing.
    None,
    /// The range of the training rows by feature, each end moved outwards by the distance between its
    /// outermost value and its tenth, and by half the spread of all features.
    #[default]
    Data,
}

/// What sampling starts from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum StartConfig {
    /// As `noise` where the data's mean and standard deviation at the first level are within a hundredth
    /// of that standard deviation of N(0, sigma²) along every axis, else as `marginal`. Of data that
    /// does not state its mean and variance, 10,000 training rows do.
    #[default]
    Matched,
    /// N(0, sigma²) at the first level; refused where the data's marginal is off by more than a twentieth
    /// of its standard deviation. The default of version 1.
    Noise,
    /// A Gaussian with the data's mean and standard deviation along each axis at the first level.
    Marginal,
    /// The Gaussian stated here.
    Gaussian {
        /// Mean of the Gaussian: the same number for all features, or one number per feature.
        mean: Vec<f64>,
        /// Standard deviation of the Gaussian.
        std: f64,
    },
    /// What one row of data has become at the first level: N(alpha · row, sigma²).
    Row {
        /// The row: the same number for all features, or one number per feature.
        row: Vec<f64>,
    },
    /// The data's exact distribution at the first level, by the inverse of its cumulative
    /// distribution: for data of one feature.
    Exact,
}

impl StartConfig {
    /// The numbers that a start states, one or one per feature, and their path in the run file. Returns
    /// `None` for a start that states none.
    pub(crate) fn row(&self) -> Option<(&'static str, &[f64])> {
        match self {
            Self::Gaussian { mean, .. } => Some(("sample.start.mean", mean)),
            Self::Row { row } => Some(("sample.start.row", row)),
            Self::Matched | Self::Noise | Self::Marginal | Self::Exact => None,
        }
    }
}
