//! Records of a run, read from its folder for pages, tables and comparisons; nothing here trains.

use std::{
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use langevin_data::measure::{Evaluation, verdict::Verdict};
use serde::{Deserialize, Serialize};

use crate::{
    TrainError,
    config::{CONFIG_LIMIT, RunConfig},
    store::{
        Manifest, RunState,
        folder::{CONFIG, is_start, read_run_config},
        lock::is_left,
        manifest::MANIFEST,
        reading::{self, EVALUATION_LIMIT},
    },
    trainer::Metrics,
};

pub(crate) const METRICS: &str = "metrics.jsonl";
pub(crate) const TIMINGS: &str = "timings.jsonl";
pub(crate) const EVALUATION: &str = "evaluation.json";

/// A line of timings.jsonl.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Training steps made.
    pub step: u64,
    /// Seconds since this process began to train.
    pub seconds: f64,
    /// Steps of this process over its seconds.
    pub steps_per_second: f64,
}

/// Records of a run, as its folder holds them.
#[derive(Debug, Clone)]
pub struct RunRecords {
    /// The folder.
    pub run: PathBuf,
    /// The manifest: state, program, machine, data.
    pub manifest: Manifest,
    /// The resolved config.
    pub config: RunConfig,
    /// Text of the config as it is in the folder.
    pub config_text: String,
    /// The lines of metrics.jsonl.
    pub metrics: Vec<Metrics>,
    /// The lines of timings.jsonl.
    pub timings: Vec<Timing>,
    /// Evaluation of the samples, where they were measured.
    pub evaluation: Option<Evaluation>,
}

impl RunRecords {
    /// Reads a run's folder. Logs and evaluation may be missing; a torn last line is left out.
    ///
    /// # Errors
    /// It is not a run, or its manifest, config or evaluation is not ours.
    pub fn read(run: &Path) -> Result<Self, TrainError> {
        let config = read_run_config(run)?;
        if is_start(run) {
            return Err(TrainError::StoppedAtStart(run.to_owned()));
        }
        let config_text = reading::read_text(&run.join(CONFIG), CONFIG_LIMIT)?;
        Ok(Self {
            run: run.to_owned(),
            config,
            config_text: config_text.unwrap_or_default(),
            manifest: Manifest::read(run)?.seen_now(run),
            metrics: reading::read_lines(&run.join(METRICS))?,
            timings: reading::read_lines(&run.join(TIMINGS))?,
            evaluation: reading::read_json(&run.join(EVALUATION), EVALUATION_LIMIT)?,
        })
    }

    /// The newest held-out loss.
    pub fn held_out_loss(&self) -> Option<f64> {
        self.metrics.iter().rev().find_map(|line| line.held_out_loss)
    }

    /// Number of training steps made, by the last stop or by the last log line, whichever is later.
    pub fn step(&self) -> u64 {
        self.metrics.last().map_or(0, |line| line.step).max(self.manifest.step)
    }

    /// Verdict on the samples, where they were measured; version 0.1 gave none.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.evaluation.as_ref()?.verdict.as_ref()
    }

    /// Seconds that all processes of the run trained for, together.
    pub fn training_seconds(&self) -> f64 {
        // The step that a line's process began at. Another step means another process.
        let first = |t: &Timing| (t.step as f64 - t.seconds * t.steps_per_second).round();
        let ends = self.timings.iter().zip(self.timings.iter().skip(1));
        let past = ends.filter(|(a, b)| first(a) != first(b)).map(|(a, _)| a.seconds);
        past.sum::<f64>() + self.timings.last().map_or(0.0, |timing| timing.seconds)
    }
}

/// The runs under a folder, by name.
///
/// # Errors
/// The folder cannot be read.
pub fn runs_under(folder: &Path) -> Result<Vec<PathBuf>, TrainError> {
    let entries =
        fs::read_dir(folder).map_err(|source| TrainError::io("cannot read", folder, source))?;
    let mut runs: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join(MANIFEST).is_file())
        .collect();
    runs.sort();
    Ok(runs)
}

/// The run under `runs` that was started last. Of runs of one second it is the one with the highest number
/// at the end of its name, where `x-10` is above `x-9` and `x` counts as 1; then the last by name.
///
/// # Errors
/// There is none, or one of a later format, which may be the newest.
pub fn newest_run(runs: &Path) -> Result<PathBuf, TrainError> {
    newest(runs, |_| true)?.ok_or_else(|| TrainError::NoRun(runs.to_owned()))
}

/// The newest run under `runs` that was stopped or killed before its end, if there is one. A run that failed is none:
/// it may fail again.
///
/// # Errors
/// A run of a later format, which may be the newest.
pub fn newest_unfinished_run(runs: &Path) -> Result<Option<PathBuf>, TrainError> {
    newest(runs, |state| matches!(state, RunState::Interrupted | RunState::Killed))
}

fn newest(runs: &Path, counts: impl Fn(RunState) -> bool) -> Result<Option<PathBuf>, TrainError> {
    let entries = fs::read_dir(runs).into_iter().flatten().flatten().map(|entry| entry.path());
    let ranked = |path: PathBuf| match Manifest::read(&path) {
        // Stopped before it had a manifest, and begun at its config's time.
        _ if is_start(&path) && path.join(CONFIG).is_file() => {
            let started = seconds_of(&path.join(CONFIG));
            let state = if is_left(&path) { RunState::Killed } else { RunState::Running };
            counts(state).then_some(Ok((started, number_of(&path), path)))
        }
        Ok(manifest) if !counts(manifest.clone().seen_now(&path).state) => None,
        Ok(manifest) => Some(Ok((manifest.started, number_of(&path), path))),
        Err(newer @ TrainError::NewerFormat { .. }) => Some(Err(newer)),
        Err(_) => None,
    };
    let runs_here: Vec<_> = entries.filter_map(ranked).collect::<Result<_, _>>()?;
    Ok(runs_here.into_iter().max().map(|(.., path)| path))
}

/// Seconds from 1970 to when a file was written last; 0 where nobody knows.
fn seconds_of(path: &Path) -> u64 {
    let modified = fs::metadata(path).and_then(|found| found.modified());
    let since = modified.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_secs())
}

/// The number after the last hyphen of a run's name, which tells runs of one config apart; 1 without one.
fn number_of(run: &Path) -> u64 {
    let name = run.file_name().unwrap_or_default().to_string_lossy();
    name.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Program;

    #[test]
    fn of_runs_of_one_second_the_highest_number_is_the_newest() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let program = || Program {
            langevin: String::new(),
            burn: String::new(),
            backend: String::new(),
            device: String::new(),
            features: Vec::new(),
        };
        let write = |name: &str, started, state| {
            let run = folder.path().join(name);
            fs::create_dir_all(&run).expect("created");
            let manifest = Manifest { started, state, ..Manifest::new(program(), String::new()) };
            manifest.write(&run).expect("written");
        };
        let begin = |name: &str, started| write(name, started, RunState::Running);
        let newest = || {
            let run = newest_run(folder.path()).expect("a run");
            run.file_name().expect("a name").to_string_lossy().into_owned()
        };
        newest_run(folder.path()).expect_err("none yet");
        begin("x", 7);
        assert_eq!(newest(), "x");
        begin("x-10", 7);
        begin("x-9", 7);
        assert_eq!(newest(), "x-10");
        begin("a", 8);
        assert_eq!(newest(), "a", "the time goes first");
        let unfinished = || newest_unfinished_run(folder.path()).expect("readable");
        write("a", 8, RunState::Finished);
        write("x-10", 7, RunState::Failed);
        write("x-9", 7, RunState::Interrupted);
        write("x", 7, RunState::Interrupted);
        assert_eq!(unfinished(), Some(folder.path().join("x-9")));
        assert_eq!(newest(), "a");
        ["x", "x-9"].into_iter().for_each(|name| write(name, 7, RunState::Finished));
        assert_eq!(unfinished(), None);
    }
}
