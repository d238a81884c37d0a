//! A run of some hundredths of a second that has every kind of state, for the tests that repeat it
//! hundreds of times.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use tempfile::TempDir;

use crate::{
    TrainError,
    config::parse_config,
    problem::Problem,
    run::{Event, Observer, RunOptions, RunReport, built_in, built_in_trainer, resume, train},
    store::Program,
};

/// Step of the run's newest checkpoint at its end.
pub(super) const STEPS: u64 = 7;

const RUN: &str = r#"{
    "name": "small",
    "data": { "kind": "gaussian", "mean": [1, 2], "std": 0.1 },
    "noise": { "schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 80 } },
    "denoiser": { "network": { "kind": "mlp", "width": 4, "depth": 1 },
                  "prediction": { "kind": "edm" } },
    "train": { "steps": 7, "batch": 4, "optimizer": { "kind": "adam" },
               "learning_rate": { "kind": "constant", "value": 1e-3 },
               "ema": { "kind": "exponential" },
               "log_every": 1, "checkpoint_every": 2, "keep_checkpoints": 2 },
    "sample": { "sampler": { "kind": "heun", "steps": 2 }, "count": 8 },
    "report": { "figures": [], "page": true, "evaluation": false }
}"#;

/// Files that must be the same however often the run was disturbed.
const RESULTS: [&str; 6] = [
    "checkpoints/step-00000007/model.safetensors",
    "checkpoints/step-00000007/ema.safetensors",
    "checkpoints/step-00000007/optimizer.safetensors",
    "checkpoints/step-00000007/checkpoint.json",
    "metrics.jsonl",
    "samples.csv",
];

/// A temporary folder, in memory where the system allows it. The model of a disk decides what lasts, and
/// a hundred real syncs a run would only take time.
pub(super) fn quick_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("temporary folder")
}

/// Keeps the newest step that was announced as saved.
#[derive(Default)]
pub(super) struct Saved(pub(super) Option<u64>);

impl Observer for Saved {
    fn event(&mut self, event: Event) {
        if let Event::Saved { step } = event {
            self.0 = Some(step);
        }
    }
}

/// Trains the run in the new folder `run`, to its end.
pub(super) fn begin(run: &Path, observer: &mut dyn Observer) -> Result<RunReport, TrainError> {
    begin_and_stop(run, None, observer)
}

/// Trains `stop_after` steps of the run.
pub(super) fn begin_and_stop(
    run: &Path,
    stop_after: Option<u64>,
    observer: &mut dyn Observer,
) -> Result<RunReport, TrainError> {
    let device = Device::flex();
    let config = parse_config("small", RUN, &[]).expect("valid");
    let problem = Problem::new(config).expect("valid");
    let (network, data) = built_in(&problem, &device).expect("built in");
    let options = RunOptions { stop_after, ..options(&device) };
    train(problem, network, data, Some(run), &options, observer)
}

/// Resumes the run.
pub(super) fn go_on(run: &Path, observer: &mut dyn Observer) -> Result<RunReport, TrainError> {
    let device = Device::flex();
    resume(run, None, built_in_trainer, &options(&device), observer)
}

pub(crate) fn options(device: &Device) -> RunOptions<'_> {
    let program = Program {
        langevin: "0".to_owned(),
        burn: "0".to_owned(),
        backend: "flex".to_owned(),
        device: "processor".to_owned(),
        features: Vec::new(),
    };
    RunOptions::new(device, program)
}

/// The bytes of the run's results.
pub(super) fn results(run: &Path) -> Vec<Vec<u8>> {
    let read = |name: &&str| std::fs::read(run.join(name)).expect("a result");
    RESULTS.iter().map(read).collect()
}

/// Copies a folder with all that is in it.
pub(super) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("created");
    for name in everything(from) {
        let (from, to) = (from.join(&name), to.join(&name));
        match from.is_dir() {
            true => std::fs::create_dir(to).expect("created"),
            false => std::fs::copy(from, to).map(|_| ()).expect("copied"),
        }
    }
}

/// Every path below a folder, as text relative to it, sorted.
pub(super) fn everything(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            found.push(path.strip_prefix(folder).expect("below it").display().to_string());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}
