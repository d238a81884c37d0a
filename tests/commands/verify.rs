//! `langevin verify` finds what was changed, and nothing else.

use std::fs;

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
    let last: serde_json::Value =
        serde_json::from_str(said.out.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["goes_on_from"], serde_json::Value::Null, "{last}");
    assert!(said.out.contains("was trained with another denoiser.network"), "{}", said.out);
}
