//! Sides of a comparison: processes that are told in lines of JSON what to do, and answer in such lines.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

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

/// Scripts of the peers.
const JAX: Option<&str> = Some("jax_worker.py");
const TORCH: Option<&str> = Some("torch_worker.py");

impl Side {
    const fn new(
        key: &'static str,
        shown: &'static str,
        script: Option<&'static str>,
        way: &'static str,
    ) -> Self {
        Self { key, shown, script, way }
    }

    pub const FLEX: Self = Self::new("langevin", "Langevin", None, "flex");
    pub const NDARRAY: Self = Self::new("ndarray", "Langevin on ndarray", None, "ndarray");
    pub const TAPE: Self = Self::new("tape", "Burn's tape", None, "flex-tape");
    pub const FLOOR: Self = Self::new("floor", "the floor", None, "floor");
    pub const WGPU: Self = Self::new("wgpu", "Langevin on wgpu", None, "wgpu");
    pub const WGPU_TAPE: Self = Self::new("wgpu-tape", "Burn's tape", None, "wgpu-tape");
    pub const WGPU_PLAIN: Self = Self::new("wgpu-plain", "plain Burn", None, "wgpu-plain");
    pub const JAX_SCAN: Self = Self::new("jax-scan", "JAX scan", JAX, "scan");
    pub const JAX_JIT: Self = Self::new("jax-jit", "JAX jit", JAX, "jit");
    pub const TORCH: Self = Self::new("torch", "PyTorch", TORCH, "eager");

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
        let (cores, mut choice) = match self.is_ours() {
            true => (cores, Value::Null),
            false => self.fastest(tools, cores, training)?,
        };
        // A new process, so that its memory holds nothing of what was tried.
        let mut process = self.start(tools, cores)?;
        process.ask(&self.prepare(training, &choice))?;
        if !self.is_ours() {
            choice["cores"] = json!(cores.unwrap_or(tools.cores));
        }
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
