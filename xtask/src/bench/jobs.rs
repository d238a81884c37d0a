//! Jobs of the comparison, and the sides that do them.

use super::side::Side;

/// Job: the training step of a run file.
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
    /// Whether the floor can do it.
    pub floor: bool,
    /// Whether it is measured on one core too.
    pub on_one_core: bool,
}

/// All jobs, in the order of the page.
pub const JOBS: &[Job] = &[
    Job {
        name: "A",
        about: "the article's first system: 2–32–32–1, ReLU, batch 32, SGD",
        run_file: "benches/jobs/a.json",
        compared: 1000,
        given: 100,
        floor: true,
        on_one_core: true,
    },
    Job {
        name: "B",
        about: "four modes in the plane: width 128, two hidden layers, ReLU, batch 256, Adam",
        run_file: "benches/jobs/b.json",
        compared: 300,
        given: 50,
        floor: true,
        on_one_core: true,
    },
    Job {
        name: "C",
        about: "as B, width 256, batch 1024",
        run_file: "benches/jobs/c.json",
        compared: 100,
        given: 20,
        floor: true,
        on_one_core: true,
    },
    Job {
        name: "D",
        about: "as B, width 256, batch 4096",
        run_file: "benches/jobs/d.json",
        compared: 50,
        given: 10,
        floor: true,
        on_one_core: true,
    },
    Job {
        name: "digits",
        about: "`digits`: 61 columns, width 512, three hidden layers, SiLU, residual, batch 128, Adam, averaged weights",
        run_file: "configs/digits.json",
        compared: 50,
        given: 20,
        floor: false,
        on_one_core: false,
    },
    Job {
        name: "default",
        about: "the default run: width 128, two hidden layers, SiLU, residual, Fourier features of position and level, batch 128, Adam, averaged weights",
        run_file: "configs/default.json",
        compared: 200,
        given: 30,
        floor: false,
        on_one_core: false,
    },
];

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
