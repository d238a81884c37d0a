//! Verification of a run: whether its files are as it wrote them, and from which step it can go on.

mod fault;

use std::{
    io::{self, Read},
    path::{Component, Path},
    sync::Arc,
};

use langevin_core::Network;
use langevin_data::{Dataset, KeptTable};

use self::fault::{Fault, NoEngine};
use crate::{
    TrainError,
    config::CONFIG_LIMIT,
    engine::{Engine, TensorMap, engine_for, mlp_cpu::same_seed},
    problem::Problem,
    sample::levels::LEVELS,
    store::{
        Manifest, RunState,
        checkpoint::{Checkpoint, Checkpoints, LoadError, Mismatch},
        fingerprint::same_data,
        folder::CONFIG,
        kept::{KEPT, read_kept},
        manifest::MANIFEST,
        reading::{EVALUATION_LIMIT, LEVELS_LIMIT, Lines, open},
        records::{EVALUATION, METRICS},
    },
    trainer::{Metrics, RestoreError, averages, by_name},
};

/// The most bytes of a file whose kind has no limit of its own, which take about a minute to sum up.
const FILE_LIMIT: u64 = 64 << 30;

/// Result of a check of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The state that the manifest names, or `None` where the manifest itself cannot be read.
    pub state: Option<RunState>,
    /// Findings on every file and checkpoint, in the order in which they were looked at.
    pub findings: Vec<Finding>,
    /// The step that a resumed run goes on from, given its rows: 0 where it begins again, `None` where it would fail.
    pub goes_on_from: Option<u64>,
    /// What is wrong with the rows that a resumed run and measures need; `None` where nothing is, or where they
    /// were not looked at.
    pub rows: Option<String>,
    /// Whether the run keeps what its samples need of its table, so that they need no rows.
    pub keeps_data: bool,
}

/// Finding on one file or checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file or checkpoint, as a path in the run's folder.
    pub what: String,
    /// What is wrong with it, or `None` where it is sound.
    pub problem: Option<String>,
}

impl Verification {
    /// Whether every file of the run's own is sound.
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.problem.is_none())
    }
}

/// Checks every checksum and shape of a run, and what [`resume`](crate::run::resume) would do with it;
/// changes nothing.
///
/// `problem` is made of the run's config. `network` is the one that the config describes, into which
/// checkpoints are loaded; `None` where it cannot be made here. For an engine of a user's own, names and
/// shapes are checked alone. `rows` is the data that the config describes, or why it cannot be made; `None` where it is not
/// to be looked at.
///
/// # Errors
/// It is not a run: its config cannot be read, or the folder of its checkpoints.
pub fn verify_run<N: Network>(
    run: &Path,
    problem: &Problem,
    network: Option<N>,
    rows: Option<Result<&dyn Dataset, &TrainError>>,
) -> Result<Verification, TrainError> {
    let mut findings = Vec::new();
    let mut found = |what: &str, outcome: Result<(), Fault>| {
        let problem = outcome.err().map(|fault| fault.to_string());
        findings.push(Finding { what: what.to_owned(), problem });
    };
    let manifest = match Manifest::read(run) {
        Ok(manifest) => Some(manifest),
        Err(error) => {
            found(MANIFEST, Err(without_path(error)));
            None
        }
    };
    let files = manifest.iter().flat_map(|manifest| &manifest.files);
    for (name, sum) in files.clone().filter(|(name, _)| *name != KEPT) {
        found(name, same_bytes(run, name, sum));
    }
    let kept = read_kept(run, manifest.as_ref());
    let keeps_data = match kept.and_then(|kept| same_as_manifest(kept, manifest.as_ref())) {
        Ok(false) if files.into_iter().all(|(name, _)| name != KEPT) => false,
        Ok(keeps) => {
            let is_there = if keeps { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) };
            found(KEPT, is_there.map_err(|error: io::Error| error.into()));
            keeps
        }
        Err(error) => {
            found(KEPT, Err(without_path(error)));
            false
        }
    };
    let sum = manifest.as_ref().and_then(|manifest| manifest.files.get(METRICS));
    if sum.is_none() {
        found(METRICS, whole_lines(&run.join(METRICS)));
    }
    let data = manifest.as_ref().map(|manifest| manifest.data.as_str());
    let network = network.filter(|_| problem.config().train.engine.ours().is_some());
    let mut resumed = network.map(|network| Resumed::new(problem, network).map_err(Arc::new));
    let checkpoints = Checkpoints::new(run);
    let steps = checkpoints.steps()?;
    // A resumed run takes the newest checkpoint that is not damaged, and fails where that one does not
    // fit.
    let (mut taken, mut goes_on_from) = (None, None);
    for step in &steps {
        let step = *step;
        let loaded = checkpoints.load(step);
        let is_damaged = matches!(loaded, Err(LoadError::Damaged(_)));
        let outcome = loaded
            .map_err(Fault::from)
            .and_then(|checkpoint| fits(checkpoint, problem, data, resumed.as_mut()));
        if !is_damaged && taken.is_none() {
            taken = Some(step);
            goes_on_from = outcome.is_ok().then_some(step);
        }
        found(&format!("checkpoints/step-{step:08}"), outcome);
    }
    let made = manifest.as_ref().map_or(0, |manifest| manifest.step);
    let fault = match taken {
        Some(_) if goes_on_from.is_some() => None,
        Some(step) => Some(Fault::NewestUnfit { step }),
        None if !checkpoints.has_none()? => Some(Fault::NoneSound),
        None => {
            goes_on_from = Some(0);
            (made > 0).then_some(Fault::NoneWhole { made })
        }
    };
    if let Some(fault) = fault {
        found("checkpoints", Err(fault));
    }
    // Without a manifest no run goes on.
    let goes_on_from = goes_on_from.filter(|_| manifest.is_some());
    let digest = manifest.as_ref().map(|manifest| manifest.data.clone());
    let rows = rows.and_then(|rows| match (rows, digest) {
        (Ok(data), Some(digest)) => same_data(&digest, data).err().map(|why| why.to_string()),
        (Err(why), _) => Some(why.to_string()),
        (Ok(_), None) => None,
    });
    let state = manifest.map(|manifest| manifest.seen_now(run).state);
    Ok(Verification { state, findings, goes_on_from, rows, keeps_data })
}

/// Whether a run keeps its table, and it is that of the manifest.
fn same_as_manifest(
    kept: Option<KeptTable>,
    manifest: Option<&Manifest>,
) -> Result<bool, TrainError> {
    let Some(kept) = kept else { return Ok(false) };
    let digest = manifest.map(|manifest| manifest.data.as_str());
    match digest.map_or(Ok(()), |digest| same_data(digest, &kept)) {
        Ok(()) => Ok(true),
        Err(why) => Err(why.of(Path::new(MANIFEST))),
    }
}

/// Message of an error without the file's path, since the finding names the file.
fn without_path(error: TrainError) -> Fault {
    match error {
        TrainError::Json { source, .. } => Fault::Json(source),
        TrainError::Io { source, .. } => Fault::Io(source),
        TrainError::NotOurs { source, .. } => Fault::NotOurs(source),
        other => Fault::Unreadable(other),
    }
}

/// Checks that a resumed run can take a checkpoint that is not damaged. Without a network, whether the
/// arrays fit the network and the optimizer is not checked.
fn fits<N: Network>(
    checkpoint: Checkpoint,
    problem: &Problem,
    data: Option<&str>,
    resumed: Option<&mut Result<Resumed<N>, Arc<NoEngine>>>,
) -> Result<(), Fault> {
    if data.is_some_and(|data| data != checkpoint.data) {
        return Err(Mismatch::OtherDataThanManifest.into());
    }
    let config = problem.config();
    checkpoint.same_training(config)?;
    let averaged = config.train.ema.is_kept();
    RestoreError::check_averages(averaged, checkpoint.ema.is_some())?;
    match resumed {
        None => checkpoint.same_shapes(None, problem)?,
        Some(Err(why)) => return Err(Arc::clone(why).into()),
        Some(Ok(resumed)) => {
            checkpoint.same_shapes(Some(&resumed.expected), problem)?;
            resumed.take(checkpoint)?;
        }
    }
    Ok(())
}

/// A resumed run without steps: it loads the arrays of checkpoints as
/// [`Trainer`](crate::trainer::Trainer) does.
struct Resumed<N: Network> {
    /// Names and shapes of one network's arrays.
    expected: TensorMap,
    engine: Box<dyn Engine<N>>,
}

impl<N: Network> Resumed<N> {
    /// # Errors
    /// Why there is none.
    fn new(problem: &Problem, network: N) -> Result<Self, NoEngine> {
        let expected = TensorMap::of_module(&network);
        let device = network.devices().into_iter().next().ok_or(NoEngine::NoWeights)?;
        let (mut engine, _) = engine_for(problem, None, network, &device)?;
        engine.keep_averages(averages(problem));
        Ok(Self { expected, engine })
    }

    /// Loads a checkpoint in the place of the one before.
    ///
    /// # Errors
    /// The name of the array that does not fit.
    fn take(&mut self, checkpoint: Checkpoint) -> Result<(), RestoreError> {
        let Checkpoint { model, ema, optimizer, .. } = checkpoint;
        for own in model.clone().split(self.engine.networks().len())? {
            same_seed(&self.engine.networks()[0], &self.expected, &own)?;
        }
        Ok(self.engine.restore(model, by_name(ema), optimizer)?)
    }
}

/// Checks the checksum of a file that the manifest names. The manifest may come from elsewhere, so only
/// a file of the run's own folder is read.
fn same_bytes(run: &Path, name: &str, sum: &str) -> Result<(), Fault> {
    let mut parts = Path::new(name).components();
    if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
        return Err(Fault::NoFileName);
    }
    let most = match name {
        CONFIG => CONFIG_LIMIT,
        EVALUATION => EVALUATION_LIMIT,
        LEVELS => LEVELS_LIMIT,
        _ => FILE_LIMIT,
    };
    let file = open(&run.join(name), most)?;
    let mut hasher = blake3::Hasher::new();
    // The file may grow while it is read.
    io::copy(&mut file.take(most), &mut hasher)?;
    match hasher.finalize().to_string() == sum {
        true => Ok(()),
        false => Err(Fault::Checksum),
    }
}

/// A log without its manifest's checksum: each line must be one of ours. A torn last line is what a
/// killed run leaves, and goes when it is resumed.
fn whole_lines(path: &Path) -> Result<(), Fault> {
    for (line, text) in (1..).zip(Lines::open(path)?) {
        if serde_json::from_slice::<Metrics>(&text?).is_err() {
            return Err(Fault::NoLogLine { line });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
