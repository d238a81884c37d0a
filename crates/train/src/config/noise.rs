//! `noise`: which levels exist, and which of them training rows get.

use langevin_core::{
    Betas, CoreError, Karras, LevelGrid, LevelSampler, NoiseSchedule, RectifiedFlow, cosine_betas,
    karras_betas, linear_betas,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Choice, CustomPart};

/// Which noise levels exist, and which of them training rows get.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoiseConfig {
    /// Which levels exist.
    pub schedule: ScheduleConfig,
    /// Which of the levels a training row gets.
    #[serde(default)]
    pub levels: Choice<LevelSampler>,
}

/// Which noise levels exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ScheduleConfig {
    /// EDM's variance-exploding path: alpha = 1, sigma by a power law.
    Karras {
        /// The least noise.
        #[serde(default = "sigma_min")]
        sigma_min: f64,
        /// The most noise.
        #[serde(default = "sigma_max")]
        sigma_max: f64,
        /// The power: larger puts more levels near sigma_min.
        #[serde(default = "rho")]
        rho: f64,
        /// Number of levels of a discrete grid, which alone are trained and sampled; all levels
        /// between the two where left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        steps: Option<usize>,
    },
    /// DDPM's grid of the given betas, of which the first is next to the data.
    Betas {
        /// Variances of the forward steps.
        betas: Vec<f64>,
    },
    /// DDPM's grid of evenly spaced betas.
    LinearBetas {
        /// Number of levels.
        #[serde(default = "thousand")]
        steps: usize,
        /// The beta next to the data.
        #[serde(default = "beta_start")]
        beta_start: f64,
        /// The beta next to the noise.
        #[serde(default = "beta_end")]
        beta_end: f64,
    },
    /// DDPM's grid of betas that rise by EDM's power law.
    KarrasBetas {
        /// Number of levels.
        steps: usize,
        /// The beta next to the data.
        beta_start: f64,
        /// The beta next to the noise.
        beta_end: f64,
        /// The power: larger puts more betas near beta_start.
        #[serde(default = "rho")]
        rho: f64,
    },
    /// The grid of Nichol and Dhariwal.
    Cosine {
        /// Number of levels.
        #[serde(default = "thousand")]
        steps: usize,
    },
    /// The straight path of flow matching: alpha = 1 − t, sigma = t.
    RectifiedFlow {
        /// The least noise.
        #[serde(default = "t_min")]
        t_min: f64,
        /// The most noise, at most 1.
        #[serde(default = "one")]
        t_max: f64,
    },
    /// A user's own `NoiseSchedule`, given by a program of theirs.
    Custom(CustomPart),
}

fn sigma_min() -> f64 {
    0.002
}
fn sigma_max() -> f64 {
    80.0
}
fn rho() -> f64 {
    7.0
}
fn thousand() -> usize {
    1000
}
fn beta_start() -> f64 {
    1e-4
}
fn beta_end() -> f64 {
    0.02
}
fn t_min() -> f64 {
    1e-3
}
fn one() -> f64 {
    1.0
}

impl ScheduleConfig {
    /// Builds the noise schedule; `None` for a user's own.
    ///
    /// # Errors
    /// A parameter out of its range.
    pub fn build(&self) -> Result<Option<Box<dyn NoiseSchedule>>, CoreError> {
        let schedule: Box<dyn NoiseSchedule> = match self {
            Self::Karras { sigma_min, sigma_max, rho, steps } => {
                let path = Karras::new(*sigma_min, *sigma_max, *rho)?;
                match steps {
                    Some(steps) => Box::new(LevelGrid::of(&path, *steps)?),
                    None => Box::new(path),
                }
            }
            Self::KarrasBetas { steps, beta_start, beta_end, rho } => {
                Box::new(Betas::new(&karras_betas(*steps, *beta_start, *beta_end, *rho)?)?)
            }
            Self::Betas { betas } => Box::new(Betas::new(betas)?),
            Self::LinearBetas { steps, beta_start, beta_end } => {
                Box::new(Betas::new(&linear_betas(*steps, *beta_start, *beta_end)?)?)
            }
            Self::Cosine { steps } => Box::new(Betas::new(&cosine_betas(*steps)?)?),
            Self::RectifiedFlow { t_min, t_max } => Box::new(RectifiedFlow::new(*t_min, *t_max)?),
            Self::Custom(_) => return Ok(None),
        };
        Ok(Some(schedule))
    }
}
