//! The floor on the training problem that a run file describes.

use std::time::Instant;

use langevin_core::LevelSampler;
use langevin_floor::{Floor, Noise, Problem, Update};
use langevin_train::{
    DataConfig, LearningRateConfig, OptimizerConfig, RunConfig, Values, built_in,
};

use crate::{
    conversation::{Outcome, Work},
    training::trainer,
};

/// Steps of the floor, on one thread or on all, whichever is faster.
pub fn work(config: &RunConfig) -> Outcome<Work> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut fastest: Option<(f64, Floor)> = None;
    for threads in [1, threads] {
        let mut floor = floor(config, threads)?;
        let count = (100_000 / config.train.batch).max(3);
        let mut steps = || (0..count).map(|_| floor.step()).sum::<f64>();
        steps();
        let start = Instant::now();
        steps();
        let seconds = start.elapsed().as_secs_f64();
        if fastest.as_ref().is_none_or(|(best, _)| seconds < *best) {
            fastest = Some((seconds, floor));
        }
    }
    let (_, mut floor) = fastest.ok_or("no floor was made")?;
    let count = (4096 / config.train.batch).max(1) as u64;
    let mut sum = 0.0;
    Ok(Box::new(move || {
        (0..count).for_each(|_| sum += floor.step());
        if sum.is_finite() { Ok(count) } else { Err("the floor's loss is not finite".into()) }
    }))
}

/// The floor's losses in its first steps.
pub fn losses(config: &RunConfig, steps: usize) -> Outcome<Vec<f64>> {
    let mut floor = floor(config, 2)?;
    Ok((0..steps).map(|_| floor.step()).collect())
}

fn floor(config: &RunConfig, threads: usize) -> Outcome<Floor> {
    let trainer = trainer(config.clone(), "flex")?;
    let weights = trainer.weights();
    let values = |name: String| match weights.0.get(&name).map(|array| &array.values) {
        Some(Values::F32(values)) => Ok(values.clone()),
        _ => Err(format!("the network has no {name}")),
    };
    let count = weights.0.keys().filter(|name| name.ends_with(".weight")).count();
    let layers: Result<Vec<_>, String> = (0..count)
        .map(|i| Ok((values(format!("layers.{i}.weight"))?, values(format!("layers.{i}.bias"))?)))
        .collect();
    let LearningRateConfig::Constant { value: rate } = config.train.learning_rate else {
        return Err("the floor knows constant learning rates only".into());
    };
    let rate = rate as f32;
    let update = match config.train.optimizer {
        OptimizerConfig::Sgd { .. } => Update::Sgd { rate },
        OptimizerConfig::Adam { .. } => Update::Adam { rate },
        OptimizerConfig::Adamw { .. } => return Err("the floor knows SGD and Adam only".into()),
    };
    let noise = match config.noise.levels.ours() {
        Some(LevelSampler::LogNormal { mean, std }) => Noise::LogNormal { mean: *mean, std: *std },
        _ => {
            let schedule = &trainer.problem().diffusion().schedule;
            let levels = schedule.levels(schedule.len().ok_or("the floor needs a grid")?)?;
            Noise::Grid { sigmas: levels.iter().map(|level| level.sigma()).collect() }
        }
    };
    if matches!(config.data, DataConfig::Table(_)) {
        return Err("the floor knows no tables".into());
    }
    let (_, data) = built_in(trainer.problem(), trainer.device())?;
    let problem = Problem { seed: config.seed, rows: config.train.batch, data, noise, update };
    Ok(Floor::new(problem, &layers?, threads))
}
