//! The help texts: as they were last agreed to, and with examples that run.

use std::fs;

use crate::program::{Program, SMALL};

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/snapshots/help.txt");

/// The commands that `langevin --help` lists.
fn commands(help: &str) -> Vec<String> {
    let (_, list) = help.split_once("Commands:\n").expect("commands");
    let list = list.split("\n\n").next().expect("a list");
    let name = |line: &str| line.strip_prefix("  ")?.split(' ').next().map(str::to_owned);
    list.lines().filter_map(name).filter(|name| !name.is_empty() && name != "help").collect()
}

#[test]
fn every_help_text_is_the_one_agreed_to() {
    // As wide on every terminal.
    let program = Program::new().with("COLUMNS", "100");
    let mut all = program.run(&["--help"]).code(0).out;
    for command in commands(&all.clone()) {
        let help = program.run(&[&command, "--help"]).code(0).out;
        all += &format!("\n\n$ langevin {command} --help\n{help}");
    }
    // clap leaves a blank after some lines.
    let all: String = all.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    if std::env::var_os("LANGEVIN_WRITE_SNAPSHOTS").is_some() {
        fs::write(SNAPSHOT, &all).expect("written");
    }
    let agreed = fs::read_to_string(SNAPSHOT).expect("tests/snapshots/help.txt");
    assert!(
        all == agreed,
        "a help text changed: look at it, then run the test with LANGEVIN_WRITE_SNAPSHOTS=1\n{all}"
    );
}

#[test]
fn the_examples_of_the_help_run() {
    let program = Program::new();
    program.write("my.json", SMALL);
    let rows: String = (0..40).map(|i| format!("{};{}\n", 50 + i * 7 % 31, i * 3 % 17)).collect();
    program.write("measurements.csv", &format!("mass;flow\n{rows}"));
    let help = program.run(&["--help"]).code(0).out;
    let (_, examples) = help.split_once("Examples:\n").expect("examples");
    let mut ran = 0;
    for line in examples.lines().filter_map(|line| line.trim().strip_prefix("langevin ")) {
        // What is said of an example stands two blanks after it.
        let typed = line.split("  ").next().expect("a command");
        let mut arguments: Vec<&str> = typed.split(' ').collect();
        if arguments.contains(&"wgpu") && std::env::var_os("LANGEVIN_REQUIRE_WGPU").is_none() {
            continue;
        }
        if arguments.contains(&"train") && !arguments.contains(&"--resume") {
            arguments.extend(["--steps", "2", "--set", "sample.count=40"]);
        }
        if arguments.contains(&"--resume") {
            program.run(&["train", "my.json", "--stop-after", "2"]).code(0);
        }
        program.run(&arguments).code(0);
        ran += 1;
    }
    assert!(ran >= 6, "{ran} examples ran");
}
