//! The mathematics of diffusion models as types: levels, schedules, predictions, networks,
//! denoisers and samplers. Nothing here reads a file or prints.
//!
//! All formulas are written for `x_t = alpha · x_0 + sigma · eps` with `eps ~ N(0, I)`; `alpha` is the
//! *signal scale* (the square root of the literature's alpha-bar) and `sigma` the *noise scale*.
//!
//! - A [`NoiseSchedule`] says which [`NoiseLevel`]s exist; a [`LevelSampler`] draws one of them for
//!   each training row.
//! - A [`Prediction`] says what a network's output means, a [`Weighting`] how much its error counts at
//!   each level, and a [`LevelEmbedding`] what the network is told of the level.
//! - A [`Denoiser`] turns a noisy row into the clean one it expects: a trained [`Network`], such as an
//!   [`OwnNetwork`] with its [`PositionFeatures`], behind a [`NetworkDenoiser`], or the exact [`MixtureOracle`] and [`TableOracle`]. Of a
//!   row's categories, each a [`RowPart`], a network's outputs are logits beside [`class_offsets`].
//!   [`Conditioned`] tells it something of the rows, of which some features may be [`Told`]; [`Guided`] moves its estimate
//!   away from a weaker one, [`Steered`] by an energy.
//! - A [`Sampler`] goes through a [`Plan`] of levels, and its [`Steps`] make each step of a chunk of rows;
//!   [`sample`] is the one loop that drives every sampler.
//!
//! A network never sees the schedule and a sampler never sees the network: both meet in
//! [`Denoiser`]. Schedules, networks, denoisers and samplers are traits that a user can implement.
//! Parameters are checked when a part is made: a [`CoreError`] names the parameter that is wrong.

mod classes;
#[cfg(test)]
mod correlated;
#[cfg(feature = "serde")]
mod defaults;
mod denoiser;
mod embedding;
mod energy;
mod error;
mod guidance;
mod level;
mod level_sampler;
mod network;
mod oracle;
mod own_network;
mod position;
mod prediction;
mod sampler;
mod schedule;
mod told;
mod weighting;

pub use classes::{RowPart, class_estimate, class_offsets, row_parts};
pub use denoiser::{
    ConditionalDenoiser, Conditioned, Denoiser, LevelSteps, NetworkDenoiser, level_step, network_of,
};
pub use embedding::{LevelEmbedding, LevelEmbeddingConfig, LevelQuantity};
pub use energy::{Energy, Steered};
pub use error::CoreError;
pub use guidance::{Guidance, Guided};
pub use level::NoiseLevel;
pub use level_sampler::{LevelOrder, LevelSampler, TrainingLevels, UniformPer};
pub use network::{Activation, Mlp, MlpConfig, MlpForm, Network};
pub use oracle::{MixtureOracle, TableOracle};
pub use own_network::OwnNetwork;
pub use position::PositionFeatures;
pub use prediction::{Coefficients, NoiseShare, Prediction};
pub use sampler::{
    Adaptive, AncestralVariance, Ddim, Ddpm, Dpm2, End, Euler, Heun, Inpaint, Noise, Pilot, Plan,
    Progress, Resampling, Sampler, Steps, Subtract, Transition, sample,
};
pub use schedule::{
    Betas, Karras, LevelGrid, NoiseSchedule, RectifiedFlow, cosine_betas, karras_betas,
    linear_betas,
};
pub use told::{Told, Unseen};
pub use weighting::{LevelWeight, LossReduction, Weighting};
