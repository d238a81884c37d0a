//! Our optimizers are PyTorch's: weights after three steps, clipped and not, against goldens that
//! PyTorch made (tests/goldens/optimizers.py).

use burn::{
    module::{Module, Param},
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor},
};
use langevin_core::{Activation, LossReduction, MlpConfig, Network};
use langevin_data::Streams;
use langevin_train::{
    Array, Columns, DirectEngine, Engine, Head, HeadLoss, OptimizerConfig, StepBatch, StepOutput,
    TapeEngine, TensorMap, Values,
};
use serde_json::Value;

#[derive(Module, Debug)]
struct Small {
    layers: Vec<Linear>,
}

impl Network for Small {
    fn forward(
        &self,
        x: Tensor<2>,
        _level_features: Option<Tensor<2>>,
        _condition: Option<Tensor<2>>,
    ) -> Tensor<2> {
        self.layers[1].forward(self.layers[0].forward(x).tanh())
    }
}

fn numbers(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().expect("a number") as f32],
    }
}

fn weights(value: &Value) -> TensorMap {
    let array = |value: &Value| {
        let rows = value.as_array().expect("an array");
        let shape = match rows[0].as_array() {
            Some(row) => vec![rows.len(), row.len()],
            None => vec![rows.len()],
        };
        Array::f32(shape, numbers(value))
    };
    let fields = value.as_object().expect("an object");
    TensorMap(fields.iter().map(|(name, value)| (name.clone(), array(value))).collect())
}

fn columns(value: &Value, columns: usize) -> Columns {
    Columns { columns, values: numbers(value) }
}

#[test]
fn three_steps_of_every_optimizer_are_pytorchs() {
    let golden: Value =
        serde_json::from_str(include_str!("../goldens/optimizers.json")).expect("JSON");
    let cases = golden["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 20);
    for case in cases {
        let device = Device::flex();
        let empty = Small {
            layers: vec![
                LinearConfig::new(3, 4).init(&device),
                LinearConfig::new(4, 2).init(&device),
            ],
        };
        let network =
            weights(&golden["network"]).into_module(empty).expect("the same architecture");
        let config: OptimizerConfig =
            serde_json::from_value(case["optimizer"].clone()).expect("our names are PyTorch's");
        let clip = case["clip_norm"].as_f64();
        follow(&golden, case, &mut TapeEngine::new(network, 1, &config, clip, &device));

        // The same network, as the direct engine knows it.
        let mlp = MlpConfig::new(2, 1, 4, 1, Activation::Tanh);
        let empty = mlp.init(&Streams::new(0), &device).expect("valid");
        let network =
            weights(&golden["network"]).into_module(empty).expect("the same architecture");
        let engine = DirectEngine::new(network, 1, &config, clip, &device);
        follow(&golden, case, &mut engine.expect("our own network, on the processor"));
    }
}

/// Makes a case's three steps and compares them.
fn follow<N: Network>(golden: &Value, case: &Value, engine: &mut dyn Engine<N>) {
    let name = format!("{} on {}", case["name"], engine.name());
    let rate = case["learning_rate"].as_f64().expect("a number");
    let steps = case["steps"].as_array().expect("steps");
    for (batch, expected) in golden["batches"].as_array().expect("batches").iter().zip(steps) {
        let direct = engine.name() == "direct";
        let input = columns(&batch["input"], 3);
        let part = |range: std::ops::Range<usize>| Columns {
            columns: range.len(),
            values: input.values.chunks(3).flat_map(|row| row[range.clone()].to_vec()).collect(),
        };
        let output = engine.step(
            &StepBatch {
                network: 0,
                rows: 5,
                parts: 1,
                input: if direct { part(0..2) } else { input.clone() },
                level_features: direct.then(|| part(2..3)),
                condition: None,
                heads: vec![Head {
                    loss: HeadLoss::Squared(columns(&batch["target"], 2)),
                    weight: vec![1.0; 5],
                    cell_weight: None,
                }],
                reduction: LossReduction::Mean,
            },
            rate,
        );
        let read = StepOutput::read(&[output], LossReduction::Mean).expect("a device");
        let (loss, norm) = read[0];
        // Losses are near 100 and norms near 20: 1e-6 of that in f32.
        let close = |a: f64, b: &Value| (a / b.as_f64().expect("a number") - 1.0).abs() < 2e-6;
        assert!(close(loss, &expected["loss"]), "{name}: loss {loss}, {}", expected["loss"]);
        assert!(close(norm, &expected["gradient_norm"]), "{name}: norm {norm:?}");
        let ours = TensorMap::of_module(&engine.networks()[0]);
        for (path, theirs) in weights(&expected["weights"]).0 {
            let (Values::F32(a), Values::F32(b)) = (&ours.0[&path].values, &theirs.values) else {
                panic!("{path} is not a float");
            };
            for (a, b) in a.iter().zip(b) {
                assert!((a - b).abs() <= 1e-6, "{name}: {path} {a} {b}");
            }
        }
    }
}

#[test]
fn a_parameter_that_is_not_trained_stays() {
    let device = Device::flex();
    let layers = vec![LinearConfig::new(3, 4).init(&device), LinearConfig::new(4, 2).init(&device)];
    let mut network = Small { layers };
    let frozen = network.layers[0].weight.clone();
    let values = frozen.val().into_data();
    network.layers[0].weight = Param::from_data(values.clone(), &device).set_require_grad(false);
    let adam = serde_json::from_str(r#"{"kind": "adam"}"#).expect("valid");
    let mut engine = TapeEngine::new(network, 1, &adam, None, &device);
    let batch = StepBatch {
        network: 0,
        rows: 1,
        parts: 1,
        input: Columns { columns: 3, values: vec![1.0, 2.0, 3.0] },
        level_features: None,
        condition: None,
        heads: vec![Head {
            loss: HeadLoss::Squared(Columns { columns: 2, values: vec![5.0, 5.0] }),
            weight: vec![1.0],
            cell_weight: None,
        }],
        reduction: LossReduction::Sum,
    };
    let before = TensorMap::of_module(&engine.networks()[0]);
    engine.step(&batch, 0.1);
    let after = TensorMap::of_module(&engine.networks()[0]);
    assert_eq!(after.0["layers.0.weight"], before.0["layers.0.weight"]);
    assert_ne!(after.0["layers.1.weight"], before.0["layers.1.weight"]);
    assert!(engine.optimizer_state().0.keys().all(|name| !name.starts_with("layers.0.weight")));
}
