//! A run's parts, made once from its run file, and the batches that they make of rows, levels and noise.

mod batch;
mod data;
mod diffusion;
mod fit;
mod free_memory;

pub use batch::{Columns, StepBatch};
pub use diffusion::Diffusion;
pub use free_memory::free_memory;

use langevin_core::{LevelEmbedding, NoiseLevel, Sampler};
use langevin_data::Streams;

use crate::{TrainError, config::RunConfig, error::in_section};

/// The parts of a run but for its data and its network, which fit each other.
///
/// Everything that trains, samples or measures borrows them from here.
pub struct Problem {
    config: RunConfig,
    diffusion: Diffusion,
    sampler: Box<dyn Sampler>,
    sampling_levels: Vec<NoiseLevel>,
}

impl Problem {
    /// The parts that a run file describes.
    ///
    /// # Errors
    /// The first field that is out of its range, or does not fit another, by its path: a prediction or
    /// an embedding that is singular on the schedule, a start that is not the data's marginal.
    pub fn new(config: RunConfig) -> Result<Self, TrainError> {
        config.validate()?;
        let RunConfig { noise, denoiser, train, sample, .. } = &config;
        let (schedule, levels) = noise.build()?;
        let embedding = denoiser.embedding.init(&Streams::new(config.seed));
        let sampling_levels = schedule.levels(sample.sampler.steps());
        let problem = Self {
            sampler: sample.sampler.build().map_err(in_section("sample.sampler"))?,
            sampling_levels: sampling_levels.map_err(in_section("sample.sampler"))?,
            diffusion: Diffusion {
                networks: denoiser.networks.count(schedule.len()),
                schedule,
                levels,
                embedding: embedding.map_err(in_section("denoiser.embedding"))?,
                prediction: denoiser.prediction,
                weighting: train.weighting,
                reduction: train.loss,
                parts: train.accumulate,
            },
            config,
        };
        problem.check_parts()?;
        Ok(problem)
    }

    /// The same with other random frequencies in the level's embedding: those that a checkpoint holds
    /// beside the weights that were trained with them.
    ///
    /// # Errors
    /// Frequencies of another number than the embedding has, or for an embedding without any.
    pub fn with_frequencies(mut self, given: Option<Vec<f32>>) -> Result<Self, TrainError> {
        self.check_frequencies(given.as_deref())?;
        if let (LevelEmbedding::Fourier { frequencies, .. }, Some(given)) =
            (&mut self.diffusion.embedding, given)
        {
            *frequencies = given;
        }
        Ok(self)
    }

    /// Fails where frequencies are not as many as the embedding has.
    pub(crate) fn check_frequencies(&self, given: Option<&[f32]>) -> Result<(), TrainError> {
        let (given, needed) = (given.map(<[f32]>::len), self.frequencies().map(<[f32]>::len));
        if given == needed {
            return Ok(());
        }
        Err(TrainError::Frequencies { given, needed })
    }

    /// The random frequencies of the level's embedding; `None` where it has none.
    pub(crate) fn frequencies(&self) -> Option<&[f32]> {
        match &self.diffusion.embedding {
            LevelEmbedding::Fourier { frequencies, .. } => Some(frequencies),
            _ => None,
        }
    }

    /// The run file.
    pub const fn config(&self) -> &RunConfig {
        &self.config
    }

    /// What makes batches.
    pub const fn diffusion(&self) -> &Diffusion {
        &self.diffusion
    }

    /// The sampling method.
    pub(crate) fn sampler(&self) -> &dyn Sampler {
        self.sampler.as_ref()
    }

    /// The levels that sampling goes through, noisiest first.
    pub fn sampling_levels(&self) -> &[NoiseLevel] {
        &self.sampling_levels
    }
}
