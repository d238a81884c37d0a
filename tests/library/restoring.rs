//! What an engine loads: all of a checkpoint or nothing, with the frequencies that its weights were trained
//! with.

use std::collections::BTreeMap;

use burn::tensor::Device;
use langevin_core::Mlp;
use langevin_data::Streams;
use langevin_train::{Array, DirectEngine, Engine, GpuEngine, TapeEngine, TensorMap, Values};

use crate::{
    direct::{Case, any_case, averages, ema, saved, weights},
    gpu,
};

const FREQUENCIES: &str = "position.frequencies";

/// Every engine that is there, for `count` networks of a seed.
fn engines(case: &Case, count: usize, seed: u64) -> Vec<Box<dyn Engine<Mlp>>> {
    let host = Device::flex();
    let network = |device| case.mlp.init(&Streams::new(seed), device).expect("valid");
    let tape = TapeEngine::new(network(&host), count, &case.optimizer, None, &host);
    let direct = DirectEngine::new(network(&host), count, &case.optimizer, None, &host);
    let mut engines: Vec<Box<dyn Engine<Mlp>>> =
        vec![Box::new(tape), Box::new(direct.expect("our own network"))];
    if let Some(device) = gpu::gpu() {
        let gpu = GpuEngine::new(network(&device), count, &case.optimizer, None, &device);
        engines.push(Box::new(gpu.expect("our own network, on a GPU")));
    }
    for engine in &mut engines {
        engine.keep_averages(vec![ema()]);
    }
    engines
}

#[test]
fn a_checkpoint_brings_its_own_frequencies_to_a_run_of_another_seed() {
    let case = any_case();
    for mut from in engines(&case, 1, 3) {
        case.steps(from.as_mut(), 0..3);
        let (own, state) = (weights(from.as_ref()), from.optimizer_state());
        // The same steps from the same checkpoint, by an engine of the same seed and by one of another.
        for (mut same, mut other) in engines(&case, 1, 3).into_iter().zip(engines(&case, 1, 4)) {
            let way = format!("{} to {}", from.name(), other.name());
            assert_ne!(weights(other.as_ref()).0[FREQUENCIES], own.0[FREQUENCIES]);
            for engine in [&mut same, &mut other] {
                engine.restore(own.clone(), saved(from.as_ref()), state.clone()).expect("fits");
                assert_eq!(weights(engine.as_ref()), own, "{way}");
                assert_eq!(averages(engine.as_ref()), averages(from.as_ref()), "{way}");
            }
            let steps = case.steps(same.as_mut(), 3..6);
            assert_eq!(case.steps(other.as_mut(), 3..6), steps, "{way}");
            assert_eq!(weights(other.as_ref()), weights(same.as_ref()), "{way}");
            assert_eq!(averages(other.as_ref()), averages(same.as_ref()), "{way}");
            assert_eq!(other.optimizer_state(), same.optimizer_state(), "{way}");
        }
    }
}

/// The map of two networks of which the second is changed.
fn two(own: &TensorMap, change: impl FnOnce(&mut TensorMap)) -> TensorMap {
    let mut second = own.clone();
    change(&mut second);
    let named = |number: usize, map: TensorMap| {
        map.0.into_iter().map(move |(name, array)| (format!("networks.{number}.{name}"), array))
    };
    TensorMap(named(0, own.clone()).chain(named(1, second)).collect())
}

/// All that an engine holds.
fn all(engine: &dyn Engine<Mlp>) -> (Vec<TensorMap>, Option<Vec<TensorMap>>, TensorMap) {
    (engine.weights(), engine.average_weights("ema"), engine.optimizer_state())
}

#[test]
fn a_failed_restore_changes_nothing() {
    let case = any_case();
    // A checkpoint of two networks that have made other steps.
    let mut source = engines(&case, 1, 3).remove(1);
    case.steps(source.as_mut(), 0..3);
    let (own, state) = (weights(source.as_ref()), source.optimizer_state());
    let whole = || (two(&own, |_| ()), two(&own, |_| ()), two(&state, |_| ()));
    let lacks = |map: &TensorMap, name: &str| two(map, |second| drop(second.0.remove(name)));
    let ema = |map| BTreeMap::from([("ema".to_owned(), map)]);
    let moment = "layers.1.bias.momentum.moment_2";
    for (mut engine, mut twin) in engines(&case, 2, 5).into_iter().zip(engines(&case, 2, 5)) {
        case.steps(engine.as_mut(), 0..2);
        case.steps(twin.as_mut(), 0..2);
        let before = all(engine.as_ref());
        let (weights, averages, states) = whole();
        let odd = |second: &mut TensorMap| {
            second.0.insert("layers.0.bias".to_owned(), Array::f32([3], vec![0.0; 3]));
        };
        for (weights, averages, states, why) in [
            (
                lacks(&own, "layers.2.bias"),
                ema(averages.clone()),
                states.clone(),
                "layers.2.bias is missing",
            ),
            (
                weights.clone(),
                ema(two(&own, odd)),
                states.clone(),
                "layers.0.bias has shape [3], not [8]",
            ),
            (
                weights.clone(),
                ema(averages.clone()),
                lacks(&state, moment),
                "the optimizer state of layers.1.bias is incomplete",
            ),
            (weights.clone(), BTreeMap::new(), states.clone(), "the average \"ema\" is missing"),
            (
                weights.clone(),
                [ema(averages.clone()), [("more".to_owned(), averages.clone())].into()]
                    .into_iter()
                    .flatten()
                    .collect(),
                states.clone(),
                "the average \"more\" is not kept here",
            ),
        ] {
            let message = engine.restore(weights, averages, states).expect_err("refused");
            assert_eq!(message.to_string(), why, "{}", engine.name());
            assert!(all(engine.as_ref()) == before, "{}: after {why:?}", engine.name());
        }
        // What no array shows: the next steps are those of an engine that never saw them.
        assert_eq!(case.steps(engine.as_mut(), 2..4), case.steps(twin.as_mut(), 2..4));
        assert!(all(engine.as_ref()) == all(twin.as_ref()), "{}", engine.name());
        engine.restore(weights, ema(averages), states).expect("fits");
        assert_eq!(engine.weights(), [own.clone(), own.clone()]);
    }
}

#[test]
fn networks_of_one_run_share_their_frequencies_in_the_direct_engines() {
    let case = any_case();
    for mut engine in engines(&case, 2, 5) {
        let before = all(engine.as_ref());
        let own = before.0[0].clone();
        let other = |second: &mut TensorMap| {
            let array = second.0.get_mut(FREQUENCIES).expect("some");
            let Values::F32(values) = &mut array.values else { panic!("floats") };
            values[1] += 0.5;
        };
        let same = BTreeMap::from([("ema".to_owned(), two(&own, |_| ()))]);
        let result = engine.restore(two(&own, other), same, TensorMap::default());
        if engine.name() == "tape" {
            result.expect("each network has its own there");
            assert_ne!(engine.weights()[0], engine.weights()[1]);
            continue;
        }
        let why = "position.frequencies differ among the networks, or from those of their averages";
        assert_eq!(result.expect_err("refused").to_string(), why);
        assert!(all(engine.as_ref()) == before);
    }
}
