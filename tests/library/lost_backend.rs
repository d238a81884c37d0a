//! A backend that gives up in the midst of training, as a lost GPU driver makes it, costs what came
//! after the last checkpoint.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor},
};
use langevin_core::Network;
use langevin_data::Dataset;
use langevin_train::{
    Event, Observer, Problem, Program, RunOptions, TrainError, Trainer, parse_config, resume, train,
};

/// Forward passes until the device is gone.
static LEFT: AtomicUsize = AtomicUsize::new(usize::MAX);

#[derive(Module, Debug)]
struct Fragile {
    layer: Linear,
}

impl Network for Fragile {
    fn forward(&self, x: Tensor<2>, _: Option<Tensor<2>>, _: Option<Tensor<2>>) -> Tensor<2> {
        let left = LEFT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        assert!(left.is_ok(), "the device is gone");
        self.layer.forward(x)
    }
}

#[derive(Default)]
struct Remarks(Vec<String>);

impl Observer for Remarks {
    fn event(&mut self, event: Event) {
        if let Event::Remark(remark) = event {
            self.0.push(remark.to_owned());
        }
    }
}

fn built(problem: &Problem, device: &Device) -> Result<(Fragile, Box<dyn Dataset>), TrainError> {
    let config = problem.config();
    let data = config.data.build(config.seed)?;
    device.seed(7);
    Ok((Fragile { layer: LinearConfig::new(2, 2).init(device) }, data))
}

#[test]
fn a_backend_that_is_lost_leaves_the_last_checkpoint_and_says_so() {
    let text = r#"{
        "name": "fragile",
        "data": { "kind": "gaussian", "mean": [1, 2], "std": 0.1 },
        "noise": { "schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 80 } },
        "denoiser": { "network": { "kind": "custom", "name": "fragile" },
                      "prediction": { "kind": "edm" } },
        "train": { "steps": 30, "batch": 4, "optimizer": { "kind": "adam" },
                   "learning_rate": { "kind": "constant", "value": 1e-3 },
                   "checkpoint_every": 10 },
        "sample": { "sampler": { "kind": "heun", "steps": 2 }, "count": 8 },
        "report": { "figures": [], "page": false, "evaluation": false }
    }"#;
    let config = parse_config("fragile", text, &[]).expect("valid");
    let device = Device::flex();
    let program = Program {
        langevin: "0".to_owned(),
        burn: "0".to_owned(),
        backend: "flex".to_owned(),
        device: "processor".to_owned(),
        features: Vec::new(),
    };
    let options = RunOptions::new(&device, program);
    let folder = tempfile::tempdir().expect("temporary folder");
    let begin = |run: &Path| {
        let problem = Problem::new(config.clone()).expect("valid");
        let (network, data) = built(&problem, &device).expect("built");
        let mut remarks = Remarks::default();
        let report = train(problem, network, data, Some(run), &options, &mut remarks);
        let said = remarks.0.join("\n");
        assert!(said.contains("the tape makes the steps, which takes longer"), "{said}");
        report
    };
    let (whole, run) = (folder.path().join("whole"), folder.path().join("run"));
    begin(&whole).expect("undisturbed");

    LEFT.store(25, Ordering::Relaxed);
    let message = begin(&run).expect_err("the device is gone").to_string();
    LEFT.store(usize::MAX, Ordering::Relaxed);
    assert!(message.contains("the device is gone"), "{message}");
    let last = run.join("checkpoints/step-00000020").display().to_string();
    assert!(message.contains(&format!("the last good checkpoint is {last}")), "{message}");
    let manifest = std::fs::read_to_string(run.join("manifest.json")).expect("there");
    assert!(manifest.contains(r#""state": "failed""#), "{manifest}");

    let build = |config, device: &Device| {
        let problem = Problem::new(config)?;
        let (network, data) = built(&problem, device)?;
        Trainer::new(problem, network, data, device)
    };
    resume(&run, None, build, &options, &mut ()).expect("goes on");
    for name in ["metrics.jsonl", "samples.csv", "checkpoints/step-00000030/model.safetensors"] {
        let read = |run: &Path| std::fs::read(run.join(name)).expect("there");
        assert!(read(&run) == read(&whole), "{name}");
    }
}
