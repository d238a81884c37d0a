//! Program that the workspace builds, and a temporary folder to run it in.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::cargo::Workspace;
use crate::files::{named, read_json};

/// Temporary folder for runs that nobody keeps. It is removed when this value is dropped.
pub struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// New folder among the system's temporary ones, with the purpose in its name.
    pub fn new(purpose: &str) -> Result<Self, String> {
        let name = format!("langevin-{purpose}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).map_err(named(&folder))?;
        Ok(Self { folder })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A folder that cannot be removed stays among the temporary ones.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Program, built and then copied: a later build must not change it between two runs.
pub struct Program {
    path: PathBuf,
}

impl Program {
    /// Builds the program and copies it into the folder.
    pub fn build(workspace: &Workspace, scratch: &Scratch) -> Result<Self, String> {
        Ok(Self { path: built(workspace, scratch, &["-p", "cli"], "langevin")? })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Command that runs the program with these arguments, on its default backend.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        command.args(arguments).env_remove("LANGEVIN_BACKEND").stdin(Stdio::null());
        command
    }
}

/// Path of a program that cargo builds with these options, copied into the folder.
pub fn built(
    workspace: &Workspace,
    scratch: &Scratch,
    options: &[&str],
    name: &str,
) -> Result<PathBuf, String> {
    let messages = ["--locked", "--message-format=json-render-diagnostics"];
    let messages = workspace.cargo_output(&[&["build"], options, &messages].concat())?;
    let executable = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let path = message["executable"].as_str().filter(|_| message["target"]["name"] == name)?;
        Some(PathBuf::from(path))
    };
    let made = messages.lines().filter_map(executable).next_back();
    let made = made.ok_or_else(|| format!("cargo names no {name} that it built"))?;
    let path = scratch.folder().join(name);
    fs::copy(&made, &path).map_err(named(&path))?;
    Ok(path)
}

/// Machine that a run was made on, in words.
pub fn machine_of(run: &Path) -> Result<String, String> {
    let machine = &read_json(&run.join("manifest.json"))?["machine"];
    let cpu = machine["cpu"].as_str().ok_or("manifest.json names no processor")?;
    let threads = machine["threads"].as_u64().ok_or("manifest.json counts no threads")?;
    let s = if threads == 1 { "" } else { "s" };
    Ok(format!("{threads} thread{s} of an {cpu} processor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scratch_folder_is_gone_with_all_in_it() {
        let scratch = Scratch::new("test-of-scratch").expect("a temporary folder");
        let folder = scratch.folder().to_path_buf();
        fs::write(folder.join("file"), "text").expect("writable");
        drop(scratch);
        assert!(!folder.exists());
    }
}
