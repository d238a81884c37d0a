//! A new run from its run file, or a single step of it.

use std::path::Path;

use burn::tensor::Device;
use langevin_core::{Mlp, Network};
use langevin_data::{Dataset, Streams};

use super::{Observer, RunOptions, RunReport, memory::MemoryEstimate, session::Session};
use crate::{
    TrainError,
    error::in_section,
    problem::Problem,
    store::{Manifest, fingerprint, folder::RunFolder},
    trainer::{StepReport, Trainer},
};

/// Builds the network and the data that a run file names.
///
/// # Errors
/// A `custom` kind, which a program of the user's own must give; a run that does not fit into memory.
pub fn built_in(problem: &Problem, device: &Device) -> Result<(Mlp, Box<dyn Dataset>), TrainError> {
    let custom = |section: &str, example: &str| {
        let message = format!("\"custom\" is given by a program of your own: see {example}");
        TrainError::config(section, message)
    };
    let config = problem.config();
    let data = config.data.build(config.seed)?;
    let data = data.ok_or_else(|| custom("data.kind", "examples/own_data.rs"))?;
    let mlp = config
        .denoiser
        .network
        .mlp(data.features(), problem.diffusion().embedding.features())
        .ok_or_else(|| custom("denoiser.network.kind", "examples/own_network.rs"))?;
    if let Some(estimate) = MemoryEstimate::of(problem, data.as_ref()) {
        estimate.check()?;
    }
    let network = mlp.init(&Streams::new(config.seed), device);
    Ok((network.map_err(in_section("denoiser.network"))?, data))
}

/// Trains a new run in `out`, or else in the first free folder `runs/NAME`, `runs/NAME-2`, …
///
/// # Errors
/// A config that cannot be run, in which case nothing was written; or whatever stopped it, with the
/// last good checkpoint named.
pub fn train<N: Network>(
    problem: Problem,
    network: N,
    data: Box<dyn Dataset>,
    out: Option<&Path>,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<RunReport, TrainError> {
    if let Some(out) = out {
        crate::store::folder::check_free(out)?;
    }
    let name = problem.config().name.clone();
    let trainer = Trainer::new(problem, network, data, options.device)?;
    let untrained = trainer.sampling_networks();
    let fingerprint = fingerprint(trainer.data());
    let folder = RunFolder::create(out, &name)?;
    folder.write_config(trainer.config())?;
    let manifest = Manifest::new(options.program.clone(), fingerprint);
    Session::open(trainer, untrained, folder, manifest, options)?.run(observer)
}

/// Makes one training step and writes nothing. The report has the step's loss where `train.log_every` is 1.
///
/// # Errors
/// A config that cannot be run, or a first loss that is not finite.
pub fn dry_run<N: Network>(
    problem: Problem,
    network: N,
    data: Box<dyn Dataset>,
    device: &Device,
) -> Result<StepReport, TrainError> {
    Trainer::new(problem, network, data, device)?.step()
}
