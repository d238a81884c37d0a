//! Text from outside is shown escaped: names of files, values of a stranger's run, headers and cells of a table.

use std::{fs, process::Command};

use crate::program::{Program, SMALL, Said, copy};

/// What would steer a terminal, or forge a line.
const STEERS: &str = "x\u{1b}[31m\u{7}\nerror: fake\r\u{9b}2J\u{202e}";

/// Fails where an output holds a character that steers a terminal, or the forged line.
#[track_caller]
fn is_shown(said: &Said, what: &str) {
    for text in [&said.out, &said.err] {
        let raw = |c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}';
        assert!(!text.contains(raw), "{what}: {text:?}");
        assert!(!text.lines().any(|line| line.starts_with("error: fake")), "{what}: {text}");
    }
    assert!((0..=2).contains(&said.code), "{what}: exit code {}: {}", said.code, said.err);
}

/// A JSON text of the string.
fn json(text: &str) -> String {
    serde_json::to_string(text).expect("a string")
}

/// Every command on a run.
fn every_command(program: &Program, run: &str) -> Vec<(String, Said)> {
    let _ = fs::remove_file(program.path("x.gif"));
    let _ = fs::remove_file(program.path("x.safetensors"));
    let commands: [&[&str]; 14] = [
        &["runs", "."],
        &["compare", run, "whole"],
        &["report", run],
        &["verify", run],
        &["sample", run, "--count", "10"],
        &["evaluate", run, "--count", "50"],
        &["film", run, "--set", "seconds=0.2", "--out", "x.gif"],
        &["export", run, "--out", "x.safetensors"],
        &["reproduce", run, "--steps", "2"],
        &["train", "--resume", run],
        &["--json", "verify", run],
        &["--json", "runs", "."],
        &["--json", "train", "--resume", run],
        &["init", run],
    ];
    let said = |arguments: &&[&str]| (format!("{arguments:?}"), program.run(arguments));
    commands.iter().map(said).collect()
}

#[test]
fn a_stranger_s_run_writes_no_line_of_its_own() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "whole"]).code(0);
    let manifest = String::from_utf8(program.read("whole/manifest.json")).expect("UTF-8");
    let config = String::from_utf8(program.read("whole/config.json")).expect("UTF-8");
    let hostile = json(STEERS);
    let inside = &hostile[1..hostile.len() - 1];
    let edits = [
        (
            "manifest.json",
            manifest.replace("\"backend\": \"flex\"", &format!("\"backend\": {hostile}")),
        ),
        (
            "manifest.json",
            manifest.replace("\"state\": \"finished\"", &format!("\"state\": {hostile}")),
        ),
        ("manifest.json", manifest.replace("\"samples.csv\":", &format!("\"{inside}\":"))),
        ("manifest.json", manifest.replace("\"device\": \"", &format!("\"device\": \"{inside}"))),
        ("manifest.json", manifest.replace("\"system\": \"", &format!("\"system\": \"{inside}"))),
        (
            "manifest.json",
            manifest.replace("\"format\":", &format!("\"{inside}\": 1, \"format\":")),
        ),
        ("config.json", config.replace("\"name\": \"small\"", &format!("\"name\": {hostile}"))),
        ("config.json", config.replace("\"kind\": \"adam\"", &format!("\"kind\": {hostile}"))),
        ("config.json", config.replace("\"batch\":", &format!("\"{inside}\":"))),
        ("config.json", format!("{config}\u{1b}[31m\u{9b}")),
        ("metrics.jsonl", format!("{{{hostile}: {hostile}}}\n")),
        ("evaluation.json", format!("{{{hostile}: {hostile}}}\n")),
        ("samples.csv", format!("{STEERS}\n")),
        ("checkpoints/step-00000040/checkpoint.json", format!("{{{hostile}: {hostile}}}\n")),
    ];
    for (number, (file, text)) in edits.into_iter().enumerate() {
        let original = program.read(&format!("whole/{file}"));
        assert!(text.as_bytes() != original, "edit {number} changes nothing");
        let run = format!("run-{number}");
        copy(&program.path("whole"), &program.path(&run));
        fs::write(program.path(&run).join(file), text).expect("written");
        for (command, said) in every_command(&program, &run) {
            is_shown(&said, &format!("edit {number}, {command}"));
        }
        fs::remove_dir_all(program.path(&run)).expect("removed");
    }
}

#[test]
fn a_run_s_name_is_shown_escaped_and_quoted_for_a_shell() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "whole"]).code(0);
    let name = STEERS.replace('/', "");
    let train = ["train", "run.json", "--out", &name, "--stop-after", "20"];
    let said = program.run(&train).code(0);
    is_shown(&said, "train");
    // What it advises is a command that a shell runs.
    let (_, advice) = said.out.split_once("go on with `langevin ").expect("a hint");
    let (advice, _) = advice.split_once('`').expect("its end");
    let line = format!("{} {advice}", env!("CARGO_BIN_EXE_langevin"));
    let output = Command::new("bash").args(["-c", &line]).current_dir(program.path("")).output();
    let said: Said = output.expect("bash runs").into();
    is_shown(&said, "resume");
    let samples = fs::read(program.path(&name).join("samples.csv"));
    assert!(said.code(0).err.contains("going on from step 20") && samples.is_ok());
    for (command, said) in every_command(&program, &name) {
        is_shown(&said, &command);
    }
}

#[test]
fn what_is_typed_is_shown_escaped() {
    let program = Program::new();
    for arguments in [
        &[STEERS][..],
        &["train", STEERS],
        &["train", "--set", STEERS],
        &["train", "--set", &format!("{STEERS}=1")],
        &["train", &format!("--{STEERS}")],
        &["train", "--steps", STEERS],
        &["sample", STEERS, "--sampler", STEERS],
        &["--backend", STEERS, "train"],
        &["completions", STEERS],
        &["configs", "show", STEERS],
        &["runs", STEERS],
        &["init", STEERS, "--delimiter", STEERS],
        &["compare", STEERS],
    ] {
        let said = program.run(arguments);
        is_shown(&said, &format!("{arguments:?}"));
        assert_eq!(said.code, 2, "{arguments:?}");
    }
    // Names in other bytes than UTF-8, which a run file cannot hold.
    #[cfg(target_os = "linux")]
    {
        use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
        let name = OsStr::from_bytes(b"t\xff.csv");
        fs::write(program.path("").join(name), "a,b\n1,2\n3,5\n").expect("written");
        let said: Said = program.command(&["init"]).arg(name).output().expect("runs").into();
        said.code(2).err_has("DATA: must be a file whose path is UTF-8, got \"t\\xFF.csv\"");
        let mut command = program.command(&["train", "--dry-run"]);
        let said: Said = command.env("LANGEVIN_BACKEND", name).output().expect("runs").into();
        said.code(2).err_has("LANGEVIN_BACKEND: ");
    }
    let program = program.with("LANGEVIN_BACKEND", STEERS).with("LANGEVIN_INSTRUCTIONS", "");
    is_shown(&program.run(&["train"]).code(2), "LANGEVIN_BACKEND");
    let program = Program::new().with("LANGEVIN_INSTRUCTIONS", STEERS);
    is_shown(&program.run(&["train"]).code(2), "LANGEVIN_INSTRUCTIONS");
    let program = Program::new().with("RAYON_NUM_THREADS", STEERS);
    is_shown(&program.run(&["runs", "."]).code(0), "RAYON_NUM_THREADS");
}

#[test]
fn a_table_s_names_and_cells_are_shown_escaped() {
    let program = Program::new();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let rows: String =
        (0..60).map(|i| format!("{},{},{i}\n", i * 7 % 11, (i * i) as f64 * 0.37 % 5.0)).collect();
    let header = format!("{},mass,{}\n", quoted(STEERS), quoted("y\u{1b}]0;title\u{7}"));
    let cells = format!("1,{},4\n2,{},5\n", quoted(STEERS), quoted("\u{9b}"));
    for (name, text) in [
        ("header.csv", format!("{header}{rows}")),
        ("cells.csv", format!("a,b,c\n{rows}{cells}")),
        ("text.csv", format!("a,b,c\n{}", rows.replace(",3\n", &format!(",{}\n", quoted(STEERS))))),
        ("t\u{1b}[1m.csv", format!("a,b,c\n{rows}")),
    ] {
        program.write(name, &text);
        let said = program.run(&["init", name, "--out", "t.json"]);
        is_shown(&said, &format!("init {name:?}"));
        is_shown(&program.run(&["--json", "init", name, "--out", "u.json"]), name);
        if said.code != 0 {
            continue;
        }
        let config = String::from_utf8(program.read("t.json")).expect("UTF-8");
        assert!(!config.contains(|c: char| c < ' ' && c != '\n'), "{config:?}");
        let few = ["--steps", "20", "--set", "sample.count=50", "--set", "train.batch=8"];
        let said = program.run(&[&["train", "./t.json", "--out", "run"], &few[..]].concat());
        is_shown(&said, &format!("train {name:?}"));
        let said = said.code(0);
        assert!(said.out.contains("verdict: "), "{}", said.out);
        for command in
            [&["evaluate", "run"][..], &["report", "run"], &["runs", "."], &["verify", "run"]]
        {
            is_shown(&program.run(command).code(0), &format!("{command:?} {name:?}"));
        }
        for name in ["t.json", "u.json"] {
            fs::remove_file(program.path(name)).expect("removed");
        }
        fs::remove_dir_all(program.path("run")).expect("removed");
    }
}
