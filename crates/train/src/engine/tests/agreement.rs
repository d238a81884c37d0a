//! Losses and gradients of any heads are the same on the tape, on the direct engine and on a GPU.

use burn::tensor::Device;
use langevin_core::{Activation, LossReduction, Mlp, MlpConfig, MlpForm};
use langevin_data::Streams;

use super::{Kind, batch, mixes, output_columns};
use crate::{
    config::OptimizerConfig,
    engine::{
        Average, DirectEngine, Engine, StepOutput, TapeEngine, TensorMap, Values, transfer::read,
    },
    problem::{Classes, Columns, Head, HeadLoss, StepBatch},
};

/// Its first velocity is the gradient itself.
const SGD: OptimizerConfig =
    OptimizerConfig::Sgd { momentum: 0.9, dampening: 0.0, nesterov: false, weight_decay: 0.0 };

/// The losses of a batch's rows, and the gradient of its loss by the parameters' names.
type Found = (Vec<f64>, TensorMap);

/// An engine by name, and what it makes of a batch with new weights.
type Way = (&'static str, Box<dyn Fn(&MlpConfig, &StepBatch) -> Found>);

fn network(config: &MlpConfig, device: &Device) -> Mlp {
    config.init(&Streams::new(3), device).expect("valid")
}

fn ways() -> Vec<Way> {
    let gradient = |engine: &dyn Engine<Mlp>| engine.optimizer_state();
    let mut ways: Vec<Way> = vec![
        (
            "tape",
            Box::new(move |config, batch| {
                let device = Device::flex();
                let mut engine = TapeEngine::new(network(config, &device), 1, &SGD, None, &device);
                let StepOutput::Device { row_losses, .. } = engine.step(batch, 1e-3) else {
                    panic!("the tape's losses are on the device");
                };
                (read(row_losses).expect("read"), gradient(&engine))
            }),
        ),
        (
            "direct",
            Box::new(move |config, batch| {
                let device = Device::flex();
                let engine = DirectEngine::new(network(config, &device), 1, &SGD, None, &device);
                let mut engine = engine.expect("our own network");
                let parameters = engine.learners[0].parameters.clone();
                let (losses, ..) = engine.gradients.differentiate(&parameters, batch, &mut || ());
                let losses = losses.iter().map(|loss| f64::from(*loss)).collect();
                engine.step(batch, 1e-3);
                (losses, gradient(&engine))
            }),
        ),
    ];
    #[cfg(feature = "gpu")]
    if let Some(device) = super::gpu() {
        ways.push((
            "gpu",
            Box::new(move |config, batch| {
                let network = network(config, &device);
                let engine = crate::engine::GpuEngine::new(network, 1, &SGD, None, &device);
                let mut engine = engine.expect("our own network");
                let StepOutput::Buffer(output) = engine.step(batch, 1e-3) else {
                    panic!("a GPU's losses are in a buffer");
                };
                let mut losses = crate::engine::mlp_gpu::read(&[&output]).expect("read");
                losses.pop();
                (losses, gradient(&engine))
            }),
        ));
    }
    ways
}

fn config(kinds: &[Kind]) -> MlpConfig {
    let form = MlpForm {
        width: 24,
        depth: 2,
        activation: Activation::Silu,
        residual: true,
        position_features: 2,
        position_scale: 0.3,
        position_resolution: None,
    };
    MlpConfig { features: 3, outputs: output_columns(kinds), extra_features: 5, form }
}

/// The largest distance of two lists, over the largest number of the second.
fn distance<'a>(ours: impl IntoIterator<Item = &'a f64>, theirs: &[f64]) -> f64 {
    let largest = theirs.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let off = ours.into_iter().zip(theirs).map(|(a, b)| (a - b).abs());
    off.fold(0.0, |most, off| if off <= most { most } else { off }) / largest
}

fn wide(map: &TensorMap) -> Vec<(&String, Vec<f64>)> {
    let numbers = |values: &Values| match values {
        Values::F32(values) => values.iter().map(|x| f64::from(*x)).collect(),
        Values::I64(_) | Values::Other(_) => Vec::new(),
    };
    map.0.iter().map(|(name, array)| (name, numbers(&array.values))).collect()
}

/// Holds each engine's losses and gradients to those of the first.
fn agree(config: &MlpConfig, batch: &StepBatch, ways: &[Way], what: &str) {
    let mut first: Option<Found> = None;
    for (name, way) in ways {
        let (losses, gradient) = way(config, batch);
        assert_eq!(losses.len(), batch.rows);
        assert!(losses.iter().all(|loss| loss.is_finite()), "{name}, {what}: {losses:?}");
        let Some((their_losses, theirs)) = &first else {
            first = Some((losses, gradient));
            continue;
        };
        // Sums of up to 80 products rounded to 6e-8, through 3 layers.
        let off = distance(&losses, their_losses);
        assert!(off < 1e-5, "{name}, {what}: losses are off by {off}");
        assert!(gradient.0.keys().eq(theirs.0.keys()), "{name}, {what}");
        for ((parameter, ours), (_, theirs)) in wide(&gradient).iter().zip(wide(theirs)) {
            assert_eq!(ours.len(), theirs.len());
            let off = distance(ours, &theirs);
            assert!(off < 1e-5, "{name}, {what}: {parameter} is off by {off}");
        }
    }
}

#[test]
fn every_engine_makes_the_same_of_any_heads() {
    let ways = ways();
    for kinds in mixes() {
        for (parts, reduction) in [
            (1, LossReduction::Mean),
            (3, LossReduction::Sum),
            (1, LossReduction::Norm),
            (2, LossReduction::Huber { delta: 0.5 }),
        ] {
            let batch = StepBatch { parts, ..batch(&kinds, 70, reduction) };
            agree(&config(&kinds), &batch, &ways, &format!("{kinds:?}, {reduction:?}"));
        }
    }
}

#[test]
fn every_engine_gives_the_same_bits_of_any_heads_again() {
    let kinds = &mixes()[3];
    let batch = StepBatch { parts: 2, ..batch(kinds, 70, LossReduction::Norm) };
    for (name, way) in ways() {
        assert!(way(&config(kinds), &batch) == way(&config(kinds), &batch), "{name}");
    }
}

/// One head of squared errors takes the narrow and fused paths with outputs wider and narrower than the row.
#[test]
fn every_engine_makes_the_same_of_one_head_of_any_width() {
    let ways = ways();
    for columns in [1, 7, 60] {
        let kinds = [Kind::Squared { columns, has_cell_weights: false }];
        let batch = batch(&kinds, 70, LossReduction::Mean);
        assert!(batch.one_squared_head().is_some());
        agree(&config(&kinds), &batch, &ways, &format!("{columns} outputs"));
    }
}

#[test]
fn a_rows_condition_reaches_its_own_loss() {
    let kinds = &mixes()[2];
    let mut one = batch(kinds, 1, LossReduction::Sum);
    let rows = 70;
    let repeat = |columns: &Columns| Columns {
        columns: columns.columns,
        values: columns.values.repeat(rows),
    };
    let same = |head: &Head| Head {
        loss: match &head.loss {
            HeadLoss::Squared(target) => HeadLoss::Squared(repeat(target)),
            HeadLoss::CrossEntropy(classes) => {
                let classes = Classes::new(classes.count(), vec![1; rows]);
                HeadLoss::CrossEntropy(classes.expect("valid"))
            }
        },
        weight: head.weight.repeat(rows),
        cell_weight: None,
    };
    one.heads = one.heads.iter().map(same).collect();
    one.input = repeat(&one.input);
    one.level_features = one.level_features.as_ref().map(repeat);
    one.rows = rows;
    // Rows that differ by their conditions alone.
    one.condition = batch(kinds, rows, LossReduction::Sum).condition;
    let mut turned = one.clone();
    if let Some(Columns { columns, values }) = &mut turned.condition {
        values.rotate_left(*columns);
    }
    for (name, way) in ways() {
        let (mut losses, _) = way(&config(kinds), &one);
        let (of_turned, _) = way(&config(kinds), &turned);
        let differ = losses.windows(2).filter(|pair| (pair[0] / pair[1] - 1.0).abs() > 1e-3);
        assert!(differ.count() > 60, "{name}: the condition does not count: {losses:?}");
        losses.rotate_left(1);
        let off = distance(&of_turned, &losses);
        assert!(off < 1e-6, "{name}: off by {off}");
    }
}

/// Offsets of ±1e8 on the two classes of heads, and the loss that logits of 0 would have.
#[test]
fn huge_offsets_lose_nothing_on_any_engine() {
    let two = Kind::Classes { count: 2, has_offsets: false, has_cell_weights: false };
    let config = config(&[two]);
    let offsets =
        [[1e8 + 0.3, 1e8], [-1e8, -1e8 - 0.3], [-1e8, 1e8], [1e8, -1e8], [1e8, -1e8], [-1e8, 1e8]];
    let small = [[0.3, 0.0], [0.0, -0.3]];
    let of_rows = [1, 0, 0, 1, 0, 1];
    let with = |offsets: &[[f64; 2]]| {
        let rows = offsets.len();
        let classes = Classes::new(2, of_rows[..rows].to_vec()).expect("valid");
        let classes = classes.with_offsets(offsets.as_flattened()).expect("finite");
        let head = Head {
            loss: HeadLoss::CrossEntropy(classes),
            weight: vec![1.0; rows],
            cell_weight: None,
        };
        let whole = StepBatch { parts: 6 / rows, ..batch(&[two], 6, LossReduction::Sum) };
        let part = whole.split().next().expect("a part");
        StepBatch { heads: vec![head], ..part }
    };
    let ways = ways();
    agree(&config, &with(&offsets), &ways, "huge offsets");
    for (name, way) in &ways {
        let (losses, gradient) = way(&config, &with(&offsets));
        // 0.3 in f32, through offsets whose steps are 1.5e-8 in f64 and 8 in f32.
        let (of_small, of_small_gradient) = way(&config, &with(&small));
        let off = distance(&losses[..2], &of_small);
        assert!(off < 1e-6, "{name}: {losses:?} {of_small:?}");
        // f32 has steps of 16 at 2e8, and the logits are near 1.
        assert_eq!(losses[2..], [2e8, 2e8, 0.0, 0.0], "{name}");
        for (parameter, values) in wide(&gradient) {
            assert!(values.iter().all(|g| g.is_finite()), "{name}: {parameter}");
        }
        // The gradient by the output is exactly ±1 in rows 2 and 3 and 0 in rows 4 and 5: of opposite
        // signs, they leave the bias's gradient to rows 0 and 1. All are at most 1, rounded to 6e-8.
        let bias = |map: &TensorMap| {
            let of = wide(map).into_iter().find(|(name, _)| name.starts_with("layers.2.bias"));
            of.expect("there").1
        };
        for (own, small) in bias(&gradient).iter().zip(bias(&of_small_gradient)) {
            assert!((own - small).abs() < 3e-7, "{name}: {own} {small}");
        }
    }
}

/// Logits in the thousands, whose exponentials no float holds.
#[test]
fn large_logits_stay_finite_on_any_engine() {
    let kinds = [Kind::Classes { count: 5, has_offsets: true, has_cell_weights: false }];
    let mut config = config(&kinds);
    // Sines of large angles would lose their digits.
    config.form.position_features = 0;
    let mut batch = batch(&kinds, 70, LossReduction::Mean);
    batch.input.values.iter_mut().for_each(|x| *x *= 1e5);
    let ways = ways();
    let (losses, _) = ways[0].1(&config, &batch);
    assert!(losses.iter().any(|loss| *loss > 1000.0), "{losses:?}");
    agree(&config, &batch, &ways, "large logits");
}

/// Optimizer state, averages and checkpoints of a network whose outputs are not its features.
#[test]
fn steps_and_checkpoints_work_with_more_outputs_than_features() {
    let kinds = &mixes()[3];
    let (config, device) = (config(kinds), Device::flex());
    let adam = OptimizerConfig::Adam { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.0 };
    let tape = || TapeEngine::new(network(&config, &device), 1, &adam, Some(1.0), &device);
    let direct = || {
        let engine = DirectEngine::new(network(&config, &device), 1, &adam, Some(1.0), &device);
        engine.expect("our own network")
    };
    let steps = |engine: &mut dyn Engine<Mlp>, steps: std::ops::Range<usize>| {
        for step in steps {
            engine.step(&batch(kinds, 40 + step, LossReduction::Mean), 1e-3);
            engine.average(0, step as u64);
        }
    };
    let take_up = |to: &mut dyn Engine<Mlp>, from: &dyn Engine<Mlp>| {
        let weights = TensorMap::joined(from.weights());
        let average = from.average_weights("ema").map(TensorMap::joined);
        let averages = average.into_iter().map(|average| ("ema".to_owned(), average)).collect();
        to.restore(weights, averages, from.optimizer_state()).expect("the same names");
        assert_eq!(to.weights(), from.weights());
        assert_eq!(to.average_weights("ema"), from.average_weights("ema"));
        assert_eq!(to.optimizer_state(), from.optimizer_state());
    };
    let near = |a: &dyn Engine<Mlp>, b: &dyn Engine<Mlp>| {
        for (a, b) in
            [(&a.weights()[0], &b.weights()[0]), (&a.optimizer_state(), &b.optimizer_state())]
        {
            for ((name, ours), (_, theirs)) in wide(a).iter().zip(wide(b)) {
                if !ours.is_empty() {
                    let off = distance(ours, &theirs);
                    // As the steps of other networks: 1e-5, and twice as much for squares of gradients.
                    assert!(off < 2e-5, "{name} is off by {off}");
                }
            }
        }
    };
    let (mut a, mut b) = (tape(), direct());
    let ema = || vec![Average::new("ema", |_| Some(0.9))];
    a.keep_averages(ema());
    b.keep_averages(ema());
    steps(&mut a, 0..3);
    steps(&mut b, 0..3);
    near(&b, &a);
    assert_eq!(b.weights()[0].0["layers.2.weight"].shape, [80, 24]);
    // Either goes on from the other's checkpoint.
    let (mut further_a, mut further_b) = (tape(), direct());
    further_a.keep_averages(ema());
    further_b.keep_averages(ema());
    take_up(&mut further_a, &b);
    take_up(&mut further_b, &b);
    steps(&mut further_a, 3..6);
    steps(&mut further_b, 3..6);
    near(&further_b, &further_a);
    // Resumed, the direct engine has the bits of one that was never stopped.
    steps(&mut b, 3..6);
    assert_eq!(b.weights(), further_b.weights());
    assert_eq!(b.optimizer_state(), further_b.optimizer_state());
}
