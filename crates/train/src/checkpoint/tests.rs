//! A damaged checkpoint is never taken for a sound one.

use burn::tensor::Device;

use super::*;
use crate::{built_in, config::parse_config};

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
    let (network, data) = built_in(&config, &Device::flex()).expect("built in");
    let mut trainer = Trainer::new(config, network, data, &Device::flex()).expect("valid");
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
            // A bit of its own for each byte, so that all eight are met.
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
