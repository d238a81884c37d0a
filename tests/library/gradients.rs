//! Losses and gradients agree between the backends.

use burn::{
    module::{Module, ModuleVisitor, Param},
    optim::GradientsParams,
    tensor::Tensor,
};
use langevin_core::OwnNetwork;
use langevin_data::Streams;
use langevin_train::{Engine, Problem, StepBatch, StepOutput, TapeEngine, built_in, parse_config};

use crate::devices;

/// Collects every gradient as host numbers.
struct Collect<'a> {
    gradients: &'a GradientsParams,
    found: Vec<Vec<f64>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.found.push(gradient.into_data().iter::<f32>().map(f64::from).collect());
        }
    }
}

fn default_run(settings: &[String]) -> Problem {
    let text = include_str!("../../configs/default.json");
    Problem::new(parse_config("default", text, settings).expect("valid")).expect("valid")
}

fn batch(problem: &Problem, step: u64) -> StepBatch {
    let config = problem.config();
    let data = config.data.build(0).expect("our own");
    problem
        .diffusion()
        .training_batch(data.as_ref(), &Streams::new(0), step, config.train.batch)
        .expect("drawn")
}

/// The gradients of a batch, made in so many parts, and its rows' losses.
fn in_parts(problem: &Problem, parts: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let device = burn::tensor::Device::flex();
    let (network, _) = built_in(problem, &device).expect("valid");
    let engine: TapeEngine<OwnNetwork> =
        TapeEngine::new(network, 1, &problem.config().train.optimizer, None, &device);
    let (rows, gradients) = engine.differentiate(&StepBatch { parts, ..batch(problem, 0) });
    let mut collect = Collect { gradients: &gradients, found: Vec::new() };
    engine.networks()[0].visit(&mut collect);
    (rows.into_data().iter::<f32>().map(f64::from).collect(), collect.found)
}

#[test]
fn gradients_made_in_parts_add_up_to_the_whole() {
    for loss in ["mean", "sum", "norm", "huber"] {
        let settings = [format!(r#"train.loss={{"kind":"{loss}"}}"#), "train.batch=50".to_owned()];
        let problem = default_run(&settings);
        let (rows, whole) = in_parts(&problem, 1);
        for parts in [2, 3, 50] {
            let (rows_of_parts, added) = in_parts(&problem, parts);
            assert_eq!(rows.len(), rows_of_parts.len(), "{loss} in {parts}");
            for (a, b) in whole.iter().zip(&added) {
                let norm = a.iter().map(|x| x * x).sum::<f64>().sqrt();
                let off = a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
                // Sums of 50 rounded terms in another order.
                assert!(off <= 1e-5 * norm, "{loss} in {parts}: {off} of {norm}");
            }
        }
    }
}

#[test]
fn losses_and_gradients_agree_between_backends() {
    let problem = default_run(&[]);
    let train = &problem.config().train;
    let mut reference: Option<(Vec<f64>, Vec<Vec<f64>>)> = None;
    for (name, device) in devices::all() {
        let (network, _) = built_in(&problem, &device).expect("valid");
        let mut engine: TapeEngine<OwnNetwork> =
            TapeEngine::new(network, 1, &train.optimizer, train.clip_norm, &device);
        let (mut losses, mut gradients) = (Vec::new(), Vec::new());
        for step in 0..5 {
            let batch = batch(&problem, step);
            if step == 1 {
                // After one step of Adam no weight is zero, those of the output included.
                let (_, of_step) = engine.differentiate(&batch);
                let mut collect = Collect { gradients: &of_step, found: Vec::new() };
                engine.networks()[0].visit(&mut collect);
                gradients = collect.found;
            }
            let output = engine.step(&batch, 0.003);
            let read = StepOutput::read(&[output], batch.reduction).expect("a device");
            losses.push(read[0].0);
        }
        let trained = engine.optimizer_state().0.keys().filter(|k| k.ends_with("moment_1")).count();
        assert_eq!(gradients.len(), trained, "every trained parameter has a gradient");
        let Some((losses_of_flex, gradients_of_flex)) = &reference else {
            reference = Some((losses, gradients));
            continue;
        };
        for (step, (a, b)) in losses_of_flex.iter().zip(&losses).enumerate() {
            assert!((a - b).abs() <= 1e-4 * a.abs(), "{name}, loss of step {step}: {a} and {b}");
        }
        for (number, (a, b)) in gradients_of_flex.iter().zip(&gradients).enumerate() {
            let norm = a.iter().map(|x| x * x).sum::<f64>().sqrt();
            let off = a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
            assert!(norm > 1e-6, "gradient {number} is not zero");
            assert!(off <= 1e-4 * norm, "{name}, gradient {number}: {off} of {norm}");
        }
    }
}
