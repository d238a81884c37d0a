//! Run folders from elsewhere: what is no file, has no end, or holds more than memory, ends in a message
//! that names it; names are text on the page.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::program::{Program, SMALL, Said};

/// Everything that reads a run folder.
const READERS: [&[&str]; 6] = [
    &["verify", "run"],
    &["report", "run"],
    &["compare", "run", "run"],
    &["sample", "run", "--count", "1"],
    &["film", "run"],
    &["train", "--resume", "run"],
];

fn trained() -> Program {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run", "--steps", "15"]).code(0);
    program
}

/// Each reader ends soon, and one of those that read the file names it; nothing else is allowed.
#[track_caller]
fn all_end(program: &Program, name: &str, why: &str) {
    let mut named = 0;
    for reader in READERS {
        let start = Instant::now();
        let Said { code, out, err } = program.run(reader);
        assert!(start.elapsed() < Duration::from_secs(20), "{reader:?} with another {name}");
        assert!((0..=2).contains(&code), "{reader:?} with another {name}: {err}");
        let said = format!("{out}{err}");
        named += usize::from(said.contains(name) && said.contains(why));
        if code == 2 || code == 1 && reader[0] != "verify" {
            let errors = err.lines().filter(|line| line.starts_with("error: ")).count();
            assert_eq!(errors, 1, "{reader:?} with another {name}: {err}");
        }
    }
    assert!(named > 0, "nobody names {name}: {why}");
}

/// The files of a run, each read by one of the readers at least.
const FILES: [&str; 7] = [
    "manifest.json",
    "metrics.jsonl",
    "timings.jsonl",
    "evaluation.json",
    "levels.json",
    "samples.csv",
    "checkpoints/step-00000015/model.safetensors",
];

#[cfg(unix)]
#[test]
fn pipes_and_devices_in_the_place_of_files_are_not_read() {
    let program = trained();
    for name in FILES {
        let path = program.path(&format!("run/{name}"));
        let sound = fs::read(&path).expect("there");
        let file = name.rsplit('/').next().unwrap_or(name);
        fs::remove_file(&path).expect("removed");
        assert!(
            std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success()
        );
        all_end(&program, file, "must be a regular file");
        fs::remove_file(&path).expect("removed");
        std::os::unix::fs::symlink("/dev/zero", &path).expect("linked");
        all_end(&program, file, "must be a regular file");
        fs::remove_file(&path).expect("removed");
        fs::write(&path, sound).expect("written");
    }
}

#[test]
fn a_file_of_a_terabyte_is_not_read() {
    let program = trained();
    for name in ["config.json"].iter().chain(&FILES) {
        let path = program.path(&format!("run/{name}"));
        let sound = fs::read(&path).expect("there");
        // A hole, which takes no disk.
        let file = fs::OpenOptions::new().write(true).open(&path).expect("there");
        file.set_len(1 << 40).expect("a hole");
        if name.ends_with(".safetensors") {
            all_end(&program, "model.safetensors", "has 1099511627776 bytes");
        } else {
            all_end(&program, name, "are read");
        }
        fs::remove_file(&path).expect("removed");
        fs::write(&path, sound).expect("written");
    }
}

#[cfg(unix)]
#[test]
fn data_that_a_run_s_config_finds_in_a_pipe_is_not_waited_for() {
    let program = Program::new();
    program.write("data.csv", "a,b\n1,2\n2,1\n3,3\n4,1\n5,2\n6,0\n");
    let table = SMALL.replace(
        r#"{ "kind": "gaussian_mixture", "means": [[-1, 0], [1, 0.5]], "std": 0.1 }"#,
        r#"{ "kind": "table", "path": "data.csv" }"#,
    );
    program.write("run.json", &table);
    program.run(&["train", "run.json", "--out", "run", "--steps", "15"]).code(0);
    fs::remove_file(program.path("data.csv")).expect("removed");
    let pipe = program.path("data.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    all_end(&program, "data.csv", "must be a regular file");
}

#[test]
fn names_from_files_are_text_on_the_page() {
    let program = Program::new();
    let hostile = r#"</title><script>alert(1)</script><img src=x onerror=alert(1)>&'"#;
    program.write("data.csv", &format!("\"{hostile}\",b\n1,2\n2,1\n3,3\n4,1\n5,2\n6,0\n"));
    let table = SMALL.replace(
        r#"{ "kind": "gaussian_mixture", "means": [[-1, 0], [1, 0.5]], "std": 0.1 }"#,
        r#"{ "kind": "table", "path": "data.csv" }"#,
    );
    program.write("run.json", &table.replace("[] }", "[\"marginals\", \"scatter\"] }"));
    program.run(&["train", "run.json", "--out", "run<b>", "--steps", "15"]).code(0);
    let text = String::from_utf8(program.read("run<b>/manifest.json")).expect("UTF-8");
    let mut manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for field in ["langevin", "burn", "backend", "device"] {
        manifest["program"][field] = hostile.into();
    }
    for field in ["system", "cpu"] {
        manifest["machine"][field] = hostile.into();
    }
    program.write("run<b>/manifest.json", &manifest.to_string());
    let text = String::from_utf8(program.read("run<b>/evaluation.json")).expect("UTF-8");
    program.write("run<b>/evaluation.json", &text.replace("energy_distance", "<script>"));
    program.run(&["report", "run<b>"]).code(0);
    program.run(&["compare", "run<b>", "run<b>", "--out", "compared.html"]).code(0);
    for page in ["run<b>/report.html", "compared.html", "run<b>/figures/marginals.svg"] {
        let page = String::from_utf8(program.read(page)).expect("UTF-8");
        for markup in ["<script", "<img src=x", "<b>", "</title><"] {
            assert!(!page.contains(markup), "{markup}");
        }
    }
    let page = String::from_utf8(program.read("run<b>/report.html")).expect("UTF-8");
    assert!(page.contains("&lt;script&gt;"), "the names are there, as text");
}

#[test]
fn a_run_file_larger_than_any_and_one_without_end_are_refused() {
    let program = Program::new();
    program.write("run.json", &format!("{{\"name\": \"{}\"}}", "x".repeat(5 << 20)));
    let said = program.run(&["train", "run.json", "--dry-run"]).code(2);
    said.err_has("cannot read run.json: it has more than 4194304 bytes, the most of a run file");
    if cfg!(target_os = "linux") {
        program.run(&["train", "/dev/zero", "--dry-run"]).code(2).err_has("cannot read /dev/zero");
    }
}

#[cfg(unix)]
#[test]
fn a_link_among_checkpoints_leads_to_nothing_that_is_removed() {
    let program = Program::new();
    program.write("run.json", SMALL);
    for out in ["run", "other"] {
        program.run(&["train", "run.json", "--out", out, "--stop-after", "15"]).code(0);
    }
    let theirs = || {
        let names = program.everything();
        names.into_iter().filter(|name| name.starts_with("other/")).collect::<Vec<_>>()
    };
    let before = theirs();
    let link = |to: &str, at: &str| {
        std::os::unix::fs::symlink(program.path(to), program.path(at)).expect("linked");
    };
    // Older than those that the run keeps, so that it would go.
    link("other/checkpoints/step-00000015", "run/checkpoints/step-00000001");
    program.run(&["train", "--resume", "run"]).code(0);
    assert_eq!(theirs(), before);
    fs::remove_dir_all(program.path("run/checkpoints")).expect("removed");
    link("other/checkpoints", "run/checkpoints");
    program
        .run(&["train", "--resume", "run"])
        .code(1)
        .err_has("run/checkpoints: it must be a folder, and no link");
    assert_eq!(theirs(), before);
}
