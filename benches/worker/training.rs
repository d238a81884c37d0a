//! Training steps, as a user's program makes them.

use langevin_core::OwnNetwork;
use langevin_train::{Choice, EngineConfig, Problem, RunConfig, Trainer, built_in};

use crate::{
    conversation::{Outcome, Work},
    device::device,
    plain,
};

/// The trainer of a run file. A way that ends in `-tape` uses Burn's tape; any other leaves the run file's
/// engine.
pub fn trainer(mut config: RunConfig, way: &str) -> Outcome<Trainer<OwnNetwork>> {
    if way.ends_with("-tape") {
        config.train.engine = Choice::Ours(EngineConfig::Tape);
    }
    let device = device(way)?;
    let problem = Problem::new(config)?;
    let (network, data) = built_in(&problem, &device)?;
    Ok(Trainer::new(problem, network, data, &device)?)
}

/// Training steps, so many in each call that reading the clock costs nothing.
///
/// On a GPU the loss is read at the end of each call: there is no other way to know that the steps are
/// made. A way that ends in `-plain` uses Burn alone.
pub fn work(mut config: RunConfig, way: &str) -> Outcome<Work> {
    let mut count = (4096 / config.train.batch).max(1) as u64;
    if way.starts_with("wgpu") || way.starts_with("cuda") {
        count = count.max(20);
        config.train.log_every = count;
    }
    if way.ends_with("-plain") {
        config.train.log_every = count;
        return plain::work(&config, way);
    }
    let mut trainer = trainer(config, way)?;
    Ok(Box::new(move || {
        for _ in 0..count {
            trainer.step()?;
        }
        Ok(count)
    }))
}

/// The losses of the first steps.
pub fn losses(config: RunConfig, way: &str, steps: usize) -> Outcome<Vec<f64>> {
    Ok(trained(config, way, steps)?.0)
}

/// The losses of the first steps, and the trainer after them.
pub fn trained(
    mut config: RunConfig,
    way: &str,
    steps: usize,
) -> Outcome<(Vec<f64>, Trainer<OwnNetwork>)> {
    config.train.log_every = 1;
    let mut trainer = trainer(config, way)?;
    let mut losses = Vec::new();
    for _ in 0..steps {
        let metrics = trainer.step()?.metrics.ok_or("a step with `log_every` 1 has a log line")?;
        losses.push(metrics.loss);
    }
    Ok((losses, trainer))
}
