//! `denoiser`: the network, what it is told of the level, and the meaning of its output.

use langevin_core::{
    Activation, CoreError, LevelEmbedding, LevelQuantity, MlpConfig, NoiseShare, Prediction,
};
use langevin_data::Streams;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The network, what it is told of the level, and the meaning of its output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DenoiserConfig {
    /// The network.
    pub network: NetworkConfig,
    /// Whether one network serves all noise levels.
    #[serde(default)]
    pub networks: NetworksConfig,
    /// What the network is told of the noise level.
    #[serde(default)]
    pub embedding: EmbeddingConfig,
    /// What the network's output means.
    pub prediction: PredictionConfig,
}

/// The network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum NetworkConfig {
    /// A multilayer perceptron.
    Mlp {
        /// Units of each hidden layer.
        #[serde(default = "width")]
        width: usize,
        /// Hidden layers.
        #[serde(default = "depth")]
        depth: usize,
        /// Nonlinearity after each hidden layer.
        #[serde(default)]
        activation: ActivationConfig,
        /// Whether each hidden layer after the first adds to what it got.
        #[serde(default)]
        residual: bool,
        /// Random frequencies of the position, 0 for none: they resolve fine structure.
        #[serde(default)]
        position_features: usize,
        /// Standard deviation of those frequencies, in turns per unit of the network's input.
        #[serde(default = "one")]
        position_scale: f64,
    },
    /// A user's own Burn module, given to the trainer by a program of theirs.
    Custom {
        /// What to call it.
        name: String,
    },
}

fn width() -> usize {
    128
}
fn depth() -> usize {
    3
}
fn one() -> f64 {
    1.0
}

/// The nonlinearity between layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivationConfig {
    /// max(0, x).
    Relu,
    /// x · sigmoid(x).
    #[default]
    Silu,
    /// x · Φ(x).
    Gelu,
    /// The hyperbolic tangent.
    Tanh,
}

impl NetworkConfig {
    /// The form of the multilayer perceptron; `None` for a user's own network.
    pub fn mlp(&self, features: usize, extra_features: usize) -> Option<MlpConfig> {
        let Self::Mlp { width, depth, activation, residual, position_features, position_scale } =
            *self
        else {
            return None;
        };
        let activation = match activation {
            ActivationConfig::Relu => Activation::Relu,
            ActivationConfig::Silu => Activation::Silu,
            ActivationConfig::Gelu => Activation::Gelu,
            ActivationConfig::Tanh => Activation::Tanh,
        };
        Some(MlpConfig {
            features,
            extra_features,
            width,
            depth,
            activation,
            residual,
            position_features,
            position_scale,
        })
    }
}

/// Whether one network serves all noise levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NetworksConfig {
    /// One for all.
    #[default]
    One,
    /// One for each level of a discrete grid. With levels in order, each starts as the one before ended.
    OnePerLevel,
}

impl NetworksConfig {
    /// How many networks a run has; `levels` is the size of its grid, where it has one.
    pub fn count(self, levels: Option<usize>) -> usize {
        match self {
            Self::One => 1,
            Self::OnePerLevel => levels.unwrap_or(1),
        }
    }
}

/// How the level's number becomes columns beside the network's input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum EmbeddingConfig {
    /// The network is not told the level.
    None {},
    /// One column: the number itself.
    Column {
        /// The number.
        #[serde(default)]
        of: QuantityConfig,
    },
    /// Sines and cosines at geometrically spaced frequencies.
    Sinusoidal {
        /// The number.
        #[serde(default)]
        of: QuantityConfig,
        /// Columns, even.
        #[serde(default = "embedding_features")]
        features: usize,
    },
    /// Sines and cosines at random frequencies.
    Fourier {
        /// The number.
        #[serde(default)]
        of: QuantityConfig,
        /// Columns, even.
        #[serde(default = "embedding_features")]
        features: usize,
        /// Standard deviation of the frequencies, in turns per unit.
        #[serde(default = "one")]
        scale: f64,
    },
}

fn embedding_features() -> usize {
    64
}

impl Default for EmbeddingConfig {
    fn default() -> Self {
        Self::Column { of: QuantityConfig::LogSigma }
    }
}

/// The number that stands for a noise level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuantityConfig {
    /// The noise scale.
    Sigma,
    /// ln(sigma / alpha) / 4, as EDM.
    #[default]
    LogSigma,
    /// 2 · ln(alpha / sigma).
    LogSnr,
    /// The signal scale.
    Alpha,
    /// 1 − beta of the step into the level.
    StepAlpha,
    /// The level's number, 0 next to the data.
    Index,
}

impl EmbeddingConfig {
    /// The embedding itself; its random frequencies come from the run's streams.
    ///
    /// # Errors
    /// A parameter out of its range.
    pub fn build(&self, streams: &Streams) -> Result<LevelEmbedding, CoreError> {
        match *self {
            Self::None {} => Ok(LevelEmbedding::None),
            Self::Column { of } => Ok(LevelEmbedding::Column(of.into())),
            Self::Sinusoidal { of, features } => LevelEmbedding::sinusoidal(of.into(), features),
            Self::Fourier { of, features, scale } => {
                LevelEmbedding::fourier(of.into(), features, scale, streams)
            }
        }
    }
}

impl From<QuantityConfig> for LevelQuantity {
    fn from(quantity: QuantityConfig) -> Self {
        match quantity {
            QuantityConfig::Sigma => Self::Sigma,
            QuantityConfig::LogSigma => Self::LogSigma,
            QuantityConfig::LogSnr => Self::LogSnr,
            QuantityConfig::Alpha => Self::Alpha,
            QuantityConfig::StepAlpha => Self::StepAlpha,
            QuantityConfig::Index => Self::Index,
        }
    }
}

/// What the network's output means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PredictionConfig {
    /// The noise eps.
    Noise {},
    /// The clean row x_0.
    Sample {},
    /// alpha · eps − sigma · x_0.
    Velocity {},
    /// eps − x_0.
    Flow {},
    /// EDM's preconditioned F.
    Edm {
        /// Standard deviation of the data.
        #[serde(default = "one")]
        sigma_data: f64,
    },
    /// The share of the noise that leads to the next level of a grid.
    LevelStep {
        /// Which share.
        #[serde(default)]
        share: ShareConfig,
    },
}

/// Which share of the noise n at a level with noise scale sigma leads to the next, with sigma'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShareConfig {
    /// 1 − sigma' / sigma.
    #[default]
    Corrected,
    /// sigma' / sigma, as the article "Introduction to Diffusion Models" has it.
    Published,
}

impl PredictionConfig {
    /// The prediction itself.
    ///
    /// # Errors
    /// A parameter out of its range.
    pub fn build(&self) -> Result<Prediction, CoreError> {
        match *self {
            Self::Noise {} => Ok(Prediction::Noise),
            Self::Sample {} => Ok(Prediction::Sample),
            Self::Velocity {} => Ok(Prediction::Velocity),
            Self::Flow {} => Ok(Prediction::Flow),
            Self::Edm { sigma_data } => Prediction::edm(sigma_data),
            Self::LevelStep { share } => Ok(Prediction::LevelStep {
                share: match share {
                    ShareConfig::Corrected => NoiseShare::Corrected,
                    ShareConfig::Published => NoiseShare::Published,
                },
            }),
        }
    }
}
