//! The direct engine on wgpu does what the tape does on the processor, gives the same bits again, and
//! takes up checkpoints of the other engines as they take up its own.

use burn::{module::Module, nn::LinearConfig, tensor::Device};
use langevin_core::{Activation, LossReduction, Mlp, MlpConfig, MlpForm};
use langevin_train::{
    Engine, GpuEngine, Problem, StepBatch, StepOutput, TensorMap, Trainer, built_in, parse_config,
};
use proptest::prelude::*;

use crate::{
    devices,
    direct::{
        Case, Own, STILL, any_case, averages, cases, distance, ema, optimizer, saved, settings,
        weights,
    },
};

/// wgpu's device; none without an adapter, where nothing is tested.
pub fn gpu() -> Option<Device> {
    devices::all().into_iter().find(|(name, _)| *name == "wgpu").map(|(_, device)| device)
}

pub fn engine(case: &Case, device: &Device) -> GpuEngine<Mlp> {
    let network = case.network(device);
    let engine = GpuEngine::new(network, 1, &case.optimizer, case.clip_norm, device);
    let mut engine = engine.expect("our own network, on a GPU");
    engine.keep_averages(vec![ema()]);
    engine
}

/// Holds some steps to those of the tape on flex.
fn agree(case: &Case, device: &Device) -> Result<(), TestCaseError> {
    let (mut tape, mut gpu) = (case.tape(&Device::flex()), engine(case, device));
    for step in 0..3 {
        let a = case.steps(&mut gpu, step..step + 1)[0];
        let b = case.steps(&mut tape, step..step + 1)[0];
        prop_assert!((a.0 / b.0 - 1.0).abs() < 1e-5, "losses {} and {}", a.0, b.0);
        prop_assert!((a.1 / b.1 - 1.0).abs() < 1e-5, "norms {} and {}", a.1, b.1);
        // The moments after the first step are its gradient and, twice as far off, its square.
        for (what, most, (off, name)) in [
            ("weights", 1e-5, distance(&weights(&gpu), &weights(&tape))),
            ("averages", 1e-5, distance(&averages(&gpu), &averages(&tape))),
            ("state", 2e-5, distance(&gpu.optimizer_state(), &tape.optimizer_state())),
        ] {
            prop_assert!(off < most, "step {step}, {what}: {name} is off by {off}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(settings(40))]

    #[test]
    fn three_steps_on_a_gpu_are_those_of_the_tape(case in cases()) {
        if let Some(device) = gpu() {
            agree(&case, &device)?;
        }
    }
}

proptest! {
    #![proptest_config(settings(10))]

    #[test]
    fn checkpoints_move_to_the_gpu_and_back(case in cases()) {
        let Some(device) = gpu() else { return Ok(()) };
        let host = Device::flex();
        let (mut tape, mut gpu) = (case.tape(&host), engine(&case, &device));
        case.steps(&mut tape, 0..3);
        gpu
            .restore(weights(&tape), saved(&tape), tape.optimizer_state())
            .expect("the same names");
        // Nothing is lost on the way, neither on the host nor through the device.
        prop_assert_eq!(weights(&gpu), weights(&tape));
        prop_assert_eq!(gpu.optimizer_state(), tape.optimizer_state());
        gpu.average(0, STILL);
        prop_assert_eq!(weights(&gpu), weights(&tape));
        prop_assert_eq!(averages(&gpu), averages(&tape));
        prop_assert_eq!(gpu.optimizer_state(), tape.optimizer_state());
        case.steps(&mut gpu, 3..6);
        case.steps(&mut tape, 3..6);
        let (off, name) = distance(&weights(&gpu), &weights(&tape));
        prop_assert!(off < 2e-5, "to the GPU: {name} is off by {off}");

        let mut direct = case.direct(&host);
        direct
            .restore(weights(&gpu), saved(&gpu), gpu.optimizer_state())
            .expect("the same names");
        prop_assert_eq!(direct.optimizer_state(), gpu.optimizer_state());
        case.steps(&mut gpu, 6..8);
        case.steps(&mut direct, 6..8);
        let (off, name) = distance(&weights(&direct), &weights(&gpu));
        prop_assert!(off < 2e-5, "to the processor: {name} is off by {off}");
    }
}

/// A case whose matrices take several large tiles, none of them full, and whose rows several slices.
pub fn large() -> Case {
    Case {
        mlp: MlpConfig {
            features: 3,
            outputs: 3,
            extra_features: 2,
            form: MlpForm {
                width: 200,
                depth: 2,
                activation: Activation::Silu,
                residual: true,
                position_features: 5,
                position_scale: 1.0,
                position_resolution: None,
            },
        },
        optimizer: optimizer(r#"{"kind": "adam"}"#),
        clip_norm: Some(0.1),
        rows: 2100,
        parts: 1,
        reduction: LossReduction::Norm,
    }
}

#[test]
fn large_batches_and_those_in_parts_are_those_of_the_tape() {
    let Some(device) = gpu() else { return };
    agree(&large(), &device).expect("as the tape");
    agree(&Case { parts: 3, ..large() }, &device).expect("in parts");
}

/// Beyond 256 units each layer is a launch of its own.
#[test]
fn wide_networks_are_those_of_the_tape() {
    use Activation::{Gelu, Relu, Silu, Tanh};
    let Some(device) = gpu() else { return };
    for (i, activation) in [Relu, Silu, Gelu, Tanh].into_iter().enumerate() {
        for residual in [false, true] {
            let mut mlp = large().mlp;
            mlp.form = MlpForm { width: 260 + i, activation, residual, ..mlp.form };
            let reduction = [LossReduction::Mean, LossReduction::Huber { delta: 0.5 }][i % 2];
            let case = Case { mlp, rows: 30 + 50 * i, parts: 1 + i % 2, reduction, ..large() };
            agree(&case, &device).unwrap_or_else(|error| panic!("{case:?}: {error}"));
        }
    }
    let mut mlp = large().mlp;
    mlp.form.width = 300;
    agree(&Case { mlp, ..large() }, &device).expect("large tiles");
}

#[test]
fn a_gpu_gives_the_same_bits_again_and_after_a_checkpoint() {
    let Some(device) = gpu() else { return };
    for case in [any_case(), Case { parts: 2, ..large() }] {
        let mut whole = engine(&case, &device);
        let losses = case.steps(&mut whole, 0..6);
        let mut first = engine(&case, &device);
        assert_eq!(case.steps(&mut first, 0..3), losses[..3]);
        let mut second = engine(&case, &device);
        second
            .restore(weights(&first), saved(&first), first.optimizer_state())
            .expect("the same names");
        // A batch of another size between makes room anew.
        let other = Case { rows: 5, parts: 1, ..case.clone() };
        other.steps(&mut engine(&case, &device), 0..1);
        assert_eq!(case.steps(&mut second, 3..6), losses[3..]);
        assert_eq!(weights(&second), weights(&whole));
        assert_eq!(averages(&second), averages(&whole));
        assert_eq!(second.optimizer_state(), whole.optimizer_state());
    }
}

#[test]
fn batches_of_different_sizes_follow_each_other() {
    let Some(device) = gpu() else { return };
    let case = any_case();
    let (mut tape, mut gpu) = (case.tape(&Device::flex()), engine(&case, &device));
    for (step, (rows, parts)) in (0..).zip([(40, 1), (40, 3), (7, 1), (300, 2), (40, 1)]) {
        let case = Case { rows, parts, ..case.clone() };
        case.steps(&mut gpu, step..step + 1);
        case.steps(&mut tape, step..step + 1);
    }
    let (off, name) = distance(&weights(&gpu), &weights(&tape));
    assert!(off < 2e-5, "{name} is off by {off}");
}

#[test]
fn a_network_of_each_level_is_handed_over_on_a_gpu() {
    let Some(device) = gpu() else { return };
    let case = any_case();
    let run = |engine: &mut dyn Engine<Mlp>| {
        engine.keep_averages(vec![ema()]);
        for step in 0..6 {
            let network = usize::try_from(step / 3).expect("small");
            if step == 3 {
                engine.hand_over(0, 1);
            }
            engine.step(&StepBatch { network, ..case.batch(step) }, 1e-2);
            engine.average(network, step);
        }
        let mut maps = engine.weights();
        maps.extend(engine.average_weights("ema").expect("kept"));
        maps.push(engine.optimizer_state());
        maps
    };
    let host = Device::flex();
    let network = case.network(&host);
    let tape = langevin_train::TapeEngine::new(network, 3, &case.optimizer, None, &host);
    let gpu = GpuEngine::new(case.network(&device), 3, &case.optimizer, None, &device);
    let (mut tape, mut gpu) = (tape, gpu.expect("our own network, on a GPU"));
    let (tape, gpu) = (run(&mut tape), run(&mut gpu));
    assert_eq!(tape.len(), 7);
    for (a, b) in gpu.iter().zip(&tape) {
        let (off, name) = distance(a, b);
        assert!(off < 2e-5, "{name} is off by {off}");
    }
    assert_eq!(gpu[2], TensorMap::of_module(&case.network(&host)), "never trained");
}

#[test]
fn steps_on_a_gpu_take_no_more_memory() {
    let Some(device) = gpu() else { return };
    let case = any_case();
    let mut engine = engine(&case, &device);
    let mut in_use = |steps: std::ops::Range<u64>| {
        case.steps(&mut engine, steps);
        device.memory_pool_usage().expect("counted").bytes_in_use
    };
    let before = in_use(0..20);
    // Other tests of this process may take memory of the device as well, and give it back.
    let stays = (0..200).any(|_| in_use(0..20) <= before);
    assert!(stays, "4000 steps took some, and kept it");
}

#[test]
fn what_the_kernels_do_not_know_takes_the_tape() {
    let Some(device) = gpu() else { return };
    let case = any_case();
    let frozen = case.network(&device).no_grad();
    let why = GpuEngine::new(frozen, 1, &case.optimizer, None, &device).err();
    assert_eq!(
        why.expect("refused").to_string(),
        "the direct engine trains every weight, in 32-bit floats"
    );
    let network = case.network(&Device::flex());
    let why = GpuEngine::new(network, 1, &case.optimizer, None, &Device::flex()).err();
    assert_eq!(
        why.expect("refused").to_string(),
        "the direct engine for GPUs needs wgpu, cuda or rocm"
    );

    let text = include_str!("../../configs/default.json");
    for (wanted, ours, theirs) in [
        ("auto", "direct", Some("tape")),
        ("direct", "direct", None),
        ("tape", "tape", Some("tape")),
    ] {
        let problem = || {
            let settings = [format!("train.engine={wanted}")];
            Problem::new(parse_config("default", text, &settings).expect("valid")).expect("valid")
        };
        let (network, data) = built_in(&problem(), &device).expect("valid");
        let trainer = Trainer::new(problem(), network, data, &device).expect("valid");
        assert_eq!(trainer.engine(), ours);
        let (_, data) = built_in(&problem(), &device).expect("valid");
        let problem = problem();
        let told = problem.diffusion().embedding.features();
        let network = Own { layer: LinearConfig::new(2 + told, 2).init(&device) };
        match Trainer::new(problem, network, data, &device) {
            Ok(trainer) => assert_eq!(Some(trainer.engine()), theirs),
            Err(error) => {
                assert_eq!(theirs, None);
                let message = error.to_string();
                assert!(message.contains("multilayer perceptron only"), "{message}");
            }
        }
    }
}

#[test]
fn outputs_keep_until_they_are_read() {
    let Some(device) = gpu() else { return };
    let case = any_case();
    let mut engine = engine(&case, &device);
    let outputs: Vec<_> = (0..5).map(|step| engine.step(&case.batch(step), 1e-3)).collect();
    let together = StepOutput::read(&outputs, case.reduction).expect("a device");
    for (output, value) in outputs.into_iter().zip(together) {
        let alone = StepOutput::read(&[output], case.reduction).expect("a device");
        assert_eq!(alone, [value]);
    }
}
