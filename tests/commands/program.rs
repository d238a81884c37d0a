//! Runs the binary and keeps what it said.

use std::{
    fs,
    io::{self, BufRead, BufReader, Lines},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Output, Stdio},
};

use tempfile::TempDir;

/// A folder of one test, and the binary to run in it.
pub struct Program {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

/// What a run of the binary gave.
pub struct Said {
    /// Exit code, or the number below 0 of the signal that ended it.
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Fails the test, with all that was said, unless the exit code is this.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "standard error:\n{}\nstandard output:\n{}",
            self.err, self.out
        );
        self
    }

    /// Fails the test unless standard error holds this text.
    #[track_caller]
    pub fn err_has(self, text: &str) -> Self {
        assert!(self.err.contains(text), "{text:?} is not in:\n{}", self.err);
        self
    }
}

/// The signal that ended a process.
#[cfg(unix)]
fn signal_of(status: std::process::ExitStatus) -> i32 {
    std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(1)
}

#[cfg(not(unix))]
fn signal_of(_: std::process::ExitStatus) -> i32 {
    1
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let code = output.status.code().unwrap_or_else(|| -signal_of(output.status));
        Self { code, out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Program {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        Self { folder, environment: Vec::new() }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The binary with these arguments, in this folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_langevin"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("LANGEVIN_BACKEND");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts the binary, and gives the lines of its standard error as they come.
    pub fn start(&self, arguments: &[&str]) -> (Child, Lines<BufReader<ChildStderr>>) {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let said = BufReader::new(child.stderr.take().expect("piped")).lines();
        (child, said)
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().expect("the binary runs").into()
    }

    /// Runs the binary by another program, a shell or a tracer, which is given its command line.
    pub fn run_by(&self, other: &mut Command, arguments: &[&str]) -> io::Result<Output> {
        let own = self.command(arguments);
        other.arg(own.get_program()).args(own.get_args()).current_dir(self.folder.path());
        other.env_remove("LANGEVIN_BACKEND");
        other.envs(self.environment.iter().map(|(name, value)| (name, value)));
        other.output()
    }

    /// Runs the binary after a shell script, which may go elsewhere or set limits.
    #[cfg(unix)]
    pub fn run_after(&self, script: &str, arguments: &[&str]) -> Said {
        let mut shell = Command::new("bash");
        shell.args(["-c", &format!("{script} && exec \"$@\""), "bash"]);
        self.run_by(&mut shell, arguments).expect("bash runs").into()
    }

    /// Runs the binary after a shell script in mounts of its own, where `mount` is an empty folder;
    /// `None` where the system lets nobody make mounts.
    #[cfg(target_os = "linux")]
    pub fn run_mounted(&self, script: &str, arguments: &[&str]) -> Option<Said> {
        let shell = |script: &str| {
            let mut unshare = Command::new("unshare");
            unshare.args(["--map-root-user", "--mount", "sh", "-c", script, "sh"]);
            self.run_by(&mut unshare, arguments)
        };
        fs::create_dir_all(self.path("mount")).expect("created");
        let works = shell("mount -t tmpfs none mount").is_ok_and(|output| output.status.success());
        if !works {
            // CI must not pass by leaving a promise untested.
            assert!(
                std::env::var_os("LANGEVIN_REQUIRE_MOUNTS").is_none(),
                "mounts are not allowed"
            );
        }
        works.then(|| shell(&format!("{script} && exec \"$@\"")).expect("as before").into())
    }

    /// The names of everything in the folder, sorted.
    pub fn everything(&self) -> Vec<String> {
        let mut found = Vec::new();
        list(self.folder.path(), self.folder.path(), &mut found);
        found.sort();
        found
    }
}

fn list(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        found.push(path.strip_prefix(root).expect("below").display().to_string());
        if path.is_dir() {
            list(root, &path, found);
        }
    }
}

/// Copies a folder with all that is in it into a new one, or one that is there.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("created");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy(&path, &to),
            false => drop(fs::copy(&path, &to).expect("copied")),
        }
    }
}

/// A small run that uses every part that has state: averages, momentum, validation, clipping.
pub const SMALL: &str = r#"{
  "name": "small",
  "seed": 3,
  "data": { "kind": "gaussian_mixture", "means": [[-1, 0], [1, 0.5]], "std": 0.1 },
  "noise": {
    "schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 },
    "levels": { "kind": "log_normal" }
  },
  "denoiser": {
    "network": { "kind": "mlp", "width": 32, "depth": 2, "position_features": 4 },
    "embedding": { "kind": "fourier", "features": 8 },
    "prediction": { "kind": "edm", "sigma_data": 1.0 }
  },
  "train": {
    "steps": 40, "batch": 33,
    "optimizer": { "kind": "adam" },
    "learning_rate": { "kind": "constant", "value": 0.003 },
    "clip_norm": 1.0,
    "ema": { "kind": "exponential", "decay": 0.99 },
    "log_every": 7, "validate_every": 10, "validate_rows": 300, "checkpoint_every": 15
  },
  "sample": { "sampler": { "kind": "ddpm", "steps": 8 }, "count": 600 },
  "report": { "figures": [] }
}"#;
