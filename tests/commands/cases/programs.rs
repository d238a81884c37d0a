//! Cases on training itself: averages, resuming, seeds, schedules.

use std::fs;

use serde_json::Value;

use super::Case;
use crate::program::Program;

/// Nothing is drawn, and nothing measured.
const DRAW: &str = "report.figures=[]";
const JUDGE: &str = "report.evaluation=false";

/// Trains two moons with these settings to a folder.
#[track_caller]
fn moons(program: &Program, out: &str, settings: &[&str]) {
    let mut arguments = vec!["train", "two-moons", "--out", out];
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    program.run(&arguments).code(0);
}

#[test]
fn p20_ema_without_warmup() {
    let program = Program::new();
    moons(&program, "run", &["train.steps=100", "sample.count=500", DRAW]);
    let found: Value = serde_json::from_slice(&program.read("run/evaluation.json")).expect("JSON");
    let energy = &found["metrics"][0];
    assert_eq!(energy["name"], "energy_distance", "{found}");
    let number = |value: &Value| value.as_f64().expect("a number");
    let (samples, untrained) =
        (number(&energy["samples"]), number(&energy["baselines"]["untrained"]));
    assert!(samples < 0.3 * untrained, "{samples} and, untrained, {untrained}");
}

#[test]
fn p21_resume_learning_rate() {
    let program = Program::new();
    let settings = ["train.steps=120", "sample.count=99", "train.checkpoint_every=40", DRAW, JUDGE];
    moons(&program, "whole", &settings);
    let mut arguments = vec!["train", "two-moons", "--out", "halves", "--stop-after", "57"];
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    program.run(&arguments).code(0);
    program.run(&["train", "--resume", "halves"]).code(0);
    for name in ["metrics.jsonl", "samples.csv"] {
        let [whole, halves] = ["whole", "halves"].map(|run| program.read(&format!("{run}/{name}")));
        assert!(whole == halves, "{name}");
    }
    // The rates that were used fall to their end once.
    let metrics = String::from_utf8(program.read("halves/metrics.jsonl")).expect("UTF-8");
    let rates = metrics.lines().map(|line| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        line["learning_rate"].as_f64().expect("a rate")
    });
    let rates: Vec<_> = rates.collect();
    assert!(rates.len() >= 2 && rates.windows(2).all(|pair| pair[1] <= pair[0]), "{rates:?}");
}

#[test]
fn p25_same_seed() {
    let program = Program::new();
    for out in ["a", "b"] {
        moons(&program, out, &["train.steps=30", "sample.count=99", DRAW, JUDGE]);
    }
    moons(&program, "c", &["train.steps=30", "sample.count=99", "seed=1", DRAW, JUDGE]);
    let [a, b, c] = ["a", "b", "c"].map(|run| program.read(&format!("{run}/samples.csv")));
    assert!(a == b && a != c);
}

#[test]
fn p29_warmup_longer() {
    let program = Program::new();
    let arguments = [
        "train",
        "two-moons",
        "--set",
        "train.steps=200",
        "--set",
        "train.learning_rate.warmup=5000",
    ];
    let said = program.run(&arguments).code(2);
    said.err_has("train.learning_rate.warmup: must be at most train.steps = 200, got 5000");
    assert!(program.everything().is_empty());
}

#[test]
fn p34_sigma_against_data() {
    let case = Case::new("p34-sigma-against-data");
    let said = case.program.run(&["train", "narrow.json", "--dry-run"]).code(0);
    said.err_has("noise.schedule.sigma_min = 0.002: the least noise")
        .err_has("is above the finest spread of column x0 and of 1 other, 0.0001");
    let said = case.program.run(&["train", "wide.json", "--dry-run"]).code(2);
    said.err_has("sample.start: ").err_has("Use {\"kind\": \"marginal\"}");
}

#[test]
fn p19_moved_run() {
    let case = Case::new("p19-moved-run");
    case.init("soil.csv", &[]);
    case.train(30);
    let program = &case.program;
    fs::create_dir(program.path("elsewhere")).expect("created");
    fs::rename(program.path("run"), program.path("elsewhere/run")).expect("moved");
    fs::rename(program.path("soil.csv"), program.path("elsewhere/data.csv")).expect("moved");
    let said = program.run(&["verify", "elsewhere/run"]).code(1);
    assert!(said.out.contains("langevin verify elsewhere/run --data FILE"), "{}", said.out);
    program.run(&["sample", "elsewhere/run", "--count", "20", "--out", "s.csv"]).code(0);
    let file = ["--data", "elsewhere/data.csv"];
    program.run(&["verify", "elsewhere/run", file[0], file[1]]).code(0);
    program.run(&["evaluate", "elsewhere/run", file[0], file[1]]).code(0);
}
