//! Ctrl-C and SIGTERM, and names that only Unix has.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    os::unix::ffi::OsStrExt,
    process::{Command, Stdio},
};

use crate::program::{Program, SMALL};

/// Runs the program, sends it a signal at its first line that holds `at`, and gives exit code and
/// standard output.
fn interrupt(program: &Program, arguments: &[&str], at: &str, signal: &str) -> (i32, String) {
    let mut child = program
        .command(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut sent = false;
    for line in BufReader::new(child.stderr.take().expect("piped")).lines() {
        if !sent && line.expect("UTF-8").contains(at) {
            let id = child.id().to_string();
            let kill = Command::new("kill").args([signal, &id]).status().expect("kill runs");
            assert!(kill.success());
            sent = true;
        }
    }
    assert!(sent, "no line holds {at}");
    let output = child.wait_with_output().expect("waited");
    (output.status.code().expect("an exit code"), String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn a_signal_while_training_saves_and_the_run_goes_on_as_if_undisturbed() {
    let long = SMALL.replace(r#""steps": 40"#, r#""steps": 3000"#);
    let program = Program::new();
    program.write("run.json", &long);
    program.run(&["train", "run.json", "--out", "whole"]).code(0);
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let run = format!("run{code}");
        let arguments = ["train", "run.json", "--out", &run];
        let (exit, out) = interrupt(&program, &arguments, "step 14/3000", signal);
        assert_eq!(exit, code, "{out}");
        assert!(out.contains(&format!("go on with `langevin train --resume {run}`")), "{out}");
        let manifest = String::from_utf8(program.read(&format!("{run}/manifest.json")));
        assert!(manifest.expect("UTF-8").contains(r#""state": "interrupted""#));
        program.run(&["train", "--resume", &run]).code(0);
        for name in ["samples.csv", "metrics.jsonl"] {
            let (a, b) = (format!("whole/{name}"), format!("{run}/{name}"));
            assert!(program.read(&a) == program.read(&b), "{name} after {signal}");
        }
    }
}

#[test]
fn a_run_that_was_told_to_outlive_its_terminal_does() {
    let program = Program::new();
    program.write("run.json", SMALL);
    // Silent readers are gone, and the terminal with them.
    let script = r#"trap "" HUP; "$0" train run.json --out run >&- 2>&- & kill -HUP $!; wait $!"#;
    let status = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_langevin")])
        .current_dir(program.path(""))
        .status()
        .expect("a shell");
    assert!(status.success(), "{status}");
    assert!(program.path("run/samples.csv").is_file());
}

#[test]
fn a_signal_while_sampling_stops_and_resume_draws_the_samples() {
    let program = Program::new();
    program.write("run.json", &SMALL.replace(r#""count": 600"#, r#""count": 200000"#));
    let arguments = ["train", "run.json", "--out", "run"];
    let (code, out) = interrupt(&program, &arguments, "drawing samples", "-INT");
    assert_eq!(code, 130, "{out}");
    assert!(out.contains("go on with `langevin train --resume run`"), "{out}");
    assert!(!program.path("run/samples.csv").exists());
    program.run(&["train", "--resume", "run"]).code(0);
    let rows = program.read("run/samples.csv").iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(rows, 200_001);
    let arguments = ["sample", "run", "--out", "more.csv"];
    let (code, out) = interrupt(&program, &arguments, "drawing samples", "-INT");
    assert_eq!(code, 130, "{out}");
    assert!(!program.path("more.csv").exists());
}

#[test]
fn a_folder_whose_name_is_no_text_is_a_folder_like_any_other() {
    let program = Program::new();
    program.write("run.json", SMALL);
    let mut command = program.command(&["--json", "train", "run.json", "--out"]);
    let output = command.arg(OsStr::from_bytes(b"bad\xff")).output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let samples = program.path("").join(OsStr::from_bytes(b"bad\xff/samples.csv"));
    assert!(samples.is_file());
}
