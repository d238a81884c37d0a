//! manifest.json: what made a run, and in which state it is.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use crate::{
    TrainError,
    engine::mlp_cpu::InstructionSet,
    store::{
        durable::write_json,
        lock::is_left,
        reading::{MANIFEST_LIMIT, read_json},
    },
};

pub(crate) const MANIFEST: &str = "manifest.json";
/// The format of run folders that is written. Langevin 0.1 wrote format 1.
const FORMAT: u32 = 2;

/// What made a run, and in which state it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format of the run folder: 2, or 1 for a run that Langevin 0.1 began.
    pub format: u32,
    /// State of the run: going on, done, or stopped for a reason.
    pub state: RunState,
    /// Time at which the run was started, in seconds since 1970.
    pub started: u64,
    /// The program that made the run.
    pub program: Program,
    /// The machine, on which the run's bits may depend.
    pub machine: Machine,
    /// The engine that made the steps: `direct` or `tape`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// Training steps made when the state was written.
    #[serde(default)]
    pub step: u64,
    /// Fingerprint of the data, which tells it from other data: blake3 of its rows.
    pub data: String,
    /// Attribution of the data, where it must be given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    /// blake3 of the files that the run has finished, by name.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

/// State of a run: going on, done, or stopped for a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// A process is training, or was killed while training.
    Running,
    /// A process was killed while training: manifest.json says [`Running`](Self::Running), and no
    /// process holds the run.
    Killed,
    /// All steps are made and the samples are drawn.
    Finished,
    /// Stopped on request after saving.
    Interrupted,
    /// Stopped by an error.
    Failed,
}

impl RunState {
    /// The name in manifest.json.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Killed => "killed",
            Self::Finished => "finished",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }
}

/// The program that made a run, as its binary says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Version of Langevin.
    pub langevin: String,
    /// Version of Burn.
    pub burn: String,
    /// The backend's name.
    pub backend: String,
    /// The device, in words: adapter, driver and API on a GPU.
    pub device: String,
    /// Cargo features that the binary has.
    pub features: Vec<String>,
}

impl Program {
    /// Version of Burn that these libraries are built with.
    pub const BURN: &str = "0.22.1";

    /// A program on these libraries that computes by `backend` on `device`, both in words.
    pub fn new(backend: &str, device: &str) -> Self {
        Self {
            langevin: env!("CARGO_PKG_VERSION").to_owned(),
            burn: Self::BURN.to_owned(),
            backend: backend.to_owned(),
            device: device.to_owned(),
            features: Vec::new(),
        }
    }
}

/// The machine of a run, on which its bits may depend beside the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Operating system and C library.
    pub system: String,
    /// The processor's name.
    pub cpu: String,
    /// The instruction sets that kernels use.
    pub instruction_sets: Vec<String>,
    /// Threads that the machine offers.
    pub threads: usize,
}

impl Machine {
    /// This machine.
    pub fn here() -> Self {
        let mut system = sysinfo::System::new();
        system.refresh_cpu_list(sysinfo::CpuRefreshKind::nothing());
        let sets = InstructionSet::in_use().instructions();
        let cpu = system.cpus().first().map(|cpu| cpu.brand().trim().to_owned());
        Self {
            system: format!("{} {}, {}", std::env::consts::OS, std::env::consts::ARCH, c_library()),
            cpu: cpu.filter(|name| !name.is_empty()).unwrap_or("unknown".to_owned()),
            instruction_sets: sets.iter().map(|name| (*name).to_owned()).collect(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }

    /// Differences from `now` on which bits may depend, as "processor: this then, that now".
    pub(crate) fn differences(&self, now: &Self) -> Vec<String> {
        let sets = |of: &Self| match of.instruction_sets.is_empty() {
            true => "plain".to_owned(),
            false => of.instruction_sets.join(", "),
        };
        let pairs = [
            ("processor", self.cpu.clone(), now.cpu.clone()),
            ("instruction sets", sets(self), sets(now)),
            ("system", self.system.clone(), now.system.clone()),
        ];
        let differ = pairs.into_iter().filter(|(_, own, now)| own != now);
        differ.map(|(what, own, now)| format!("{what}: {own} then, {now} now")).collect()
    }
}

#[cfg(target_env = "gnu")]
fn c_library() -> String {
    // SAFETY: the function takes nothing and gives a static text that ends in a zero.
    let version = unsafe { std::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) };
    format!("glibc {}", version.to_string_lossy())
}

#[cfg(not(target_env = "gnu"))]
fn c_library() -> String {
    if cfg!(target_env = "musl") { "musl" } else { "the system's C library" }.to_owned()
}

impl Manifest {
    /// The manifest of a run that starts now.
    pub(crate) fn new(program: Program, data: String) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            format: FORMAT,
            state: RunState::Running,
            engine: None,
            step: 0,
            started: now.as_secs(),
            program,
            machine: Machine::here(),
            data,
            attribution: None,
            files: BTreeMap::new(),
        }
    }

    /// Reads the manifest of a run.
    ///
    /// # Errors
    /// A file that is not there, is not ours, or has a later format.
    pub fn read(run: &Path) -> Result<Self, TrainError> {
        let path = run.join(MANIFEST);
        let json: Option<serde_json::Value> = read_json(&path, MANIFEST_LIMIT)?;
        let json = json.ok_or_else(|| {
            let what = "it is not there, and every run has one; was its whole folder copied?";
            let source = std::io::Error::new(std::io::ErrorKind::NotFound, what);
            TrainError::io("cannot read", &path, source)
        })?;
        // A later format may have other fields.
        match json["format"].as_u64().and_then(|format| u32::try_from(format).ok()) {
            Some(format) if format > FORMAT => {
                Err(TrainError::NewerFormat { file: path, format, known: FORMAT })
            }
            _ => serde_json::from_value(json)
                .map_err(|source| TrainError::Json { name: path.display().to_string(), source }),
        }
    }

    /// The manifest with the state [`RunState::Killed`] where it says running and no process holds the
    /// run.
    pub(crate) fn seen_now(mut self, run: &Path) -> Self {
        if self.state == RunState::Running && is_left(run) {
            self.state = RunState::Killed;
        }
        self
    }

    pub(crate) fn write(&self, run: &Path) -> Result<(), TrainError> {
        write_json(&run.join(MANIFEST), self).map(drop)
    }
}
