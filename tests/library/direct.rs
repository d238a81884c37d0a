//! The direct engine does what the tape does: losses, gradients, weights and averages of random
//! networks, and checkpoints that either takes up from the other.

use std::collections::BTreeMap;

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, TensorData},
};
use langevin_core::{
    Activation, Denoiser, LossReduction, Mlp, MlpConfig, MlpForm, Network, NetworkDenoiser,
    level_step,
};
use langevin_data::Streams;
use langevin_train::{
    Average, Columns, Diffusion, DirectEngine, Engine, Head, HeadLoss, OptimizerConfig, Problem,
    RunDenoiser, StepBatch, StepOutput, TapeEngine, TensorMap, Trainer, Values, built_in,
    parse_config,
};
use proptest::{prelude::*, test_runner::RngSeed};

use crate::devices;

/// The same cases in every run, and no file where one fails.
pub fn settings(cases: u32) -> ProptestConfig {
    let (rng_seed, failure_persistence) = (RngSeed::Fixed(12), None);
    ProptestConfig { cases, rng_seed, failure_persistence, ..ProptestConfig::default() }
}

/// One way to train one network.
#[derive(Debug, Clone)]
pub struct Case {
    pub mlp: MlpConfig,
    pub optimizer: OptimizerConfig,
    pub clip_norm: Option<f64>,
    pub rows: usize,
    pub parts: usize,
    pub reduction: LossReduction,
}

pub fn optimizer(text: &str) -> OptimizerConfig {
    serde_json::from_str(text).expect("valid")
}

pub fn cases() -> impl Strategy<Value = Case> {
    use Activation::{Gelu, Relu, Silu, Tanh};
    let activation = prop::sample::select(vec![Relu, Silu, Gelu, Tanh]);
    let form = (1..4_usize, 0..4_usize, 1..80_usize, 1..4_usize, activation, any::<bool>(), 0..4);
    let mlp = form.prop_map(|(features, extra_features, width, depth, activation, residual, n)| {
        // Where the width is even and the noise is told, the position's features fade.
        let fades = n > 0 && extra_features > 0 && width % 2 == 0;
        let form = MlpForm {
            width,
            depth,
            activation,
            residual,
            position_features: usize::try_from(n).expect("small"),
            position_scale: 1.0,
            position_resolution: fades.then(|| 0.2 / f64::from(n)),
        };
        MlpConfig { features, outputs: features, extra_features, form }
    });
    let optimizer = prop::sample::select(vec![
        optimizer(r#"{"kind": "sgd"}"#),
        optimizer(r#"{"kind": "sgd", "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.01}"#),
        optimizer(r#"{"kind": "sgd", "momentum": 0.9, "nesterov": true}"#),
        optimizer(r#"{"kind": "adam"}"#),
        optimizer(r#"{"kind": "adam", "weight_decay": 0.01}"#),
        optimizer(r#"{"kind": "adamw"}"#),
    ]);
    let reduction = prop::sample::select(vec![
        LossReduction::Mean,
        LossReduction::Sum,
        LossReduction::Norm,
        LossReduction::Huber { delta: 0.5 },
    ]);
    let clip_norm = prop::sample::select(vec![None, Some(0.1), Some(1e3)]);
    (mlp, optimizer, clip_norm, 1..200_usize, 1..4_usize, reduction).prop_map(
        |(mlp, optimizer, clip_norm, rows, parts, reduction)| Case {
            mlp,
            optimizer,
            clip_norm,
            rows,
            parts: parts.min(rows),
            reduction,
        },
    )
}

impl Case {
    pub fn batch(&self, step: u64) -> StepBatch {
        let streams = Streams::new(step);
        let mut stream = streams.at(langevin_data::Purpose::Noise, step, 0);
        let mut matrix = |columns: usize| {
            let mut values = vec![0.0; self.rows * columns];
            stream.fill_normal(&mut values);
            Columns { columns, values: values.iter().map(|z| *z as f32).collect() }
        };
        let extra = self.mlp.extra_features;
        StepBatch {
            network: 0,
            rows: self.rows,
            parts: self.parts,
            input: matrix(self.mlp.features),
            level_features: (extra > 0).then(|| matrix(extra.min(2))),
            condition: (extra > 2).then(|| matrix(extra - 2)),
            heads: vec![Head {
                loss: HeadLoss::Squared(matrix(self.mlp.outputs)),
                weight: (0..self.rows).map(|row| 1.0 + (row % 2) as f32).collect(),
                cell_weight: None,
            }],
            reduction: self.reduction,
        }
    }

    pub fn network(&self, device: &Device) -> Mlp {
        self.mlp.init(&Streams::new(3), device).expect("valid")
    }

    pub fn tape(&self, device: &Device) -> TapeEngine<Mlp> {
        let network = self.network(device);
        let mut engine = TapeEngine::new(network, 1, &self.optimizer, self.clip_norm, device);
        engine.keep_averages(vec![ema()]);
        engine
    }

    pub fn direct(&self, device: &Device) -> DirectEngine<Mlp> {
        let network = self.network(device);
        let engine = DirectEngine::new(network, 1, &self.optimizer, self.clip_norm, device);
        let mut engine = engine.expect("our own network, on the processor");
        engine.keep_averages(vec![ema()]);
        engine
    }

    /// Some steps, and the loss and norm of each.
    pub fn steps(
        &self,
        engine: &mut dyn Engine<Mlp>,
        steps: std::ops::Range<u64>,
    ) -> Vec<(f64, f64)> {
        let outputs: Vec<_> = steps
            .map(|step| {
                let output = engine.step(&self.batch(step), 1e-3);
                engine.average(0, step);
                output
            })
            .collect();
        StepOutput::read(&outputs, self.reduction).expect("a device")
    }
}

/// The average of most tests. Its decay at the step [`STILL`] leaves it as it is.
pub fn ema() -> Average {
    Average::new("ema", |step| Some(if step == STILL { 1.0 } else { 0.9 }))
}

pub const STILL: u64 = u64::MAX;

/// An engine's averages as a checkpoint gives them.
pub fn saved(engine: &dyn Engine<Mlp>) -> BTreeMap<String, TensorMap> {
    [("ema".to_owned(), averages(engine))].into()
}

pub fn weights(engine: &dyn Engine<Mlp>) -> TensorMap {
    TensorMap::of_module(&engine.networks()[0])
}

pub fn averages(engine: &dyn Engine<Mlp>) -> TensorMap {
    TensorMap::of_module(&engine.averages("ema").expect("kept")[0])
}

/// The largest relative distance of two arrays of the same name, in the L2 norm, and that name.
pub fn distance(ours: &TensorMap, theirs: &TensorMap) -> (f64, String) {
    let names = |map: &TensorMap| map.0.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(ours), names(theirs));
    let mut worst = (0.0, String::new());
    for ((name, a), b) in ours.0.iter().zip(theirs.0.values()) {
        assert_eq!(a.shape, b.shape, "{name}");
        let (Values::F32(a), Values::F32(b)) = (&a.values, &b.values) else {
            assert_eq!(a, b, "{name}");
            continue;
        };
        let size = |values: &[f32]| values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
        let off: Vec<f32> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        let off = (size(&off) / size(b).max(1e-60)).sqrt();
        if off > worst.0 {
            worst = (off, name.clone());
        }
    }
    worst
}

proptest! {
    #![proptest_config(settings(150))]

    #[test]
    fn three_steps_are_those_of_the_tape(case in cases()) {
        let device = Device::flex();
        let (mut tape, mut direct) = (case.tape(&device), case.direct(&device));
        for step in 0..3 {
            let a = case.steps(&mut direct, step..step + 1)[0];
            let b = case.steps(&mut tape, step..step + 1)[0];
            prop_assert!((a.0 / b.0 - 1.0).abs() < 1e-5, "losses {} and {}", a.0, b.0);
            prop_assert!((a.1 / b.1 - 1.0).abs() < 1e-5, "norms {} and {}", a.1, b.1);
            // The moments after the first step are its gradient and, twice as far off, its square.
            for (what, most, (off, name)) in [
                ("weights", 1e-5, distance(&weights(&direct), &weights(&tape))),
                ("averages", 1e-5, distance(&averages(&direct), &averages(&tape))),
                ("state", 2e-5, distance(&direct.optimizer_state(), &tape.optimizer_state())),
            ] {
                prop_assert!(off < most, "step {step}, {what}: {name} is off by {off}");
            }
        }
    }

    #[test]
    fn each_goes_on_from_the_others_checkpoint(case in cases()) {
        let device = Device::flex();
        let (mut tape, mut direct) = (case.tape(&device), case.direct(&device));
        case.steps(&mut tape, 0..3);
        direct
            .restore(weights(&tape), saved(&tape), tape.optimizer_state())
            .expect("the same names");
        // Nothing is lost on the way.
        prop_assert_eq!(weights(&direct), weights(&tape));
        prop_assert_eq!(averages(&direct), averages(&tape));
        prop_assert_eq!(direct.optimizer_state(), tape.optimizer_state());
        case.steps(&mut direct, 3..6);
        case.steps(&mut tape, 3..6);
        let (off, name) = distance(&weights(&direct), &weights(&tape));
        prop_assert!(off < 2e-5, "to direct: {name} is off by {off}");

        let mut back = case.tape(&device);
        back
            .restore(weights(&direct), saved(&direct), direct.optimizer_state())
            .expect("the same names");
        prop_assert_eq!(back.optimizer_state(), direct.optimizer_state());
        case.steps(&mut direct, 6..8);
        case.steps(&mut back, 6..8);
        let (off, name) = distance(&weights(&direct), &weights(&back));
        prop_assert!(off < 2e-5, "to the tape: {name} is off by {off}");
    }
}

pub fn any_case() -> Case {
    Case {
        mlp: MlpConfig {
            features: 2,
            outputs: 2,
            extra_features: 1,
            form: MlpForm {
                width: 8,
                depth: 2,
                activation: Activation::Relu,
                position_features: 2,
                ..MlpForm::default()
            },
        },
        optimizer: optimizer(r#"{"kind": "adam"}"#),
        clip_norm: None,
        rows: 40,
        parts: 1,
        reduction: LossReduction::Mean,
    }
}

#[test]
fn the_processors_backends_give_the_same_bits() {
    let case = any_case();
    let mut first = None;
    for (name, device) in devices::all() {
        let engine =
            DirectEngine::new(case.network(&device), 1, &case.optimizer, case.clip_norm, &device);
        if name == "wgpu" {
            let why = engine.err().expect("its weights are elsewhere");
            assert!(
                why.to_string().starts_with("the direct engine needs the backend flex or ndarray")
            );
            continue;
        }
        let mut engine = engine.expect("a backend of the processor");
        case.steps(&mut engine, 0..5);
        let weights = weights(&engine);
        assert_eq!(*first.get_or_insert(weights.clone()), weights, "{name}");
    }
}

#[test]
fn a_network_of_each_level_is_handed_over() {
    let case = any_case();
    let device = Device::flex();
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
        let maps = |networks: &[Mlp]| networks.iter().map(TensorMap::of_module).collect::<Vec<_>>();
        let mut maps =
            [maps(engine.networks()), maps(engine.averages("ema").expect("kept"))].concat();
        maps.push(engine.optimizer_state());
        maps
    };
    let (network, other) = (case.network(&device), case.network(&device));
    let tape = run(&mut TapeEngine::new(network, 3, &case.optimizer, None, &device));
    let direct = DirectEngine::new(other, 3, &case.optimizer, None, &device);
    let direct = run(&mut direct.expect("our own network, on the processor"));
    assert_eq!(tape.len(), 7);
    for (a, b) in direct.iter().zip(&tape) {
        let (off, name) = distance(a, b);
        assert!(off < 2e-5, "{name} is off by {off}");
    }
    assert_eq!(direct[2], TensorMap::of_module(&case.network(&device)), "never trained");
}

#[test]
fn what_a_network_says_of_a_level_is_what_burn_says() {
    let configs = [
        include_str!("../../configs/default.json"),
        include_str!("../../configs/article/4-four-modes-corrected.json"),
        include_str!("../../configs/article/7-ddpm-per-level.json"),
        include_str!("../../configs/article/8-ddpm-four-modes.json"),
    ];
    for (name, device) in devices::all().into_iter().filter(|(name, _)| *name != "wgpu") {
        for text in configs {
            let config = parse_config("t", text, &[]).expect("valid");
            let problem = Problem::new(config).expect("valid");
            let diffusion = problem.diffusion();
            let (network, data) = built_in(&problem, &device).expect("built in");
            let networks = vec![network; diffusion.networks];
            let ours = RunDenoiser::new(diffusion, &networks);
            let Diffusion { prediction, embedding, schedule, .. } = diffusion;
            let theirs = NetworkDenoiser::new(&networks, *prediction, embedding, schedule.as_ref());
            let features = data.features();
            for level in problem.sampling_levels() {
                let mut rows = vec![0.0; 77 * features];
                let mut stream = Streams::new(1).at(langevin_data::Purpose::Noise, 0, 0);
                stream.fill_normal(&mut rows);
                let rows: Vec<f32> = rows.iter().map(|x| (x * level.sigma()) as f32).collect();
                let tensor = |rows: &[f32]| {
                    let data = TensorData::new(rows.to_vec(), [rows.len() / features, features]);
                    Tensor::<2>::from_data(data, &device)
                };
                let x = tensor(&rows);
                let read = |x: Tensor<2>| x.into_data().try_into_vec::<f32>().expect("f32");
                let step = |x: Tensor<2>| read(level_step(&ours, x, &level).expect("a step"));
                for (ours, theirs) in [
                    (ours.denoise(x.clone(), &level), theirs.denoise(x.clone(), &level)),
                    (level_step(&ours, x.clone(), &level), level_step(&theirs, x.clone(), &level)),
                ] {
                    let (ours, theirs) = (read(ours.expect("there")), read(theirs.expect("there")));
                    let norm = theirs.iter().map(|x| x * x).sum::<f32>().sqrt();
                    let off = ours.iter().zip(&theirs).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
                    // Sums of up to 200 products rounded to 6e-8, and D' − D of nearly equal numbers.
                    assert!(off.sqrt() <= 2e-5 * norm, "{name}: {level:?}: {off} of {norm}");
                }
                // A row does not see those beside it.
                let part = tensor(&rows[..5 * features]);
                assert_eq!(step(part), step(x)[..5 * features], "{name}: {level:?}");
            }
        }
    }
}

#[derive(Module, Debug)]
pub struct Own {
    pub layer: Linear,
}

impl Network for Own {
    fn forward(
        &self,
        x: Tensor<2>,
        level_features: Option<Tensor<2>>,
        _condition: Option<Tensor<2>>,
    ) -> Tensor<2> {
        self.layer.forward(Tensor::cat([x].into_iter().chain(level_features).collect(), 1))
    }
}

#[test]
fn what_the_loops_do_not_know_takes_the_tape() {
    let device = Device::flex();
    let case = any_case();
    let frozen = case.network(&device).no_grad();
    let why = DirectEngine::new(frozen, 1, &case.optimizer, None, &device).err();
    assert_eq!(
        why.expect("refused").to_string(),
        "the direct engine trains every weight, in 32-bit floats"
    );

    let text = include_str!("../../configs/default.json");
    for (wanted, made) in [("auto", "direct"), ("direct", "direct"), ("tape", "tape")] {
        let config = parse_config("default", text, &[format!("train.engine={wanted}")]);
        let problem = Problem::new(config.expect("valid")).expect("valid");
        let (network, data) = built_in(&problem, &device).expect("valid");
        let trainer = Trainer::new(problem, network, data, &device).expect("valid");
        assert_eq!((trainer.engine(), trainer.why_tape()), (made, None));
    }
    for (wanted, made) in [("auto", Some("tape")), ("direct", None), ("tape", Some("tape"))] {
        let config = parse_config("default", text, &[format!("train.engine={wanted}")]);
        let problem = Problem::new(config.expect("valid")).expect("valid");
        let (_, data) = built_in(&problem, &device).expect("valid");
        let told = problem.diffusion().embedding.features();
        let layer = LinearConfig::new(2 + told, 2).init(&device);
        match (Trainer::new(problem, Own { layer }, data, &device), made) {
            (Ok(trainer), made) => {
                assert_eq!(Some(trainer.engine()), made);
                assert_eq!(trainer.why_tape().is_some(), wanted == "auto");
            }
            (Err(error), made) => {
                assert_eq!(made, None);
                let message = error.to_string();
                assert!(message.contains("train.engine"), "{message}");
                assert!(message.contains("multilayer perceptron only"), "{message}");
            }
        }
    }
}
