//! `data`: what the model learns.

use langevin_data::{
    Checkerboard, DataError, Dataset, EightGaussians, Gaussian, GaussianMixture, Rings, Spiral,
    SwissRoll, TwoMoons,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the model learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DataConfig {
    /// One Gaussian with the same standard deviation along every axis.
    Gaussian {
        /// Its mean, one number a feature.
        mean: Vec<f64>,
        /// Its standard deviation along every axis.
        std: f64,
    },
    /// Gaussians of equal standard deviation.
    GaussianMixture {
        /// Their means, one list of features each.
        means: Vec<Vec<f64>>,
        /// Their standard deviation along every axis.
        std: f64,
        /// Their shares; equal where left out.
        #[serde(default)]
        weights: Option<Vec<f64>>,
    },
    /// Eight Gaussians on a circle.
    EightGaussians {
        /// Radius of the circle.
        #[serde(default = "two")]
        radius: f64,
        /// Standard deviation of each.
        #[serde(default = "twentieth")]
        std: f64,
    },
    /// Two interleaved half circles.
    TwoMoons {
        /// Standard deviation of the noise around them.
        #[serde(default = "twentieth")]
        noise: f64,
    },
    /// An Archimedean spiral.
    Spiral {
        /// Its turns.
        #[serde(default = "two")]
        turns: f64,
        /// Standard deviation of the noise around it.
        #[serde(default = "fiftieth")]
        noise: f64,
    },
    /// Uniform on every other cell of a board over [-2, 2]².
    Checkerboard {
        /// Cells along each side, even.
        #[serde(default = "four")]
        cells: usize,
    },
    /// Concentric circles.
    Rings {
        /// Their radii.
        radii: Vec<f64>,
        /// Standard deviation of the noise around them.
        #[serde(default = "fiftieth")]
        noise: f64,
    },
    /// The swiss roll in two dimensions.
    SwissRoll {
        /// Standard deviation of the noise around it.
        #[serde(default = "fiftieth")]
        noise: f64,
    },
    /// A user's own [`Dataset`], given to the trainer by a program of theirs.
    Custom {
        /// What to call it.
        name: String,
    },
}

fn two() -> f64 {
    2.0
}
fn twentieth() -> f64 {
    0.05
}
fn fiftieth() -> f64 {
    0.02
}
fn four() -> usize {
    4
}

impl DataConfig {
    /// The data itself; `None` for a user's own.
    ///
    /// # Errors
    /// A parameter out of its range.
    pub fn build(&self) -> Result<Option<Box<dyn Dataset>>, DataError> {
        Ok(Some(match self.clone() {
            Self::Gaussian { mean, std } => Box::new(Gaussian::new(mean, std)?),
            Self::GaussianMixture { means, std, weights } => {
                Box::new(GaussianMixture::new(means, std, weights)?)
            }
            Self::EightGaussians { radius, std } => Box::new(EightGaussians::new(radius, std)?),
            Self::TwoMoons { noise } => Box::new(TwoMoons::new(noise)?),
            Self::Spiral { turns, noise } => Box::new(Spiral::new(turns, noise)?),
            Self::Checkerboard { cells } => Box::new(Checkerboard::new(cells)?),
            Self::Rings { radii, noise } => Box::new(Rings::new(radii, noise)?),
            Self::SwissRoll { noise } => Box::new(SwissRoll::new(noise)?),
            Self::Custom { .. } => return Ok(None),
        }))
    }
}
