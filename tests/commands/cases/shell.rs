//! Cases on what is around the program: pipes, signals, an empty environment, links, several at once.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::program::{Program, Said};

#[test]
fn p30_reader_goes() {
    let program = Program::new();
    for arguments in [&["schema"][..], &["completions", "bash"], &["configs", "list"], &["--help"]]
    {
        let mut command = program.command(arguments);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let mut line = String::new();
        let out = child.stdout.take().expect("piped");
        BufReader::with_capacity(16, out).read_line(&mut line).expect("a line");
        let output = child.wait_with_output().expect("waited");
        let quiet = output.status.code() == Some(0) || output.status.signal() == Some(13);
        assert!(quiet && output.stderr.is_empty(), "{arguments:?}: {output:?}");
        assert!(!line.is_empty());
    }
}

fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// The state of a process, as `T` where it is stopped.
#[cfg(target_os = "linux")]
fn state(child: &Child) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("a process");
    let (_, rest) = stat.rsplit_once(") ").expect("its name in brackets");
    rest[..1].to_owned()
}

#[cfg(target_os = "linux")]
#[test]
fn p36_suspend() {
    let program = Program::new();
    let arguments = ["train", "two-moons", "--out", "run", "--set", "report.figures=[]"];
    let arguments =
        [&arguments[..], &["--steps", "2000", "--set", "report.evaluation=false"]].concat();
    let (mut child, mut said) = program.start(&arguments);
    let is_step = |line: &Result<String, _>| line.as_ref().is_ok_and(|line| line.contains("step "));
    assert!(said.any(|line| is_step(&line)));
    send("-TSTP", &child);
    let start = Instant::now();
    while state(&child) != "T" && start.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(10));
    }
    assert_eq!(state(&child), "T", "stopped");
    assert!(!program.path("run/samples.csv").exists(), "stopped before its end");
    send("-CONT", &child);
    said.for_each(drop);
    assert_eq!(child.wait().expect("waited").code(), Some(0));
    assert!(program.path("run/samples.csv").is_file());
}

#[test]
fn o23_surroundings() {
    let program = Program::new();
    let train = |out: &str| {
        let mut command = program.command(&["train", "two-moons", "--steps", "10"]);
        command.args(["--set", "sample.count=60", "--set", "report.figures=[]"]);
        command.args(["--set", "report.evaluation=false"]);
        if !out.is_empty() {
            command.args(["--out", out]);
        }
        command
    };
    let mut bare = train("bare");
    let said: Said = bare.env_clear().output().expect("the binary runs").into();
    said.code(0);
    let mut odd = train("odd");
    odd.env_clear().envs([
        ("LANG", "C"),
        ("HOME", "/nonexistent"),
        ("RUST_LOG", "trace"),
        ("TZ", "bad"),
    ]);
    let said: Said = odd.output().expect("the binary runs").into();
    said.code(0);
    assert!(program.read("bare/samples.csv") == program.read("odd/samples.csv"));
    // Five at once find folders of their own.
    let five: Vec<_> = (0..5)
        .map(|_| train("").stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("runs"))
        .collect();
    for mut child in five {
        assert_eq!(child.wait().expect("waited").code(), Some(0));
    }
    for run in ["two-moons", "two-moons-2", "two-moons-3", "two-moons-4", "two-moons-5"] {
        assert!(program.path(&format!("runs/{run}/samples.csv")).is_file(), "{run}");
    }
    // Through links.
    std::os::unix::fs::symlink("runs", program.path("linked")).expect("linked");
    let said: Said = train("linked/x").output().expect("the binary runs").into();
    said.code(0);
    std::os::unix::fs::symlink("linked/x", program.path("l")).expect("linked");
    program.run(&["sample", "l", "--count", "5", "--out", "more.csv"]).code(0);
    assert_eq!(program.read("more.csv").iter().filter(|byte| **byte == b'\n').count(), 6);
}
