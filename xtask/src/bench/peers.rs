//! Environment of the peers: pinned versions of JAX and PyTorch.

use std::path::{Path, PathBuf};

use crate::cargo::Workspace;
use crate::python;

const REQUIREMENTS: &str = "xtask/peers/requirements.txt";
/// Index of PyTorch's builds for the CPU. PyPI has none of them for Linux.
const CPU_INDEX: &str = "https://download.pytorch.org/whl/cpu";

/// Python of the environment, which is made where it is not there yet.
pub fn install(workspace: &Workspace, folder: &Path) -> Result<PathBuf, String> {
    python::environment(&workspace.root.join(REQUIREMENTS), folder, |pip, wanted| {
        let torch = wanted.lines().find(|line| line.starts_with("torch==")).unwrap_or("torch");
        let quick = ["--timeout", "10", "--retries", "0"];
        if pip(&[&["--index-url", CPU_INDEX], &quick[..], &[torch]].concat()).is_err() {
            println!(
                "{CPU_INDEX} has no {torch} for this machine: taking the one of pip's own index"
            );
        }
    })
}
