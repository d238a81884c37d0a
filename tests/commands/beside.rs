//! What happens around a run: signals at any time, commands side by side, folders and clocks that are not as they
//! should be. docs/reliability.md has it as a table.

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::{
    program::{Program, SMALL, Said},
    signals::send,
};

/// Results whose bytes tell two runs apart.
const RESULTS: [&str; 4] = ["samples.csv", "metrics.jsonl", "evaluation.json", "film.gif"];

/// Run with a film, figures and a page.
fn with_all() -> String {
    let film = r#""figures": ["loss", "scatter"], "film": { "seconds": 0.5, "size": 160 }"#;
    let text = SMALL.replace(r#""steps": 40"#, r#""steps": 400"#);
    text.replace(r#""figures": []"#, film)
}

fn begin(program: &Program, arguments: &[&str]) -> Child {
    let mut command = program.command(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the binary runs")
}

#[track_caller]
fn same(program: &Program, run: &str, whole: &str, what: &str) {
    for name in RESULTS {
        let [own, whole] = [run, whole].map(|run| program.read(&format!("{run}/{name}")));
        assert!(own == whole, "{what}: {name}");
    }
    assert!(program.path(run).join("report.html").exists(), "{what}");
}

#[test]
fn a_signal_at_any_time_leaves_a_run_that_goes_on_to_the_same_bytes() {
    let program = Program::new();
    program.write("run.json", &with_all());
    let start = Instant::now();
    program.run(&["train", "run.json", "--out", "whole"]).code(0);
    let took = start.elapsed();
    for (signal, code) in [("-TERM", 143), ("-INT", 130), ("-HUP", 129)] {
        for part in 0..6 {
            let what = format!("{signal} at {part} of 6");
            let mut child = begin(&program, &["train", "run.json", "--out", "run"]);
            sleep(took * part / 6);
            send(signal, &child);
            let status = child.wait().expect("waited");
            // Before it listens, a signal ends it as any program; after its last work it is done.
            let is_known = match status.code() {
                None => status.signal() == Some(code - 128),
                ended => ended == Some(0) || ended == Some(code),
            };
            assert!(is_known, "{what}: {status}");
            if status.code() != Some(0) {
                let run = program.path("run");
                let arguments: &[&str] = match run.join("config.json").exists() {
                    true => &["train", "--resume", "run"],
                    false => &["train", "run.json", "--out", "run"],
                };
                program.run(arguments).code(0);
            }
            same(&program, "run", "whole", &what);
            fs::remove_dir_all(program.path("run")).expect("removed");
        }
    }
}

#[test]
fn a_run_that_is_suspended_goes_on_as_if_it_had_not_been() {
    let program = Program::new();
    program.write("run.json", &with_all());
    let start = Instant::now();
    program.run(&["train", "run.json", "--out", "whole"]).code(0);
    let took = start.elapsed();
    let mut child = begin(&program, &["train", "run.json", "--out", "run"]);
    for _ in 0..6 {
        sleep(took / 8);
        send("-STOP", &child);
        sleep(Duration::from_millis(50));
        send("-CONT", &child);
    }
    assert_eq!(child.wait().expect("waited").code(), Some(0));
    same(&program, "run", "whole", "suspended");
}

#[test]
fn a_report_that_is_stopped_leaves_the_page_before_it_and_two_write_the_same() {
    let program = Program::new();
    program.write("run.json", &with_all());
    program.run(&["train", "run.json", "--out", "run"]).code(0);
    let page = program.read("run/report.html");
    let names = program.everything();
    for signal in ["-TERM", "-INT", "-HUP", "-KILL"] {
        for wait in [20, 150] {
            let mut child = begin(&program, &["report", "run"]);
            sleep(Duration::from_millis(wait));
            send(signal, &child);
            child.wait().expect("waited");
            assert!(program.read("run/report.html") == page, "{signal} after {wait} ms");
        }
    }
    let mut both = [begin(&program, &["report", "run"]), begin(&program, &["report", "run"])];
    let ends = both.each_mut().map(|child| child.wait().expect("waited").code());
    assert_eq!(ends, [Some(0), Some(0)]);
    assert!(program.read("run/report.html") == page);
    program.run(&["verify", "run"]).code(0);
    // What a killed one was writing is removed by the next run there, and nothing else is new.
    let new: Vec<_> = program.everything().into_iter().filter(|it| !names.contains(it)).collect();
    assert!(new.iter().all(|name| name.contains(".langevin-tmp-")), "{new:?}");
}

#[test]
fn samples_are_drawn_beside_a_run_that_goes_on_and_its_checkpoints_may_go() {
    let program = Program::new();
    let long = SMALL.replace(r#""steps": 40"#, r#""steps": 20000"#);
    program.write("run.json", &long.replace(r#""validate_every": 10"#, r#""validate_every": 0"#));
    program.run(&["train", "run.json", "--out", "whole"]).code(0);
    program.run(&["train", "run.json", "--out", "run", "--stop-after", "1000"]).code(0);
    let (mut child, mut said) = program.start(&["train", "--resume", "run"]);
    said.by_ref().find(|line| line.as_ref().is_ok_and(|line| line.starts_with("going on")));
    let drawn = program.run(&["sample", "run", "--count", "100", "--out", "x.csv"]);
    drawn.code(0);
    assert!(child.try_wait().expect("a state").is_none(), "it trains still");
    // Somebody removes the oldest checkpoint that is there.
    let found = fs::read_dir(program.path("run/checkpoints")).expect("a folder").flatten();
    let oldest = found.map(|entry| entry.path()).min().expect("a checkpoint");
    let _ = fs::remove_dir_all(oldest);
    said.for_each(drop);
    assert_eq!(child.wait().expect("waited").code(), Some(0));
    for name in ["samples.csv", "metrics.jsonl"] {
        let [own, whole] = ["run", "whole"].map(|run| program.read(&format!("{run}/{name}")));
        assert!(own == whole, "{name}");
    }
}

#[test]
fn a_checkpoint_that_goes_while_a_run_resumes_costs_the_steps_since_the_one_before() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "whole"]).code(0);
    for wait in [0, 20, 60, 120] {
        program.run(&["train", "run.json", "--out", "run", "--stop-after", "36"]).code(0);
        let (mut child, said) = program.start(&["train", "--resume", "run"]);
        sleep(Duration::from_millis(wait));
        let _ = fs::remove_dir_all(program.path("run/checkpoints/step-00000036"));
        let said: Vec<_> = said.map_while(Result::ok).collect();
        // It may have gone in the midst of being read, which is no damage: then the same command goes on.
        if child.wait().expect("waited").code() != Some(0) {
            let errors = said.iter().filter(|line| line.starts_with("error: ")).count();
            assert_eq!(errors, 1, "after {wait} ms: {said:?}");
            program.run(&["train", "--resume", "run"]).code(0);
        }
        for name in ["samples.csv", "metrics.jsonl"] {
            let [own, whole] = ["run", "whole"].map(|run| program.read(&format!("{run}/{name}")));
            assert!(own == whole, "after {wait} ms: {name}");
        }
        fs::remove_dir_all(program.path("run")).expect("removed");
    }
}

#[track_caller]
fn ends_with_one_message(said: &Said, what: &str) {
    let errors = said.err.lines().filter(|line| line.starts_with("error: ")).count();
    let is_told = said.code == 0 || [1, 2].contains(&said.code) && errors == 1;
    assert!(is_told && !said.err.contains("panic"), "{what}: {} {}", said.code, said.err);
}

#[test]
fn a_folder_that_is_gone_or_may_not_be_written_is_told_of() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run"]).code(0);
    let run = program.path("run").display().to_string();
    let commands: [&[&str]; 9] = [
        &["train", "--steps", "2"],
        &["train", "--resume"],
        &["runs"],
        &["sample", &run, "--count", "3", "--out", "x.csv"],
        &["verify", &run],
        &["report", &run],
        &["reproduce", &run, "--steps", "10"],
        &["configs"],
        &["doctor"],
    ];
    for command in commands {
        let what = format!("{command:?}");
        let gone = program.run_after("mkdir -p gone && cd gone && rmdir ../gone", command);
        ends_with_one_message(&gone, &format!("{what} in a folder that is gone"));
        let temporary = program.run_after("export TMPDIR=/proc/1", command);
        ends_with_one_message(&temporary, &format!("{what} without temporary files"));
        if command[0] == "reproduce" {
            temporary.code(1).err_has("cannot create a temporary folder: ");
        }
        let masked = program.run_after("umask 777", command);
        ends_with_one_message(&masked, &format!("{what} with umask 777"));
        let _ =
            Command::new("chmod").args(["-R", "u+rwX", "."]).current_dir(program.path("")).status();
        let _ = fs::remove_dir_all(program.path("runs"));
        let _ = fs::remove_file(program.path("x.csv"));
    }
}

#[test]
fn a_clock_that_was_set_back_changes_nothing_but_the_order() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "whole"]).code(0);
    let stop = ["--stop-after", "15"];
    program.run(&[&["train", "run.json", "--out", "runs/a"], &stop[..]].concat()).code(0);
    // It was begun in a time that is yet to come, and so were its files.
    let manifest = String::from_utf8(program.read("runs/a/manifest.json")).expect("UTF-8");
    let (before, rest) = manifest.split_once("\"started\": ").expect("a time");
    let (_, rest) = rest.split_once(',').expect("more");
    program.write("runs/a/manifest.json", &format!("{before}\"started\": 4102444800,{rest}"));
    let touched = Command::new("sh")
        .args(["-c", "find runs -exec touch -d 2099-01-01 {} +"])
        .current_dir(program.path(""))
        .status();
    assert!(touched.expect("a shell runs").success());
    program.run(&[&["train", "run.json", "--out", "runs/b"], &stop[..]].concat()).code(0);
    program.run(&["verify", "runs/a"]).code(0);
    let said = program.run(&["train", "--resume"]).code(0);
    said.err_has("going on from step 15 of 40 in runs/a");
    for name in ["samples.csv", "metrics.jsonl"] {
        assert!(program.read(&format!("runs/a/{name}")) == program.read(&format!("whole/{name}")));
    }
    program.run(&["train", "--resume"]).code(0).err_has("in runs/b");
}
