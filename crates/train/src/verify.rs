//! Whether a run's files are what they were when it wrote them, and from where it can go on.

use std::{
    io,
    path::{Component, Path},
};

use langevin_core::Network;

use crate::{
    Manifest, Metrics, RunConfig, RunState, TensorMap, TrainError,
    checkpoint::Checkpoints,
    folder::read_run_config,
    run_files::{Lines, open},
};

/// What a check of a run found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The state that the manifest names.
    pub state: RunState,
    /// Every file or checkpoint, in the order in which they were looked at.
    pub findings: Vec<Finding>,
    /// The step that the run goes on from; none where no checkpoint is sound.
    pub goes_on_from: Option<u64>,
}

/// One file or checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, as a path in the run's folder.
    pub what: String,
    /// What is wrong with it; none where it is sound.
    pub problem: Option<String>,
}

impl Verification {
    /// Whether everything is sound.
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.problem.is_none())
    }
}

/// Looks at every checksum and shape of a run; changes nothing.
///
/// `network` makes the network that the run's config describes, to compare shapes with; none where it
/// cannot be made here.
///
/// # Errors
/// It is not a run: its manifest or config cannot be read.
pub fn verify_run<N: Network>(
    run: &Path,
    network: impl FnOnce(&RunConfig) -> Option<N>,
) -> Result<Verification, TrainError> {
    let config = read_run_config(run)?;
    let manifest = Manifest::read(run)?;
    let mut findings = Vec::new();
    let mut found = |what: &str, outcome: Result<(), String>| {
        findings.push(Finding { what: what.to_owned(), problem: outcome.err() });
    };
    for (name, sum) in &manifest.files {
        found(name, same_bytes(run, name, sum));
    }
    if !manifest.files.contains_key(METRICS) {
        found(METRICS, whole_lines(&run.join(METRICS)));
    }
    let expected = network(&config).map(|network| TensorMap::of_module(&network));
    let checkpoints = Checkpoints::new(run);
    let mut goes_on_from = None;
    let steps = checkpoints.steps()?;
    for step in &steps {
        let step = *step;
        let loaded = checkpoints.load(step).map_err(|why| why.to_string());
        let outcome = loaded.and_then(|checkpoint| {
            checkpoint.same_network(&config)?;
            checkpoint.same_optimizer(&config)?;
            checkpoint.same_shapes(expected.as_ref(), &config)
        });
        if outcome.is_ok() && goes_on_from.is_none() {
            goes_on_from = Some(step);
        }
        found(&format!("checkpoints/step-{step:08}"), outcome);
    }
    if goes_on_from.is_none() {
        let why = match steps.len() {
            0 => "there is none yet: the run cannot go on from here",
            _ => "none is sound: the run must be started anew",
        };
        found("checkpoints", Err(why.to_owned()));
    }
    Ok(Verification { state: manifest.state, findings, goes_on_from })
}

const METRICS: &str = "metrics.jsonl";

/// The manifest may come from elsewhere: only a file of the run's own folder is looked at.
fn same_bytes(run: &Path, name: &str, sum: &str) -> Result<(), String> {
    let mut parts = Path::new(name).components();
    if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
        return Err("is no name of a file in the run's folder".to_owned());
    }
    let mut file = open(&run.join(name), u64::MAX).map_err(|error| error.to_string())?;
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut file, &mut hasher).map_err(|error| error.to_string())?;
    match hasher.finalize().to_string() == sum {
        true => Ok(()),
        false => Err("its checksum is not the one that manifest.json names".to_owned()),
    }
}

/// A log without its manifest's checksum: each line must be one of ours. A torn last line is what a
/// killed run leaves, and goes when it is resumed.
fn whole_lines(path: &Path) -> Result<(), String> {
    let lines = Lines::open(path).map_err(|error| error.to_string())?;
    for (number, line) in lines.enumerate() {
        let line = line.map_err(|error| error.to_string())?;
        if serde_json::from_slice::<Metrics>(&line).is_err() {
            return Err(format!("line {} is no log line", number + 1));
        }
    }
    Ok(())
}
