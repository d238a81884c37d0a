//! A damaged checkpoint is never taken for a sound one.

use std::fs;

use burn::tensor::Device;
use proptest::{collection::btree_map, prelude::*, test_runner::RngSeed};

use serde_json::{Value, json};

use super::*;
use crate::{config::parse_config, run::built_in};

const RUN: &str = r#"{
    "name": "t",
    "data": { "kind": "gaussian", "mean": [1], "std": 0.1 },
    "noise": { "schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 80 } },
    "denoiser": { "network": { "kind": "mlp", "width": 2, "depth": 1 },
                  "prediction": { "kind": "edm" } },
    "train": { "steps": 10, "batch": 4, "optimizer": { "kind": "adam" },
               "learning_rate": { "kind": "constant", "value": 1e-3 },
               "ema": { "kind": "exponential" } },
    "sample": { "sampler": { "kind": "heun", "steps": 4 } }
}"#;

/// Two checkpoints of a small run, at steps 3 and 6.
fn two_checkpoints(run: &Path) -> Checkpoints {
    let config = parse_config("t", RUN, &[]).expect("valid");
    let problem = Problem::new(config).expect("valid");
    let (network, data) = built_in(&problem, &Device::flex()).expect("built in");
    let mut trainer = Trainer::new(problem, network, data, &Device::flex()).expect("valid");
    let checkpoints = Checkpoints::new(run);
    for _ in 0..2 {
        for _ in 0..3 {
            trainer.step().expect("a step");
        }
        checkpoints.save(&mut trainer, "data").expect("saved");
    }
    checkpoints
}

#[test]
fn every_flipped_bit_and_every_cut_is_seen_and_falls_back() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let checkpoints = two_checkpoints(folder.path());
    let newest = checkpoints.load(6).expect("sound");
    assert_eq!(checkpoints.newest(&mut |_| {}).expect("sound").progress.step, 6);
    let mut damages = 0;
    for name in [INDEX, MODEL, EMA, OPTIMIZER] {
        let path = checkpoints.path(6).join(name);
        let sound = fs::read(&path).expect("there");
        let mut refused = |bytes: &[u8], what: &str| {
            fs::write(&path, bytes).expect("written");
            let mut said = Vec::new();
            let step =
                checkpoints.newest(&mut |why| said.push(why)).expect("the older").progress.step;
            assert_eq!(step, 3, "{name}: {what} went unseen");
            assert_eq!(said.len(), 1, "{name}: {what}");
            damages += 1;
        };
        for place in 0..sound.len() {
            let mut bytes = sound.clone();
            // The place of the bit changes from byte to byte, so that all eight are met.
            bytes[place] ^= 1 << (place % 8);
            refused(&bytes, &format!("byte {place}"));
            refused(&sound[..place], &format!("cut to {place} bytes"));
        }
        refused(&[&sound[..], b" "].concat(), "a byte more");
        fs::write(&path, &sound).expect("written");
    }
    assert!(damages > 3000, "{damages}");
    let again = checkpoints.load(6).expect("sound again");
    assert_eq!((again.model, again.ema), (newest.model, newest.ema));
}

#[test]
fn a_checkpoint_without_one_of_its_files_does_not_count() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let checkpoints = two_checkpoints(folder.path());
    for name in [MODEL, EMA, OPTIMIZER, INDEX] {
        let path = checkpoints.path(6).join(name);
        let sound = fs::read(&path).expect("there");
        fs::remove_file(&path).expect("removed");
        assert_eq!(checkpoints.newest(&mut |_| {}).expect("the older").progress.step, 3, "{name}");
        fs::write(&path, sound).expect("written");
    }
}

#[test]
fn files_larger_than_memory_are_refused_by_what_is_declared() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let checkpoints = two_checkpoints(folder.path());
    let path = checkpoints.path(6).join(INDEX);
    let mut index = Index::from_bytes(&path, &fs::read(&path).expect("there")).expect("sound");
    index.files.values_mut().for_each(|file| file.bytes = u64::MAX / 2);
    index.fits_into(&path, None).expect("unknown");
    fs::write(&path, index.to_bytes().expect("written")).expect("written");
    // The file is as large as it says, and takes no disk.
    let model = fs::OpenOptions::new().write(true).open(checkpoints.path(6).join(MODEL));
    model.expect("there").set_len(1 << 42).expect("a hole");
    let why = checkpoints.newest(&mut |_| {}).expect_err("refused, and no older one taken");
    assert!(why.to_string().contains("step-00000006: its files need"), "{why}");
}

/// Rewrites checkpoint.json of the checkpoint at step 6, as a sound file of another version.
fn rewrite(checkpoints: &Checkpoints, change: impl FnOnce(&mut Value)) {
    let path = checkpoints.path(6).join(INDEX);
    let text = fs::read_to_string(&path).expect("there");
    let (_, rest) = text.split_once('\n').expect("two lines");
    let mut index: Value = serde_json::from_str(&format!("{{{rest}")).expect("JSON");
    change(&mut index);
    let body = format!("{index:#}\n");
    let rest = body.trim_start_matches("{\n");
    let sum = blake3::hash(rest.as_bytes());
    fs::write(&path, format!("{{\"blake3\": \"{sum}\",\n{rest}")).expect("written");
}

/// A field with a default in each section that arrays depend on, and a value that is not the default.
const FIELDS: [(&str, &str, &str); 5] = [
    ("denoiser.network", "residual", "true"),
    ("denoiser.embedding", "of", "\"sigma\""),
    ("denoiser.prediction", "sigma_data", "0.5"),
    ("noise.schedule", "rho", "5"),
    ("train.optimizer", "weight_decay", "0.1"),
];

/// Whether a run file accepts the checkpoint at step 6, and why not.
fn taken_up(checkpoints: &Checkpoints, settings: &[String]) -> Result<(), Mismatch> {
    let config = parse_config("t", RUN, settings).expect("valid");
    let checkpoint = checkpoints.load(6).expect("sound");
    checkpoint.same_training(&config)
}

#[test]
fn a_field_that_an_older_program_did_not_know_means_its_default() {
    for (section, field, other) in FIELDS {
        let folder = tempfile::tempdir().expect("temporary folder");
        let checkpoints = two_checkpoints(folder.path());
        rewrite(&checkpoints, |index| {
            let fields = index["sections"][section].as_object_mut().expect("a section");
            fields.remove(field).expect("a field of it");
        });
        taken_up(&checkpoints, &[]).expect("the same network");
        let why = taken_up(&checkpoints, &[format!("{section}.{field}={other}")]);
        let named = format!("was trained with another {section} than config.json describes");
        assert_eq!(why.expect_err("another meaning").to_string(), named);
    }
}

#[test]
fn a_checkpoint_of_format_1_is_known_by_the_digests_of_its_sections() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let checkpoints = two_checkpoints(folder.path());
    // The sections as Langevin 0.1 spelt them.
    let spelt = [
        (
            "denoiser.network",
            r#"{"activation":"silu","depth":1,"kind":"mlp","position_features":0,"position_scale":1.0,"residual":false,"width":2}"#,
        ),
        ("denoiser.embedding", r#"{"kind":"column","of":"log_sigma"}"#),
        ("denoiser.prediction", r#"{"kind":"edm","sigma_data":1.0}"#),
        ("noise.schedule", r#"{"kind":"karras","rho":7.0,"sigma_max":80.0,"sigma_min":0.01}"#),
        (
            "train.optimizer",
            r#"{"betas":[0.9,0.999],"epsilon":1e-8,"kind":"adam","weight_decay":0.0}"#,
        ),
    ];
    rewrite(&checkpoints, |index| {
        index["format"] = json!(1);
        for (path, text) in spelt {
            index["sections"][path] = json!(blake3::hash(text.as_bytes()).to_string());
        }
    });
    taken_up(&checkpoints, &[]).expect("the same network");
    for (section, field, other) in FIELDS {
        let why = taken_up(&checkpoints, &[format!("{section}.{field}={other}")]);
        let why = why.expect_err("another meaning").to_string();
        assert!(why.contains(section), "{why}");
    }
}

#[test]
fn a_newer_format_is_refused_and_no_older_checkpoint_stands_in_for_it() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let checkpoints = two_checkpoints(folder.path());
    rewrite(&checkpoints, |index| {
        index["format"] = json!(3);
        index["of_the_future"] = json!(true);
    });
    let mut damaged = Vec::new();
    let why = checkpoints.newest(&mut |what| damaged.push(what)).expect_err("newer");
    let said = "step-00000006/checkpoint.json has format 3, and this program reads up to 2: a newer \
                Langevin wrote it, so use that one";
    assert!(why.to_string().ends_with(said), "{why}");
    assert!(why.is_usage() && damaged.is_empty(), "{damaged:?}");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        rng_seed: RngSeed::Fixed(13),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_index_comes_back_and_no_byte_of_it_can_change(
        (step, loss_count) in (any::<u64>(), any::<u64>()),
        loss_sum in any::<f64>().prop_filter("as JSON", |x| x.is_finite()),
        sections in btree_map(any::<String>(), any::<String>().prop_map(Value::from), 0..4),
        sizes in btree_map(any::<String>(), any::<u64>(), 0..4),
        (place, bit) in (any::<prop::sample::Index>(), 0..8_u8),
    ) {
        let sum = |(name, bytes)| (name, FileSum { bytes, blake3: "sum".to_owned() });
        let index = Index {
            format: FORMAT,
            progress: Progress { step, loss_sum, loss_count, best: None },
            data: "data".to_owned(),
            sections,
            files: sizes.into_iter().map(sum).collect(),
        };
        let mut bytes = index.to_bytes().expect("written");
        let read = Index::from_bytes(Path::new(INDEX), &bytes).expect("ours");
        prop_assert_eq!(read.progress, index.progress);
        prop_assert_eq!(read.to_bytes().expect("written"), bytes.clone());
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        prop_assert!(Index::from_bytes(Path::new(INDEX), &bytes).is_err());
    }
}
