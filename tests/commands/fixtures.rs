//! Runs that older programs made, in tests/fixtures: every command works on them, and what is computed
//! has the bits that the old program gave.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::program::{Program, Said, copy};

type Digests = BTreeMap<String, BTreeMap<String, String>>;

/// Runs of a format, each with the length that `--resume` extends it to, where it is finished.
type Runs = &'static [(&'static str, Option<&'static str>)];

const FORMAT_1: Runs = &[
    ("plain", Some("60")),
    ("per-level", None),
    ("standardised", Some("55")),
    ("quantile", Some("90")),
    ("halfway", None),
    ("film", Some("50")),
];
const FORMAT_2: Runs = &[("table", Some("90")), ("points", None)];

/// The instruction sets of x86-64, each of which has its own bits.
const SETS: [&str; 3] = ["plain", "avx2", "avx512"];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

/// A program in a folder that holds a copy of the fixtures of a format, and computes with one
/// instruction set; `None` where this machine lacks it.
fn with_runs(format: &str, set: &str) -> Option<Program> {
    let program = Program::new().with("LANGEVIN_INSTRUCTIONS", set);
    let Said { code, err, .. } = program.run(&["doctor"]);
    if code != 0 {
        assert!(set != "plain" && err.contains("which this machine has"), "{set}: {err}");
        return None;
    }
    copy(&fixtures().join(format), &program.path(""));
    Some(program)
}

/// What the program makes of a run: samples of another seed, the weights for other programs, and all
/// that is there after `--resume`; blake3 by name.
fn digests(program: &Program, run: &str, steps: Option<&str>) -> BTreeMap<String, String> {
    let names = ["csv", "safetensors"].map(|ending| format!("{run}.{ending}"));
    program.run(&["sample", run, "--seed", "9", "--count", "70", "--out", &names[0]]).code(0);
    program.run(&["export", run, "--out", &names[1]]).code(0);
    let mut resume = vec!["train", "--resume", run];
    resume.extend(steps.iter().flat_map(|steps| ["--steps", steps]));
    program.run(&resume).code(0);
    let resumed = program.everything();
    let kept = |path: &&String| {
        let file = path.strip_prefix(&format!("{run}/")).unwrap_or_default();
        let names = ["metrics.jsonl", "samples.csv", "levels.json", "trajectory.npy"];
        names.contains(&file) || file.ends_with(".safetensors")
    };
    let digest = |path: &String| (path.clone(), blake3::hash(&program.read(path)).to_string());
    names.iter().chain(resumed.iter().filter(kept)).map(digest).collect()
}

#[test]
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
fn runs_of_format_1_give_what_their_program_gave() {
    same_as_then("format-1", FORMAT_1);
}

#[test]
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
fn runs_of_format_2_give_what_their_program_gave() {
    same_as_then("format-2", FORMAT_2);
}

#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
fn same_as_then(format: &str, runs: Runs) {
    let here: Digests = SETS
        .into_iter()
        .filter_map(|set| {
            let program = with_runs(format, set)?;
            let of = |(run, steps): &(&str, Option<&str>)| digests(&program, run, *steps);
            Some((set.to_owned(), runs.iter().flat_map(of).collect()))
        })
        .collect();
    let path = fixtures().join(format).join("digests.json");
    // Those of a new format, once.
    if std::env::var_os("LANGEVIN_WRITE_SNAPSHOTS").is_some() && !path.exists() {
        let text = serde_json::to_string_pretty(&here).expect("JSON");
        fs::write(&path, text + "\n").expect("written");
    }
    let text = fs::read_to_string(path).expect("there");
    let then: Digests = serde_json::from_str(&text).expect("JSON");
    for (set, digests) in here {
        assert_eq!(digests, then[&set], "{set}");
    }
}

#[test]
fn every_command_works_on_runs_of_format_1() {
    every_command_works("format-1", FORMAT_1);
}

#[test]
fn every_command_works_on_runs_of_format_2() {
    every_command_works("format-2", FORMAT_2);
}

#[test]
fn a_run_of_format_1_needs_its_table_for_samples_and_says_so() {
    let program = with_runs("format-1", "plain").expect("every machine has it");
    fs::rename(program.path("measurements.csv"), program.path("there.csv")).expect("moved");
    let words =
        "the run's table is not there; say where it is now: langevin sample quantile --data FILE";
    program.run(&["sample", "quantile", "--out", "s.csv"]).code(2).err_has(words);
    let said = program.run(&["verify", "quantile"]).code(1).out;
    assert!(said.contains("sample and film its rows"), "{said}");
    program.run(&["sample", "quantile", "--out", "s.csv", "--data", "there.csv"]).code(0);
    program.run(&["verify", "quantile", "--data", "there.csv"]).code(0);
    // It keeps the format that it began with.
    program.run(&["train", "--resume", "quantile", "--data", "there.csv"]).code(0);
    assert!(!program.path("quantile/data.json").exists());
}

fn every_command_works(format: &str, runs: Runs) {
    let program = with_runs(format, "plain").expect("every machine has it");
    for (run, steps) in runs.iter().copied() {
        let state = if steps.is_some() { "finished" } else { "interrupted" };
        let said = program.run(&["verify", run]).code(0);
        assert!(said.out.contains(&format!("{state}, all is sound")), "{run}: {}", said.out);
        let said = program.run(&["reproduce", run]).code(0);
        // Made with these instructions, on x86-64.
        let exact = cfg!(not(target_arch = "x86_64")) || said.out.contains("bit for bit");
        assert!(exact, "{run}: {}", said.out);
        program.run(&["evaluate", run]).code(0);
        program.run(&["report", run]).code(0);
        assert!(program.path(run).join("report.html").is_file(), "{run}");
        program.run(&["film", run, "--set", "seconds=0.25", "--out", "own.gif"]).code(0);
        fs::remove_file(program.path("own.gif")).expect("removed");
        program.run(&["export", run, "--format", "npz"]).code(0);
        program.run(&["sample", run]).code(0);
        program.run(&["verify", run]).code(0);
    }
    let runs: Vec<_> = runs.iter().map(|(run, _)| *run).collect();
    program.run(&[&["compare"], &runs[..]].concat()).code(0);
    let said = program.run(&["runs", "."]).code(0);
    runs.iter().for_each(|run| assert!(said.out.contains(run), "{run}: {}", said.out));
}

#[test]
fn a_run_of_a_later_format_is_refused_by_that_word_and_left_as_it_is() {
    let program = with_runs("format-1", "plain").expect("every machine has it");
    let manifest = String::from_utf8(program.read("plain/manifest.json")).expect("UTF-8");
    program.write("plain/manifest.json", &manifest.replace("\"format\": 1", "\"format\": 3"));
    let before = program.everything();
    for command in
        ["sample", "evaluate", "report", "film", "export", "verify", "reproduce", "train --resume"]
    {
        let arguments: Vec<_> = command.split(' ').chain(["plain"]).collect();
        let said = program.run(&arguments).code(2);
        said.err_has("manifest.json has format 3, and this program reads up to 2");
        let here = program.everything();
        let left = here.iter().filter(|name| !name.ends_with(".lock") && !before.contains(name));
        assert_eq!(left.count(), 0, "{command}: {here:?}");
    }
    // Which run is the newest cannot be told either.
    program.run(&["train", "--resume"]).code(2).err_has("no run under runs");
    fs::create_dir(program.path("runs")).expect("created");
    fs::rename(program.path("plain"), program.path("runs/plain")).expect("moved");
    program.run(&["train", "--resume"]).code(2).err_has("has format 3");
}

#[test]
fn a_run_file_of_a_later_version_is_refused_by_that_word() {
    let program = Program::new();
    let text = fs::read_to_string(fixtures().join("format-1/configs/plain.json")).expect("there");
    let text = text.replace("\"version\": 1", "\"version\": 3, \"of_the_future\": {}");
    program.write("run.json", &text);
    let said = program.run(&["train", "run.json", "--dry-run"]).code(2);
    said.err_has("version: must be a version that this program reads, from 1 to 2, got 3");
}

#[test]
fn instructions_that_this_machine_lacks_are_refused() {
    let program = Program::new().with("LANGEVIN_INSTRUCTIONS", "sse9");
    let said = program.run(&["doctor"]).code(2);
    let message = "LANGEVIN_INSTRUCTIONS: must be one of plain";
    said.err_has(message).err_has("which this machine has, got \"sse9\"");
}
