//! `langevin reproduce`: a run made again is the run, and what differs is named.

use crate::program::{Program, SMALL};

#[test]
fn a_run_is_made_again_bit_for_bit_and_leaves_nothing() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run"]).code(0);
    let before = program.everything();
    let said = program.run(&["reproduce", "run"]).code(0);
    assert!(said.out.contains("the same over 40 steps: bit for bit"), "{}", said.out);
    // A run that was interrupted and went on is the same run, and a part of it is too.
    program.run(&["train", "run.json", "--out", "halves", "--stop-after", "20"]).code(0);
    let said = program.run(&["reproduce", "halves"]).code(0);
    assert!(said.out.contains("the same over 20 steps"), "{}", said.out);
    program.run(&["train", "--resume", "halves"]).code(0);
    let said = program.run(&["reproduce", "halves", "--steps", "14"]).code(0);
    assert!(said.out.contains("the same over 14 steps"), "{}", said.out);
    program.run(&["reproduce", "run", "--steps", "41"]).code(2).err_has("from 1 to 40, got 41");
    program.run(&["reproduce", "run", "--steps", "6"]).code(2).err_has("no log line up to step 6");
    program.run(&["reproduce", "nothing"]).code(2).err_has("nothing is not a run");
    assert!(
        program.everything().iter().all(|name| before.contains(name) || name.contains("halves"))
    );
}

#[test]
fn another_backend_is_held_to_a_tolerance() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run"]).code(0);
    let said = program.run(&["--backend", "ndarray", "reproduce", "run"]).code(0);
    assert!(said.out.contains("the same over 40 steps: losses and gradient norms"), "{}", said.out);
}

#[test]
fn the_first_difference_is_named() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run"]).code(0);
    let log = String::from_utf8(program.read("run/metrics.jsonl")).expect("UTF-8");
    let lines: Vec<&str> = log.lines().collect();
    let third: serde_json::Value = serde_json::from_str(lines[2]).expect("JSON");
    let (step, loss) = (third["step"].as_u64().expect("a step"), third["loss"].to_string());
    program.write("run/metrics.jsonl", &log.replace(&loss, "0.5"));
    let said = program.run(&["reproduce", "run"]).code(1);
    let named = format!("step {step}: the loss was 0.5 and is {loss}");
    assert!(said.out.contains(&named), "{named}: {}", said.out);
    // Samples that someone else made.
    program.write("run/metrics.jsonl", &log);
    let samples = String::from_utf8(program.read("run/samples.csv")).expect("UTF-8");
    program.write("run/samples.csv", &samples.replacen('1', "2", 1));
    let said = program.run(&["--json", "reproduce", "run"]).code(1);
    assert!(
        said.out.contains("samples.csv differs, and all before it is the same"),
        "{}",
        said.out
    );
    assert!(said.out.contains("\"same\":false"), "{}", said.out);
}

#[test]
fn another_processor_is_said_before_anything_else() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run", "--stop-after", "20"]).code(0);
    let manifest = String::from_utf8(program.read("run/manifest.json")).expect("UTF-8");
    let mut manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
    manifest["machine"]["cpu"] = "Z80".into();
    program.write("run/manifest.json", &manifest.to_string());
    let said = program.run(&["reproduce", "run"]).code(0);
    assert!(said.err.contains("processor: Z80 then, "), "{}", said.err);
    let said = program.run(&["train", "--resume", "run"]).code(0);
    assert!(
        said.err.contains("other bits than it would have had: processor: Z80 then"),
        "{}",
        said.err
    );
}
