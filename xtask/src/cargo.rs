//! Workspace: its folder, and calls of cargo and git in it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Workspace that this program checks.
pub struct Workspace {
    pub root: PathBuf,
}

impl Workspace {
    /// Workspace around xtask's own folder where cargo started xtask, else the one in the current folder.
    pub fn find() -> Result<Self, String> {
        let by_cargo = std::env::var_os("CARGO_MANIFEST_DIR")
            .and_then(|folder| Some(PathBuf::from(folder).parent()?.to_path_buf()));
        let root = match by_cargo {
            Some(root) => root,
            None => std::env::current_dir().map_err(|error| format!("current folder: {error}"))?,
        };
        if root.join("Cargo.lock").is_file() {
            Ok(Self { root })
        } else {
            Err(format!("{}: no Cargo.lock here; run `cargo xtask` instead", root.display()))
        }
    }

    /// Runs cargo, whose output goes straight to the terminal.
    pub fn cargo(&self, arguments: &[&str]) -> Result<(), String> {
        self.cargo_with(&[], arguments)
    }

    /// Runs cargo with further environment variables.
    pub fn cargo_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Result<(), String> {
        let mut command = self.cargo_command(arguments);
        command.envs(variables.iter().copied());
        println!("$ cargo {}", arguments.join(" "));
        let status = command.status().map_err(|error| format!("cargo: {error}"))?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("`cargo {}` failed ({status})", arguments.join(" ")))
        }
    }

    /// Standard output of cargo.
    pub fn cargo_output(&self, arguments: &[&str]) -> Result<String, String> {
        println!("$ cargo {}", arguments.join(" "));
        output(self.cargo_command(arguments), &format!("cargo {}", arguments.join(" ")))
    }

    /// Whether there is a `cargo NAME`, as `nextest` may be.
    pub fn has_cargo(&self, name: &str) -> bool {
        succeeds(&mut self.cargo_command(&[name, "--version"]))
    }

    /// Standard output of git.
    pub fn git_output(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(&self.root).stdin(Stdio::null());
        output(command, &format!("git {}", arguments.join(" ")))
    }

    fn cargo_command(&self, arguments: &[&str]) -> Command {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.root).stdin(Stdio::null());
        // `cargo run` sets variables about the package xtask. A build script that asks for one of them
        // would run again if it saw them here.
        for (name, _) in std::env::vars_os() {
            let of_package = name.to_str().is_some_and(|name| {
                name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
            });
            if of_package {
                command.env_remove(name);
            }
        }
        command
    }
}

/// Whether a command is there and succeeds. What it says is not shown.
pub fn succeeds(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Standard output of a command; an error where it fails.
fn output(mut command: Command, shown: &str) -> Result<String, String> {
    command.stderr(Stdio::inherit());
    let output = command.output().map_err(|error| format!("{shown}: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{shown}` failed ({})", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{shown}` wrote no UTF-8"))
}
