//! `langevin verify` finds what was changed, and nothing else.

use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::program::{Program, SMALL};

#[test]
fn a_sound_run_is_sound_in_every_state() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run", "--stop-after", "20"]).code(0);
    let said = program.run(&["verify", "run"]).code(0);
    assert!(said.out.contains("checkpoints/step-00000020: sound"), "{}", said.out);
    assert!(said.out.contains("interrupted, all is sound: it can go on from step 20"));
    program.run(&["train", "--resume", "run"]).code(0);
    let before = program.everything();
    let said = program.run(&["verify", "run"]).code(0);
    for name in ["config.json", "metrics.jsonl", "samples.csv", "checkpoints/step-00000040"] {
        assert!(said.out.contains(&format!("{name}: sound")), "{name}: {}", said.out);
    }
    assert!(said.out.contains("finished, all is sound: it can go on from step 40"), "{}", said.out);
    assert_eq!(program.everything(), before, "nothing is changed");
    program.run(&["verify", "nothing"]).code(2).err_has("nothing");
}

#[test]
fn what_was_changed_is_named_and_what_is_left_is_said() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run"]).code(0);
    let flip = |name: &str| {
        let path = program.path(&format!("run/{name}"));
        let mut bytes = fs::read(&path).expect("there");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, &bytes).expect("written");
    };
    flip("samples.csv");
    let said = program.run(&["verify", "run"]).code(1);
    assert!(said.out.contains("samples.csv: its checksum is not the one"), "{}", said.out);
    assert!(said.out.contains("not all is sound: it can go on from step 40"), "{}", said.out);
    flip("checkpoints/step-00000040/ema.safetensors");
    let said = program.run(&["verify", "run"]).code(1);
    assert!(said.out.contains("the checksum of ema.safetensors does not hold"), "{}", said.out);
    assert!(said.out.contains("it can go on from step 30"), "{}", said.out);
    // Another architecture than the weights' is seen though every checksum holds.
    let config = String::from_utf8(program.read("run/config.json")).expect("UTF-8");
    program.write("run/config.json", &config.replace("\"width\": 32", "\"width\": 16"));
    let said = program.run(&["--json", "verify", "run"]).code(1);
    let last: Value = serde_json::from_str(said.out.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["goes_on_from"], Value::Null, "{last}");
    assert!(said.out.contains("was trained with another denoiser.network"), "{}", said.out);
}

/// A run that was stopped after so many steps.
fn stopped(steps: &str) -> Program {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run", "--stop-after", steps]).code(0);
    program
}

fn parsed(program: &Program, name: &str) -> Value {
    serde_json::from_slice(&program.read(name)).expect("JSON")
}

/// `verify` says that the run cannot go on, and why; and for that reason it does not.
#[track_caller]
fn neither_goes_on(program: &Program, why: &str) {
    let said = program.run(&["verify", "run"]).code(1);
    assert!(said.out.contains(why), "{why:?} is not in:\n{}", said.out);
    assert!(said.out.contains("it cannot go on"), "{}", said.out);
    program.run(&["train", "--resume", "run"]).code(2).err_has(why);
}

#[test]
fn a_checkpoint_that_resume_would_stop_at_is_not_passed_over() {
    let program = stopped("30");
    let (text, config) = (program.read("run/config.json"), parsed(&program, "run/config.json"));
    for (field, value, why) in [
        // Weights of every shape fit, but not what the position is told by.
        ("/seed", json!(4), "position.frequencies are not those of this run's seed"),
        (
            "/train/ema",
            json!({ "kind": "none" }),
            "the checkpoint has averaged weights, the run has none",
        ),
        (
            "/train/optimizer",
            json!({ "kind": "sgd" }),
            "was trained with another train.optimizer than config.json describes",
        ),
    ] {
        let mut changed = config.clone();
        *changed.pointer_mut(field).expect("there") = value;
        program.write("run/config.json", &changed.to_string());
        neither_goes_on(&program, why);
    }
    fs::write(program.path("run/config.json"), text).expect("written");
    program.run(&["verify", "run"]).code(0);
    // A newer one of another network, before which there is a sound one.
    let set = ["--set", "denoiser.network.activation=tanh", "--stop-after", "35"];
    program.run(&[&["train", "run.json", "--out", "other"][..], &set].concat()).code(0);
    let newest = "checkpoints/step-00000035";
    let [from, to] = ["other", "run"].map(|run| program.path(&format!("{run}/{newest}")));
    fs::rename(from, to).expect("moved");
    neither_goes_on(&program, "was trained with another denoiser.network than config.json");
    let said = program.run(&["verify", "run"]).code(1);
    assert!(said.out.contains("checkpoints/step-00000030: sound"), "{}", said.out);
}

#[test]
fn a_run_that_would_begin_again_is_said_to() {
    let program = stopped("20");
    fs::remove_dir_all(program.path("run/checkpoints")).expect("removed");
    let said = program.run(&["verify", "run"]).code(1);
    let lost = "checkpoints: none is whole, though the run has made 20 steps";
    assert!(said.out.contains(lost), "{}", said.out);
    assert!(said.out.contains("not all is sound: it can go on from step 0"), "{}", said.out);
    // As one is left that was killed before its first.
    let mut manifest = parsed(&program, "run/manifest.json");
    manifest["step"] = json!(0);
    manifest["state"] = json!("running");
    program.write("run/manifest.json", &manifest.to_string());
    let said = program.run(&["verify", "run"]).code(0);
    assert!(said.out.contains("killed, all is sound: it can go on from step 0"), "{}", said.out);
    program.run(&["train", "--resume", "run"]).code(0).err_has("and begins again");
}

#[test]
fn a_damaged_manifest_is_named_and_the_checkpoints_are_looked_at_all_the_same() {
    let program = stopped("20");
    program.write("run/manifest.json", "{");
    neither_goes_on(&program, "manifest.json");
    let said = program.run(&["verify", "run"]).code(1);
    for line in [
        "manifest.json: is not valid JSON",
        "metrics.jsonl: sound",
        "checkpoints/step-00000020: sound",
    ] {
        assert!(said.out.contains(line), "{line}: {}", said.out);
    }
    fs::remove_file(program.path("run/manifest.json")).expect("removed");
    neither_goes_on(&program, "manifest.json");
}

#[test]
fn a_file_of_a_terabyte_that_the_manifest_names_is_not_summed_up() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run"]).code(0);
    for (name, most) in [("evaluation.json", 32_u64 << 20), ("samples.csv", 64 << 30)] {
        let path = program.path(&format!("run/{name}"));
        let sound = fs::read(&path).expect("there");
        // A hole, which takes no disk.
        let file = fs::OpenOptions::new().write(true).open(&path).expect("there");
        file.set_len(1 << 40).expect("a hole");
        let start = Instant::now();
        let said = program.run(&["verify", "run"]).code(1);
        assert!(start.elapsed() < Duration::from_secs(20), "{name}");
        let why = format!("{name}: it has 1099511627776 bytes, and at most {most} are read");
        assert!(said.out.contains(&why), "{}", said.out);
        fs::remove_file(&path).expect("removed");
        fs::write(&path, sound).expect("written");
    }
    program.run(&["verify", "run"]).code(0);
}
