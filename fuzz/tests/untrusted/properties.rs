//! What is written comes back, and any bytes at all are read or refused.

use langevin_fuzz::{TARGETS, run_file};
use langevin_train::{Array, Problem, TensorMap, parse_config};
use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    test_runner::RngSeed,
};
use serde_json::{Value, json};

/// The same cases in every run, and no file where one fails: that goes into the corpus.
fn settings(cases: u32) -> ProptestConfig {
    let (rng_seed, failure_persistence) = (RngSeed::Fixed(11), None);
    ProptestConfig { cases, rng_seed, failure_persistence, ..ProptestConfig::default() }
}

fn array() -> impl Strategy<Value = Array> {
    let finite = any::<f32>().prop_filter("refused", |x| x.is_finite());
    let floats = (1..5_usize, 0..5_usize).prop_flat_map(move |(rows, columns)| {
        let values = vec(finite.clone(), rows * columns);
        values.prop_map(move |values| Array::f32([rows, columns], values))
    });
    prop_oneof![floats, any::<i64>().prop_map(Array::counter)]
}

/// Any JSON, small.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(settings(300))]

    #[test]
    fn weights_of_any_shape_come_back(arrays in btree_map(any::<String>(), array(), 0..5)) {
        let map = TensorMap(arrays);
        // A name of safetensors' own.
        prop_assume!(!map.0.contains_key("__metadata__"));
        let bytes = map.to_safetensors().expect("written");
        let read = TensorMap::from_safetensors(&bytes).expect("ours");
        prop_assert_eq!(&read, &map);
        // A byte less or more is another file, unless nothing follows the header.
        let numbers = |array: &Array| array.values.len();
        if map.0.values().map(numbers).sum::<usize>() > 0 {
            prop_assert!(TensorMap::from_safetensors(&bytes[..bytes.len() - 1]).is_err());
        }
        prop_assert!(TensorMap::from_safetensors(&[&bytes[..], b"0"].concat()).is_err());
    }

    #[test]
    fn any_value_of_any_field_is_valid_or_named(field in any::<prop::sample::Index>(), value in value()) {
        let mut document: Value = serde_json::from_slice(&run_file("config.json")).expect("JSON");
        let paths = paths("", &document);
        let path = &paths[field.index(paths.len())];
        *document.pointer_mut(path).expect("there") = value;
        let read = parse_config("t.json", &document.to_string(), &[]);
        if let Err(error) = read.and_then(Problem::new) {
            let message = error.to_string();
            let place = message.split(':').next().unwrap_or_default();
            let known = |c: char| c.is_ascii_alphanumeric() || "._[]".contains(c);
            prop_assert!(place == "the run file" || place.chars().all(known), "{}", message);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        for (name, read) in TARGETS {
            let sound = match name {
                "run" => b"levels.json\n".to_vec(),
                "checkpoint" => b"model.safetensors\n".to_vec(),
                "npy" => b"\x93NUMPY\x01\x00\x40\x00".to_vec(),
                "gzip" => b"\x1f\x8b\x08\x00".to_vec(),
                "weights" => 40_u64.to_le_bytes().to_vec(),
                _ => Vec::new(),
            };
            read(&[&sound[..], &bytes].concat());
        }
    }
}

/// The paths of all values below a document, as JSON pointers.
fn paths(path: &str, value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        Value::Object(fields) => fields.iter().map(|(k, v)| (k.clone(), v)).collect(),
        _ => Vec::new(),
    };
    let below = children.into_iter().flat_map(|(name, value)| {
        let path = format!("{path}/{name}");
        [vec![path.clone()], paths(&path, value)].concat()
    });
    below.collect()
}

#[test]
fn the_paths_of_a_document_are_all_of_them() {
    let document = json!({ "a": [1, { "b": 2 }] });
    assert_eq!(paths("", &document), ["/a", "/a/0", "/a/1", "/a/1/b"]);
}
