//! A new run from its run file, or a single step of it.

use std::path::Path;

use burn::tensor::Device;
use langevin_core::{Network, OwnNetwork};
use langevin_data::Dataset;

use super::{
    Observer, RunOptions, RunReport,
    data::{built_in, keep},
    session::Session,
};
use crate::{
    TrainError,
    config::RunConfig,
    problem::Problem,
    sample::check_told,
    store::{Manifest, fingerprint, folder::RunFolder},
    trainer::{StepReport, Trainer},
};

/// Trainer of the network and the data that a run file names, from the file alone.
///
/// # Errors
/// As [`Problem::new`], [`built_in`] and [`Trainer::new`].
pub fn built_in_trainer(
    config: RunConfig,
    device: &Device,
) -> Result<Trainer<OwnNetwork>, TrainError> {
    let problem = Problem::new(config)?;
    let (network, data) = built_in(&problem, device)?;
    Trainer::new(problem, network, data, device)
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
    problem.config().report.check_new()?;
    if let Some(out) = out {
        crate::store::folder::check_free(out)?;
    }
    let trainer = Trainer::new(problem, network, data, options.device)?;
    train_with(trainer, out, options, observer)
}

/// Does as [`train`] with a trainer that the caller has made, such as one with an engine of its own.
///
/// # Errors
/// As [`train`]; a trainer that has made steps already.
pub fn train_with<N: Network>(
    trainer: Trainer<N>,
    out: Option<&Path>,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<RunReport, TrainError> {
    trainer.check_new(trainer.config())?;
    check_told(trainer.problem(), trainer.data())?;
    let untrained = trainer.sampling_networks();
    let fingerprint = fingerprint(trainer.data());
    let folder = RunFolder::create(out, &trainer.config().name, options.locking)?;
    folder.write_config(trainer.config())?;
    let mut manifest = Manifest::new(options.program.clone(), fingerprint);
    keep(folder.path(), trainer.data(), &mut manifest)?;
    Session::open(trainer, untrained, folder, manifest, options)?.run(observer)
}

/// Makes one training step and writes nothing. The report has the step's loss where `train.log_every` is 1. `out` is
/// the folder that the run would have, where one is named.
///
/// # Errors
/// A config that cannot be run, a folder that is not free, or a first loss that is not finite.
pub fn dry_run<N: Network>(
    problem: Problem,
    network: N,
    data: Box<dyn Dataset>,
    out: Option<&Path>,
    device: &Device,
) -> Result<StepReport, TrainError> {
    problem.config().report.check_new()?;
    out.map_or(Ok(()), crate::store::folder::check_free)?;
    check_told(&problem, data.as_ref())?;
    Trainer::new(problem, network, data, device)?.step()
}
