//! `denoiser`: the network, what it is told of the level, and the meaning of its output.

use burn::tensor::Device;
use langevin_core::{LevelEmbeddingConfig, MlpConfig, MlpForm, OwnNetwork, Prediction};
use langevin_data::Streams;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CustomPart;
use crate::{TrainError, error::in_section};

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
    pub embedding: LevelEmbeddingConfig,
    /// What the network's output means.
    pub prediction: Prediction,
}

impl DenoiserConfig {
    /// Checks the section by itself.
    ///
    /// # Errors
    /// A field out of its range, by its path.
    pub(crate) fn validate(&self) -> Result<(), TrainError> {
        if let NetworkConfig::Mlp(form) = &self.network {
            form.validate().map_err(in_section("denoiser.network"))?;
        }
        self.embedding.validate().map_err(in_section("denoiser.embedding"))?;
        self.prediction.validated().map_err(in_section("denoiser.prediction"))?;
        Ok(())
    }
}

/// The network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum NetworkConfig {
    /// A multilayer perceptron.
    Mlp(MlpForm),
    /// A user's own Burn module, given to the trainer by a program of theirs.
    Custom(CustomPart),
}

impl NetworkConfig {
    /// The network before its first step, for `features` columns of data and `extra_features` other columns.
    ///
    /// # Errors
    /// A user's own network, which a program of theirs must give.
    pub fn init(
        &self,
        features: usize,
        extra_features: usize,
        streams: &Streams,
        device: &Device,
    ) -> Result<OwnNetwork, TrainError> {
        let network = match self {
            Self::Mlp(form) => {
                let config = MlpConfig { features, outputs: features, extra_features, form: *form };
                config.init(streams, device).map(OwnNetwork::Mlp)
            }
            Self::Custom(part) => return Err(part.missing("denoiser.network", "own_network")),
        };
        network.map_err(in_section("denoiser.network"))
    }

    /// The multilayer perceptron for so many columns; `None` for any other network.
    pub const fn mlp(&self, features: usize, extra_features: usize) -> Option<MlpConfig> {
        let Self::Mlp(form) = self else { return None };
        Some(MlpConfig { features, outputs: features, extra_features, form: *form })
    }
}

/// Whether one network serves all noise levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NetworksConfig {
    /// One network for all levels.
    #[default]
    One,
    /// One network for each level of a discrete grid. With levels in order, each starts as the one
    /// before ended.
    OnePerLevel,
}

impl NetworksConfig {
    /// Number of networks of a run. `levels` is the number of levels of its grid, if its schedule has a
    /// grid.
    pub fn count(self, levels: Option<usize>) -> usize {
        match self {
            Self::One => 1,
            Self::OnePerLevel => levels.unwrap_or(1),
        }
    }
}
