//! Jobs of the comparison, which jobs.json lists, and the sides that do them.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::side::Side;

/// Job: the training step of a run file.
#[derive(Deserialize, Serialize)]
pub struct Job {
    /// Name in the page and in the figures.
    pub name: &'static str,
    pub about: &'static str,
    /// Path from the top of the workspace.
    pub run_file: &'static str,
    /// Steps over which the losses are compared where each side draws its own noise.
    pub compared: usize,
    /// Steps over which the losses are compared on given batches.
    pub given: usize,
    /// Whether the floor can do it. Such a job is measured on one core too.
    pub floor: bool,
}

/// All jobs, in the order of the page.
#[allow(clippy::expect_used, reason = "the file is part of the program, and the tests read it")]
pub static JOBS: LazyLock<Vec<Job>> =
    LazyLock::new(|| serde_json::from_str(include_str!("jobs.json")).expect("jobs.json"));

impl Job {
    /// Settings of all jobs. With them a training goes on for as long as it is measured, and does nothing but
    /// its steps.
    pub const SETTINGS: [&'static str; 4] = [
        "train.steps=1000000000",
        "train.log_every=1000000000",
        "train.validate_every=0",
        "train.checkpoint_every=1000000000",
    ];

    /// Sides that do the job, on all cores or on one.
    pub fn sides(&self, on_one_core: bool) -> Vec<Side> {
        let mut sides = vec![Side::FLEX];
        if self.floor {
            sides.push(Side::FLOOR);
        }
        sides.push(Side::JAX_SCAN);
        if !on_one_core {
            sides.extend([Side::JAX_JIT, Side::TORCH, Side::NDARRAY, Side::TAPE]);
        }
        sides
    }
}
