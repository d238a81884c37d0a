//! What a trained run gives: more samples, and their measures.

use std::path::Path;

use langevin_core::Network;
use langevin_data::{Dataset, measure::Evaluation};

use super::{
    Event, Observer, RunOptions,
    evaluate::{evaluate_samples, write_evaluation},
    observer::{asked_to_stop, sampling},
};
use crate::{
    TrainError,
    engine::RunDenoiser,
    problem::Problem,
    sample::{Samples, draw_samples},
    store::{
        Manifest, RunState,
        checkpoint::{Checkpoints, Mismatch},
        fingerprint::same_data,
        folder::{RunFolder, read_run_config},
        records::EVALUATION,
    },
};

/// Draws samples from a run's checkpoint: the newest sound one, or the best where the run keeps it. The
/// averaged weights are used where the checkpoint has them.
///
/// `problem` is the run's own; its sampling may be another.
///
/// # Errors
/// No sound checkpoint, or one of another architecture or other data.
pub fn sample_run<N: Network>(
    run: &Path,
    problem: Problem,
    seed: u64,
    network: N,
    data: &dyn Dataset,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<Samples, TrainError> {
    let (problem, networks) = trained(run, problem, network, data, observer)?;
    let denoiser = RunDenoiser::new(problem.diffusion(), &networks);
    let (count, progress) = (problem.config().sample.count, &mut sampling(observer));
    let samples = draw_samples(&problem, count, seed, data, &denoiser, options.device, progress)?;
    samples.check_finite()?;
    Ok(samples)
}

/// Draws samples as [`sample_run`] does and measures them, and the denoiser level by level, against held-out
/// rows. `network` is the one that the run started from. The measures go to evaluation.json where the samples are the run's own.
///
/// # Errors
/// As [`sample_run`]; no held-out rows, or samples that are not finite.
pub fn evaluate_run<N: Network>(
    run: &Path,
    problem: Problem,
    network: N,
    data: &dyn Dataset,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<Evaluation, TrainError> {
    let (problem, trained) = trained(run, problem, network.clone(), data, observer)?;
    let (config, device) = (problem.config(), options.device);
    let denoiser = RunDenoiser::new(problem.diffusion(), &trained);
    let (count, seed) = (config.sample.count, config.seed);
    let samples =
        draw_samples(&problem, count, seed, data, &denoiser, device, &mut sampling(observer))?;
    samples.check_finite()?;
    observer.event(Event::Evaluating);
    let stop = &mut |_| asked_to_stop(observer);
    let untrained = vec![network; trained.len()];
    let evaluation =
        evaluate_samples(&problem, data, &samples, &denoiser, &untrained, device, stop)?;
    // Only the run's own samples count: with another number or sampler they are not the ones in its
    // folder.
    if config.sample == read_run_config(run)?.sample {
        let folder = RunFolder::open(run, options.locking)?;
        let mut manifest = Manifest::read(folder.path())?;
        let sum = write_evaluation(run, &evaluation)?;
        manifest.files.insert(EVALUATION.to_owned(), sum);
        manifest.write(run)?;
    }
    Ok(evaluation)
}

/// The trained networks of a run, and its parts with the frequencies that its checkpoint holds.
fn trained<N: Network>(
    run: &Path,
    problem: Problem,
    network: N,
    data: &dyn Dataset,
    observer: &mut dyn Observer,
) -> Result<(Problem, Vec<N>), TrainError> {
    let checkpoints = Checkpoints::new(run);
    let warn = &mut |what: String| observer.event(Event::Warning(&what));
    let mut checkpoint = checkpoints.for_sampling(problem.config().train.keep, warn)?;
    let step = checkpoint.progress.step;
    let steps = problem.config().train.steps;
    let state = Manifest::read(run).map(|manifest| manifest.seen_now(run).state);
    if let Some(state) = state.ok().filter(|state| *state != RunState::Finished && step < steps) {
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
