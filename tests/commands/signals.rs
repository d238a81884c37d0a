//! Ctrl-C and SIGTERM, and names that only Unix has.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader},
    os::unix::ffi::OsStrExt,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use crate::program::{Program, SMALL};

pub fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    let kill = Command::new("kill").args([signal, &id]).status().expect("kill runs");
    assert!(kill.success());
}

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
            send(signal, &child);
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
        let (exit, out) = interrupt(&program, &arguments, "step 84/3000", signal);
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
fn a_second_signal_ends_at_once_and_the_last_checkpoint_stays() {
    let program = Program::new();
    let mut text = SMALL.to_owned();
    for (from, to) in [
        (r#""steps": 40"#, r#""steps": 6000"#),
        (r#""log_every": 7"#, r#""log_every": 1"#),
        (r#""validate_every": 10"#, r#""validate_every": 100"#),
        (r#""checkpoint_every": 15"#, r#""checkpoint_every": 100"#),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    program.write("run.json", &text);
    program.run(&["--quiet", "train", "run.json", "--out", "whole"]).code(0);
    // Nobody reads what it says. Once the pipe is full, the step that says it lasts for ever, and
    // the first signal alone ends nothing.
    let mut child = program
        .command(&["--json", "train", "run.json", "--out", "run"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let log = program.path("run/metrics.jsonl");
    let length = || fs::metadata(&log).map_or(0, |found| found.len());
    let mut before = 0;
    for _ in 0..60 {
        sleep(Duration::from_secs(1));
        let now = length();
        if now > 0 && now == before {
            break;
        }
        before = now;
    }
    assert!(child.try_wait().expect("a state").is_none(), "it waits for its reader");
    send("-INT", &child);
    sleep(Duration::from_millis(300));
    assert!(child.try_wait().expect("a state").is_none(), "it waits for the end of its step");
    // One that came before the first was taken would count as the same.
    let ended = (0..100).find_map(|_| {
        send("-INT", &child);
        sleep(Duration::from_millis(100));
        child.try_wait().expect("a state")
    });
    if ended.is_none() {
        child.kill().expect("killed");
    }
    let code = ended.and_then(|status| status.code());
    assert_eq!(code, Some(130), "{ended:?}");

    let said = program.run(&["verify", "run"]).code(0);
    let last = said.out.lines().last().expect("a line");
    let step = last.strip_prefix("killed, all is sound: it can go on from step ").expect(last);
    let step: u64 = step.parse().expect("a step");
    assert!(step > 0 && step.is_multiple_of(100), "the step was not saved: {last}");
    let said = program.run(&["runs", "."]).code(0);
    assert!(said.out.lines().any(|line| line.contains("killed")), "{}", said.out);
    let said = program.run(&["train", "--resume", "run"]).code(0);
    said.err_has(&format!("going on from step {step} of 6000"));
    for name in ["samples.csv", "metrics.jsonl", "checkpoints/step-00006000/model.safetensors"] {
        let (a, b) = (format!("whole/{name}"), format!("run/{name}"));
        assert!(program.read(&a) == program.read(&b), "{name}");
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
