//! What the program says and writes when all is well.

use std::{fs, process::Stdio};

use crate::program::{Program, SMALL};

#[test]
fn a_run_leaves_its_documented_files() {
    let program = Program::new();
    let drawn = SMALL.replace(r#""figures": []"#, r#""figures": ["loss", "scatter", "levels"]"#);
    program.write("run.json", &drawn);
    let said = program.run(&["train", "run.json"]).code(0);
    assert!(said.out.contains("trained 40 steps"), "{}", said.out);
    assert!(said.out.contains("runs/small/samples.csv"), "{}", said.out);
    assert!(said.err.contains("step 7/40"), "one line a log step in a log: {}", said.err);
    assert!(!said.err.contains('\u{1b}'), "no terminal codes in a log");
    for name in [
        "config.json",
        "manifest.json",
        "metrics.jsonl",
        "timings.jsonl",
        "samples.csv",
        "figures/loss.svg",
        "figures/loss.png",
        "figures/scatter.svg",
        "figures/scatter.png",
        "figures/levels.svg",
        "figures/levels.png",
        "checkpoints/step-00000040/checkpoint.json",
        "checkpoints/step-00000030/checkpoint.json",
    ] {
        assert!(!program.read(&format!("runs/small/{name}")).is_empty(), "{name}");
    }
    let kept = fs::read_dir(program.path("runs/small/checkpoints")).expect("folder").count();
    assert_eq!(kept, 2, "keep_checkpoints");
    let samples = String::from_utf8(program.read("runs/small/samples.csv")).expect("UTF-8");
    assert_eq!(samples.lines().next(), Some("x0,x1"));
    assert_eq!(samples.lines().count(), 601);
    let metrics = String::from_utf8(program.read("runs/small/metrics.jsonl")).expect("UTF-8");
    let steps: Vec<u64> = metrics
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON")["step"]
                .as_u64()
                .expect("step")
        })
        .collect();
    assert_eq!(steps, [7, 10, 14, 20, 21, 28, 30, 35, 40]);
    // A second run of the same config gets its own folder.
    program.run(&["train", "run.json", "--steps", "1"]).code(0);
    assert!(program.path("runs/small-2/samples.csv").exists());
}

#[test]
fn a_log_has_at_most_forty_lines_of_progress() {
    let program = Program::new();
    program.write("run.json", SMALL);
    let run =
        ["train", "run.json", "--set", "train.log_every=1", "--set", "train.validate_every=0"];
    let said = program.run(&[&run[..], &["--steps", "400"]].concat()).code(0);
    let lines: Vec<&str> = said.err.lines().filter(|line| line.starts_with("step ")).collect();
    assert!((35..=40).contains(&lines.len()), "{} lines", lines.len());
    assert!(
        lines[0].starts_with("step 1/400") && lines[lines.len() - 1].starts_with("step 400/400")
    );
}

#[test]
fn json_output_is_one_object_a_line() {
    let program = Program::new();
    program.write("run.json", SMALL);
    let said = program.run(&["--json", "train", "run.json"]).code(0);
    let events: Vec<String> = said
        .out
        .lines()
        .map(|line| {
            let value: serde_json::Value =
                serde_json::from_str(line).expect("one JSON object a line");
            value["event"].as_str().expect("an event").to_owned()
        })
        .collect();
    assert_eq!(events.first().map(String::as_str), Some("started"));
    assert_eq!(events.last().map(String::as_str), Some("ended"));
    assert!(events.contains(&"metrics".to_owned()) && events.contains(&"checkpoint".to_owned()));
    assert!(said.err.is_empty(), "{}", said.err);
}

#[test]
fn a_reader_that_goes_away_does_not_end_the_run() {
    let program = Program::new();
    program.write("run.json", SMALL);
    for (number, flags) in [&["--json"][..], &["--quiet"], &[]].into_iter().enumerate() {
        let run = format!("run{number}");
        let mut command = program.command(flags);
        command.args(["train", "run.json", "--out", &run]);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("runs");
        // What `| head -n 0` and a closed terminal leave of both.
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().expect("waited").code(), Some(0), "{flags:?}");
        assert!(program.path(&format!("{run}/samples.csv")).is_file(), "{flags:?}");
    }
}

#[test]
fn quiet_prints_the_result_alone() {
    let program = Program::new();
    program.write("run.json", SMALL);
    let said = program.run(&["--quiet", "train", "run.json"]).code(0);
    assert!(said.err.is_empty(), "{}", said.err);
    assert!(said.out.contains("trained 40 steps"), "{}", said.out);
}

#[test]
fn a_dry_run_takes_a_step_and_writes_nothing() {
    let program = Program::new();
    program.write("run.json", SMALL);
    let said = program.run(&["train", "run.json", "--dry-run"]).code(0);
    assert!(
        said.out.contains("parameters") && said.out.contains("nothing was written"),
        "{}",
        said.out
    );
    assert_eq!(program.everything(), ["run.json"]);
}

#[test]
fn every_config_is_sound_and_takes_a_step() {
    let program = Program::new();
    let listed = program.run(&["configs", "list"]).code(0).out;
    let described = |line| str::split_once(line, "  ").unwrap_or((line, ""));
    let (names, about): (Vec<&str>, Vec<&str>) = listed.lines().map(described).unzip();
    assert_eq!(names[0], "default");
    for (name, about) in names.iter().zip(&about) {
        assert!(about.trim().len() > 20, "{name} lacks a description");
    }
    let listed = program.run(&["--json", "configs"]).code(0).out;
    let described = |line| serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    let in_json: Vec<_> = listed.lines().map(described).collect();
    for ((name, about), json) in names.iter().zip(&about).zip(&in_json) {
        assert_eq!(
            (json["name"].as_str(), json["about"].as_str()),
            (Some(*name), Some(about.trim()))
        );
    }
    let folder: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs");
    let mut files = 0;
    let article = format!("{folder}/article");
    let paths = [folder, &article].map(|folder| fs::read_dir(folder).expect("configs").flatten());
    let paths = paths.into_iter().flatten().map(|entry| entry.path());
    for path in paths.filter(|path| path.is_file()) {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(names.contains(&name.as_str()), "{name} is in configs/ and not in the binary");
        let text = fs::read_to_string(&path).expect("read");
        assert_eq!(program.run(&["configs", "show", &name]).code(0).out.trim(), text.trim());
        program.run(&["train", &path.display().to_string(), "--dry-run"]).code(0);
        files += 1;
    }
    assert_eq!(files, names.len());
    let text = |name: &str| fs::read_to_string(format!("{folder}/{name}.json")).expect("read");
    assert_eq!(text("default"), text("four-modes"));
}

#[test]
fn samples_can_be_drawn_again_and_more_of_them() {
    let program = Program::new();
    program.write("run.json", SMALL);
    program.run(&["train", "run.json", "--out", "run"]).code(0);
    program.run(&["sample", "run", "--out", "same.csv"]).code(0);
    assert_eq!(program.read("same.csv"), program.read("run/samples.csv"));
    program.run(&["sample", "run", "--count", "700", "--out", "more.csv"]).code(0);
    let (same, more) = (program.read("same.csv"), program.read("more.csv"));
    assert!(more.starts_with(&same), "the first 600 of 700 are the 600");
    program.run(&["sample", "run", "--seed", "9", "--out", "other.csv"]).code(0);
    assert_ne!(program.read("other.csv"), same);
    program
        .run(&["sample", "run", "--sampler", "heun", "--steps", "5", "--out", "heun.npy"])
        .code(0);
    assert!(program.read("heun.npy").starts_with(b"\x93NUMPY"));
    program.run(&["sample", "run"]).code(0);
    program.run(&["sample", "run"]).code(0);
    assert_eq!(program.read("run/samples-2.csv"), program.read("run/samples-3.csv"));
}

#[test]
fn the_schema_describes_the_default_config() {
    let program = Program::new();
    let schema = program.run(&["schema"]).code(0).out;
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    let fields = schema["properties"].as_object().expect("properties");
    let config = program.run(&["configs", "show", "default"]).code(0).out;
    let config: serde_json::Value = serde_json::from_str(&config).expect("JSON");
    for field in config.as_object().expect("an object").keys() {
        assert!(fields.contains_key(field), "{field}");
    }
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn help_and_doctor_say_what_there_is() {
    let program = Program::new();
    let help = program.run(&["--help"]).code(0).out;
    for word in ["train", "sample", "configs", "schema", "doctor", "--backend", "Examples:"] {
        assert!(help.contains(word), "{word} in {help}");
    }
    let doctor = program.run(&["doctor"]).code(0).out;
    assert!(doctor.contains("backends   flex, ndarray, wgpu"), "{doctor}");
    assert!(doctor.contains("threads"), "{doctor}");
    let manifest = include_str!("../../Cargo.toml");
    let (_, version) = manifest.split_once("burn = { version = \"=").expect("pinned");
    let version = version.split('"').next().expect("a version");
    assert!(doctor.contains(&format!("on Burn {version}")), "{doctor}");
}
