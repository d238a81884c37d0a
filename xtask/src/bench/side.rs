//! Sides of a comparison: processes that are told in lines of JSON what to do, and answer in such lines.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

use crate::cargo::Workspace;
use crate::program::Scratch;
use crate::statistics::numbers;

/// Programs of the sides, and what the machine offers.
pub struct Tools {
    pub worker: PathBuf,
    /// Folder of the peers' scripts.
    pub peers: PathBuf,
    /// Python that has JAX and PyTorch, where they are asked for.
    pub python: Option<PathBuf>,
    /// Number of the machine's cores.
    pub cores: usize,
    /// Whether there is a `taskset`, which holds a process to some of the cores.
    pub holds_to_cores: bool,
}

/// Whether the machine has `taskset`.
pub fn has_taskset() -> bool {
    let mut taskset = Command::new("taskset");
    let status = taskset.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

impl Tools {
    /// Whether a side can be started.
    pub fn has(&self, side: &Side) -> bool {
        side.script.is_none() || self.python.is_some()
    }
}

/// Side: who does a job, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// Key in the figures.
    pub key: &'static str,
    /// Name in the page.
    pub shown: &'static str,
    /// Script of a peer; none for ours.
    script: Option<&'static str>,
    /// Way of working, as the process is told it.
    pub way: &'static str,
}

impl Side {
    const fn own(key: &'static str, shown: &'static str, way: &'static str) -> Self {
        Self { key, shown, script: None, way }
    }

    const fn peer(
        key: &'static str,
        shown: &'static str,
        script: &'static str,
        way: &'static str,
    ) -> Self {
        Self { key, shown, script: Some(script), way }
    }

    pub const FLEX: Self = Self::own("langevin", "Langevin", "flex");
    pub const NDARRAY: Self = Self::own("ndarray", "Langevin on ndarray", "ndarray");
    pub const TAPE: Self = Self::own("tape", "Burn's tape", "flex-tape");
    pub const FLOOR: Self = Self::own("floor", "the floor", "floor");
    pub const WGPU: Self = Self::own("wgpu", "Langevin on wgpu", "wgpu");
    pub const WGPU_TAPE: Self = Self::own("wgpu-tape", "Burn's tape", "wgpu-tape");
    pub const WGPU_PLAIN: Self = Self::own("wgpu-plain", "plain Burn", "wgpu-plain");
    pub const JAX_SCAN: Self = Self::peer("jax-scan", "JAX scan", "jax_worker.py", "scan");
    pub const JAX_JIT: Self = Self::peer("jax-jit", "JAX jit", "jax_worker.py", "jit");
    pub const TORCH: Self = Self::peer("torch", "PyTorch", "torch_worker.py", "eager");

    /// Whether the side is of this project.
    pub const fn is_ours(&self) -> bool {
        self.script.is_none()
    }

    /// Starts the side's process, held to the first `cores` where there is a number.
    pub fn start(&self, tools: &Tools, cores: Option<usize>) -> Result<Process, String> {
        let mut words: Vec<PathBuf> = Vec::new();
        if let Some(cores) = cores {
            let list = format!("0-{}", cores - 1);
            words.extend(["taskset", "--cpu-list", &list].map(PathBuf::from));
        }
        match (self.script, &tools.python) {
            (None, _) => words.extend([tools.worker.clone(), "serve".into()]),
            (Some(script), Some(python)) => {
                words.extend([python.clone(), tools.peers.join(script)]);
            }
            (Some(_), None) => return Err(format!("{}: is not installed", self.shown)),
        }
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
        for (name, _) in std::env::vars_os() {
            let known = name.to_string_lossy();
            if TUNING.iter().any(|family| known.starts_with(family)) {
                command.env_remove(&name);
            }
        }
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("JAX_PLATFORMS", "cpu");
        let failed = |what: &str| format!("{}: {what}", self.shown);
        let mut child = command.spawn().map_err(|error| {
            format!("{}: {} does not start: {error}", self.shown, words[0].display())
        })?;
        let input = child.stdin.take().ok_or_else(|| failed("no standard input"))?;
        let output = child.stdout.take().ok_or_else(|| failed("no standard output"))?;
        let output = BufReader::new(output);
        Ok(Process { shown: self.shown, choice: Value::Null, child, input: Some(input), output })
    }

    /// Process of the side, ready for a training. A peer's works in the way that turned out fastest.
    pub fn ready(
        &self,
        tools: &Tools,
        cores: Option<usize>,
        training: &Training,
    ) -> Result<Process, String> {
        if self.is_ours() {
            let mut process = self.start(tools, cores)?;
            process.ask(&self.prepare(training, &Value::Null))?;
            return Ok(process);
        }
        let (cores, mut choice) = self.fastest(tools, cores, training)?;
        // A new process, so that its memory holds nothing of what was tried.
        let mut process = self.start(tools, cores)?;
        process.ask(&self.prepare(training, &choice))?;
        choice["cores"] = json!(cores.unwrap_or(tools.cores));
        process.choice = choice;
        Ok(process)
    }

    /// Fastest way of working of a peer: its cores, and one of its own choices. All ways are tried in turns.
    fn fastest(
        &self,
        tools: &Tools,
        cores: Option<usize>,
        training: &Training,
    ) -> Result<(Option<usize>, Value), String> {
        let can_be_held = tools.holds_to_cores && cores != Some(1) && tools.cores > 1;
        let held = can_be_held.then_some(Some(1)).into_iter().chain([cores]);
        let tried = held.map(|cores| {
            let mut process = self.start(tools, cores)?;
            let choose = json!({ "choose": training.folder, "way": self.way });
            let choices = process.ask(&choose)?["choices"].take();
            Ok((cores, process, choices))
        });
        let mut tried: Vec<_> = tried.collect::<Result<_, String>>()?;
        let mut fastest = (f64::INFINITY, cores, Value::Null);
        for _ in 0..3 {
            for (cores, process, choices) in &mut tried {
                let answer = process.ask(&json!({ "try": training.trial }))?;
                for (i, each) in numbers(&answer["each"]).into_iter().enumerate() {
                    if each < fastest.0 {
                        fastest = (each, *cores, choices[i].clone());
                    }
                }
            }
        }
        let (_, cores, choice) = fastest;
        Ok((cores, choice))
    }

    /// Question that makes the process ready for a training. Ours gets the run file, a peer the exported folder.
    fn prepare(&self, training: &Training, choice: &Value) -> Value {
        match self.script {
            None => json!({
                "prepare": true, "config": training.run_file, "settings": training.settings,
                "way": self.way,
            }),
            Some(_) => json!({ "prepare": training.folder, "way": self.way, "choice": choice }),
        }
    }
}

/// Beginnings of the names of environment variables that would tune one side of a comparison.
const TUNING: [&str; 16] = [
    "RAYON_",
    "MIMALLOC_",
    "OMP_",
    "GOMP_",
    "KMP_",
    "MKL_",
    "OPENBLAS_",
    "DNNL_",
    "ONEDNN_",
    "JAX_",
    "XLA_",
    "TF_",
    "TORCH_",
    "TORCHINDUCTOR_",
    "PYTORCH_",
    "ATEN_",
];

/// Training that all sides do.
pub struct Training {
    pub run_file: String,
    /// Settings beside the run file.
    pub settings: Vec<String>,
    /// Folder to which it is exported for peers.
    pub folder: PathBuf,
    /// Seconds for which a way of working is tried in a turn.
    pub trial: f64,
}

/// Process of a side at work. It ends when this value is dropped.
pub struct Process {
    shown: &'static str,
    /// Way of working that was chosen; null where there was no choice.
    pub choice: Value,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Answer of the process to a question, which is waited for.
    pub fn ask(&mut self, question: &Value) -> Result<Value, String> {
        let failed = |what: String| format!("{}: {what}; it was asked {question}", self.shown);
        let input = self.input.as_mut().ok_or_else(|| failed("has ended".into()))?;
        writeln!(input, "{question}").map_err(|error| failed(error.to_string()))?;
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(|error| failed(error.to_string()))?;
        if line.is_empty() {
            return Err(failed("ended without an answer".into()));
        }
        serde_json::from_str(&line).map_err(|error| failed(format!("{error} in {line}")))
    }

    /// Id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The process ends at the end of its input. Its exit code says nothing that is needed.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

/// Path of our worker, which is built and copied first: a later build must not change it.
pub fn build_worker(workspace: &Workspace, scratch: &Scratch) -> Result<PathBuf, String> {
    let messages = "--message-format=json-render-diagnostics";
    let built = workspace
        .cargo_output(&["build", "-p", "cli", "--bench", "worker", "--locked", messages])?;
    let executable = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let ours = message["target"]["name"] == "worker";
        ours.then(|| Some(PathBuf::from(message["executable"].as_str()?)))?
    };
    let built = built.lines().filter_map(executable).next_back();
    let built = built.ok_or("cargo names no worker that it built")?;
    let path = scratch.folder().join("worker");
    std::fs::copy(&built, &path).map_err(|error| format!("{}: {error}", built.display()))?;
    Ok(path)
}
