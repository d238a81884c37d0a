//! Sampling, as a user's program does it.

use std::{ops::ControlFlow, time::Instant};

use langevin_core::{Guidance, OwnNetwork};
use langevin_train::{
    Given, Informed, RunConfig, RunDenoiser, Trainer, draw_samples, draw_samples_given,
};
use serde_json::{Value, json};

use crate::{conversation::Outcome, training::trainer};

/// Sampler of a run file's untrained network: the time does not depend on the weights.
pub struct Sampler {
    trainer: Trainer<OwnNetwork>,
}

impl Sampler {
    pub fn new(config: RunConfig, way: &str) -> Outcome<Self> {
        let sampler = Self { trainer: trainer(config, way)? };
        sampler.draw(2000)?;
        Ok(sampler)
    }

    /// Draws `count` samples; gives their number and the time.
    pub fn draw(&self, count: usize) -> Outcome<Value> {
        let trainer = &self.trainer;
        let networks = trainer.sampling_networks();
        let denoiser = RunDenoiser::new(trainer.problem().diffusion(), &networks);
        let go_on = &mut |_| ControlFlow::Continue(());
        let start = Instant::now();
        let device = trainer.device();
        let (problem, data) = (trainer.problem(), trainer.data());
        let samples = if problem.diffusion().condition_of(data).is_some() {
            let (weaker, guidance) = (None, Guidance::default());
            let informed = Informed::Conditional { denoiser: &denoiser, weaker, guidance };
            let told = (&Given::as_data(), &informed);
            draw_samples_given(problem, count, 1, data, told, device, go_on)?
        } else {
            draw_samples(problem, count, 1, data, &denoiser, device, go_on)?
        };
        let seconds = start.elapsed().as_secs_f64();
        Ok(json!({ "steps": samples.values.len() / samples.features, "seconds": seconds }))
    }
}
