//! Check that a program outside of this workspace builds on the libraries, and runs: examples/outside.
//!
//! It is built into this workspace's target folder, with this workspace's versions, profile and features of
//! Burn, so that nothing costly is built a second time.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cargo::Workspace;

const FOLDER: &str = "examples/outside";

/// Crates of ours, which in that workspace are dependencies like any other, without debug information.
const OURS: [&str; 3] = ["langevin-core", "langevin-data", "langevin-train"];

/// Builds the program and runs it.
pub fn run(workspace: &Workspace) -> Result<(), String> {
    let metadata =
        workspace.cargo_output(&["metadata", "--no-deps", "--format-version", "1", "--locked"])?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    let target = metadata["target_directory"].as_str().ok_or("cargo metadata: no target folder")?;
    let root = &workspace.root;
    let manifest = read(&root.join("Cargo.toml"))?;
    let settings = Path::new(target).join("outside.toml");
    write(&settings, &profile(&manifest)?)?;
    // Cargo takes out of the lock file what this program does not need.
    write(&root.join(FOLDER).join("Cargo.lock"), &read(&root.join("Cargo.lock"))?)?;
    workspace.cargo(&[
        "run",
        "-q",
        "--offline",
        "--manifest-path",
        &format!("{FOLDER}/Cargo.toml"),
        "--target-dir",
        target,
        "--features",
        "as-langevin",
        "--config",
        &settings.display().to_string(),
    ])
}

/// The `[profile.dev]` of a manifest, with which our crates have what they have as members.
fn profile(manifest: &str) -> Result<String, String> {
    let first = manifest.find("[profile.dev]").ok_or("Cargo.toml: no [profile.dev]")?;
    let mut profile = manifest[first..].to_owned();
    for name in OURS {
        let table = format!("[profile.dev.package.{name}]\n");
        let place = profile.find(&table).ok_or(format!("Cargo.toml: no {}", table.trim()))?;
        profile.insert_str(place + table.len(), "debug = \"line-tables-only\"\n");
    }
    Ok(profile)
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_crates_have_the_debug_information_of_members() {
        let ours = OURS.map(|name| format!("[profile.dev.package.{name}]\nopt-level = 2\n"));
        let manifest = format!("[workspace]\n\n[profile.dev]\nopt-level = 1\n{}", ours.concat());
        let profile = profile(&manifest).expect("a profile");
        assert!(profile.starts_with("[profile.dev]\nopt-level = 1\n"), "{profile}");
        assert_eq!(profile.matches("]\ndebug = \"line-tables-only\"\nopt-level = 2\n").count(), 3);
        assert!(super::profile("[workspace]\n").is_err());
    }
}
