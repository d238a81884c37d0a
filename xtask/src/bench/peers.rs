//! Environment of the peers: pinned versions of JAX and PyTorch in a virtual environment under target/.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::cargo::Workspace;
use crate::files::named;

const REQUIREMENTS: &str = "xtask/peers/requirements.txt";
/// Index of PyTorch's builds for the CPU. PyPI has none of them for Linux.
const CPU_INDEX: &str = "https://download.pytorch.org/whl/cpu";

/// Python of the environment, which is made where it is not there yet. It is made by the interpreter that
/// `LANGEVIN_PYTHON` names, or by python3.
pub fn install(workspace: &Workspace, folder: &Path) -> Result<PathBuf, String> {
    let requirements = workspace.root.join(REQUIREMENTS);
    let wanted = fs::read_to_string(&requirements).map_err(|e| format!("{REQUIREMENTS}: {e}"))?;
    let environment = folder.join("venv");
    let (python, mark) = (environment.join("bin/python"), environment.join("requirements.txt"));
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let interpreter = std::env::var("LANGEVIN_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    call(Command::new(interpreter).args(["-m", "venv"]).arg(&environment))?;
    let pip = |arguments: &[&str]| {
        let mut command = Command::new(&python);
        call(command.args(["-m", "pip", "install", "--quiet"]).args(arguments))
    };
    let torch = wanted.lines().find(|line| line.starts_with("torch==")).unwrap_or("torch");
    let quick = ["--timeout", "10", "--retries", "0"];
    if pip(&[&["--index-url", CPU_INDEX], &quick[..], &[torch]].concat()).is_err() {
        println!("{CPU_INDEX} has no {torch} for this machine: taking the one of pip's own index");
    }
    pip(&["--requirement", &requirements.display().to_string()])?;
    fs::write(&mark, wanted).map_err(named(&mark))?;
    Ok(python)
}

fn call(command: &mut Command) -> Result<(), String> {
    println!("$ {command:?}");
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed ({status})")) }
}
