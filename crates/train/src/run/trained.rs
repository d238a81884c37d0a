//! [`trained`]: the networks of a run's checkpoint.

use std::path::Path;

use langevin_core::Network;
use langevin_data::Dataset;

use super::{Event, Observer};
use crate::{
    TrainError,
    problem::Problem,
    store::{
        Manifest, RunState,
        checkpoint::{Checkpoints, Mismatch},
        fingerprint::same_data,
    },
};

/// The trained networks of a run, by the checkpoint of a step or the one that samples are drawn from, and its parts with
/// the frequencies that the checkpoint holds.
pub(super) fn trained<N: Network>(
    run: &Path,
    step: Option<u64>,
    problem: Problem,
    network: N,
    data: &dyn Dataset,
    observer: &mut dyn Observer,
) -> Result<(Problem, Vec<N>), TrainError> {
    let checkpoints = Checkpoints::new(run);
    let warn = &mut |what: String| observer.event(Event::Warning(&what));
    let mut checkpoint = match step {
        Some(step) => checkpoints.load(step).map_err(|why| why.at(&checkpoints.path(step)))?,
        None => checkpoints.for_sampling(problem.config().train.keep, warn)?,
    };
    let is_asked_for = step.is_some();
    let step = checkpoint.progress.step;
    let steps = problem.config().train.steps;
    let state = Manifest::read(run).map(|manifest| manifest.seen_now(run).state);
    let state = state.ok().filter(|state| *state != RunState::Finished && step < steps);
    if let Some(state) = state.filter(|_| !is_asked_for) {
        let state = state.name();
        warn(format!("the run is {state}: its weights are those of step {step} of {steps}"));
    }
    let path = checkpoints.path(step);
    let refuse = |why: Mismatch| why.of(&path);
    same_data(&checkpoint.data, data).map_err(refuse)?;
    checkpoint.same_network(problem.config()).map_err(refuse)?;
    let problem = problem
        .with_frequencies(std::mem::take(&mut checkpoint.frequencies))
        .map_err(|why| TrainError::mismatch(&path, why))?;
    let networks = vec![network; problem.diffusion().networks];
    let networks =
        checkpoint.into_networks(networks).map_err(|why| TrainError::mismatch(&path, why))?;
    Ok((problem, networks))
}
