//! Stopped and resumed, a run is the run that was never stopped, byte for byte.

use crate::program::{Program, SMALL};

const FILES: [&str; 6] = [
    "checkpoints/step-00000040/model.safetensors",
    "checkpoints/step-00000040/ema.safetensors",
    "checkpoints/step-00000040/optimizer.safetensors",
    "checkpoints/step-00000040/checkpoint.json",
    "metrics.jsonl",
    "samples.csv",
];

/// Every file that a run's result consists of.
fn files(program: &Program, run: &str) -> Vec<Vec<u8>> {
    FILES.iter().map(|name| program.read(&format!("{run}/{name}"))).collect()
}

#[track_caller]
fn assert_same(program: &Program, one: &str, other: &str) {
    for ((name, a), b) in FILES.iter().zip(files(program, one)).zip(files(program, other)) {
        assert!(a == b, "{name} differs between {one} and {other}");
    }
}

fn with_optimizer(optimizer: &str) -> String {
    let text = SMALL.replace(r#"{ "kind": "adam" }"#, optimizer);
    assert!(optimizer.contains("adam") || text != SMALL);
    text
}

fn resumes(backend: &str, optimizer: &str) {
    let program = Program::new();
    program.write("run.json", &with_optimizer(optimizer));
    program.run(&["--backend", backend, "train", "run.json", "--out", "whole"]).code(0);
    let stop = ["--backend", backend, "train", "run.json", "--out", "halves", "--stop-after", "20"];
    let said = program.run(&stop).code(0);
    assert!(said.out.contains("--resume halves"), "{}", said.out);
    assert!(!program.path("halves/samples.csv").exists());
    let said = program.run(&["train", "--resume", "halves"]).code(0);
    assert!(said.err.contains("going on from step 20 of 40"), "{}", said.err);
    assert!(
        said.err.contains(&format!("backend {backend}")),
        "the run's own backend: {}",
        said.err
    );
    assert_same(&program, "whole", "halves");
}

const MOMENTUM: &str = r#"{ "kind": "sgd", "momentum": 0.9 }"#;
const ADAM: &str = r#"{ "kind": "adam" }"#;

#[test]
fn flex_resumes_sgd_with_momentum_bit_for_bit() {
    resumes("flex", MOMENTUM);
}

#[test]
fn a_run_whose_model_is_told_something_resumes_bit_for_bit() {
    let program = Program::new();
    program.write("run.json", SMALL);
    for (name, condition) in [("any", r#"{"given": "any"}"#), ("component", r#""component""#)] {
        let set = format!("data.condition={condition}");
        let run = |out: &str, more: &[&str]| {
            let train = ["train", "run.json", "--set", &set, "--out", out];
            program.run(&[&train[..], more].concat()).code(0);
        };
        let (whole, halves) = (format!("{name}-whole"), format!("{name}-halves"));
        run(&whole, &[]);
        run(&halves, &["--stop-after", "20"]);
        program.run(&["train", "--resume", &halves]).code(0);
        assert_same(&program, &whole, &halves);
        program.run(&["verify", &whole]).code(0);
        program.run(&["reproduce", &whole]).code(0);
    }
}

#[test]
fn flex_resumes_adam_bit_for_bit() {
    resumes("flex", ADAM);
}

#[test]
fn ndarray_resumes_sgd_with_momentum_bit_for_bit() {
    resumes("ndarray", MOMENTUM);
}

#[test]
fn ndarray_resumes_adam_bit_for_bit() {
    resumes("ndarray", ADAM);
}

#[test]
fn a_run_goes_on_with_the_other_engine() {
    for (first, then) in [("direct", "tape"), ("tape", "direct")] {
        let program = Program::new();
        let with = |engine: &str| {
            SMALL.replace(r#""steps": 40"#, &format!(r#""engine": "{engine}", "steps": 40"#))
        };
        program.write("run.json", &with(first));
        program.run(&["train", "run.json", "--out", "whole"]).code(0);
        let stop = ["train", "run.json", "--out", "halves", "--stop-after", "20"];
        program.run(&stop).code(0);
        let config = String::from_utf8(program.read("halves/config.json")).expect("UTF-8");
        let other = config.replace(&format!(r#""{first}""#), &format!(r#""{then}""#));
        assert_ne!(config, other);
        program.write("halves/config.json", &other);
        program.run(&["train", "--resume", "halves"]).code(0);
        let manifest = String::from_utf8(program.read("halves/manifest.json")).expect("UTF-8");
        assert!(manifest.contains(&format!(r#""engine": "{then}""#)), "{manifest}");

        let losses = |run: &str| -> Vec<f64> {
            let text = String::from_utf8(program.read(&format!("{run}/metrics.jsonl")));
            let text = text.expect("UTF-8");
            let line =
                |line: &str| -> serde_json::Value { serde_json::from_str(line).expect("JSON") };
            text.lines().map(|l| line(l)["mean_loss"].as_f64().expect("a number")).collect()
        };
        let (whole, halves) = (losses("whole"), losses("halves"));
        assert_eq!(whole.len(), halves.len());
        for (a, b) in whole.iter().zip(&halves) {
            // 20 steps of Adam, each of which rounds in another order.
            assert!((a / b - 1.0).abs() < 1e-4, "{first}, then {then}: {a} and {b}");
        }
    }
}

#[test]
fn a_run_stopped_at_every_step_is_the_same_run() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "whole"]).code(0);
    program.run(&["train", "run.json", "--out", "bits", "--stop-after", "1"]).code(0);
    for _ in 1..40 {
        program.run(&["train", "--resume", "bits", "--stop-after", "1"]).code(0);
    }
    assert_same(&program, "whole", "bits");
}

#[test]
fn bare_resume_takes_the_newest_run() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--stop-after", "5"]).code(0);
    // A whole second later, as manifests count.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    program.run(&["train", "run.json", "--stop-after", "6"]).code(0);
    let said = program.run(&["train", "--resume"]).code(0);
    assert!(said.err.contains("going on from step 6 of 40 in runs/small-2"), "{}", said.err);
    Program::new().run(&["train", "--resume"]).code(2).err_has("there is no run under runs");
}

#[test]
fn a_run_is_extended_where_its_learning_rates_allow() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--steps", "40", "--out", "whole"]).code(0);
    program.run(&["train", "run.json", "--steps", "20", "--out", "grown"]).code(0);
    program.run(&["train", "--resume", "grown", "--steps", "40"]).code(0);
    for name in &FILES[..3] {
        let (a, b) =
            (program.read(&format!("whole/{name}")), program.read(&format!("grown/{name}")));
        assert!(a == b, "{name}");
    }
    let said = program.run(&["train", "--resume", "grown", "--steps", "10"]).code(2);
    assert!(said.err.contains("has made 40 steps already"), "{}", said.err);

    let cosine = SMALL.replace(
        r#"{ "kind": "constant", "value": 0.003 }"#,
        r#"{ "kind": "cosine", "peak": 0.003 }"#,
    );
    program.write("cosine.json", &cosine);
    program.run(&["train", "cosine.json", "--out", "cosine", "--stop-after", "10"]).code(0);
    let said = program.run(&["train", "--resume", "cosine", "--steps", "80"]).code(2);
    assert!(said.err.contains("depends on the run's length"), "{}", said.err);
    program.run(&["train", "--resume", "cosine"]).code(0);
}

#[cfg(unix)]
#[test]
fn a_run_that_was_killed_before_its_first_checkpoint_begins_again() {
    let program = Program::new();
    let text = SMALL.replace(r#""checkpoint_every": 15"#, r#""checkpoint_every": 100000"#);
    assert_ne!(text, SMALL);
    program.write("run.json", &text.replace(r#""steps": 40"#, r#""steps": 2000000"#));
    let (mut child, said) = program.start(&["train", "run.json", "--out", "run"]);
    let first = said.map_while(Result::ok).find(|line| line.contains("step 7/"));
    assert!(first.is_some(), "a log line");
    child.kill().expect("killed");
    child.wait().expect("waited");
    assert!(!program.path("run/checkpoints").exists());
    program.run(&["train", "run.json", "--out", "run"]).code(2).err_has("--resume run");

    // The same run, but as short as the other.
    let config = String::from_utf8(program.read("run/config.json")).expect("UTF-8");
    program.write("run/config.json", &config.replace(r#""steps": 2000000"#, r#""steps": 40"#));
    let said = program.run(&["train", "--resume", "run"]).code(0);
    said.err_has("the run was stopped before its first checkpoint, and begins again");
    program.write("run.json", &text);
    program.run(&["train", "run.json", "--out", "whole"]).code(0);
    assert_same(&program, "whole", "run");
}

#[test]
fn a_byte_of_a_log_that_is_no_text_costs_its_line_alone() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run", "--stop-after", "30"]).code(0);
    let mut log = program.read("run/metrics.jsonl");
    let lines = log.iter().filter(|byte| **byte == b'\n').count();
    log[5] = 0xff;
    std::fs::write(program.path("run/metrics.jsonl"), &log).expect("written");
    program.run(&["train", "--resume", "run", "--stop-after", "1"]).code(0);
    let log = String::from_utf8(program.read("run/metrics.jsonl")).expect("UTF-8 again");
    assert_eq!(log.lines().count(), lines - 1);
}
