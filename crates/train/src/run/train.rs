//! Runs from their config to their figures: new, resumed, or only tried.

use std::path::Path;

use burn::tensor::Device;
use langevin_core::{Mlp, Network};
use langevin_data::{Dataset, Streams, measure::Evaluation};

use crate::{
    TrainError,
    config::RunConfig,
    engine::RunDenoiser,
    error::in_section,
    problem::Problem,
    run::{
        Event, Observer, RunOptions, RunReport,
        evaluate::{evaluate_samples, write_evaluation},
        memory::MemoryEstimate,
        observer::{asked_to_stop, sampling},
        session::Session,
    },
    sample::{Samples, draw_samples},
    store::{
        Machine, Manifest, RunState,
        checkpoint::{Checkpoint, Checkpoints, Mismatch},
        disk,
        fingerprint::{fingerprint, same_data},
        folder::{RunFolder, read_run_config},
        records::EVALUATION,
    },
    trainer::{Metrics, Trainer},
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
    if let Some(estimate) = MemoryEstimate::of(problem, data.features()) {
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

/// Resumes a run from its newest sound checkpoint, or from its start where it was stopped before the
/// first checkpoint. `steps` extends the run to so many steps.
///
/// `build` makes the network and the data from the run's config, as [`built_in`] does.
///
/// # Errors
/// No sound checkpoint; a checkpoint of another architecture or other data; an extension of a run
/// whose learning rates depend on its length; or whatever stopped it.
pub fn resume<N: Network>(
    run: &Path,
    steps: Option<u64>,
    build: impl FnOnce(&Problem, &Device) -> Result<(N, Box<dyn Dataset>), TrainError>,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<RunReport, TrainError> {
    let result = resume_session(run, steps, build, options, observer);
    result.map_err(|source| {
        let checkpoints = Checkpoints::new(run);
        let is_io = matches!(source, TrainError::Io { .. });
        match is_io.then(|| checkpoints.newest(&mut |_| {})) {
            Some(Ok(sound)) => {
                let last = Some(checkpoints.path(sound.progress.step));
                TrainError::Stopped { source: Box::new(source), run: run.to_owned(), last }
            }
            _ => source,
        }
    })
}

fn resume_session<N: Network>(
    run: &Path,
    steps: Option<u64>,
    build: impl FnOnce(&Problem, &Device) -> Result<(N, Box<dyn Dataset>), TrainError>,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<RunReport, TrainError> {
    let folder = RunFolder::open(run)?;
    let mut config = read_run_config(run)?;
    let checkpoints = Checkpoints::new(run);
    let mut warn = |what: &str| observer.event(Event::Warning(what));
    let mut checkpoint = match checkpoints.has_none()? {
        true => None,
        false => Some(checkpoints.newest(&mut |what| warn(&what))?),
    };
    let progress = checkpoint.as_ref().map(|checkpoint| checkpoint.progress);
    let made = progress.map_or(0, |progress| progress.step);
    let extended = steps.is_some_and(|steps| steps != config.train.steps);
    if let Some(steps) = steps.filter(|_| extended) {
        check_extension(&config, steps, made)?;
        config.train.steps = steps;
    }
    let mut manifest = Manifest::read(run)?;
    let problem = Problem::new(config)?;
    let (network, data) = build(&problem, options.device)?;
    let problem = match &mut checkpoint {
        Some(checkpoint) => problem
            .with_frequencies(checkpoint.frequencies.take())
            .map_err(|why| TrainError::mismatch(&checkpoints.path(made), why))?,
        None => problem,
    };
    let mut trainer = Trainer::new(problem, network, data, options.device)?;
    let untrained = trainer.sampling_networks();
    match checkpoint {
        Some(checkpoint) => restore(&mut trainer, checkpoint)
            .map_err(|why| TrainError::mismatch(&checkpoints.path(made), why))?,
        None => {
            same_data(&manifest.data, trainer.data())
                .map_err(|why| TrainError::mismatch(run, why))?;
            warn("the run was stopped before its first checkpoint, and begins again");
        }
    }
    if extended {
        folder.write_config(trainer.config())?;
    }
    if let Some(progress) = progress {
        checkpoints.remove_old(&progress, trainer.config());
    }
    if !trainer.is_done() {
        set_aside(run, manifest.step.max(made))?;
    }
    manifest.state = RunState::Running;
    manifest.program = options.program.clone();
    let here = Machine::here();
    for difference in manifest.machine.differences(&here) {
        observer.event(Event::Warning(&format!(
            "the run goes on with other bits than it would have had: {difference}"
        )));
    }
    manifest.machine = here;
    manifest.files.clear();
    Session::open(trainer, untrained, folder, manifest, options)?.run(observer)
}

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
    draw_samples(&problem, count, seed, data, &denoiser, options.device, progress)
}

/// Draws samples as [`sample_run`] does and measures them against held-out rows. `network` is the one
/// that the run started from. The measures go to evaluation.json where the samples are the run's own.
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
    observer.event(Event::Evaluating);
    let stop = &mut |_| asked_to_stop(observer);
    let untrained = vec![network; trained.len()];
    let evaluation = evaluate_samples(&problem, data, &samples, &untrained, device, stop)?;
    // Only the run's own samples count: with another number or sampler they are not the ones in its
    // folder.
    if config.sample == read_run_config(run)?.sample {
        let folder = RunFolder::open(run)?;
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
    let path = checkpoints.path(step);
    let refuse = |why: Mismatch| TrainError::mismatch(&path, why);
    same_data(&checkpoint.data, data).map_err(refuse)?;
    checkpoint.same_network(problem.config()).map_err(refuse)?;
    let problem = problem
        .with_frequencies(checkpoint.frequencies.take())
        .map_err(|why| TrainError::mismatch(&path, why))?;
    let networks = vec![network; problem.diffusion().networks];
    let networks =
        checkpoint.into_networks(networks).map_err(|why| TrainError::mismatch(&path, why))?;
    Ok((problem, networks))
}

/// Makes one training step and writes nothing.
///
/// # Errors
/// A config that cannot be run, or a first loss that is not finite.
pub fn dry_run<N: Network>(
    problem: Problem,
    network: N,
    data: Box<dyn Dataset>,
    device: &Device,
) -> Result<Metrics, TrainError> {
    let mut trainer = Trainer::new(problem, network, data, device)?;
    trainer.step_and_read()
}

fn check_extension(config: &RunConfig, steps: u64, made: u64) -> Result<(), TrainError> {
    if config.train.learning_rate.depends_on_length() {
        return Err(TrainError::LengthDecidesRates { steps, length: config.train.steps });
    }
    if steps < made {
        return Err(TrainError::StepsMade { steps, made });
    }
    Ok(())
}

/// Renames the results of an earlier end of a run, with its step in the names, before the run goes on
/// beyond it.
fn set_aside(run: &Path, step: u64) -> Result<(), TrainError> {
    let results = [
        ("samples", "csv"),
        ("evaluation", "json"),
        ("levels", "json"),
        ("trajectory", "npy"),
        ("report", "html"),
        ("film", "gif"),
        ("film", "mp4"),
        ("film-loop", "gif"),
    ];
    for (name, ending) in results {
        let path = run.join(format!("{name}.{ending}"));
        let aside = run.join(format!("{name}-step-{step:08}.{ending}"));
        if path.is_file() && !aside.exists() {
            disk::rename(&path, &aside)
                .map_err(|source| TrainError::io("cannot rename", &path, source))?;
        }
    }
    Ok(())
}

fn restore<N: Network>(trainer: &mut Trainer<N>, checkpoint: Checkpoint) -> Result<(), Mismatch> {
    same_data(&checkpoint.data, trainer.data())?;
    checkpoint.same_network(trainer.config())?;
    checkpoint.same_optimizer(trainer.config())?;
    let Checkpoint { progress, model, ema, optimizer, .. } = checkpoint;
    Ok(trainer.restore(progress, model, ema, optimizer)?)
}
