//! Checkpoints whose checksums hold, though a run cannot go on from them.

use std::fs;

use burn::tensor::Device;
use serde_json::{Value, json};

use super::*;
use crate::{
    config::parse_config,
    engine::Array,
    run::{built_in, built_in_trainer, resume, train},
    store::{disk::tests::small_run::options, folder::read_run_config},
};

const RUN: &str = r#"{
    "name": "t",
    "data": { "kind": "gaussian", "mean": [1], "std": 0.1 },
    "noise": { "schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 80 } },
    "denoiser": { "network": { "kind": "mlp", "width": 2, "depth": 1 },
                  "prediction": { "kind": "edm" } },
    "train": { "steps": 6, "batch": 4, "optimizer": { "kind": "adam" },
               "learning_rate": { "kind": "constant", "value": 1e-3 },
               "ema": { "kind": "exponential" }, "checkpoint_every": 3 },
    "sample": { "sampler": { "kind": "heun", "steps": 2 }, "count": 8 },
    "report": { "figures": [], "page": false, "evaluation": false }
}"#;

const OPTIMIZER: &str = "optimizer.safetensors";

/// Trains a run of six steps, with checkpoints at the third and the last.
fn trained(run: &Path, engine: &str) {
    let settings = [format!("train.engine={engine}")];
    let config = parse_config("t", RUN, &settings).expect("valid");
    let device = Device::flex();
    let problem = Problem::new(config).expect("valid");
    let (network, data) = built_in(&problem, &device).expect("built in");
    train(problem, network, data, Some(run), &options(&device), &mut ()).expect("trained");
}

fn verified(run: &Path) -> Verification {
    let problem = read_run_config(run).and_then(Problem::new).expect("a run");
    let network = built_in(&problem, &Device::flex()).ok().map(|built| built.0);
    verify_run(run, &problem, network, None).expect("a run")
}

/// Changes the optimizer's arrays of a checkpoint, and makes its checksums hold.
fn change_optimizer(checkpoint: &Path, change: fn(&mut TensorMap)) {
    let (arrays, index) = (checkpoint.join(OPTIMIZER), checkpoint.join("checkpoint.json"));
    let bytes = fs::read(&arrays).expect("there");
    let mut map = TensorMap::from_safetensors(&bytes).expect("arrays");
    change(&mut map);
    let bytes = map.to_safetensors().expect("written");
    fs::write(&arrays, &bytes).expect("written");
    let text = fs::read_to_string(&index).expect("there");
    let (_, rest) = text.split_once('\n').expect("two lines");
    let mut fields: Value = serde_json::from_str(&format!("{{{rest}")).expect("JSON");
    let sum = blake3::hash(&bytes).to_string();
    fields["files"][OPTIMIZER] = json!({ "bytes": bytes.len(), "blake3": sum });
    let text = serde_json::to_string_pretty(&fields).expect("written");
    let rest = format!("{}\n", text.trim_start_matches("{\n"));
    let sum = blake3::hash(rest.as_bytes());
    fs::write(&index, format!("{{\"blake3\": \"{sum}\",\n{rest}")).expect("written");
}

#[test]
fn an_optimizer_s_state_that_does_not_fit_is_found_as_a_resumed_run_finds_it() {
    type Change = fn(&mut TensorMap);
    let changes: [(&str, Change); 3] = [
        ("layers.9.bias.momentum.moment_1 belongs to no parameter", |map| {
            let array = Array::f32([1], vec![0.0]);
            map.0.insert("layers.9.bias.momentum.moment_1".to_owned(), array);
        }),
        ("layers.0.bias.momentum.moment_1 has shape [9]", |map| {
            let array = Array::f32([9], vec![0.0; 9]);
            map.0.insert("layers.0.bias.momentum.moment_1".to_owned(), array);
        }),
        ("the optimizer state of layers.0.bias is incomplete", |map| {
            map.0.remove("layers.0.bias.momentum.moment_2").expect("Adam's");
        }),
    ];
    for engine in ["direct", "tape"] {
        let folder = tempfile::tempdir().expect("temporary folder");
        let run = folder.path().join("run");
        trained(&run, engine);
        let found = verified(&run);
        assert!(found.is_sound() && found.goes_on_from == Some(6), "{found:?}");
        let checkpoint = run.join("checkpoints/step-00000006");
        let files = [OPTIMIZER, "checkpoint.json"].map(|name| checkpoint.join(name));
        let sound = files.each_ref().map(|path| fs::read(path).expect("there"));
        for (why, change) in changes {
            change_optimizer(&checkpoint, change);
            let Verification { findings, goes_on_from, .. } = verified(&run);
            let problem = |of: &str| {
                let finding = findings.iter().find(|finding| finding.what == of).expect("found");
                finding.problem.clone().unwrap_or_default()
            };
            let own = problem("checkpoints/step-00000006");
            assert!(own.contains(why), "{engine}: {own:?} is not {why:?}");
            assert_eq!(problem("checkpoints/step-00000003"), "", "the one before is sound");
            assert_eq!(goes_on_from, None, "and none that the run would fall back to");
            let device = Device::flex();
            let resumed = resume(&run, None, built_in_trainer, &options(&device), &mut ());
            let error = resumed.expect_err("refused");
            assert!(error.is_usage() && error.to_string().contains(why), "{error}");
            for (path, bytes) in files.iter().zip(&sound) {
                fs::write(path, bytes).expect("written");
            }
        }
        assert!(verified(&run).is_sound());
    }
}
