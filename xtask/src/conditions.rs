//! `cargo xtask conditions`: measures samples that are told something, by exact answers in Python, and writes that section of
//! docs/conditions.md.

use std::{fs, process::Command};

use minijinja::{context, value::Serde};
use serde_json::Value;

use crate::cargo::Workspace;
use crate::files::{named, read_json};
use crate::markdown::{environment, fill, wrapped, write_section};
use crate::program::{Program, Scratch};
use crate::python;

const PAGE: &str = "docs/conditions.md";
const TEMPLATE: &str = include_str!("../templates/conditions.md.jinja");
/// Heading of the section, which goes on to the end of the page.
const HEADING: &str = "## What was measured\n";
/// Folder of the study in Python.
const STUDY: &str = "xtask/conditions";
/// Folder for its environment.
const FOLDER: &str = "target/conditions";

/// Parts of the study.
const PARTS: [&str; 6] = ["mixture", "nothing", "penguins", "moons", "linear", "forecast"];

/// Parts of these names, divided by commas.
pub fn select(names: &str) -> Result<Vec<String>, String> {
    let known = |name: &str| match PARTS.contains(&name) {
        true => Ok(name.to_owned()),
        false => Err(format!("no such part: {name}; there are {}", PARTS.join(", "))),
    };
    names.split(',').map(known).collect()
}

/// Runs the study, or only some of its parts. All of it writes the section; fails where a figure lies beyond its bound.
pub fn run(workspace: &Workspace, only: &[String]) -> Result<(), String> {
    let (study, folder) = (workspace.root.join(STUDY), workspace.root.join(FOLDER));
    fs::create_dir_all(&folder).map_err(named(&folder))?;
    let python = python::environment(&study.join("requirements.txt"), &folder, |_, _| {})?;
    let scratch = Scratch::new("conditions")?;
    let program = Program::build(workspace, &scratch)?;
    let found = scratch.folder().join("found.json");
    let mut command = Command::new(python);
    command.arg(study.join("study.py")).arg(program.path()).arg(scratch.folder());
    command.arg(&study).arg(&found).args(only).env_remove("LANGEVIN_BACKEND");
    // Two libraries that thread at once are slower than one.
    let judged = python::call(command.env("OPENBLAS_NUM_THREADS", "1"));
    if only.is_empty() && found.exists() {
        let section = section(&read_json(&found)?)?;
        write_section(&workspace.root.join(PAGE), HEADING, &section)?;
        println!("wrote {PAGE}");
    }
    judged
}

/// Text of the section.
fn section(found: &Value) -> Result<String, String> {
    let text =
        fill(&environment()?, "conditions.md", TEMPLATE, context! { found => Serde(found) })?;
    Ok(wrapped(&text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_are_chosen_by_name() {
        assert_eq!(select("moons,linear"), Ok(vec!["moons".to_owned(), "linear".to_owned()]));
        assert!(select("moons,sun").is_err_and(|error| error.contains("no such part: sun")));
    }

    #[test]
    fn the_figures_become_a_section() {
        let figure = |value: f64| json!({ "value": value, "most": 1.0, "least": null });
        let p =
            json!({ "theta1": figure(0.3), "theta2": figure(0.4), "log_likelihood": figure(0.2) });
        let found = json!({
            "mixture": { "mean_error": figure(0.031), "std_error": figure(0.022), "mean_error_of_exact": 0.02,
                         "std_error_of_exact": 0.01, "cells": 8000, "coverage_50": 0.5,
                         "coverage_90": figure(0.907) },
            "nothing": { "given_any": 1.02, "unconditional": 1.01, "ratio": figure(1.01) },
            "penguins": { "largest_mean_error": figure(0.06), "largest_std_error": figure(0.07) },
            "moons": { "two_sample_test": figure(0.555), "two_sample_tests": [0.5, 0.61], "ranks_p": p,
                       "ignorant_distance": figure(0.98) },
            "linear": { "divergence": figure(0.04), "of_exact_samples": 0.003 },
            "forecast": { "rows": 55, "coverage_50": 0.51, "coverage_90": figure(0.92), "score": figure(0.222), "score_error": 0.01,
                          "baselines": { "column": 0.53, "linear": 0.2224, "nearest": 0.2232 } }
        });
        let text = section(&found).expect("complete");
        assert!(text.starts_with(HEADING), "{text}");
        assert!(
            text.contains("| two moons: two-sample test, mean of ten observations | 0.555 |"),
            "{text}"
        );
        assert!(section(&json!({})).is_err());
    }
}
