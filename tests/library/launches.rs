//! What a training step asks of a GPU: kernels, counted by the runtime itself.

use std::{
    sync::{Arc, Mutex},
    thread::{self, ThreadId},
};

use cubecl_runtime::logging::{LaunchObservation, LaunchObserver};
use langevin_train::{Problem, Trainer, built_in, parse_config};

use crate::devices;

/// The kernels that one thread launches.
struct Launches {
    thread: ThreadId,
    kernels: Mutex<Vec<&'static str>>,
}

impl LaunchObserver for Launches {
    fn launched(&self, kernel: &'static str) {
        if thread::current().id() == self.thread
            && let Ok(mut kernels) = self.kernels.lock()
        {
            kernels.push(kernel);
        }
    }
}

/// The kernels of a step between two log lines, after some to warm up; none without an adapter.
fn kernels(problem: Problem) -> Option<Vec<&'static str>> {
    let (_, device) = devices::all().into_iter().find(|(name, _)| *name == "wgpu")?;
    let (network, data) = built_in(&problem, &device).expect("valid");
    let mut trainer = Trainer::new(problem, network, data, &device).expect("valid");
    for _ in 0..3 {
        trainer.step().expect("a step");
    }
    let launches = Launches { thread: thread::current().id(), kernels: Mutex::default() };
    let launches = Arc::new(launches);
    let watching = LaunchObservation::new(launches.clone());
    trainer.step().expect("a step");
    drop(watching);
    let kernels = launches.kernels.lock().expect("no panic").clone();
    Some(kernels)
}

fn problem(text: &str, settings: &[&str]) -> Problem {
    let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
    Problem::new(parse_config("run", text, &settings).expect("valid")).expect("valid")
}

/// The numbers are lavapipe's through Vulkan: what an adapter can do decides which kernels Burn takes, and
/// through OpenGL there are one or two fewer.
#[test]
fn a_step_on_wgpu_launches_no_more_kernels_than_it_did() {
    let a = include_str!("../../benches/jobs/a.json");
    let default = include_str!("../../configs/default.json");
    // Fading adds nine operations to the tape.
    let (fades, lasts) = ("0.01", "null");
    for (text, resolution, engine, most) in [
        (a, lasts, "direct", 3),
        (default, fades, "direct", 4),
        (a, lasts, "tape", 77),
        (default, lasts, "tape", 207),
        (default, fades, "tape", 216),
    ] {
        let engine = format!("train.engine={engine}");
        let resolution = format!("denoiser.network.position_resolution={resolution}");
        let settings = ["train.log_every=50", &engine, &resolution];
        let Some(kernels) = kernels(problem(text, &settings)) else { return };
        assert!(kernels.len() <= most, "{settings:?}: {} kernels: {kernels:#?}", kernels.len());
    }
}
