//! Parity of the nine systems of "Introduction to Diffusion Models" with an independent
//! implementation: tests/goldens/article.json, which tests/goldens/article.py made from the seed on
//! with numpy alone.
//!
//! Every sampling step starts from the golden's rows, so that rounding errors do not add up. The
//! first step of system 6 alone multiplies them by 32.

use burn::{
    module::{Module, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::{Device, Tensor, TensorData},
};
use langevin_core::{CoreError, Denoiser, Mlp, Noise, Plan, Sampler, Steps, Transition};
use langevin_data::{Dataset, Streams};
use serde_json::Value;

use super::{
    chunk::{Drawing, SAMPLING_ROWS},
    informed::Source,
};
use crate::{
    config::parse_config,
    engine::{
        Engine, RunDenoiser, TapeEngine, Values,
        tensors::{Array, Layout, Path, TensorMap},
    },
    problem::Problem,
};

const ROWS: usize = 8;
/// Largest relative error of a tensor, in the L2 norm.
const TOLERANCE: f64 = 1e-5;

/// Name of the golden, text of the config, and the settings that replace the config's.
const SYSTEMS: [(&str, &str, &[&str]); 18] = [
    ("1-gaussian", include_str!("../../../../configs/article/1-gaussian.json"), &[]),
    ("2-gaussian-video", include_str!("../../../../configs/article/2-gaussian-video.json"), &[]),
    ("3-gaussian-2d", include_str!("../../../../configs/article/3-gaussian-2d.json"), &[]),
    ("4-multimodal", include_str!("../../../../configs/article/4-four-modes.json"), &[]),
    (
        "5-multimodal-video",
        include_str!("../../../../configs/article/5-four-modes-video.json"),
        &[],
    ),
    ("6-ddpm-single", include_str!("../../../../configs/article/6-ddpm-single.json"), &[]),
    ("7-ddpm-simple", include_str!("../../../../configs/article/7-ddpm-per-level.json"), &[]),
    ("8-ddpm-multimodal", include_str!("../../../../configs/article/8-ddpm-four-modes.json"), &[]),
    ("9-ddpm-detailed", include_str!("../../../../configs/article/9-ddpm-density.json"), &[]),
    (
        "1-gaussian-corrected",
        include_str!("../../../../configs/article/1-gaussian-corrected.json"),
        &[],
    ),
    (
        "2-gaussian-video-corrected",
        include_str!("../../../../configs/article/2-gaussian-video-corrected.json"),
        &[],
    ),
    (
        "3-gaussian-2d-corrected",
        include_str!("../../../../configs/article/3-gaussian-2d-corrected.json"),
        &[],
    ),
    (
        "4-multimodal-corrected",
        include_str!("../../../../configs/article/4-four-modes-corrected.json"),
        &[],
    ),
    (
        "5-multimodal-video-corrected",
        include_str!("../../../../configs/article/5-four-modes-video-corrected.json"),
        &[],
    ),
    (
        "6-ddpm-single-upper",
        include_str!("../../../../configs/article/6-ddpm-single.json"),
        &["sample.sampler.variance=\"upper\""],
    ),
    (
        "6-ddpm-single-paper",
        include_str!("../../../../configs/article/6-ddpm-single.json"),
        &["sample.sampler.quiet_steps=1"],
    ),
    (
        "7-ddpm-simple-one-seed",
        include_str!("../../../../configs/article/7-ddpm-per-level.json"),
        &[],
    ),
    (
        "9-ddpm-detailed-one-seed",
        include_str!("../../../../configs/article/9-ddpm-density.json"),
        &[],
    ),
];

/// Config and golden of one system.
struct Case {
    name: &'static str,
    problem: Problem,
    data: Box<dyn Dataset>,
    golden: Value,
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../../../tests/goldens/article.json");
    let goldens: Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(goldens["systems"].as_array().expect("a list").len(), SYSTEMS.len());
    let case = |(name, text, changes): &(&'static str, &str, &[&str])| {
        let rows = [format!("train.batch={ROWS}"), format!("sample.count={ROWS}")];
        let changes = changes.iter().map(|change| (*change).to_owned());
        let changes: Vec<_> = changes.chain(rows).chain(["seed=7".to_owned()]).collect();
        let config = parse_config(name, text, &changes).expect("valid");
        let systems = goldens["systems"].as_array().expect("a list");
        let golden = systems.iter().find(|system| system["name"] == *name).expect("there");
        Case {
            name,
            data: config.data.build(config.seed).expect("valid"),
            problem: Problem::new(config).expect("valid"),
            golden: golden.clone(),
        }
    };
    SYSTEMS.iter().map(case).collect()
}

impl Case {
    /// Network number `number` at its initialisation, from the seed that the golden names.
    fn network(&self, number: usize) -> Mlp {
        let initial = self.golden["initial"].as_array().expect("a list");
        let own = initial.iter().find(|network| network["network"] == number).expect("there");
        let streams = Streams::new(own["seed"].as_u64().expect("a seed"));
        let [features, told] = self.problem.diffusion().network_columns(self.data.as_ref());
        let mlp = self.problem.config().denoiser.network.mlp(features, told).expect("ours");
        let network = mlp.init(&streams, &Device::flex()).expect("valid");
        for (name, array) in TensorMap::of_module(&network).0 {
            let (golden, values) = (&own["tensors"][&name], floats(&array));
            assert_eq!(serde_json::json!(array.shape), golden["shape"], "{} {name}", self.name);
            let first = numbers(&golden["first"]);
            agree(&values[..first.len()], &first, &format!("{}: initial {name}", self.name));
        }
        network
    }
}

/// Numbers of nested lists, in order.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().unwrap_or(f64::NAN)],
    }
}

fn floats(array: &Array) -> Vec<f64> {
    match &array.values {
        Values::F32(values) => values.iter().map(|v| f64::from(*v)).collect(),
        Values::I64(_) | Values::Other(_) => Vec::new(),
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

fn agree(ours: &[f64], golden: &[f64], what: &str) {
    assert_eq!(ours.len(), golden.len(), "{what}");
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let off = norm(&mut ours.iter().zip(golden).map(|(a, b)| a - b));
    let size = norm(&mut golden.iter().copied());
    assert!(off <= TOLERANCE * size, "{what}: off by {:e}\n{ours:?}\n{golden:?}", off / size);
}

/// Gradients by the parameters' names. Linear weights are `[out, in]`.
struct ByName<'a> {
    gradients: &'a GradientsParams,
    layout: Layout,
    path: Path,
    arrays: TensorMap,
}

impl ModuleVisitor for ByName<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let data = self.gradients.get::<D>(param.id).expect("a gradient").into_data();
        let array = self.layout.turn(&self.path, Array::of_data(&data));
        self.arrays.0.insert(self.path.name(), array);
    }
}

#[test]
fn training_steps_are_the_article_s() {
    for case in cases().iter().filter(|case| !case.golden["training"].is_null()) {
        let Case { name, problem, data, golden } = case;
        let (config, diffusion) = (problem.config(), problem.diffusion());
        let (train, training) = (&config.train, &golden["training"]);
        let streams = Streams::new(config.seed);
        let first = training["steps"][0]["network"].as_u64().expect("a number") as usize;
        let mut engine = TapeEngine::new(
            case.network(first),
            diffusion.networks,
            &train.optimizer,
            train.clip_norm,
            &Device::flex(),
        );
        let batch = |step: u64| {
            diffusion.training_batch(data.as_ref(), &streams, step, train.batch).expect("made")
        };
        let steps = training["steps"].as_array().expect("a list");
        assert_eq!(steps.len(), 3, "{name}");
        for (step, golden) in steps.iter().enumerate() {
            let what = |of: &str| format!("{name}: {of} of step {step}");
            let batch = batch(step as u64);
            let told = batch.level_features.as_ref();
            let columns = batch.input.columns + told.map_or(0, |told| told.columns);
            let input: Vec<_> = (0..batch.rows)
                .flat_map(|row| {
                    let of = |c: &crate::problem::Columns| {
                        wide(&c.values[row * c.columns..(row + 1) * c.columns])
                    };
                    of(&batch.input).into_iter().chain(told.map(of).unwrap_or_default())
                })
                .collect();
            assert_eq!(input.len(), ROWS * columns);
            agree(&input, &numbers(&golden["input"]), &what("input"));
            let (target, _) = batch.one_squared_head().expect("numbers alone");
            agree(&wide(&target.values), &numbers(&golden["target"]), &what("target"));
            assert_eq!(golden["network"], batch.network, "{}", what("network"));
            let (losses, gradients) = engine.differentiate(&batch);
            let losses: Vec<f64> = losses.into_data().iter::<f32>().map(f64::from).collect();
            let loss = batch.reduction.of_rows(&losses);
            agree(&[loss], &numbers(&golden["loss"]), &what("loss"));
            let mut by_name = ByName {
                gradients: &gradients,
                layout: Layout::of(&engine.networks()[batch.network]),
                path: Path::default(),
                arrays: TensorMap::default(),
            };
            engine.networks()[batch.network].visit(&mut by_name);
            let wanted = golden["gradient"].as_object().expect("a map");
            assert_eq!(by_name.arrays.0.len(), wanted.len());
            for (tensor, wanted) in wanted {
                let own = floats(&by_name.arrays.0[tensor]);
                agree(&own, &numbers(wanted), &what(&format!("gradient of {tensor}")));
            }
            let rate = train.learning_rate.at(step as u64, train.steps);
            agree(&[rate], &numbers(&golden["learning_rate"]), &what("learning rate"));
            engine.step(&batch, rate);
        }
        for golden in training["later"].as_array().expect("a list") {
            let step = golden["step"].as_u64().expect("a step");
            let (batch, what) = (batch(step), format!("{name}: step {step}"));
            assert_eq!(golden["network"], batch.network, "{what}");
            let rate = train.learning_rate.at(step, train.steps);
            agree(&[rate], &numbers(&golden["learning_rate"]), &what);
            if let Some(told) = &batch.level_features {
                let level = golden["level"].as_u64().expect("an index") as usize;
                let condition = case.golden["levels"]["condition"][level].clone();
                agree(&wide(&told.values), &[numbers(&condition)[0]; ROWS], &what);
            }
        }
    }
}

/// Sampler that starts every step from the golden's rows.
struct Fed<'a> {
    inner: &'a dyn Sampler,
    rows: Vec<Vec<f32>>,
}

impl Sampler for Fed<'_> {
    fn start(&self, plan: &Plan) -> Box<dyn Steps + '_> {
        Box::new(FedSteps { inner: self.inner.start(plan), rows: &self.rows })
    }
}

struct FedSteps<'a> {
    inner: Box<dyn Steps + 'a>,
    rows: &'a [Vec<f32>],
}

impl Steps for FedSteps<'_> {
    fn step(
        &mut self,
        x: Tensor<2>,
        denoiser: &dyn Denoiser,
        step: &Transition,
        noise: &mut Noise,
    ) -> Result<Tensor<2>, CoreError> {
        let [rows, features] = x.dims();
        let mut fed = self.rows[step.index].clone();
        fed.resize(rows * features, 0.0);
        let fed = Tensor::from_data(TensorData::new(fed, [rows, features]), &x.device());
        self.inner.step(fed, denoiser, step, noise)
    }
}

#[test]
fn sampling_steps_are_the_article_s() {
    for case in cases().iter().filter(|case| !case.golden["sampling"].is_null()) {
        let Case { name, problem, data, golden } = case;
        let (seed, diffusion) = (problem.config().seed, problem.diffusion());
        let steps = golden["sampling"].as_array().expect("a list");
        let networks: Vec<_> = (0..diffusion.networks).map(|n| case.network(n)).collect();
        let denoiser = RunDenoiser::new(diffusion, &networks);
        let device = Device::flex();
        let mut drawing =
            Drawing::new(problem, seed, data.as_ref(), (Source::Same(&denoiser), None), &device)
                .expect("valid");
        let rows = |step: &Value, of: &str| numbers(&step[of]);
        let narrow = |rows: Vec<f64>| rows.iter().map(|v| *v as f32).collect();
        let fed = steps.iter().map(|step| narrow(rows(step, "x_in"))).collect();
        let fed = Fed { inner: problem.sampler(), rows: fed };
        drawing.sampler = &fed;
        let mut seen = Vec::new();
        let observe = &mut |progress: &langevin_core::Progress, x: &[f32]| {
            assert_eq!(x.len(), SAMPLING_ROWS * data.features());
            assert_eq!(progress.step, seen.len());
            seen.push(wide(&x[..ROWS * data.features()]));
        };
        drawing.chunk(0, None, observe).expect("drawn");
        assert_eq!(seen.len(), steps.len() + 1, "{name}");
        agree(&seen[0], &rows(&steps[0], "x_in"), &format!("{name}: start"));
        for (x, (i, step)) in seen[1..].iter().zip(steps.iter().enumerate()) {
            agree(x, &rows(step, "x_out"), &format!("{name}: sampling step {i}"));
        }
    }
}
