//! Commands on runs that are there: runs, compare, export, report, completions; and which weights a run
//! keeps.

use crate::program::{Program, SMALL};

/// Two short runs that differ in their width and seed.
fn two_runs() -> Program {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json"]).code(0);
    let other = ["train", "run.json", "--seed", "7", "--set", "denoiser.network.width=24"];
    program.run(&[&other[..], &["--stop-after", "20"]].concat()).code(0);
    program
}

#[test]
fn runs_are_listed_with_state_steps_and_losses() {
    let program = two_runs();
    let said = program.run(&["runs"]).code(0);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", said.out);
    assert!(lines[0].contains("verdict  energy / floor"), "{}", lines[0]);
    assert!(lines[1].contains("finished") && lines[1].contains("40/40"), "{}", lines[1]);
    assert!(lines[2].contains("interrupted") && lines[2].contains("20/40"), "{}", lines[2]);
    let said = program.run(&["--json", "runs", "runs"]).code(0);
    let first: serde_json::Value =
        serde_json::from_str(said.out.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["step"], 40);
    assert!(first["held_out_loss"].as_f64().expect("a number") > 0.0);
    let evaluation: serde_json::Value =
        serde_json::from_slice(&program.read("runs/small/evaluation.json")).expect("JSON");
    let verdict = &evaluation["verdict"];
    assert!(verdict["word"].is_string() && first["verdict"] == verdict["word"], "{first}");
    assert_eq!(first["energy"], verdict["energy"]);
    std::fs::write(program.path("runs/small-2/config.json"), "{").expect("written");
    let said = program.run(&["runs"]).code(0).err_has("small-2 is left out");
    assert_eq!(said.out.lines().count(), 2);
    program.run(&["runs", "nowhere"]).code(2).err_has("there is no folder nowhere");
}

#[test]
fn samples_of_the_run_s_own_seed_are_said_to_be_its_own() {
    let program = two_runs();
    let sample = ["sample", "runs/small", "--count", "3"];
    let warning = "warning: the run's own seed draws the rows of runs/small/samples.csv again; --seed 4 draws others";
    program.run(&[&sample[..], &["--out", "again.csv"]].concat()).code(0).err_has(warning);
    let [own, again] = ["runs/small/samples.csv", "again.csv"]
        .map(|path| String::from_utf8(program.read(path)).expect("UTF-8"));
    assert_eq!(again.lines().count(), 4);
    assert!(own.starts_with(&again), "{again}");
    for settings in [["--seed", "4"], ["--sampler", "ddim"]] {
        let said = program.run(&[&sample[..], &settings].concat()).code(0);
        assert!(!said.err.contains(warning), "{}", said.err);
    }
    // Neither is a run that is not finished taken for one that is.
    let sample = ["sample", "runs/small-2", "--count", "3"];
    program
        .run(&sample)
        .code(0)
        .err_has("warning: the run is interrupted: its weights are those of step 20 of 40");
}

#[test]
fn resume_without_a_name_takes_the_run_that_is_not_finished() {
    let program = two_runs();
    let resume = ["train", "--resume"];
    program.run(&resume).code(0);
    let lines = program.run(&["runs"]).code(0).out;
    assert_eq!(lines.matches("finished").count(), 2, "{lines}");
    let words = "--resume: no run under runs was stopped before its end; to train the newest one for longer: \
                 langevin train --resume runs/small-2 --steps N";
    program.run(&resume).code(2).err_has(words);
    // To be made longer it is the newest, whatever else was stopped.
    program.run(&["train", "run.json", "--out", "runs/x-3", "--stop-after", "2"]).code(0);
    program.run(&["train", "run.json", "--out", "runs/x-4"]).code(0);
    let said = program.run(&[&resume[..], &["--steps", "50"]].concat()).code(0);
    assert!(said.out.contains("runs/x-4/samples.csv"), "{}", said.out);
    let said = program.run(&resume).code(0);
    assert!(said.out.contains("runs/x-3/samples.csv"), "{}", said.out);
}

#[test]
fn runs_are_compared_as_text_and_as_a_page() {
    let program = two_runs();
    let compare = ["compare", "runs/small", "runs/small-2"];
    let said = program.run(&[&compare[..], &["--out", "page.html"]].concat()).code(0);
    let row = |name: &str| {
        let line = said.out.lines().find(|line| line.starts_with(name)).expect(name);
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("denoiser.network.width"), ["denoiser.network.width", "32", "24"]);
    assert_eq!(row("seed"), ["seed", "3", "7"]);
    assert_eq!(row("state"), ["state", "finished", "interrupted"]);
    assert!(!said.out.contains("train.batch"), "only what differs: {}", said.out);
    let page = String::from_utf8(program.read("page.html")).expect("UTF-8");
    assert!(page.contains("denoiser.network.width") && page.contains("<svg"));
    let again = program.run(&[&compare[..], &["--out", "page.html"]].concat());
    again.code(2).err_has("page.html exists already");
    program.run(&["compare", "runs/small"]).code(2);
    program.run(&["compare", "runs/small", "run.json"]).code(2).err_has("is not a run");
}

#[test]
fn weights_are_exported_for_other_programs() {
    let program = two_runs();
    program.run(&["export", "runs/small"]).code(0);
    let ema = program.read("runs/small/checkpoints/step-00000040/ema.safetensors");
    assert!(program.read("runs/small/weights.safetensors") == ema, "the averaged weights");
    let said = program.run(&["export", "runs/small", "--format", "npz", "--out", "w.npz"]).code(0);
    assert!(said.out.contains("arrays of step 40 in w.npz"), "{}", said.out);
    assert!(program.read("w.npz").starts_with(b"PK\x03\x04"));
    program.run(&["export", "runs/small"]).code(2).err_has("exists already");
}

#[test]
fn a_page_shows_a_run_whole_and_needs_nothing_else() {
    let program = two_runs();
    for run in ["runs/small", "runs/small-2"] {
        std::fs::remove_file(program.path(&format!("{run}/report.html"))).ok();
        let said = program.run(&["report", run]).code(0);
        assert_eq!(said.out.trim(), format!("{run}/report.html"));
    }
    let page =
        |run: &str| String::from_utf8(program.read(&format!("{run}/report.html"))).expect("UTF-8");
    let whole = page("runs/small");
    for part in ["Evaluation", "energy distance", "metrics.jsonl", "learning rate", "seed"] {
        assert!(whole.contains(part), "{part}");
    }
    for request in ["src=\"http", "href=\"http", "url(", "@import", "<script"] {
        assert!(!whole.contains(request), "{request}");
    }
    assert!(page("runs/small-2").contains("interrupted, 20 of 40 steps"));
}

#[test]
fn the_network_is_measured_at_every_level() {
    let program = Program::new();
    program.write("run.json", SMALL);
    let read = |run: &str, name: &str| {
        String::from_utf8(program.read(&format!("{run}/{name}"))).expect("UTF-8")
    };
    let evaluation = |run: &str| -> serde_json::Value {
        serde_json::from_str(&read(run, "evaluation.json")).expect("JSON")
    };
    let drawn = ["--set", "report.figures=[\"denoising\"]"];
    program.run(&[&["train", "run.json", "--out", "a"], &drawn[..]].concat()).code(0);
    let found = evaluation("a");
    let number = |pointer: &str| found.pointer(pointer).and_then(|v| v.as_f64()).expect("a number");
    assert!(number("/denoising/regret/nats") > number("/denoising/regret/standard_error"));
    let levels = found["denoising"]["levels"].as_array().expect("levels");
    assert!(levels.len() > 3);
    for level in levels {
        let mean = |name: &str| level[name]["mean"].as_f64().expect("a number");
        // Two means over the same 4096 pairs, whose mixed term is 0 but for chance.
        let sum = mean("regret") + mean("optimum");
        assert!((mean("error") / sum - 1.0).abs() < 0.2, "{level}");
    }
    let said = program.run(&["evaluate", "a"]).code(0);
    assert!(said.out.contains("\nregret: ") && said.out.contains(" nats over "), "{}", said.out);
    assert_eq!(evaluation("a"), found, "measured again it is the same");
    let said = program.run(&["--json", "evaluate", "a"]).code(0);
    assert!(said.out.contains("\"denoising\":{"), "{}", said.out);
    assert!(read("a", "figures/denoising.svg").contains("regret of the network"));
    assert!(read("a", "report.html").contains("The denoiser's regret: "));
    let said = program.run(&["compare", "a", "a"]).code(0);
    assert!(said.out.contains("regret, nats"), "{}", said.out);

    // An evaluation of an older program says nothing of levels.
    let mut old = found.clone();
    old.as_object_mut().expect("an object").remove("denoising");
    program.write("a/evaluation.json", &old.to_string());
    program.run(&["report", "a"]).code(0);
    let page = read("a", "report.html");
    assert!(page.contains("Evaluation") && !page.contains("The denoiser's"));

    // Data that does not know its optimum.
    let board = r#"data={"kind": "checkerboard", "cells": 4}"#;
    let run = ["train", "run.json", "--out", "b", "--set", board];
    program.run(&[&run[..], &drawn[..]].concat()).code(0);
    let found = evaluation("b");
    assert!(found["denoising"].get("regret").is_none());
    assert!(found["denoising"]["levels"][0]["independent"]["mean"].as_f64() > Some(0.0));
    assert!(read("b", "figures/denoising.svg").contains("independent features"));
    assert!(read("b", "report.html").contains("over that of independent features"));
    let none =
        [&["train", "run.json", "--out", "c", "--set", "report.evaluation=false"], &drawn[..]];
    program.run(&none.concat()).code(0).err_has("nothing to draw `denoising` from");
}

#[test]
fn completions_name_the_commands() {
    let program = Program::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let said = program.run(&["completions", shell]).code(0);
        assert!(said.out.contains("evaluate") && said.out.contains("resume"), "{shell}");
    }
    program.run(&["completions", "tcl"]).code(2);
}

#[test]
fn the_commented_starting_point_is_a_config() {
    let program = Program::new();
    let said = program.run(&["configs", "show", "--defaults"]).code(0);
    assert!(said.out.contains("// Rows of the batch of a step."), "{}", said.out);
    let keys = said.out.lines().filter(|line| line.trim_start().starts_with('"')).count();
    let comments = said.out.lines().filter(|line| line.trim_start().starts_with("//")).count();
    assert!(comments * 10 > keys * 7, "{comments} comments for {keys} fields");
    program.write("mine.json", &said.out);
    program.run(&["train", "mine.json", "--dry-run"]).code(0);
    let said = program.run(&["configs", "show", "digits"]).code(0);
    assert!(said.err.contains("CC BY 4.0"), "{}", said.err);
    program.run(&["configs", "show"]).code(2);
}

/// A run whose held-out loss rises after its first steps: it learns too fast.
const RISING: [&str; 6] = [
    "--set",
    "train.validate_every=5",
    "--set",
    "train.ema={\"kind\":\"none\"}",
    "--set",
    "train.learning_rate={\"kind\":\"linear\",\"peak\":0.0001,\"end\":0.3}",
];

fn best_step(program: &Program, run: &str) -> u64 {
    let text = String::from_utf8(program.read(&format!("{run}/metrics.jsonl"))).expect("UTF-8");
    let lines = text.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).expect("JSON"));
    let measured = lines.filter_map(|l| Some((l["held_out_loss"].as_f64()?, l["step"].as_u64()?)));
    measured.min_by(|a, b| a.0.total_cmp(&b.0)).expect("measured").1
}

#[test]
fn the_best_weights_are_kept_and_sampled_from() {
    let program = Program::new();
    program.write("run.json", SMALL);
    let train = [&["train", "run.json", "--out", "best", "--set", "train.keep=best"], &RISING[..]];
    let said = program.run(&train.concat()).code(0);
    let best = best_step(&program, "best");
    assert!(best < 40, "the loss rises");
    assert!(said.err.contains(&format!("the weights of step {best}")), "{}", said.err);
    assert!(program.path(&format!("best/checkpoints/step-{best:08}/checkpoint.json")).exists());
    // The same as a run that ended there.
    let steps = best.to_string();
    let last = ["--stop-after", &steps, "--set", "train.keep=best"];
    let arguments = [&["train", "run.json", "--out", "there"], &RISING[..], &last[..]].concat();
    program.run(&arguments).code(0);
    program.run(&["sample", "there", "--out", "there.csv"]).code(0);
    assert_eq!(program.read("best/samples.csv"), program.read("there.csv"));
    program.run(&["sample", "best", "--out", "again.csv"]).code(0);
    assert_eq!(program.read("best/samples.csv"), program.read("again.csv"));
}

#[test]
fn what_an_earlier_end_left_is_set_aside_when_a_run_goes_on() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run", "--steps", "20"]).code(0);
    let samples = program.read("run/samples.csv");
    let longer = ["train", "--resume", "run", "--steps", "40", "--stop-after", "13"];
    program.run(&longer).code(0);
    assert_eq!(program.read("run/samples-step-00000020.csv"), samples);
    assert!(!program.path("run/evaluation.json").exists(), "of step 20, not of step 33");
    let said = program.run(&["runs", "."]).code(0);
    assert!(said.out.contains("33/40"), "the steps made, logged or not: {}", said.out);
    program.run(&["train", "--resume", "run"]).code(0);
    assert!(program.path("run/evaluation.json").exists());
}

#[test]
fn samples_that_are_not_finite_are_an_error_and_no_reason_to_lose_the_run() {
    let program = Program::new();
    let wild = SMALL.replace(r#""steps": 40"#, r#""steps": 1"#);
    program.write("run.json", &wild.replace(r#""value": 0.003"#, r#""value": 1e12"#));
    // Kept within the data's range the numbers would be finite, though far from the data.
    let unbounded = "sample.bound={\"kind\": \"none\"}";
    let quiet = ["train", "run.json", "--out", "run", "--set", "train.validate_every=0"];
    let quiet = [&quiet[..], &["--set", unbounded]].concat();
    let said =
        program.run(&quiet).code(1).err_has("numbers are not finite, and no sample was written");
    said.err_has("the last good checkpoint is run/checkpoints/step-00000001");
    let result = ["samples.csv", "evaluation.json", "report.html"];
    assert!(result.iter().all(|name| !program.path(&format!("run/{name}")).exists()));
    let runs = program.run(&["runs", "."]).code(0);
    assert!(runs.out.contains("failed"), "{}", runs.out);
    // Nor are they by another command; and what was learnt is there still.
    program.run(&["sample", "run"]).code(1).err_has("not finite, and no sample was written");
    assert!(!program.path("run/samples-2.csv").exists());
    program.run(&["verify", "run"]).code(0);
    program.run(&["train", "--resume", "run"]).code(1).err_has("not finite");
}

#[test]
fn a_run_ends_early_when_the_held_out_loss_stays_up() {
    let program = Program::new();
    program.write("run.json", SMALL);
    let patience = ["--set", "train.patience=2", "--set", "train.keep=best"];
    let train = [&["train", "run.json", "--out", "run"], &RISING[..], &patience[..]].concat();
    let said = program.run(&train).code(0);
    let best = best_step(&program, "run");
    assert!(said.err.contains(&format!("ended early, at step {}", best + 10)), "{}", said.err);
    assert!(program.path("run/samples.csv").exists());
    // Stopped before and resumed, it ends at the same step with the same samples.
    let parts = [&["train", "run.json", "--out", "parts", "--stop-after", "7"], &train[4..]];
    program.run(&parts.concat()).code(0);
    program.run(&["train", "--resume", "parts"]).code(0);
    for name in ["samples.csv", "metrics.jsonl"] {
        let (a, b) = (format!("run/{name}"), format!("parts/{name}"));
        assert!(program.read(&a) == program.read(&b), "{name}");
    }
    let no = ["train", "run.json", "--set", "train.patience=2", "--set", "train.validate_every=0"];
    program.run(&no).code(2).err_has("train.patience: needs the held-out loss");
}
