//! Reproduction of a run from its config: bit for bit on the same processor backend, within stated
//! tolerances elsewhere.

use std::path::Path;

use langevin_core::Network;

use crate::{
    TrainError,
    config::{ReportConfig, RunConfig},
    engine::{TensorMap, Values},
    run::{Observer, RunOptions, RunReport, train::train_with},
    sample::file::SAMPLES,
    store::{
        Machine, Manifest, RunState,
        checkpoint::{Checkpoint, Checkpoints},
        fingerprint::same_data,
        folder::read_run_config,
        reading::{read, read_lines, share_of_memory},
        records::METRICS,
    },
    trainer::{Metrics, Trainer},
};

/// Largest difference of losses, gradient norms and held-out losses on another backend, as a share of
/// the run's own.
const TOLERANCE: f64 = 1e-3;
/// The most steps over which another backend is compared. Beyond them, rounding grows to differences of
/// its own.
const STEPS_ELSEWHERE: u64 = 100;

/// Plan to make a part of a run again.
pub struct Reproduction {
    /// The run's config, with nothing to draw.
    pub config: RunConfig,
    /// Training steps that are made again.
    pub steps: u64,
    /// Whether every bit must be the same.
    pub exact: bool,
    /// Differences between the machines on which bits may depend.
    pub machine: Vec<String>,
}

impl Reproduction {
    /// Plans to make `run` again on `backend`: `steps` of it, or all up to its newest sound checkpoint.
    /// Where bits may differ, all are at most a hundred steps.
    ///
    /// # Errors
    /// It is not a run, or has no sound checkpoint or no log line to compare with.
    pub fn new(run: &Path, backend: &str, steps: Option<u64>) -> Result<Self, TrainError> {
        let mut config = read_run_config(run)?;
        let manifest = Manifest::read(run)?;
        let exact = manifest.program.backend == backend && matches!(backend, "flex" | "ndarray");
        let made = Checkpoints::new(run).newest(&mut |_| {})?.progress.step;
        let most = if exact { made } else { made.min(STEPS_ELSEWHERE) };
        let steps = match steps {
            None => most,
            Some(steps) if (1..=made).contains(&steps) => steps,
            Some(given) => return Err(TrainError::StepsToReproduce { given, made }),
        };
        if log_lines(run, steps)?.is_empty() {
            return Err(TrainError::NoLogLine(steps));
        }
        config.report = ReportConfig {
            figures: Vec::new(),
            film: None,
            evaluation: false,
            target: None,
            page: false,
        };
        let machine = manifest.machine.differences(&Machine::here());
        Ok(Self { config, steps, exact, machine })
    }

    /// Trains again in the new folder `again`, with a trainer that was made from
    /// [`config`](Self::config). Returns the first difference from `run`, or `None` where
    /// there is no difference.
    ///
    /// # Errors
    /// What stops a run; [`TrainError::Interrupted`] where the observer stopped it.
    pub fn run<N: Network>(
        self,
        run: &Path,
        again: &Path,
        trainer: Trainer<N>,
        options: &RunOptions,
        observer: &mut dyn Observer,
    ) -> Result<Option<String>, TrainError> {
        let Self { config, steps, exact, .. } = self;
        trainer.check_new(&config)?;
        let manifest = Manifest::read(run)?;
        same_data(&manifest.data, trainer.data()).map_err(|why| why.of(run))?;
        let stop_after = (steps < config.train.steps).then_some(steps);
        let options = RunOptions { stop_after, ..options.clone() };
        let report = train_with(trainer, Some(again), &options, observer)?;
        if !report.finished && (report.step < steps || options.stop_after.is_none()) {
            return Err(TrainError::Interrupted);
        }
        difference(run, again, &report, steps, exact)
    }
}

fn difference(
    run: &Path,
    again: &Path,
    report: &RunReport,
    steps: u64,
    exact: bool,
) -> Result<Option<String>, TrainError> {
    let logs = (log_lines(run, steps)?, log_lines(again, steps)?);
    let own = logs.0.iter().map(Some).chain(std::iter::repeat(None));
    for (own, here) in own.zip(&logs.1) {
        let Some(own) = own else {
            return Ok(Some(format!("step {}: the run has no such log line", here.step)));
        };
        if let Some(difference) = lines_differ(own, here, exact) {
            return Ok(Some(difference));
        }
    }
    if logs.0.len() > logs.1.len() {
        let step = logs.0[logs.1.len()].step;
        return Ok(Some(format!("step {step}: the new run has no such log line")));
    }
    if !exact {
        return Ok(None);
    }
    let checkpoints = Checkpoints::new(run);
    if checkpoints.steps()?.contains(&steps) {
        let load = |checkpoints: &Checkpoints| {
            let loaded = checkpoints.load(steps);
            loaded.map_err(|why| why.at(&checkpoints.path(steps)))
        };
        let (own, here) = (load(&checkpoints)?, load(&Checkpoints::new(again))?);
        if let Some(tensor) = tensors_differ(&own, &here) {
            return Ok(Some(format!("step {}: {tensor}", steps)));
        }
    }
    let finished = Manifest::read(run)?.state == RunState::Finished && report.finished;
    let read = |run: &Path| read(&run.join(SAMPLES), share_of_memory());
    if finished && read(run)? != read(again)? {
        return Ok(Some("samples.csv differs, and all before it is the same".to_owned()));
    }
    Ok(None)
}

fn lines_differ(own: &Metrics, here: &Metrics, exact: bool) -> Option<String> {
    if own.step != here.step {
        return Some(format!("step {}: the new run logs step {} there", own.step, here.step));
    }
    let pairs = [
        ("loss", Some(own.loss), Some(here.loss)),
        ("mean loss", Some(own.mean_loss), Some(here.mean_loss)),
        ("gradient norm", Some(own.gradient_norm), Some(here.gradient_norm)),
        ("learning rate", Some(own.learning_rate), Some(here.learning_rate)),
        ("held-out loss", own.held_out_loss, here.held_out_loss),
    ];
    let same = |own: Option<f64>, here: Option<f64>| match (own, here) {
        (Some(own), Some(here)) if !exact => (own - here).abs() <= TOLERANCE * own.abs(),
        _ => own == here,
    };
    let (name, own_value, value) = pairs.into_iter().find(|(_, a, b)| !same(*a, *b))?;
    let shown = |value: Option<f64>| value.map_or("none".to_owned(), |v| v.to_string());
    let (then, now) = (shown(own_value), shown(value));
    Some(format!("step {}: the {name} was {then} and is {now}", own.step))
}

/// Difference that the comparison allows, in words.
#[must_use]
pub fn reproduction_tolerance(exact: bool) -> String {
    match exact {
        true => "bit for bit".to_owned(),
        false => format!(
            "losses and gradient norms within {TOLERANCE} of their value, over at most \
             {STEPS_ELSEWHERE} steps"
        ),
    }
}

fn log_lines(run: &Path, steps: u64) -> Result<Vec<Metrics>, TrainError> {
    let mut lines: Vec<Metrics> = read_lines(&run.join(METRICS))?;
    lines.retain(|line| line.step <= steps);
    Ok(lines)
}

/// Place of the first number that differs between two checkpoints.
fn tensors_differ(own: &Checkpoint, here: &Checkpoint) -> Option<String> {
    let files = [
        ("model.safetensors", Some(&own.model), Some(&here.model)),
        ("ema.safetensors", own.ema.as_ref(), here.ema.as_ref()),
        ("optimizer.safetensors", Some(&own.optimizer), Some(&here.optimizer)),
    ];
    if own.frequencies != here.frequencies {
        return Some("model.safetensors: the level embedding's frequencies".to_owned());
    }
    files.into_iter().find_map(|(file, own, here)| match (own, here) {
        (Some(own), Some(here)) => maps_differ(own, here).map(|what| format!("{file}: {what}")),
        (None, None) => None,
        _ => Some(format!("{file} is there in one of the two")),
    })
}

fn maps_differ(own: &TensorMap, here: &TensorMap) -> Option<String> {
    if let Err(why) = here.same_architecture(own) {
        return Some(why.to_string());
    }
    own.0.iter().zip(here.0.values()).find_map(|((name, own), here)| {
        let place = match (&own.values, &here.values) {
            (Values::F32(a), Values::F32(b)) => {
                a.iter().zip(b).position(|(a, b)| a.to_bits() != b.to_bits())
            }
            (Values::I64(a), Values::I64(b)) => a.iter().zip(b).position(|(a, b)| a != b),
            (Values::Other(a), Values::Other(b)) => {
                let size = a.bytes().len() / own.values.len().max(1);
                let byte = a.bytes().iter().zip(b.bytes()).position(|(a, b)| a != b);
                byte.map(|byte| byte / size)
            }
            _ => Some(0),
        };
        place.map(|place| format!("{name} differs, first at number {place}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Array;

    #[test]
    fn the_first_number_that_differs_is_named() {
        let map = |values: [f32; 3]| {
            let mut map = TensorMap::default();
            map.0.insert("layers.0.bias".to_owned(), Array::f32([3], values.to_vec()));
            map
        };
        assert_eq!(maps_differ(&map([0.0, 1.0, 2.0]), &map([0.0, 1.0, 2.0])), None);
        let found = maps_differ(&map([0.0, 1.0, 2.0]), &map([0.0, 1.0, 2.5]));
        assert_eq!(found.as_deref(), Some("layers.0.bias differs, first at number 2"));
        let found = maps_differ(&map([0.0; 3]), &map([0.0, -0.0, 0.0]));
        assert!(found.is_some(), "every bit counts");
    }
}
