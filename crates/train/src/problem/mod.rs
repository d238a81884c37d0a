//! A run's parts, made once from its run file, and the batches that they make of rows, levels and noise.

mod batch;
mod builder;
mod columns;
mod condition;
mod diffusion;
mod fit;
mod form;
mod free_memory;
mod heads;
mod load;
pub(crate) mod moments;
mod numbers;
mod remarks;
mod start;
mod target;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod told_batches;

pub use batch::{BatchError, StepBatch};
pub use builder::ProblemBuilder;
pub use columns::Columns;
pub use condition::Condition;
pub use diffusion::Diffusion;
pub use form::{BatchForm, HeadForm, HeadKind};
pub use free_memory::{FreeMemory, MemoryBound, free_memory};
pub use heads::{Classes, ClassesError, Head, HeadLoss};

use langevin_core::{NoiseLevel, Plan, Sampler};

use crate::{TrainError, config::RunConfig};

/// Parts of a run, which fit each other: all but its data and its network.
///
/// Everything that trains, samples or measures borrows them from here.
pub struct Problem {
    config: RunConfig,
    diffusion: Diffusion,
    sampler: Box<dyn Sampler>,
    plan: Plan,
}

impl Problem {
    /// Builds the parts that a run file describes, and checks that they fit each other.
    ///
    /// # Errors
    /// The first field that is out of its range, or does not fit another, by its path: a prediction or
    /// an embedding that is singular on the schedule, a start that is not the data's marginal.
    pub fn new(config: RunConfig) -> Result<Self, TrainError> {
        Self::builder(config).build()
    }

    /// Builder for a run file with parts that a program of the user's own gives.
    pub const fn builder(config: RunConfig) -> ProblemBuilder {
        ProblemBuilder::new(config)
    }

    /// Replaces the random frequencies of the level's embedding by those of a checkpoint, with which its
    /// weights were trained.
    ///
    /// # Errors
    /// Frequencies of another number than the embedding has, or for an embedding without any.
    pub fn with_frequencies(mut self, frequencies: Vec<f32>) -> Result<Self, TrainError> {
        self.set_frequencies(frequencies)?;
        Ok(self)
    }

    /// Does as [`with_frequencies`](Self::with_frequencies), in place.
    pub(crate) fn set_frequencies(&mut self, frequencies: Vec<f32>) -> Result<(), TrainError> {
        self.check_frequencies(&frequencies)?;
        self.diffusion.embedding.frequencies = frequencies;
        Ok(())
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
    pub fn sampler(&self) -> &dyn Sampler {
        self.sampler.as_ref()
    }

    /// The plan of sampling: the transitions from level to level. An adaptive method may choose others
    /// when samples are drawn.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The levels with noise that sampling goes through, from its start on.
    pub fn sampling_levels(&self) -> impl Iterator<Item = NoiseLevel> {
        self.plan.visited().filter(|level| level.sigma() > 0.0)
    }
}
