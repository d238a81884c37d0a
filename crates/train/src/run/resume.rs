//! A run that goes on: from its newest sound checkpoint, or from its start where there is none yet.

use std::path::Path;

use burn::tensor::Device;
use langevin_core::Network;

use super::{Event, Observer, RunOptions, RunReport, data::keep, session::Session};
use crate::{
    TrainError,
    config::RunConfig,
    store::{
        Machine, Manifest, RunState,
        checkpoint::{Checkpoint, Checkpoints, Mismatch},
        disk,
        fingerprint::{fingerprint, same_data},
        folder::{RunFolder, is_start, read_run_config},
    },
    trainer::Trainer,
};

/// Format of run folders from which on they keep what samples need of the data.
const KEEPS_DATA: u32 = 2;

/// Resumes a run from its newest sound checkpoint, or from its start where it was stopped before the
/// first checkpoint. `steps` extends the run to so many steps.
///
/// `build` makes the trainer from the run's config, as [`built_in_trainer`](super::built_in_trainer) does. It may say
/// that the table lies elsewhere now ([`DataConfig::move_to`](crate::DataConfig::move_to)).
///
/// # Errors
/// No sound checkpoint; a checkpoint of another architecture or other data; an extension of a run
/// whose learning rates depend on its length; or whatever stopped it.
pub fn resume<N: Network>(
    run: &Path,
    steps: Option<u64>,
    build: impl FnOnce(RunConfig, &Device) -> Result<Trainer<N>, TrainError>,
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
    build: impl FnOnce(RunConfig, &Device) -> Result<Trainer<N>, TrainError>,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<RunReport, TrainError> {
    let folder = RunFolder::open(run, options.locking)?;
    let mut config = read_run_config(run)?;
    let checkpoints = Checkpoints::new(run);
    let mut warn = |what: &str| observer.event(Event::Warning(what));
    let checkpoint = match checkpoints.has_none()? {
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
    // A run that was stopped before it had a manifest gets one now.
    let manifest = match is_start(run) {
        true => None,
        false => Some(Manifest::read(run)?),
    };
    if let Some(checkpoint) = &checkpoint {
        checkpoint.same_training(&config).map_err(|why| why.of(&checkpoints.path(made)))?;
    }
    let mut trainer = build(config.clone(), options.device)?;
    let moved = config.data.move_to_place_of(&trainer.config().data);
    trainer.check_new(&config)?;
    let untrained = trainer.sampling_networks();
    match checkpoint {
        Some(mut checkpoint) => {
            let frequencies = std::mem::take(&mut checkpoint.frequencies);
            trainer
                .set_frequencies(frequencies)
                .map_err(|why| TrainError::mismatch(&checkpoints.path(made), why))?;
            restore(&mut trainer, checkpoint).map_err(|why| why.of(&checkpoints.path(made)))?;
        }
        None => {
            if let Some(manifest) = &manifest {
                same_data(&manifest.data, trainer.data()).map_err(|why| why.of(run))?;
            }
            warn("the run was stopped before its first checkpoint, and begins again");
        }
    }
    let mut manifest = manifest
        .unwrap_or_else(|| Manifest::new(options.program.clone(), fingerprint(trainer.data())));
    if extended || moved {
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
    if manifest.format >= KEEPS_DATA {
        keep(run, trainer.data(), &mut manifest)?;
    }
    Session::open(trainer, untrained, folder, manifest, options)?.run(observer)
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
    let Checkpoint { progress, model, ema, optimizer, .. } = checkpoint;
    trainer.check_seed(&model)?;
    Ok(trainer.restore(progress, model, ema, optimizer)?)
}
