//! The two halves of a step give the bits of the whole, and averages by name are those of their formula.

use burn::tensor::Device;
use langevin_core::{Activation, LossReduction, Mlp, MlpConfig, MlpForm};
use langevin_train::{
    Average, BatchForm, BatchGradients, Columns, DirectEngine, Engine, EngineError, GpuEngine,
    GradientsError, HeadForm, HeadKind, StepBatch, StepOutput, TapeEngine, TensorMap, Values,
};

use crate::{
    direct::{Case, any_case, averages, ema, optimizer, weights},
    gpu,
};

/// A batch of sixteen groups of the direct engine's.
fn many_groups(reduction: LossReduction) -> Case {
    let form = MlpForm { width: 64, depth: 2, activation: Activation::Silu, ..MlpForm::default() };
    Case {
        mlp: MlpConfig { features: 2, outputs: 2, extra_features: 1, form },
        optimizer: optimizer(r#"{"kind": "adamw"}"#),
        clip_norm: Some(0.05),
        rows: 1010,
        parts: 1,
        reduction,
    }
}

const REDUCTIONS: [LossReduction; 4] = [
    LossReduction::Mean,
    LossReduction::Sum,
    LossReduction::Norm,
    LossReduction::Huber { delta: 0.5 },
];

/// All that an engine holds, and the bits of the outputs of its steps.
fn all(engine: &dyn Engine<Mlp>, outputs: &[StepOutput], reduction: LossReduction) -> State {
    let outputs = StepOutput::read(outputs, reduction).expect("a device");
    let bits = outputs.iter().flat_map(|(loss, norm)| [loss.to_bits(), norm.to_bits()]);
    (weights(engine), averages(engine), engine.optimizer_state(), bits.collect())
}

type State = (TensorMap, TensorMap, TensorMap, Vec<u64>);

/// Three steps by the halves, with the groups in ranges that end at `ends`.
fn in_ranges(
    case: &Case,
    engine: &mut dyn Engine<Mlp>,
    ends: &dyn Fn(usize) -> Vec<usize>,
) -> State {
    let mut outputs = Vec::new();
    for step in 0..3 {
        let batch = case.batch(step);
        let (mut first, mut made): (_, Option<BatchGradients>) = (0, None);
        for end in ends(engine.groups(&batch)) {
            let next = engine.gradients(&batch, first..end).expect("its groups");
            assert_eq!(next.range(), first..end);
            made = Some(match made {
                Some(made) => made.join(next).expect("the groups that follow"),
                None => next,
            });
            first = end;
        }
        let made = made.expect("some groups");
        assert_eq!(made.losses.len(), case.rows);
        outputs.push(engine.apply(made, 1e-3).expect("all groups"));
        engine.average(0, step);
    }
    all(engine, &outputs, case.reduction)
}

/// Holds the halves to whole steps, with all groups at once, in two ranges, and each by itself.
fn hold(case: &Case, engine: &dyn Fn() -> Box<dyn Engine<Mlp>>, groups: usize) {
    let mut whole = engine();
    let outputs: Vec<_> = (0..3)
        .map(|step| {
            let output = whole.step(&case.batch(step), 1e-3);
            whole.average(0, step);
            output
        })
        .collect();
    let whole = all(whole.as_ref(), &outputs, case.reduction);
    assert_eq!(engine().groups(&case.batch(0)), groups, "{case:?}");
    let once = in_ranges(case, engine().as_mut(), &|groups| vec![groups]);
    assert!(once == whole, "all groups at once: {case:?}");
    if groups > 1 {
        let twice = in_ranges(case, engine().as_mut(), &|groups| vec![groups / 3 + 1, groups]);
        assert!(twice == whole, "in two ranges: {case:?}");
        let each = in_ranges(case, engine().as_mut(), &|groups| (1..=groups).collect());
        assert!(each == whole, "each by itself: {case:?}");
    }
}

#[test]
fn both_halves_give_the_bits_of_a_step_on_the_direct_engine() {
    let device = Device::flex();
    for reduction in REDUCTIONS {
        let case = many_groups(reduction);
        hold(&case, &|| Box::new(case.direct(&device)), 16);
        let case = Case { rows: 70, ..case };
        hold(&case, &|| Box::new(case.direct(&device)), 3);
    }
    // From 262,144 parameters on there is one group.
    let mut case = many_groups(LossReduction::Mean);
    case.mlp.form.width = 520;
    let case = Case { rows: 200, ..case };
    hold(&case, &|| Box::new(case.direct(&device)), 1);
}

#[test]
fn both_halves_give_the_bits_of_a_step_on_the_tape() {
    let device = Device::flex();
    for reduction in REDUCTIONS {
        for (parts, groups) in [(1, 1), (2, 2), (3, 3), (7, 7)] {
            let case = Case { rows: 50, parts, ..many_groups(reduction) };
            hold(&case, &|| Box::new(case.tape(&device)), groups);
        }
    }
}

#[test]
fn both_halves_give_the_bits_of_a_step_on_a_gpu() {
    let Some(device) = gpu::gpu() else { return };
    for reduction in REDUCTIONS {
        for (rows, parts) in [(50, 1), (300, 1), (300, 2)] {
            let case = Case { rows, parts, ..many_groups(reduction) };
            hold(&case, &|| Box::new(gpu::engine(&case, &device)), 1);
        }
    }
    let sgd = optimizer(r#"{"kind": "sgd", "momentum": 0.9, "dampening": 0.1}"#);
    let case = Case { optimizer: sgd, ..gpu::large() };
    hold(&case, &|| Box::new(gpu::engine(&case, &device)), 1);
}

/// Sums of 1e8, −1e8 and 1: in this order they add up to 1, and in most others to 0.
#[test]
fn groups_are_added_in_their_order() {
    let device = Device::flex();
    let case = Case {
        optimizer: optimizer(r#"{"kind": "sgd"}"#),
        clip_norm: None,
        reduction: LossReduction::Sum,
        ..many_groups(LossReduction::Sum)
    };
    let parts = Case { rows: 30, parts: 16, ..case.clone() };
    let engines: [(Box<dyn Engine<Mlp>>, StepBatch); 2] = [
        (Box::new(case.direct(&device)), case.batch(0)),
        (Box::new(parts.tape(&device)), parts.batch(0)),
    ];
    for (mut engine, batch) in engines {
        let before = weights(engine.as_ref());
        let groups = engine.groups(&batch);
        let mut made = engine.gradients(&batch, 0..groups).expect("all");
        for (group, sum) in made.sums.iter_mut().enumerate() {
            let value = [1e8, -1e8, 1.0].get(group).copied().unwrap_or(0.0);
            for array in sum.0.values_mut() {
                let Values::F32(values) = &mut array.values else { panic!("floats") };
                values.fill(value);
            }
        }
        engine.apply(made, 0.5).expect("all groups");
        for ((name, old), new) in before.0.iter().zip(weights(engine.as_ref()).0.values()) {
            let (Values::F32(old), Values::F32(new)) = (&old.values, &new.values) else {
                panic!("floats");
            };
            let moved = old.iter().zip(new).all(|(old, new)| *new == old - 0.5);
            assert!(moved, "{}: {name}", engine.name());
        }
    }
}

#[test]
fn gradients_that_do_not_fit_are_refused_and_change_nothing() {
    let device = Device::flex();
    let case = many_groups(LossReduction::Mean);
    let mut engine = case.direct(&device);
    let (batch, other) = (case.batch(0), Case { rows: 1011, ..case.clone() }.batch(0));
    let before = all(&engine, &[], case.reduction);
    let refused = |result: Result<BatchGradients, GradientsError>, why: &str| {
        assert_eq!(result.expect_err("refused").to_string(), why);
    };
    refused(
        engine.gradients(&batch, 3..3),
        "the batch has 16 groups of rows: 3..3 is no range of them",
    );
    refused(
        engine.gradients(&batch, 9..17),
        "the batch has 16 groups of rows: 9..17 is no range of them",
    );
    let strange = StepBatch { network: 1, ..batch.clone() };
    let why = "network 1 is not among the engine's 1, which are counted from 0";
    refused(engine.gradients(&strange, 0..1), why);
    let mut made = |batch: &StepBatch, range| engine.gradients(batch, range).expect("its groups");
    let (first, gap, later) = (made(&batch, 0..5), made(&batch, 6..16), made(&other, 5..16));
    let next = made(&batch, 5..16);
    let why = "gradients end before group 5, and those behind them begin at 6";
    refused(first.clone().join(gap), why);
    refused(
        next.clone().join(first.clone()),
        "gradients end before group 16, and those behind them begin at 0",
    );
    refused(
        first.clone().join(later),
        "gradients are followed by those of a batch of another form",
    );
    let foreign = BatchGradients { network: 1, ..next.clone() };
    refused(
        first.clone().join(foreign),
        "gradients of network 0 are followed by those of network 1",
    );

    let mut unfit = |made: BatchGradients, why: &str| {
        let result = engine.apply(made, 1e-3);
        assert_eq!(result.map(drop).expect_err("refused").to_string(), why);
    };
    unfit(first.clone(), "gradients of the groups 0..5 are not those of all 16");
    unfit(next.clone(), "gradients of the groups 5..16 are not those of all 16");
    let whole = first.join(next).expect("all groups");
    let mut fewer = whole.clone();
    fewer.losses.pop();
    unfit(fewer, "there are losses of 1009 rows, and the batch has 1010");
    let mut lacking = whole.clone();
    lacking.sums[7].0.remove("layers.1.bias");
    unfit(lacking, "layers.1.bias is missing");
    assert!(all(&engine, &[], case.reduction) == before, "nothing was changed");
    engine.apply(whole, 1e-3).expect("all groups");
    assert!(all(&engine, &[], case.reduction) != before, "and then it moves");

    let Some(device) = gpu::gpu() else { return };
    let case = Case { rows: 30, ..case };
    let made = case.direct(&Device::flex()).gradients(&case.batch(0), 0..1).expect("one group");
    let result = gpu::engine(&case, &device).apply(made, 1e-3).map(drop);
    let why = "a GPU applies the gradients that it made itself";
    assert_eq!(result.expect_err("refused").to_string(), why);
}

/// The two averages side by side: one of a fixed decay, one that moves at even steps alone.
fn two() -> Vec<Average> {
    let decay = |step: u64| step.is_multiple_of(2).then_some(0.5 + 0.05 * step as f64);
    vec![Average::new("slow", |_| Some(0.99)), Average::new("even", decay)]
}

#[test]
fn averages_of_different_decays_are_those_of_their_formula() {
    let host = Device::flex();
    let case = any_case();
    let mut engines: Vec<(Box<dyn Engine<Mlp>>, f32)> =
        vec![(Box::new(case.tape(&host)), 0.0), (Box::new(case.direct(&host)), 0.0)];
    // A GPU may round the product and the sum once instead of twice: half a unit in the last place of
    // numbers below 1, in each of six steps.
    let gpu = gpu::gpu().map(|device| gpu::engine(&case, &device));
    engines.extend(gpu.map(|engine| (Box::new(engine) as Box<dyn Engine<Mlp>>, 6.0 * 6e-8)));
    for (mut engine, most) in engines {
        engine.keep_averages(two());
        let mut expected = vec![weights(engine.as_ref()); 2];
        for step in 0..6 {
            engine.step(&case.batch(step), 1e-2);
            engine.average(0, step);
            let present = weights(engine.as_ref());
            for (average, kept) in expected.iter_mut().zip(two()) {
                let Some(decay) = kept.decay(step) else { continue };
                let share = (1.0 - decay) as f32;
                for (name, average) in &mut average.0 {
                    let Values::F32(average) = &mut average.values else { panic!("floats") };
                    let Values::F32(weights) = &present.0[name].values else { panic!("floats") };
                    for (average, weight) in average.iter_mut().zip(weights) {
                        *average += (weight - *average) * share;
                    }
                }
            }
        }
        for (expected, kept) in expected.iter().zip(two()) {
            let own = &engine.average_weights(kept.name()).expect("kept")[0];
            let modules = engine.averages(kept.name()).expect("kept");
            assert_eq!(*own, TensorMap::of_module(&modules[0]));
            for (name, expected) in &expected.0 {
                let (Values::F32(own), Values::F32(expected)) =
                    (&own.0[name].values, &expected.values)
                else {
                    panic!("floats")
                };
                let off = own.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(
                    off <= most,
                    "{}: {} of {name} is off by {off}",
                    engine.name(),
                    kept.name()
                );
            }
        }
        assert!(engine.averages("ema").is_none() && engine.average_weights("ema").is_none());
        assert_ne!(engine.average_weights("slow"), engine.average_weights("even"));
    }
}

#[test]
fn what_an_engine_supports_depends_on_the_form_of_its_batches() {
    let device = Device::flex();
    let case = any_case();
    let (network, form) = (case.network(&device), case.batch(0).form());
    let direct =
        |form: &BatchForm| DirectEngine::supports(&network, form, &case.optimizer, &device);
    assert_eq!(direct(&form), Ok(()));
    let head = form.heads[0];
    let heads = |heads: Vec<HeadForm>| BatchForm { heads, ..form.clone() };
    for same in [
        heads(vec![HeadForm { by_cell: true, ..head }]),
        heads(vec![HeadForm { columns: 1, ..head }, HeadForm { columns: 1, ..head }]),
        heads(vec![HeadForm { kind: HeadKind::CrossEntropy, ..head }]),
    ] {
        assert_eq!(direct(&same), Ok(()));
    }
    for other in [
        heads(vec![HeadForm { columns: 3, ..head }]),
        heads(Vec::new()),
        BatchForm { level: 0, ..form.clone() },
        BatchForm { input: 3, ..form.clone() },
        BatchForm { condition: 1, ..form.clone() },
    ] {
        let why = direct(&other).expect_err("refused");
        assert!(matches!(why, EngineError::OtherColumns { .. }), "{why}");
    }
    let Some(gpu) = gpu::gpu() else { return };
    let on_gpu = |form: &BatchForm| GpuEngine::supports(&network, form, &case.optimizer, &gpu);
    assert_eq!(on_gpu(&form), Ok(()));
    assert!(on_gpu(&heads(Vec::new())).is_err());
    assert!(
        on_gpu(&BatchForm { rows: 1 << 40, ..form.clone() }).is_err(),
        "no GPU has so much memory"
    );
}

#[test]
fn a_batch_whose_arrays_do_not_fit_is_refused_by_name() {
    let case = any_case();
    let mut engine = case.direct(&Device::flex());
    let refused = |change: &dyn Fn(&mut StepBatch)| {
        let mut batch = case.batch(0);
        change(&mut batch);
        batch.check().expect_err("refused").to_string()
    };
    let rows = case.rows;
    let short = refused(&|batch| batch.heads[0].weight.truncate(1));
    assert_eq!(short, format!("heads[0].weight of the batch: {rows} are needed, got 1"));
    assert!(refused(&|batch| batch.input.values.clear()).starts_with("input of the batch"));
    let cells = Columns { columns: 1, values: vec![1.0; rows] };
    let cells = refused(&|batch| batch.heads[0].cell_weight = Some(cells.clone()));
    assert!(cells.starts_with("heads[0].cell_weight of the batch: 2 are needed, got 1"), "{cells}");
    let told = refused(&|batch| batch.condition = Some(Columns { columns: 3, values: Vec::new() }));
    assert!(told.starts_with("condition of the batch"), "{told}");
    assert_eq!(case.batch(0).check(), Ok(()));
    let mut batch = case.batch(0);
    batch.heads[0].weight.pop();
    let why = engine.gradients(&batch, 0..1).expect_err("refused");
    assert!(matches!(why, GradientsError::Batch(_)), "{why}");
}

#[test]
fn averages_begin_anew_from_the_present_weights() {
    let device = Device::flex();
    let case = any_case();
    let mut engine = TapeEngine::new(case.network(&device), 1, &case.optimizer, None, &device);
    engine.keep_averages(vec![ema()]);
    case.steps(&mut engine, 0..2);
    assert_ne!(averages(&engine), weights(&engine));
    engine.keep_averages(vec![ema()]);
    assert_eq!(averages(&engine), weights(&engine));
}
