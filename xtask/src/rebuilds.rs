//! Check that the tests compile no Burn crate again after `cargo build -p cli`.
//!
//! A dependency may widen the features of a crate that Burn shares, even a dependency of a test. Cargo
//! then builds that crate and all above it a second time: ten minutes that nobody notices. Cargo names
//! the files of each crate that it built, now or before. A file that only the test build names belongs
//! to a crate that was built twice.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cargo::Workspace;

/// Starts of the names of crates that are costly to build.
const COSTLY: [&str; 5] = ["burn", "cubecl", "cubek", "naga", "wgpu"];

/// Builds program and tests, and fails where the tests have crates of their own.
pub fn run(workspace: &Workspace) -> Result<(), String> {
    let messages = "--message-format=json-render-diagnostics";
    let program = workspace.cargo_output(&["build", "-p", "cli", "--locked", messages])?;
    let tests =
        workspace.cargo_output(&["test", "--workspace", "--no-run", "--locked", messages])?;
    let twice = built_again(&program, &tests)?;
    if twice.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the test build makes these crates a second time:\n  {}\nA dependency of the tests (or of \
         xtask) enables features that `cargo build -p cli` does not; \
         `cargo tree -e features -i CRATE --workspace` names it.",
        twice.join("\n  ")
    ))
}

/// Crate as one build made it.
struct Artifact {
    package: String,
    target: String,
    files: BTreeSet<String>,
    features: BTreeSet<String>,
}

/// Costly crates whose files the test build names and the program's build does not.
fn built_again(program: &str, tests: &str) -> Result<Vec<String>, String> {
    let (program, tests) = (artifacts(program)?, artifacts(tests)?);
    if program.is_empty() {
        return Err("`cargo build -p cli` names no Burn crate: nothing to compare".to_owned());
    }
    let known: BTreeSet<&String> = program.iter().flat_map(|artifact| &artifact.files).collect();
    let again = tests.iter().filter(|artifact| !artifact.files.iter().all(|f| known.contains(f)));
    Ok(again.map(|artifact| describe(artifact, &program)).collect())
}

fn describe(artifact: &Artifact, program: &[Artifact]) -> String {
    let same = |other: &&Artifact| {
        other.package == artifact.package
            && other.target == artifact.target
            && other.features != artifact.features
    };
    match program.iter().find(same) {
        Some(first) => {
            let differ: Vec<&str> = first
                .features
                .symmetric_difference(&artifact.features)
                .map(String::as_str)
                .collect();
            format!("{} (features that differ: {})", artifact.package, differ.join(", "))
        }
        None => artifact.package.clone(),
    }
}

/// Costly crates in cargo's messages, which are one JSON object a line.
fn artifacts(messages: &str) -> Result<Vec<Artifact>, String> {
    let mut found = Vec::new();
    for line in messages.lines().filter(|line| line.starts_with('{')) {
        let message: Value =
            serde_json::from_str(line).map_err(|error| format!("cargo's messages: {error}"))?;
        let package = package_name(message["package_id"].as_str().unwrap_or_default());
        let costly = COSTLY.iter().any(|start| package.starts_with(start));
        if message["reason"] == "compiler-artifact" && costly {
            found.push(Artifact {
                package: package.to_owned(),
                target: message["target"]["name"].as_str().unwrap_or_default().to_owned(),
                files: strings(&message["filenames"]),
                features: strings(&message["features"]),
            });
        }
    }
    Ok(found)
}

/// Name in a package id: `burn-ndarray` in `registry+https://…#burn-ndarray@0.22.1`, `core` in
/// `path+file:///…/core#0.1.0`.
fn package_name(id: &str) -> &str {
    let (place, rest) = id.rsplit_once('#').unwrap_or((id, id));
    match rest.split_once('@') {
        Some((name, _)) => name,
        None => place.rsplit('/').next().unwrap_or(place),
    }
}

fn strings(value: &Value) -> BTreeSet<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(|item| Some(item.as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(package: &str, file: &str, features: &str) -> String {
        format!(
            r#"{{"reason":"compiler-artifact","package_id":"registry+https://a.b/c#{package}@1.2.3","target":{{"name":"lib"}},"filenames":["{file}"],"features":[{features}],"fresh":true}}"#
        )
    }

    #[test]
    fn a_costly_crate_with_other_features_is_found_even_when_it_was_built_before() {
        let program = line("burn-core", "libburn-1.rlib", r#""std""#);
        let tests =
            format!("{program}\n{}", line("burn-core", "libburn-2.rlib", r#""std","rand""#));
        let found = built_again(&program, &tests).expect("valid messages");
        assert_eq!(found, ["burn-core (features that differ: rand)"]);
    }

    #[test]
    fn the_same_files_and_cheap_crates_pass() {
        let program = line("burn", "libburn-1.rlib", "");
        let tests = format!("{program}\n{}\nnoise", line("proptest", "libproptest.rlib", ""));
        assert!(built_again(&program, &tests).expect("valid messages").is_empty());
    }

    #[test]
    fn a_build_without_burn_is_not_taken_for_a_pass() {
        assert!(built_again("", "").is_err());
    }

    #[test]
    fn names_are_read_from_both_forms_of_ids() {
        assert_eq!(package_name("registry+https://a.b/c#burn-nn@0.22.1"), "burn-nn");
        assert_eq!(package_name("path+file:///a/b/burn-x#0.1.0"), "burn-x");
    }
}
