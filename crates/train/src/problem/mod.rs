//! A run's parts, made once from its run file, and the batches that they make of rows, levels and noise.

mod batch;
mod columns;
mod diffusion;
mod fit;
mod free_memory;
mod heads;
mod load;

pub use batch::StepBatch;
pub use columns::Columns;
pub use diffusion::Diffusion;
pub use free_memory::free_memory;
pub use heads::{Classes, ClassesError, Head, HeadLoss};

use langevin_core::{NoiseLevel, Sampler};
use langevin_data::Streams;

use crate::{TrainError, config::RunConfig, error::in_section};

/// Parts of a run, which fit each other: all but its data and its network.
///
/// Everything that trains, samples or measures borrows them from here.
pub struct Problem {
    config: RunConfig,
    diffusion: Diffusion,
    sampler: Box<dyn Sampler>,
    sampling_levels: Vec<NoiseLevel>,
}

impl Problem {
    /// Builds the parts that a run file describes, and checks that they fit each other.
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

    /// Replaces the random frequencies of the level's embedding by those of a checkpoint, with which its
    /// weights were trained.
    ///
    /// # Errors
    /// Frequencies of another number than the embedding has, or for an embedding without any.
    pub fn with_frequencies(mut self, frequencies: Vec<f32>) -> Result<Self, TrainError> {
        self.check_frequencies(&frequencies)?;
        self.diffusion.embedding.frequencies = frequencies;
        Ok(self)
    }

    /// Fails where the number of frequencies is not the embedding's.
    pub(crate) fn check_frequencies(&self, frequencies: &[f32]) -> Result<(), TrainError> {
        let (given, needed) = (frequencies.len(), self.diffusion.embedding.frequencies.len());
        (given == needed).then_some(()).ok_or(TrainError::Frequencies { given, needed })
    }

    /// The config that the parts were made from.
    pub const fn config(&self) -> &RunConfig {
        &self.config
    }

    /// The parts that make batches.
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
