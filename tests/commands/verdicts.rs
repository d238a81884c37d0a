//! The verdict at a run's end, in `langevin evaluate`, on the page and in JSON.

use serde_json::Value;

use crate::program::{Program, SMALL, Said};

/// Trains a small network on a table for a few steps, in the folder `run`.
fn train(program: &Program, rows: &str) -> Said {
    program.write("data.csv", rows);
    let mut config: Value = serde_json::from_str(SMALL).expect("JSON");
    config["data"] = serde_json::json!({ "kind": "table", "path": "data.csv" });
    program.write("run.json", &config.to_string());
    program.run(&["train", "run.json", "--out", "run"]).code(0)
}

fn verdict(program: &Program) -> Value {
    let text = program.read("run/evaluation.json");
    serde_json::from_slice::<Value>(&text).expect("JSON")["verdict"].take()
}

/// Rows of two columns that are made without a random number, near 3.
fn rows(count: u32) -> String {
    let place = |i: u32, step: f64| (f64::from(i) * step).fract();
    let row = |i| format!("{:.3},{:.3}\n", 2.5 + place(i, 0.618_034), 2.0 + place(i, 0.414_214));
    "a,b\n".to_owned() + &(0..count).map(row).collect::<String>()
}

#[test]
fn one_typing_error_does_not_make_bad_samples_good() {
    // o02: 400 values near 3 and one of 1e30, which gives the samples their size.
    let program = Program::new();
    let said = train(&program, &format!("{}1e30,2.5\n", rows(400)));
    let found = verdict(&program);
    assert!(["fair", "poor"].contains(&found["word"].as_str().expect("a word")), "{found}");
    let word = format!("verdict: {}\n  a: ", found["word"].as_str().expect("a word"));
    assert!(said.out.contains(&word), "{}", said.out);
    assert!(!said.out.contains("perfect samples"), "{}", said.out);
}

#[test]
fn the_verdict_is_said_everywhere_and_an_old_evaluation_has_none() {
    let program = Program::new();
    let said = train(&program, &rows(600));
    let found = verdict(&program);
    assert_eq!(found["rows"], 120, "{found}");
    let first = found["reasons"][0].as_str().expect("forty steps are too few");
    for out in [&said.out, &program.run(&["evaluate", "run"]).code(0).out] {
        let word = found["word"].as_str().expect("a word");
        assert!(out.contains(&format!("verdict: {word}\n  {first}\n")), "{out}");
        assert!(out.contains("\nenergy distance in rank space "), "{out}");
        assert!(out.contains(" (independent columns "), "{out}");
    }
    assert_eq!(verdict(&program), found, "judged again it is the same");
    let page = String::from_utf8(program.read("run/report.html")).expect("UTF-8");
    assert!(
        page.contains(&format!("<h2>Verdict: {}</h2>", found["word"].as_str().expect("a word")))
    );
    assert!(page.contains("energy distance in rank space "), "{page}");
    let events = |arguments: &[&str]| -> Vec<Value> {
        let said = program.run(&[&["--json"], arguments].concat()).code(0);
        said.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    let evaluated = events(&["evaluate", "run"]);
    assert!(evaluated.iter().any(|event| event["evaluation"]["verdict"] == found), "{evaluated:?}");
    let trained = events(&["train", "run.json", "--out", "again"]);
    let ended = trained.iter().find(|event| event["event"] == "ended").expect("ended");
    assert_eq!(ended["verdict"], found);

    let mut old: Value =
        serde_json::from_slice(&program.read("run/evaluation.json")).expect("JSON");
    old.as_object_mut().expect("an object").remove("verdict");
    program.write("run/evaluation.json", &old.to_string());
    program.run(&["report", "run"]).code(0);
    let page = String::from_utf8(program.read("run/report.html")).expect("UTF-8");
    assert!(!page.contains("Verdict") && page.contains("energy distance"), "{page}");
}

#[test]
fn nine_rows_are_too_few_to_judge() {
    // p15.
    let program = Program::new();
    let said = train(&program, &rows(9));
    let word = "verdict: too few rows to judge\n  2 held-out rows, and a verdict needs 50; \
                data.holdout is their share or number\n";
    assert!(said.out.contains(word), "{}", said.out);
    assert!(!said.out.contains("rank space"), "{}", said.out);
}
