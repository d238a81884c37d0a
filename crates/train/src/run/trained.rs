//! The networks of a run's checkpoint.

use std::path::Path;

use langevin_core::Network;
use langevin_data::Dataset;

use super::{Event, Observer};
use crate::{
    TrainError,
    problem::Problem,
    store::{
        Manifest, RunState,
        checkpoint::{Checkpoint, Checkpoints, Mismatch},
        fingerprint::same_data,
    },
};

/// The trained networks of a run, by the checkpoint that samples are drawn from, and its parts with the frequencies that
/// the checkpoint holds.
pub(super) fn trained<N: Network>(
    run: &Path,
    problem: Problem,
    network: N,
    data: &dyn Dataset,
    observer: &mut dyn Observer,
) -> Result<(Problem, Vec<N>), TrainError> {
    let checkpoints = Checkpoints::new(run);
    let checkpoint = for_sampling(run, &problem, observer)?;
    let path = checkpoints.path(checkpoint.progress.step);
    same_data(&checkpoint.data, data).map_err(|why| why.of(&path))?;
    networks_of(checkpoint, &path, problem, network)
}

/// The checkpoint that a run's samples are drawn from; says of which step it is where the run is unfinished.
pub(super) fn for_sampling(
    run: &Path,
    problem: &Problem,
    observer: &mut dyn Observer,
) -> Result<Checkpoint, TrainError> {
    let warn = &mut |what: String| observer.event(Event::Warning(&what));
    let checkpoint = Checkpoints::new(run).for_sampling(problem.config().train.keep, warn)?;
    let step = checkpoint.progress.step;
    let steps = problem.config().train.steps;
    let state = Manifest::read(run).map(|manifest| manifest.seen_now(run).state);
    if let Some(state) = state.ok().filter(|state| *state != RunState::Finished && step < steps) {
        let state = state.name();
        warn(format!("the run is {state}: its weights are those of step {step} of {steps}"));
    }
    Ok(checkpoint)
}

/// The networks of a checkpoint, which lies at `path`, and the run's parts with the frequencies that it holds.
pub(super) fn networks_of<N: Network>(
    mut checkpoint: Checkpoint,
    path: &Path,
    problem: Problem,
    network: N,
) -> Result<(Problem, Vec<N>), TrainError> {
    checkpoint.same_network(problem.config()).map_err(|why: Mismatch| why.of(path))?;
    let problem = problem
        .with_frequencies(std::mem::take(&mut checkpoint.frequencies))
        .map_err(|why| TrainError::mismatch(path, why))?;
    let networks = vec![network; problem.diffusion().networks];
    let networks =
        checkpoint.into_networks(networks).map_err(|why| TrainError::mismatch(path, why))?;
    Ok((problem, networks))
}
