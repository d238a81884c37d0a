//! The kernels against plain loops in f64.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use langevin_core::{Activation, LossReduction};
use proptest::{prelude::*, test_runner::RngSeed};

use super::{
    buffer::Buffer,
    form::Form,
    gradients::Gradients,
    learner::{Learner, Training},
    loss, panels,
    pass::Network,
    product::{Left, Product, Start},
    simd::InstructionSet,
    team::Team,
    update::{Average, State, sum_of_squares},
};
use crate::{
    config::OptimizerConfig,
    engine::tests::{Kind, heads, matrix, mixes, numbers, output_columns},
    problem::StepBatch,
};

mod form;
mod functions;
mod plain;

use plain::{Weights, plain, weights};

/// The same cases in every run, and no file where one fails.
fn settings(cases: u32) -> ProptestConfig {
    let (rng_seed, failure_persistence) = (RngSeed::Fixed(11), None);
    ProptestConfig { cases, rng_seed, failure_persistence, ..ProptestConfig::default() }
}

const ACTIVATIONS: [Activation; 4] =
    [Activation::Relu, Activation::Silu, Activation::Gelu, Activation::Tanh];

const ADAM: OptimizerConfig =
    OptimizerConfig::Adam { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.0 };

/// Forms of networks with the heads of their output.
fn forms() -> impl Strategy<Value = (Form, Vec<Kind>)> {
    let sizes = (1..4_usize, 0..4_usize, 1..70_usize, 1..4_usize);
    let kinds = (prop::sample::select(&ACTIVATIONS[..]), any::<bool>(), 0..6_usize, any::<bool>());
    let mixed = mixes().into_iter();
    let plain = (1..8).map(|columns| vec![Kind::Squared { columns, has_cell_weights: false }]);
    let heads = prop::sample::select(mixed.chain(plain).collect::<Vec<_>>());
    (sizes, kinds, heads).prop_map(|((features, extra_features, width, depth), kinds, heads)| {
        let (activation, residual, count, fades) = kinds;
        let mut number = numbers(count as u64);
        let frequencies = (0..features * count).map(|_| 2.0 * number()).collect();
        let outputs = output_columns(&heads);
        let form = Form {
            features,
            outputs,
            extra_features,
            width,
            depth,
            activation,
            residual,
            frequencies,
            fades,
        };
        (form, heads)
    })
}

fn reductions() -> impl Strategy<Value = LossReduction> {
    prop::sample::select(vec![
        LossReduction::Mean,
        LossReduction::Sum,
        LossReduction::Norm,
        LossReduction::Huber { delta: 0.5 },
    ])
}

/// A batch of squared errors alone.
fn batch(form: &Form, rows: usize, reduction: LossReduction) -> StepBatch {
    let kind = Kind::Squared { columns: form.outputs, has_cell_weights: false };
    batch_of(form, &[kind], rows, reduction)
}

fn batch_of(form: &Form, kinds: &[Kind], rows: usize, reduction: LossReduction) -> StepBatch {
    let mut number = numbers(rows as u64);
    let mut matrix = |columns| (columns > 0).then(|| matrix(rows, columns, &mut number));
    let level = form.extra_features.min(1);
    StepBatch {
        network: 0,
        rows,
        parts: 1,
        input: matrix(form.features).expect("features"),
        level_features: matrix(level),
        condition: matrix(form.extra_features - level),
        heads: heads(kinds, rows, &mut number),
        reduction,
    }
}

fn learner(network: &Network, optimizer: &OptimizerConfig) -> Learner {
    let mut number = numbers(7);
    let mut parameters = Buffer::zeros(network.len());
    for layer in &network.layers {
        let bound = (layer.inputs as f32).sqrt().recip();
        let mut fill = |count: usize| (0..count).map(|_| bound * number()).collect::<Vec<f32>>();
        layer.write_weight(&mut parameters, &fill(layer.inputs * layer.outputs));
        layer.write_bias(&mut parameters, &fill(layer.outputs));
    }
    let state = State::new(optimizer, network.len());
    Learner { averages: vec![parameters.clone()], parameters, state }
}

fn gradients(network: Network, threads: usize, as_large: bool) -> Gradients {
    let gradients = Gradients::new(network, threads);
    if as_large { gradients.taken_as_large() } else { gradients }
}

/// Relative distance in the L2 norm.
fn distance(ours: &[f64], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let norm = theirs.iter().map(|x| x * x).sum::<f64>().sqrt();
    let off = ours.iter().zip(theirs).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    if off == 0.0 { 0.0 } else { off / norm }
}

proptest! {
    #![proptest_config(settings(200))]

    #[test]
    fn losses_and_gradients_are_those_of_plain_loops(
        (form, kinds) in forms(), rows in 1..200_usize, reduction in reductions(),
    ) {
        let batch = batch_of(&form, &kinds, rows, reduction);
        let sets = InstructionSet::all().into_iter();
        for (set, as_large) in sets.flat_map(|set| [(set, false), (set, true)]) {
            let network = Network::new(form.clone(), set);
            let parameters = learner(&network, &ADAM).parameters;
            let (losses, expected) = plain(&form, &weights(&network, &parameters), &batch);
            let mut gradients = gradients(network, 1, as_large);
            let (own, sum, _) = gradients.differentiate(&parameters, &batch, &mut || ());
            let factor = f64::from(loss::factor(reduction, own));
            let own: Vec<f64> = own.iter().map(|loss| f64::from(*loss)).collect();
            // Sums of up to 70 products, each rounded to 6e-8, through up to 4 layers.
            prop_assert!(distance(&own, &losses) < 2e-6, "{set:?}: losses {}", distance(&own, &losses));
            let sum = sum.to_vec();
            let found = weights(&gradients.network, &sum);
            for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
                for (found, expected) in [(&found.0, &expected.0), (&found.1, &expected.1)] {
                    let found: Vec<f64> = found.iter().map(|g| factor * g).collect();
                    let off = distance(&found, expected);
                    prop_assert!(off < 1e-5, "{set:?}: layer {i} is off by {off}");
                }
            }
            // What pads the rows stays zero.
            let padding: usize = gradients.network.layers.iter()
                .map(|l| (l.inputs + 1) * (panels::padded(l.outputs) - l.outputs)).sum();
            prop_assert!(sum.iter().filter(|g| **g == 0.0).count() >= padding);
        }
    }

    #[test]
    fn products_are_those_of_plain_loops(
        (rows, inner, columns) in (1..40_usize, 1..400_usize, 1..33_usize),
        start in 0..3_usize, turned in any::<bool>(),
    ) {
        let mut number = numbers(1);
        let width = panels::width(columns);
        let mut fill = |len: usize| (0..len).map(|_| number()).collect::<Vec<f32>>();
        let (b, bias) = (fill(inner * width), fill(width));
        let before = fill(rows * width);
        let a = fill(rows.next_multiple_of(16) * inner);
        // A panel of so many rows with its own turned, or a matrix in panels.
        let (panel, mut panelled) = (rows.next_multiple_of(16), vec![0.0; rows * panels::padded(inner)]);
        panels::place(&mut panelled, panels::width(inner), 0, &a[..rows * inner], (rows, inner));
        let (left, at): (_, Box<dyn Fn(usize, usize) -> f32>) = if turned {
            (Left::turned(&a, panel), Box::new(|i, p| a[p * panel + i]))
        } else {
            (Left::of(&panelled, rows, inner), Box::new(|i, p| a[i * inner + p]))
        };
        for set in InstructionSet::all() {
            let mut c = before.clone();
            let start = [Start::Zero, Start::Row(&bias), Start::Own][start];
            set.run(Product { rows, inner, columns, a: left, b: &b, start, c: &mut c, width });
            for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
                let first = match start {
                    Start::Zero => 0.0,
                    Start::Row(row) => f64::from(row[j]),
                    Start::Own => f64::from(before[i * width + j]),
                };
                let terms =
                    (0..inner).map(|p| f64::from(at(i, p)) * f64::from(b[p * width + j]));
                let expected = first + terms.sum::<f64>();
                // 400 sums of numbers below 40, rounded to 2e-6 at most and half of it mostly.
                prop_assert!((f64::from(c[i * width + j]) - expected).abs() < 2e-5, "{set:?}");
            }
        }
    }
}

#[test]
fn the_plain_gradient_is_the_slope_of_the_plain_loss() {
    for activation in [Activation::Silu, Activation::Gelu, Activation::Tanh] {
        let frequencies = vec![0.3, -0.7];
        let (features, extra_features, width, depth) = (1, 1, 3, 3);
        let form = Form {
            features,
            outputs: 80,
            extra_features,
            width,
            depth,
            activation,
            residual: true,
            frequencies,
            fades: false,
        };
        let network = Network::new(form.clone(), InstructionSet::in_use());
        let at = weights(&network, &learner(&network, &ADAM).parameters);
        for reduction in [LossReduction::Norm, LossReduction::Huber { delta: 0.5 }] {
            let batch = batch_of(&form, &mixes()[3], 5, reduction);
            let loss = |weights: &Weights| {
                let losses = plain(&form, weights, &batch).0;
                reduction_of(reduction, &losses)
            };
            let (_, gradients) = plain(&form, &at, &batch);
            for (layer, (w, _)) in gradients.iter().enumerate() {
                for (place, slope) in w.iter().enumerate() {
                    let moved = |by: f64| {
                        let mut weights = at.clone();
                        weights[layer].0[place] += by;
                        loss(&weights)
                    };
                    let found = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                    // The cubic term of the loss, and 1e-16 / 1e-5 of its rounding.
                    assert!((found - slope).abs() < 1e-8, "{activation:?}: {found} {slope}");
                }
            }
        }
    }
}

fn reduction_of(reduction: LossReduction, losses: &[f64]) -> f64 {
    let sum: f64 = losses.iter().sum();
    match reduction {
        LossReduction::Mean | LossReduction::Huber { .. } => sum / losses.len() as f64,
        LossReduction::Sum => sum,
        LossReduction::Norm => sum.sqrt(),
    }
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    let form = Form {
        features: 2,
        outputs: 2,
        extra_features: 1,
        width: 70,
        depth: 2,
        activation: Activation::Silu,
        residual: false,
        frequencies: Vec::new(),
        fades: false,
    };
    let training = Training { optimizer: ADAM, clip_norm: Some(1.0) };
    let one = vec![Kind::Squared { columns: 2, has_cell_weights: false }];
    let sizes = [1, 31, 33, 500, 1000, 1999].map(|rows| (rows, false, &one));
    let mixed = mixes();
    let of_heads = [(33, false), (1999, false), (500, true)];
    let of_heads = of_heads.map(|(rows, as_large)| (rows, as_large, &mixed[3]));
    let cases = sizes.into_iter().chain([(1, true, &one), (500, true, &one)]).chain(of_heads);
    for (rows, as_large, kinds) in cases {
        let form = Form { outputs: output_columns(kinds), ..form.clone() };
        let batch = batch_of(&form, kinds, rows, LossReduction::Norm);
        let run = |threads| {
            let network = Network::new(form.clone(), InstructionSet::in_use());
            let mut learner = learner(&network, &ADAM);
            let mut gradients = gradients(network, threads, as_large);
            let mut bits = Vec::new();
            for _ in 0..3 {
                let (losses, norm) =
                    learner.step(&training, &mut gradients, &batch, 1e-3, &mut || ());
                bits.extend(losses.iter().chain([&norm]).map(|x| x.to_bits()));
            }
            bits.extend(learner.parameters.iter().map(|x| x.to_bits()));
            bits
        };
        let alone = run(1);
        for threads in [2, 3, 7] {
            assert!(run(threads) == alone, "{rows} rows, {threads} threads");
        }
    }
}

#[test]
fn every_number_counts_in_the_sum_of_squares() {
    for len in [16, 4096, 272_912, 655_424] {
        let ones = vec![1.0; len];
        let sum = sum_of_squares(InstructionSet::in_use(), &ones, &Team::new(3));
        assert_eq!(sum, len as f64);
    }
}

#[test]
fn the_average_moves_by_its_share() {
    let (mut average, weights) = ([1.0, 2.0, -4.0], [3.0, 2.0, 0.0]);
    InstructionSet::in_use().run(Average { average: &mut average, weights: &weights, share: 0.25 });
    assert_eq!(average, [1.5, 2.0, -3.0]);
}

/// The system's allocator; counts what each thread asks for.
struct Counting;

thread_local! {
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.set(ASKED.get() + 1);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn later_steps_allocate_nothing() {
    let form = Form {
        features: 2,
        outputs: 2,
        extra_features: 3,
        width: 33,
        depth: 3,
        activation: Activation::Gelu,
        residual: true,
        frequencies: vec![0.5; 8],
        fades: true,
    };
    let one = batch(&form, 300, LossReduction::Norm);
    let kinds = &mixes()[3];
    let mixed_form = Form { outputs: output_columns(kinds), ..form.clone() };
    let mixed = batch_of(&mixed_form, kinds, 300, LossReduction::Norm);
    let training = Training { optimizer: ADAM, clip_norm: Some(1.0) };
    let cases = [(&form, &one, false), (&form, &one, true), (&mixed_form, &mixed, false)];
    for (form, batch, as_large) in cases {
        let network = Network::new(form.clone(), InstructionSet::in_use());
        let mut learner = learner(&network, &training.optimizer);
        let mut gradients = gradients(network, 1, as_large);
        learner.step(&training, &mut gradients, batch, 1e-3, &mut || ());
        let before = ASKED.get();
        for _ in 0..5 {
            learner.step(&training, &mut gradients, batch, 1e-3, &mut || ());
            learner.average(&gradients, 0, 0.99);
        }
        assert_eq!(ASKED.get(), before);
    }
}
