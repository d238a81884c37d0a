//! Python, with numpy and safetensors alone, repeats a trained network from model.safetensors.

use std::{fs, process::Command};

use burn::tensor::{Device, Tensor, TensorData};
use langevin_core::Network;
use langevin_train::{Problem, Program, RunOptions, TensorMap, built_in, parse_config, train};

/// A Python that has numpy and safetensors: `LANGEVIN_PYTHON`, or else python3 where it has them.
fn python() -> Option<String> {
    if let Ok(python) = std::env::var("LANGEVIN_PYTHON") {
        return Some(python);
    }
    let has = Command::new("python3").args(["-c", "import numpy, safetensors"]).output();
    has.is_ok_and(|output| output.status.success()).then(|| "python3".to_owned())
}

#[test]
fn numpy_repeats_a_trained_network() {
    let Some(python) = python() else {
        println!("SKIPPED: no python3 with numpy and safetensors");
        return;
    };
    let device = Device::flex();
    // With position features that fade with the noise, and without.
    for (activation, residual, resolution) in [
        ("silu", false, "0.01"),
        ("gelu", true, "0.1"),
        ("relu", true, "null"),
        ("tanh", false, "null"),
    ] {
        let settings = [
            "train.steps=20".to_owned(),
            "denoiser.network.depth=3".to_owned(),
            format!("denoiser.network.activation={activation}"),
            format!("denoiser.network.residual={residual}"),
            format!("denoiser.network.position_resolution={resolution}"),
            "report.figures=[]".to_owned(),
        ];
        let text = include_str!("../../configs/default.json");
        let config = parse_config("default", text, &settings).expect("valid");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = folder.path().join("run");
        let program = Program {
            langevin: "test".to_owned(),
            burn: "test".to_owned(),
            backend: "flex".to_owned(),
            device: "CPU".to_owned(),
            features: Vec::new(),
        };
        let options = RunOptions::new(&device, program);
        let problem = Problem::new(config).expect("valid");
        let (untrained, data) = built_in(&problem, &device).expect("valid");
        let network = untrained.clone();
        let columns = problem.diffusion().embedding.features();
        train(problem, network, data, Some(&run), &options, &mut ()).expect("trained");

        // What the network gives for some rows and levels, from the file, through the library.
        let model = run.join("checkpoints/step-00000020/model.safetensors");
        let bytes = fs::read(&model).expect("read");
        let mut weights = TensorMap::from_safetensors(&bytes).expect("safetensors");
        assert!(weights.0.remove("level_embedding.frequencies").is_some());
        let network = weights.into_module(untrained).expect("the same architecture");
        let x: Vec<f32> = (0..32).map(|i| (i as f32 * 0.7).sin() * 2.0).collect();
        // The last column tells the noise, up to which some features fade.
        let cell = |i: usize| if i % columns == columns - 1 { 0.1 } else { 1.0 };
        let told = (0..16 * columns).map(|i| cell(i) * (i as f32 * 0.3).cos());
        let told: Vec<f32> = told.collect();
        let tensor = |values: &[f32], columns: usize| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), [16, columns]), &device)
        };
        let output = network.forward(tensor(&x, 2), Some(tensor(&told, columns)), None);
        let output: Vec<f32> = output.into_data().iter().collect();
        let rows = serde_json::json!({ "x": x, "level_features": told, "output": output });
        let expected = folder.path().join("expected.json");
        fs::write(&expected, rows.to_string()).expect("written");

        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/python/repeat_network.py");
        let said = Command::new(&python)
            .args([script.as_ref(), run.join("config.json").as_os_str()])
            .args([model.as_os_str(), expected.as_os_str()])
            .output()
            .expect("python runs");
        let (out, err) =
            (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        assert!(said.status.success(), "{activation}: {out}{err}");
        assert!(out.contains("largest difference"), "{out}{err}");
    }
}
