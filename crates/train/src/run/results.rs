//! What a trained run gives: more samples, and their measures.

use std::path::Path;

use langevin_core::{ConditionalDenoiser, Network};
use langevin_data::{Dataset, measure::Evaluation};

use super::{
    Event, Guide, Observer, RunOptions,
    evaluate::{check_measurable, evaluate_samples, write_evaluation},
    observer::{asked_to_stop, sampling},
    trained::trained,
};
use crate::{
    TrainError,
    engine::RunDenoiser,
    problem::Problem,
    sample::{Given, Samples, draw_of_run},
    store::{
        Manifest,
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
    let given = Given::of_config(&problem.config().sample.condition, data)?;
    sample_run_given(run, problem, seed, network, data, (&given, None), options, observer)
}

/// Draws samples as [`sample_run`] does, told what the [`Given`] says in place of the run file, and guided by the
/// [`Guide`], where there is one.
///
/// # Errors
/// As [`sample_run`]; values that cannot be given; a guide that is told otherwise, or not asked at all.
#[expect(clippy::too_many_arguments, reason = "those of `sample_run`, and what is told")]
pub fn sample_run_given<N: Network>(
    run: &Path,
    problem: Problem,
    seed: u64,
    network: N,
    data: &dyn Dataset,
    (given, guide): (&Given, Option<&Guide<N>>),
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<Samples, TrainError> {
    let (problem, networks) = trained(run, problem, network, data, observer)?;
    let denoiser = RunDenoiser::new(problem.diffusion(), &networks).of(data);
    let told =
        |problem: &Problem| problem.diffusion().condition_of(data).map(|it| it.columns().to_vec());
    if let Some(guide) = guide.filter(|guide| told(&guide.problem) != told(&problem)) {
        let message = format!(
            "must be trained with the data.condition of the run that guides, {}",
            guide.problem.config().name
        );
        return Err(TrainError::config("data.condition", message));
    }
    let levels = |problem: &Problem| problem.config().noise.schedule.clone();
    if let Some(guide) = guide.filter(|guide| levels(&guide.problem) != levels(&problem)) {
        let message = format!(
            "must be that of the run that guides, {}, whose network knows no other levels",
            guide.problem.config().name
        );
        return Err(TrainError::config("noise.schedule", message));
    }
    if guide.is_some() && problem.config().sample.guidance.weight == 1.0 {
        let message = "must be another than 1 where a run guides, which is not asked then";
        return Err(TrainError::config("sample.guidance.weight", message));
    }
    let guiding = guide.map(|it| RunDenoiser::new(it.problem.diffusion(), &it.networks).of(data));
    let weaker = guiding.as_ref().map(|guide| guide as &dyn ConditionalDenoiser);
    for remark in given.remarks(data) {
        observer.event(Event::Warning(&remark));
    }
    let (count, progress) = (problem.config().sample.count, &mut sampling(observer));
    let samples = draw_of_run(
        &problem,
        (count, seed),
        data,
        (&denoiser, weaker),
        given,
        options.device,
        progress,
    )?;
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
    check_measurable(&problem)?;
    problem.target(data)?;
    let (problem, trained) = trained(run, problem, network.clone(), data, observer)?;
    let (config, device) = (problem.config(), options.device);
    let denoiser = RunDenoiser::new(problem.diffusion(), &trained).of(data);
    let (count, seed) = (config.sample.count, config.seed);
    let given = Given::as_data();
    let samples = {
        let progress = &mut sampling(observer);
        draw_of_run(&problem, (count, seed), data, (&denoiser, None), &given, device, progress)?
    };
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
