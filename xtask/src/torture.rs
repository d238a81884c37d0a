//! `cargo xtask torture`: kills, crowds and damages runs of the real program, and compares what is left
//! with an undisturbed run, byte for byte. All random numbers come from one seed.

mod damage;
mod kills;
mod measured;
mod mutations;
mod random;
mod strangers;
mod system_calls;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use crate::{
    cargo::Workspace,
    files::named,
    program::{Program, Scratch},
};

/// Part of the torture: does one thing to runs, and gives its result in words.
type Part = fn(&Bench, Extent) -> Result<String, String>;

/// Extent of the torture: how often each thing is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    kills: usize,
    /// Least number of kills that must fall into the writing of a checkpoint.
    half_written: usize,
    crowds: usize,
    flips: usize,
    mutations: usize,
    /// Mutations of each kind through the library. The tests make a thousand by themselves.
    library: usize,
    /// Of so many system calls of a kind, one fails.
    calls: usize,
    /// Folders of strangers, under every command.
    strangers: usize,
}

/// Extent of the figures in docs/reliability.md.
pub const FULL: Extent = Extent {
    kills: 200,
    half_written: 50,
    crowds: 10,
    flips: 200,
    mutations: 300,
    library: 20_000,
    calls: 7,
    strangers: 200,
};
/// Extent of the part of `cargo xtask check`.
pub const SHORT: Extent = Extent {
    kills: 12,
    half_written: 0,
    crowds: 1,
    flips: 24,
    mutations: 40,
    library: 0,
    calls: 101,
    strangers: 6,
};

const SEED: u64 = 20_261_125;

/// Run file with every kind of state. The run spends most of its time on checkpoints.
const RUN: &str = r#"{
  "name": "torture",
  "seed": 5,
  "data": { "kind": "gaussian_mixture", "means": [[-1, 0], [1, 0.5]], "std": 0.1 },
  "noise": { "schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 } },
  "denoiser": {
    "network": { "kind": "mlp", "width": 16, "depth": 2, "position_features": 4 },
    "embedding": { "kind": "fourier", "features": 8 },
    "prediction": { "kind": "edm" }
  },
  "train": {
    "engine": "ENGINE", "steps": 150, "batch": 32, "optimizer": { "kind": "adam" },
    "learning_rate": { "kind": "constant", "value": 0.003 },
    "ema": { "kind": "exponential", "decay": 0.99 },
    "log_every": 5, "validate_every": 50, "validate_rows": 256, "checkpoint_every": 3
  },
  "sample": { "sampler": { "kind": "heun", "steps": 6 }, "count": 300 },
  "report": { "figures": [], "page": false, "evaluation": false }
}"#;

/// Longest time of a run of the program; a longer one hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// Most memory of the program, in KiB.
const MEMORY: u64 = 1 << 20;

/// Words of a panic, and words of the program about one that it caught.
const PANICS: [&str; 3] = ["panic: ", "panicked", "a lost device or a defect"];

/// Engines that train it in turn.
const ENGINES: [&str; 2] = ["tape", "direct"];

/// Files of a run's result.
const RESULTS: [&str; 6] = [
    "checkpoints/step-00000150/model.safetensors",
    "checkpoints/step-00000150/ema.safetensors",
    "checkpoints/step-00000150/optimizer.safetensors",
    "checkpoints/step-00000150/checkpoint.json",
    "metrics.jsonl",
    "samples.csv",
];

/// Does all parts whose names begin with `only`, to this extent; fails at the first promise that does not hold.
pub fn run(workspace: &Workspace, extent: Extent, only: &str) -> Result<(), String> {
    let scratch = Scratch::new("torture")?;
    let program = Program::build(workspace, &scratch)?;
    let bench = Bench { workspace, program, folder: scratch.folder(), only };
    for engine in ENGINES {
        bench.write("run.json", RUN.replace("ENGINE", engine).as_bytes())?;
        bench.succeed(&["train", "run.json", "--out", "whole"])?;
        let parts: [(&str, Part); 4] = [
            ("kills", kills::kills),
            ("crowds", kills::crowds),
            ("flips", damage::flips),
            ("divergence", damage::divergence),
        ];
        for (name, part) in parts {
            bench.report(&format!("{name} ({engine} engine)"), part, extent)?;
        }
        bench.remove("whole")?;
    }
    bench.succeed(&["train", "run.json", "--out", "whole"])?;
    bench.report("disk", disk, extent)?;
    bench.report("system calls", system_calls::system_calls, extent)?;
    bench.report("strangers", strangers::strangers, extent)?;
    bench.report("mutations", mutations::mutations, extent)?;
    bench.report("large files", mutations::large, extent)
}

/// Disk tests of the library, with more of the states that a power cut may leave. In them each operation on
/// the disk fails, and the power is cut after each. They print what they did.
fn disk(bench: &Bench, extent: Extent) -> Result<String, String> {
    if extent.library == 0 {
        return Ok("as the tests of the library do it".to_owned());
    }
    let target = ["test", "--workspace", "--locked", "--lib", "--", "disk::", "--nocapture"];
    bench.workspace.cargo_with(&[("LANGEVIN_TORTURE", "1")], &target)?;
    Ok("every operation failed, and every cut went on or had saved nothing".to_owned())
}

/// Program, and the folder that it works in. `whole` there is the undisturbed run.
struct Bench<'a> {
    workspace: &'a Workspace,
    program: Program,
    folder: &'a Path,
    /// How the names of the parts begin that are done.
    only: &'a str,
}

impl Bench<'_> {
    fn report(&self, name: &str, part: Part, extent: Extent) -> Result<(), String> {
        if !name.starts_with(self.only) {
            return Ok(());
        }
        let said = part(self, extent).map_err(|error| format!("torture: {name}: {error}"))?;
        println!("{name}: {said}");
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        fs::write(self.path(name), bytes).map_err(|error| format!("{name}: {error}"))
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        fs::read(self.path(name)).map_err(|error| format!("{name}: {error}"))
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, String> {
        let mut command = self.program.command(arguments);
        let output = command.current_dir(self.folder).output();
        output.map_err(|error| format!("langevin: {error}"))
    }

    fn succeed(&self, arguments: &[&str]) -> Result<(), String> {
        let output = self.run(arguments)?;
        match output.status.success() {
            true => Ok(()),
            false => Err(format!(
                "`langevin {}` ended with {}: {}",
                arguments.join(" "),
                output.status,
                String::from_utf8_lossy(&output.stderr)
            )),
        }
    }

    /// Compares a finished run with the undisturbed one, byte for byte; fails where they differ or a file is
    /// left over.
    fn same_as_whole(&self, run: &str) -> Result<(), String> {
        let (own, whole) = (names(&self.path(run))?, names(&self.path("whole"))?);
        if let Some(name) = own.symmetric_difference(&whole).next() {
            return Err(format!("{run}/{name} is in one of the two runs"));
        }
        for name in RESULTS {
            if self.read(&format!("{run}/{name}"))? != self.read(&format!("whole/{name}"))? {
                return Err(format!("{run}/{name} is not the undisturbed run's"));
            }
        }
        Ok(())
    }

    fn remove(&self, run: &str) -> Result<(), String> {
        fs::remove_dir_all(self.path(run)).map_err(|error| format!("{run}: {error}"))
    }
}

/// Paths of all files and folders in a folder, relative to it.
fn names(folder: &Path) -> Result<BTreeSet<String>, String> {
    let (mut found, mut folders) = (BTreeSet::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).map_err(named(&next))? {
            let path = entry.map_err(named(&next))?.path();
            let name = path.strip_prefix(folder).unwrap_or(&path);
            found.insert(name.display().to_string());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    Ok(found)
}
