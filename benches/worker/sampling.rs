//! Samples, as a user's program draws them.

use std::{ops::ControlFlow, time::Instant};

use langevin_core::Mlp;
use langevin_train::{RunConfig, RunDenoiser, Trainer, draw_samples};
use serde_json::{Value, json};

use crate::{conversation::Outcome, training::trainer};

/// The untrained network of a run file: time does not depend on the weights.
pub struct Sampler {
    trainer: Trainer<Mlp>,
}

impl Sampler {
    pub fn new(config: RunConfig, way: &str) -> Outcome<Self> {
        let sampler = Self { trainer: trainer(config, way)? };
        sampler.draw(2000)?;
        Ok(sampler)
    }

    /// Draws so many and says how long it took.
    pub fn draw(&self, count: usize) -> Outcome<Value> {
        let trainer = &self.trainer;
        let networks = trainer.sampling_networks();
        let denoiser = RunDenoiser::new(trainer.diffusion(), &networks);
        let go_on = &mut |_| ControlFlow::Continue(());
        let start = Instant::now();
        let device = trainer.device();
        let (problem, data) = (trainer.problem(), trainer.data());
        let samples = draw_samples(problem, count, 1, data, &denoiser, device, go_on)?;
        let seconds = start.elapsed().as_secs_f64();
        Ok(json!({ "steps": samples.values.len() / samples.features, "seconds": seconds }))
    }
}
