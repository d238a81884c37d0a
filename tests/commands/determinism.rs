//! What must not matter does not: each test varies one source of difference and compares bytes.

use std::process::Command;

use crate::program::{Program, SMALL};

/// What a run's result consists of, but for its log, whose lines are as many as were asked for.
const RESULTS: [&str; 4] = [
    "checkpoints/step-00000040/model.safetensors",
    "checkpoints/step-00000040/ema.safetensors",
    "checkpoints/step-00000040/optimizer.safetensors",
    "samples.csv",
];

/// A run on either engine, with nothing but its results.
fn configs() -> [String; 2] {
    ["direct", "tape"].map(|engine| {
        SMALL
            .replace(r#""steps": 40"#, &format!(r#""engine": "{engine}", "steps": 40"#))
            .replace(r#""figures": []"#, r#""figures": [], "evaluation": false, "page": false"#)
    })
}

fn results(program: &Program, run: &str) -> Vec<Vec<u8>> {
    RESULTS.iter().map(|name| program.read(&format!("{run}/{name}"))).collect()
}

#[track_caller]
fn assert_same(one: (&Program, &str), other: (&Program, &str), varied: &str) {
    let (a, b) = (results(one.0, one.1), results(other.0, other.1));
    for ((name, a), b) in RESULTS.iter().zip(a).zip(b) {
        assert!(a == b, "{name} depends on {varied}");
    }
}

/// The log, where it is of the same cadence, counts too.
#[track_caller]
fn assert_same_log(one: (&Program, &str), other: (&Program, &str), varied: &str) {
    let log = |(program, run): (&Program, &str)| program.read(&format!("{run}/metrics.jsonl"));
    assert!(log(one) == log(other), "metrics.jsonl depends on {varied}");
}

#[test]
fn the_same_file_gives_the_same_run_and_another_seed_another() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "a"]).code(0);
    program.run(&["train", "a/config.json", "--out", "b"]).code(0);
    assert_same((&program, "a"), (&program, "b"), "which of its files it is trained from");
    assert_same_log((&program, "a"), (&program, "b"), "which of its files it is trained from");
    program.run(&["train", "run.json", "--out", "c", "--seed", "4"]).code(0);
    assert!(program.read("a/samples.csv") != program.read("c/samples.csv"));
}

/// Hash maps are seeded anew in each process, and each starts at another time.
#[test]
fn neither_the_process_nor_its_time_matters() {
    for config in configs() {
        let program = Program::new();
        program.write("run.json", &config);
        for number in 0..4 {
            let run = format!("run{number}");
            program.run(&["train", "run.json", "--out", &run]).code(0);
            assert_same((&program, "run0"), (&program, &run), "the process");
            assert_same_log((&program, "run0"), (&program, &run), "the process");
        }
    }
}

#[test]
fn what_surrounds_a_run_does_not_matter() {
    for config in configs() {
        let plain = Program::new();
        plain.write("run.json", &config);
        plain.run(&["train", "run.json", "--out", "run"]).code(0);
        for (name, value) in [
            ("LC_ALL", "de_DE.UTF-8"),
            ("LC_ALL", "tr_TR.UTF-8"),
            ("LANG", "ar_EG.UTF-8"),
            ("TZ", "Asia/Kolkata"),
            ("HOME", "/nonexistent"),
            ("RUST_LOG", "trace"),
            ("RUST_BACKTRACE", "full"),
            ("TERM", "dumb"),
            ("COLUMNS", "20"),
            ("NO_COLOR", "1"),
        ] {
            let other = Program::new().with(name, value);
            other.write("run.json", &config);
            other.run(&["train", "run.json", "--out", "run"]).code(0);
            assert_same((&plain, "run"), (&other, "run"), &format!("{name}={value}"));
            assert_same_log((&plain, "run"), (&other, "run"), &format!("{name}={value}"));
        }
    }
}

#[test]
fn the_folder_does_not_matter() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run"]).code(0);
    let deep = program.path("a folder/ünïcode");
    std::fs::create_dir_all(&deep).expect("created");
    let file = program.path("run.json").display().to_string();
    let mut command = program.command(&["train", &file, "--out", "../its run"]);
    let output = command.current_dir(deep).output().expect("the binary runs");
    assert!(output.status.success(), "{output:?}");
    let other = "a folder/its run";
    assert_same((&program, "run"), (&program, other), "the folder");
    assert_same_log((&program, "run"), (&program, other), "the folder");
}

#[test]
fn how_much_is_said_does_not_matter() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run"]).code(0);
    for (out, flag) in [("quiet", "--quiet"), ("json", "--json")] {
        program.run(&[flag, "train", "run.json", "--out", out]).code(0);
        assert_same((&program, "run"), (&program, out), flag);
        assert_same_log((&program, "run"), (&program, out), flag);
    }
}

/// A bar that is drawn while it trains takes the time of a step, and nothing else.
#[test]
#[cfg(target_os = "linux")]
fn a_live_progress_bar_does_not_matter() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run"]).code(0);
    let binary = env!("CARGO_BIN_EXE_langevin");
    let line = format!("'{binary}' train run.json --out live");
    // `script` runs a command on a terminal of its own.
    let output = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(program.path(""))
        .env("TERM", "xterm")
        .output()
        .expect("util-linux's `script`");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains('\u{1b}'), "a terminal is drawn to: {said}");
    assert_same((&program, "run"), (&program, "live"), "the bar");
    assert_same_log((&program, "run"), (&program, "live"), "the bar");
}

#[test]
fn other_cadences_change_no_weight() {
    for config in configs() {
        let program = Program::new();
        program.write("run.json", &config);
        program.run(&["train", "run.json", "--out", "run"]).code(0);
        for setting in [
            "train.log_every=3",
            "train.log_every=1000",
            "train.validate_every=4",
            "train.validate_every=0",
            "train.validate_rows=100",
            "train.checkpoint_every=1",
            "train.checkpoint_every=9",
            "train.keep_checkpoints=5",
        ] {
            program.run(&["train", "run.json", "--out", setting, "--set", setting]).code(0);
            assert_same((&program, "run"), (&program, setting), setting);
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    // Large enough for the matrix products to be cut into parts for threads; and a layer of more than
    // the four million weights from which on flex sums in parallel.
    for (backend, engine, width, batch) in [
        ("flex", "direct", 256, 256),
        ("flex", "tape", 256, 256),
        ("ndarray", "tape", 256, 256),
        ("flex", "tape", 2100, 8),
    ] {
        let large = configs()[0]
            .replace(r#""width": 32"#, &format!(r#""width": {width}"#))
            .replace(r#""direct""#, &format!(r#""{engine}""#))
            .replace(r#""batch": 33"#, &format!(r#""batch": {batch}"#))
            .replace(r#""steps": 40"#, r#""steps": 6"#)
            .replace(r#""checkpoint_every": 15"#, r#""checkpoint_every": 40"#);
        let trained = |rayon: &str, matmul: &str| {
            let program =
                Program::new().with("RAYON_NUM_THREADS", rayon).with("MATMUL_NUM_THREADS", matmul);
            program.write("run.json", &large);
            program.run(&["--backend", backend, "train", "run.json", "--out", "run"]).code(0);
            program
        };
        let read = |program: &Program| {
            let names = RESULTS.iter().chain(&["metrics.jsonl"]);
            let names = names.map(|name| format!("run/{}", name.replace("40/", "06/")));
            names.map(|name| program.read(&name)).collect::<Vec<_>>()
        };
        let one = read(&trained("1", "1"));
        let others: &[(&str, &str)] = match width {
            256 => &[("1", "2"), ("2", "3"), ("3", "7"), ("7", "1")],
            _ => &[("2", "2")],
        };
        for (rayon, matmul) in others {
            let same = read(&trained(rayon, matmul)) == one;
            assert!(same, "{rayon} and {matmul} threads on {backend}, {engine}, width {width}");
        }
    }
}
