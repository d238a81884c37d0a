//! Runs away from their table: what their folder keeps, what needs the rows, and how these are named.

use std::fs;

use serde_json::Value;

use crate::{cases::Case, program::Program};

/// A table with every way in which a column is learnt, and a constant.
fn table() -> String {
    let row = |i: u32| {
        let day = format!("2024-{:02}-{:02}", 1 + i % 12, 1 + i * 5 % 28);
        let rain = if i.is_multiple_of(3) { 0.0 } else { f64::from(i * 37 % 101) / 7.0 };
        let paid = if i % 4 == 1 { "yes" } else { "no" };
        format!("{day},{rain:.2},{},{paid},{}.50,7\n", i * 7 % 13, i * 31 % 97)
    };
    let rows: String = (0..160).map(row).collect();
    format!("day,rain,stars,paid,price,seven\n{rows}")
}

/// A run of 20 steps on it, in the folder `run`.
fn trained(steps: &str) -> Case {
    let case = Case::of("t.csv", table());
    case.program.run(&["init", "t.csv", "--out", "t.json"]).code(0);
    let text = String::from_utf8(case.program.read("t.json")).expect("UTF-8");
    // Beside a category init takes ranks for all of them.
    let line = |line: &str| match line.trim_start() {
        own if own.starts_with(r#"{ "name": "price""#) => line.replace("rank", "standardise"),
        own if own.starts_with(r#"{ "name": "rain""#) => line.replace("rank", "parts"),
        _ => line.to_owned(),
    };
    let text: Vec<String> = text.lines().map(line).collect();
    case.program.write("t.json", &text.join("\n"));
    let settings = [steps, "sample.count=50", "train.validate_every=10", "report.figures=[]"];
    let mut arguments = vec!["train", "./t.json", "--out", "run"];
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    case.program.run(&arguments).code(0);
    case
}

fn move_away(program: &Program) {
    fs::create_dir(program.path("there")).expect("created");
    fs::rename(program.path("t.csv"), program.path("there/soil.csv")).expect("moved");
}

#[test]
fn samples_need_no_more_than_the_run_and_have_the_bits_of_the_table() {
    let case = trained("train.steps=20");
    let program = &case.program;
    let sample = |out: &str| {
        program.run(&["sample", "run", "--seed", "5", "--count", "90", "--out", out]).code(0);
        program.read(out)
    };
    let by_kept = sample("kept.csv");
    // Without what is kept the table is read.
    fs::rename(program.path("run/data.json"), program.path("data.json")).expect("moved");
    assert_eq!(sample("table.csv"), by_kept);
    fs::rename(program.path("data.json"), program.path("run/data.json")).expect("moved");
    move_away(program);
    assert_eq!(sample("moved.csv"), by_kept);
    program.run(&["export", "run", "--out", "w.npz", "--format", "npz"]).code(0);
    program.run(&["film", "run", "--set", "seconds=0.25", "--out", "f.gif"]).code(0);
    // The run can go to another folder too.
    fs::rename(program.path("run"), program.path("there/away")).expect("moved");
    program
        .run(&["sample", "there/away", "--seed", "5", "--count", "90", "--out", "a.csv"])
        .code(0);
    assert_eq!(program.read("a.csv"), by_kept);
}

#[test]
fn what_needs_rows_says_how_to_name_them_and_takes_them() {
    let case = trained("train.steps=20");
    let program = &case.program;
    let said = program.run(&["verify", "run"]).code(0);
    assert!(said.out.contains("data.json: sound"), "{}", said.out);
    move_away(program);
    let file = ["--data", "there/soil.csv"];
    for command in ["evaluate", "report", "reproduce", "train --resume"] {
        let mut arguments: Vec<_> = command.split(' ').chain(["run"]).collect();
        let said = program.run(&arguments).code(2);
        said.err_has(&format!(
            "t.csv: the run's table is not there; say where it is now: langevin {command} run --data FILE"
        ));
        arguments.extend(["--data", "nowhere.csv"]);
        program.run(&arguments).code(2).err_has("nowhere.csv: the run's table is not there");
    }
    let said = program.run(&["verify", "run"]).code(1);
    for words in [
        "finished, its own files are sound, but its rows cannot be had: ",
        "sample, film and export need no more than its folder; ",
        "train --resume, evaluate, report and reproduce need its rows. With them it can go on from step 20",
        "langevin verify run --data FILE",
    ] {
        assert!(said.out.contains(words), "{words:?} is not in {}", said.out);
    }
    let json = program.run(&["--json", "verify", "run"]).code(1).out;
    let last: Value = serde_json::from_str(json.lines().last().expect("a line")).expect("JSON");
    assert_eq!((&last["sound"], &last["samples_without_rows"]), (&true.into(), &true.into()));
    assert!(last["rows"].as_str().is_some_and(|why| why.contains("t.csv")), "{last}");
    program.run(&["verify", "run", file[0], file[1]]).code(0);
    for command in ["evaluate", "report", "reproduce"] {
        program.run(&[command, "run", file[0], file[1]]).code(0);
    }
    // Other rows are refused, and nothing is changed by them.
    program.write("other.csv", &table().replace(",7\n", ",8\n"));
    let config = program.read("run/config.json");
    for command in ["evaluate", "report", "reproduce", "train --resume"] {
        let arguments: Vec<_> = command.split(' ').chain(["run", "--data", "other.csv"]).collect();
        let words = "other.csv: these are not the rows that run was trained on";
        program.run(&arguments).code(2).err_has(words);
    }
    program.run(&["verify", "run", "--data", "other.csv"]).code(1);
    assert_eq!(program.read("run/config.json"), config);
    // A run that goes on knows the place from then on.
    program.run(&["train", "--resume", "run", file[0], file[1]]).code(0);
    program.run(&["verify", "run"]).code(0);
    program.run(&["evaluate", "run"]).code(0);
}

#[test]
fn a_formula_has_no_file_and_a_flag_for_one_is_refused() {
    let program = Program::new();
    program
        .run(&[
            "train",
            "two-moons",
            "--out",
            "run",
            "--set",
            "train.steps=2",
            "--set",
            "sample.count=4",
        ])
        .code(0);
    let said = program.run(&["sample", "run", "--data", "a.csv"]).code(2);
    said.err_has("--data: data: comes from no file, and none can be named");
    assert!(!program.path("run/data.json").exists());
    program.run(&["train", "two-moons", "--data", "a.csv"]).code(2).err_has("needs --resume");
}

#[test]
fn what_is_kept_is_not_trusted() {
    let case = trained("train.steps=20");
    let program = &case.program;
    let sound = program.read("run/data.json");
    let json: Value = serde_json::from_slice(&sound).expect("JSON");
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut json = json.clone();
        change(&mut json);
        json.to_string()
    };
    let scale = |json: &Value, kind: &str| {
        let columns = json["columns"].as_array().expect("columns");
        columns.iter().position(|column| column["scale"]["map"].get(kind).is_some()).expect(kind)
    };
    let (rank, linear) = (scale(&json, "rank"), scale(&json, "linear"));
    let cases: [(String, &str); 9] = [
        ("{".to_owned(), "data.json"),
        (changed(&|it| it["columns"] = Value::Array(Vec::new())), "columns: must hold a column"),
        (changed(&|it| it["rows"]["mean"] = Value::Array(Vec::new())), "rows.mean: must be 8"),
        (
            changed(&|it| it["rows"]["variance"][0] = (-1).into()),
            "rows.variance: must not be below 0",
        ),
        (
            changed(&|it| it["rows"]["ranges"][0] = [2, 1].as_slice().into()),
            "rows.ranges: must go up",
        ),
        (
            changed(&|it| it["rows"]["fingerprint"] = "other".into()),
            "other data than data.json keeps",
        ),
        (
            changed(&|it| it["columns"][rank]["scale"]["map"]["rank"]["values"][0] = 1e300.into()),
            ".scale.map: must",
        ),
        (
            changed(&|it| it["columns"][linear]["scale"]["map"]["linear"]["std"] = 0.into()),
            ".scale.map: must",
        ),
        (
            changed(&|it| it["columns"][0]["column"]["kind"] = "whole".into()),
            ".column.format: must be how the file writes the number 1234.5",
        ),
    ];
    let manifest: Value = serde_json::from_slice(&program.read("run/manifest.json")).expect("JSON");
    let refused = |words: &str| {
        let said = program.run(&["sample", "run", "--out", "x.csv"]).code(2);
        said.err_has(words).err_has("data.json");
        assert!(!program.path("x.csv").exists());
        let found = program.run(&["verify", "run"]).code(1).out;
        let own: Vec<_> = found.lines().filter(|line| line.starts_with("data.json: ")).collect();
        assert!(matches!(own[..], [line] if !line.ends_with("sound")), "{found}");
    };
    for (text, words) in cases {
        program.write("run/data.json", &text);
        refused(
            "its checksum is not the one that manifest.json names; `langevin train --resume RUN`",
        );
        // A manifest that names it as it is.
        let mut names_it = manifest.clone();
        names_it["files"]["data.json"] = blake3::hash(text.as_bytes()).to_string().into();
        program.write("run/manifest.json", &names_it.to_string());
        refused(words);
        program.write("run/manifest.json", &manifest.to_string());
    }
    // Without its table too it is the file that is wrong, not the table that is missing.
    program.write("run/data.json", "{");
    fs::rename(program.path("t.csv"), program.path("away.csv")).expect("moved");
    refused("its checksum is not");
    fs::rename(program.path("away.csv"), program.path("t.csv")).expect("moved");
    // A run that goes on keeps its table anew.
    program.run(&["train", "--resume", "run"]).code(0);
    assert_eq!(program.read("run/data.json"), sound);
}

#[test]
fn a_table_that_changed_or_is_another_is_not_taken_for_the_run_s() {
    let case = trained("train.steps=20");
    let program = &case.program;
    let film = ["film", "run", "--set", "seconds=0.25", "--out", "f.gif"];
    program.write("t.csv", &table().replace(",7\n", ",8\n"));
    // The film has no rows under its samples then.
    program.run(&film).code(0);
    program.run(&["sample", "run", "--out", "s.csv"]).code(0);
    for command in [&["sample", "run", "--out", "x.csv"][..], &["film", "run", "--out", "x.gif"]] {
        let with = |file: &'static str| [command, &["--data", file]].concat();
        let words = "t.csv: these are not the rows that run was trained on";
        program.run(&with("t.csv")).code(2).err_has(words).err_has(" run --data FILE");
        program
            .run(&with("nowhere.csv"))
            .code(2)
            .err_has("nowhere.csv: the run's table is not there");
        let words = "--data: data.path: must be a file whose path is UTF-8, got \"builtin:digits\"";
        program.run(&with("builtin:digits")).code(2).err_has(words);
    }
    assert!(!program.path("x.csv").exists() && !program.path("x.gif").exists());
    // Without a name it is the table, not the run, that is said to have changed.
    let resume = ["train", "--resume", "run"];
    for command in [&["evaluate", "run"][..], &["report", "run"], &["reproduce", "run"], &resume] {
        let way_out = format!("langevin {} --data FILE", command.join(" "));
        let said = program.run(command).code(2);
        said.err_has("error: t.csv: these are not the rows that run was trained on")
            .err_has(&way_out);
    }
}
