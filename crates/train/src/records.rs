//! What a run's folder says of the run, for pages, tables and comparisons; nothing here trains.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use langevin_data::measure::Evaluation;
use serde::{Deserialize, Serialize};

use crate::{
    Manifest, Metrics, RunConfig, TrainError,
    durable::write_durably,
    evaluate::EVALUATION,
    folder::read_run_config,
    run_files::{self, CONFIG_LIMIT, EVALUATION_LIMIT, LEVELS_LIMIT},
    sampling::LevelSummary,
};

pub(crate) const LEVELS: &str = "levels.json";

/// A line of timings.jsonl.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Training steps made.
    pub step: u64,
    /// Seconds since this process began to train.
    pub seconds: f64,
    /// Its steps over its seconds.
    pub steps_per_second: f64,
}

/// What a run's folder says of the run.
#[derive(Debug, Clone)]
pub struct RunRecords {
    /// The folder.
    pub run: PathBuf,
    /// State, program, machine, data.
    pub manifest: Manifest,
    /// The resolved config.
    pub config: RunConfig,
    /// Its text as it is in the folder.
    pub config_text: String,
    /// The lines of metrics.jsonl.
    pub metrics: Vec<Metrics>,
    /// The lines of timings.jsonl.
    pub timings: Vec<Timing>,
    /// What the samples were measured to be, where they were.
    pub evaluation: Option<Evaluation>,
}

impl RunRecords {
    /// Reads a run's folder. Logs and evaluation may be missing; a torn last line is left out.
    ///
    /// # Errors
    /// It is not a run, or its manifest, config or evaluation is not ours.
    pub fn read(run: &Path) -> Result<Self, TrainError> {
        let config = read_run_config(run)?;
        let config_text = run_files::read_text(&run.join("config.json"), CONFIG_LIMIT)?;
        Ok(Self {
            run: run.to_owned(),
            config,
            config_text: config_text.unwrap_or_default(),
            manifest: Manifest::read(run)?.seen_now(run),
            metrics: run_files::read_lines(&run.join("metrics.jsonl"))?,
            timings: run_files::read_lines(&run.join("timings.jsonl"))?,
            evaluation: run_files::read_json(&run.join(EVALUATION), EVALUATION_LIMIT)?,
        })
    }

    /// The newest held-out loss.
    pub fn held_out_loss(&self) -> Option<f64> {
        self.metrics.iter().rev().find_map(|line| line.held_out_loss)
    }

    /// Training steps made: those of the last stop, or of the last log line where it was killed since.
    pub fn step(&self) -> u64 {
        self.metrics.last().map_or(0, |line| line.step).max(self.manifest.step)
    }

    /// Seconds that its processes trained for, all together.
    pub fn training_seconds(&self) -> f64 {
        // The step that a line's process began at: another one is another process.
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
        .filter(|path| path.join(crate::manifest::MANIFEST).is_file())
        .collect();
    runs.sort();
    Ok(runs)
}

/// One level of levels.json.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LevelRecord {
    pub(crate) alpha: f64,
    pub(crate) sigma: f64,
    pub(crate) mean: Vec<f64>,
    pub(crate) std: Vec<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) convergence: Option<f64>,
}

/// Writes levels.json, whose numbers must be finite: mean and standard deviation of the samples by feature along the sampling.
pub(crate) fn write_levels(run: &Path, levels: &[LevelSummary]) -> Result<(), TrainError> {
    let record = |level: &LevelSummary| LevelRecord {
        alpha: level.level.alpha(),
        sigma: level.level.sigma(),
        mean: level.mean.clone(),
        std: level.std.clone(),
        convergence: level.convergence.filter(|value| value.is_finite()),
    };
    let path = run.join(LEVELS);
    let levels: Vec<_> = levels.iter().map(record).collect();
    let text = serde_json::to_string(&levels)
        .map_err(|source| TrainError::Json { name: path.display().to_string(), source })?;
    write_durably(&path, format!("{text}\n").as_bytes())
}

/// Reads levels.json; empty where there is none.
pub(crate) fn read_levels(run: &Path) -> Result<Vec<LevelRecord>, TrainError> {
    Ok(run_files::read_json(&run.join(LEVELS), LEVELS_LIMIT)?.unwrap_or_default())
}

/// Reads samples.csv, row by row in the user's columns; empty where there is none.
pub(crate) fn read_samples(run: &Path, columns: usize) -> Result<Vec<f64>, TrainError> {
    let path = run.join("samples.csv");
    let Some(file) = open_samples(&path)? else { return Ok(Vec::new()) };
    let not_ours = |why: String| TrainError::Usage(format!("{}: {why}", path.display()));
    let mut values = Vec::new();
    for record in csv::Reader::from_reader(file).records() {
        let record = record.map_err(|error| not_ours(error.to_string()))?;
        if record.len() != columns {
            return Err(not_ours(format!("must have {columns} columns, got {}", record.len())));
        }
        for field in &record {
            let value =
                field.parse().map_err(|_| not_ours(format!("`{field}` is not a number")))?;
            values.push(value);
        }
    }
    Ok(values)
}

fn open_samples(path: &Path) -> Result<Option<File>, TrainError> {
    run_files::check(path, run_files::share_of_memory())?;
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(TrainError::io("cannot read", path, source)),
    }
}
