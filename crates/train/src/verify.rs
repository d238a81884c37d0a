//! Whether a run's files are what they were when it wrote them, and from where it can go on.

use std::{fs, path::Path};

use langevin_core::Network;

use crate::{
    Manifest, Metrics, RunConfig, RunState, TensorMap, TrainError, checkpoint::Checkpoints,
    folder::read_run_config,
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
        found(name, same_bytes(&run.join(name), sum));
    }
    if !manifest.files.contains_key(METRICS) {
        found(METRICS, whole_lines(&run.join(METRICS)));
    }
    let expected = network(&config).map(|network| TensorMap::of_module(&network));
    let checkpoints = Checkpoints::new(run);
    let mut goes_on_from = None;
    for step in checkpoints.steps() {
        let outcome = checkpoints.load(step).and_then(|checkpoint| {
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
        found("checkpoints", Err("none is sound: the run must be started anew".to_owned()));
    }
    Ok(Verification { state: manifest.state, findings, goes_on_from })
}

const METRICS: &str = "metrics.jsonl";

fn same_bytes(path: &Path, sum: &str) -> Result<(), String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    match blake3::hash(&bytes).to_string() == sum {
        true => Ok(()),
        false => Err("its checksum is not the one that manifest.json names".to_owned()),
    }
}

/// A log without its manifest's checksum: each line must be one of ours. A torn last line is what a
/// killed run leaves, and goes when it is resumed.
fn whole_lines(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
    let bad = whole.lines().position(|line| serde_json::from_str::<Metrics>(line).is_err());
    bad.map_or(Ok(()), |line| Err(format!("line {} is no log line", line + 1)))
}
