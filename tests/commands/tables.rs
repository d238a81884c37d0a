//! Tables of a user's own, from a file to samples in the same columns and units.

use std::fmt::Write;

use crate::program::{Program, Said};

/// A file as people have them: names with spaces and units, exponents, an id, words, gaps.
fn measurements(rows: usize) -> String {
    let mut text = "id;taken on;mass (kg);flow rate [1/s];count\n".to_owned();
    for i in 0..rows {
        let (x, y) = ((i as f64 * 0.7).sin(), (i as f64 * 1.3).cos());
        let mass = if i % 33 == 7 { String::new() } else { format!("{:.3}", 70.0 + 8.0 * x) };
        let flow = format!("{:.4e}", 2e-5 * (1.5 + x + 0.5 * y));
        let day = 1 + i % 28;
        writeln!(text, "{};day {day:02};{mass};{flow};{}", 1000 + i, 20 + (i * 7) % 13)
            .expect("a string");
    }
    text
}

/// A short run on `data.csv`.
fn run_of(program: &Program, data: &str, settings: &[&str]) -> Said {
    program.write("data.csv", data);
    program.write("run.json", TABLE);
    let mut arguments = vec!["train", "run.json", "--out", "run"];
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    program.run(&arguments)
}

const TABLE: &str = r#"{
  "name": "table",
  // Comments are for people.
  "data": { "kind": "table", "path": "data.csv", "holdout": 0.2 },
  "noise": { "schedule": { "kind": "karras" }, "levels": { "kind": "log_normal" } },
  "denoiser": {
    "network": { "kind": "mlp", "width": 16, "depth": 2 }, "prediction": { "kind": "edm" }
  },
  "train": {
    "steps": 30, "batch": 16, "optimizer": { "kind": "adam" },
    "learning_rate": { "kind": "constant", "value": 0.003 }, "validate_every": 10
  },
  "sample": { "sampler": { "kind": "heun", "steps": 6 }, "count": 50 },
  "report": { "figures": ["scatter", "marginals"] }
}"#;

const SMALL_TABLE: &str =
    "a,b,c\n1,5,3.5\n2,5,1.5\n4,5,2.5\n8,5,9\n16,5,7\n3,5,6\n9,5,2\n7,5,1\n6,5,4\n5,5,8\n";

#[test]
fn a_file_of_the_user_s_goes_from_init_to_evaluate_without_an_editor() {
    let program = Program::new();
    std::fs::create_dir(program.path("data")).expect("created");
    program.write("data/my measurements.csv", &measurements(400));
    let said = program.run(&["init", "data/my measurements.csv"]).code(0);
    for line in [
        "my-measurements.json: 400 rows, 4 columns to learn",
        "mass (kg): ",
        "12 missing",
        "left out: id (numbers the rows)",
        "taken on: 28 texts, a category",
        "388 of 400 rows are complete; what the others lack is learnt",
        "next: langevin train my-measurements.json",
    ] {
        assert!(said.out.contains(line), "{line:?} is not in {}", said.out);
    }
    let short = ["train", "my-measurements.json", "--steps", "40", "--set", "sample.count=60"];
    let said = program.run(&short).code(0);
    assert!(said.err.contains("learnt too: mass (kg) (2.8 %)"), "{}", said.err);
    assert!(said.err.contains("columns left out: id"), "{}", said.err);
    let run = "runs/my-measurements";
    let samples = String::from_utf8(program.read(&format!("{run}/samples.csv"))).expect("UTF-8");
    assert_eq!(samples.lines().next(), Some("taken on,mass (kg),flow rate [1/s],count"));
    for line in samples.lines().skip(1) {
        let (day, numbers) = line.split_once(',').expect("fields");
        assert!(day.starts_with("day ") && day.len() == 6, "a text of the file: {line}");
        let number =
            |field: &str| if field.is_empty() { 70.0 } else { field.parse().expect("a number") };
        let fields: Vec<f64> = numbers.split(',').map(number).collect();
        assert_eq!(fields[2].fract(), 0.0, "whole numbers are rounded: {line}");
        assert!((0.0..200.0).contains(&fields[0]) && fields[1].abs() < 1e-3, "units: {line}");
    }
    let masses = samples.lines().skip(1).map(|line| line.split(',').nth(1).expect("a field"));
    let masses: Vec<f64> = masses.filter_map(|field| field.parse().ok()).collect();
    let mean = masses.iter().sum::<f64>() / masses.len() as f64;
    let summary = said.out.lines().find_map(|line| line.strip_prefix("samples: mean "));
    let shown = summary.and_then(|line| line.split(", ").next()).expect("a summary");
    let shown: f64 = shown.parse().expect("a number");
    assert!((shown / mean - 1.0).abs() < 0.01, "in the user's units: {}", said.out);
    program.run(&["sample", run, "--count", "5", "--out", "more.csv"]).code(0);
    assert!(samples.as_bytes().starts_with(&program.read("more.csv")), "the same first samples");
    let said = program.run(&["evaluate", run]).code(0);
    assert!(said.out.contains("flow rate [1/s]") && said.out.contains("floor"), "{}", said.out);
    let evaluation: serde_json::Value =
        serde_json::from_slice(&program.read(&format!("{run}/evaluation.json"))).expect("JSON");
    assert_eq!(evaluation["rows"]["training"], 320);
    assert_eq!(evaluation["rows"]["held_out"], 80);
    for figure in ["marginals", "shares", "pairs"] {
        let svg = program.read(&format!("{run}/figures/{figure}.svg"));
        assert!(String::from_utf8(svg).expect("UTF-8").contains("my-measurements"), "{figure}");
    }
    let said = program.run(&["evaluate", run, "--target", "count"]).code(0);
    assert!(said.out.contains("count, predicted in held-out rows"), "{}", said.out);
    assert!(said.out.contains("R²") && said.out.contains("missing in samples"), "{}", said.out);
    let evaluation = program.read(&format!("{run}/evaluation.json"));
    let evaluation: serde_json::Value = serde_json::from_slice(&evaluation).expect("JSON");
    assert_eq!(evaluation["target"]["training"]["training_rows"], 320);
    program.run(&["report", run]).code(0);
    let page = String::from_utf8(program.read(&format!("{run}/report.html"))).expect("UTF-8");
    assert!(
        page.contains("count, predicted in held-out rows") && page.contains("id=\"worst-pair\"")
    );
    let said = program.run(&["evaluate", run, "--target", "id"]).code(2);
    said.err_has("report.target: names no column of the data, got \"id\"; there are taken on");
    // The resolved copy leads to the same file, from where it lies.
    program.run(&["train", &format!("{run}/config.json"), "--steps", "2"]).code(0);
}

#[test]
fn what_init_writes_trains_where_a_column_is_constant_or_the_row_wide() {
    let program = Program::new();
    let table = |columns: usize, rows: usize| {
        let row = |i: usize| {
            let cell =
                |j: usize| if j == 1 { "7".to_owned() } else { format!("{}.5", i * i % (5 + j)) };
            (0..columns).map(cell).collect::<Vec<_>>().join(",")
        };
        let names = (0..columns).map(|j| format!("c{j}")).collect::<Vec<_>>().join(",");
        let rows = (0..rows).map(row).collect::<Vec<_>>().join("\n");
        format!("{names}\n{rows}\n")
    };
    // A wide row has no position features to share, and few rows would be learnt one by one.
    for (columns, rows, fades) in [
        (1, 200, true),
        (4, 200, true),
        (6, 200, true),
        (18, 200, false),
        (4, 199, false),
        (2, 60, false),
    ] {
        let name = format!("t{columns}-{rows}");
        program.write(&format!("{name}.csv"), &table(columns, rows));
        program.run(&["init", &format!("{name}.csv")]).code(0);
        let config = String::from_utf8(program.read(&format!("{name}.json"))).expect("UTF-8");
        assert_eq!(config.contains("\"position_resolution\": 0.003"), fades, "{config}");
        program.run(&["train", &format!("./{name}.json"), "--dry-run"]).code(0);
    }
}

#[test]
fn init_overwrites_nothing_and_says_what_is_wrong() {
    let program = Program::new();
    program.write("a.csv", "x,y\n5,2\n2,1\n3,5\n");
    program.write("a.json", "mine");
    program.run(&["init", "a.csv"]).code(2).err_has("a.json exists already");
    assert_eq!(program.read("a.json"), b"mine");
    program.run(&["init", "missing.csv"]).code(2).err_has("missing.csv");
    program.write("text.csv", "name\nAnn\nBob\nCat\n");
    program
        .run(&["init", "text.csv"])
        .code(2)
        .err_has("no column can be learnt: name (holds 3 different texts in 3 rows, as \"Ann\")");
    let said = program.run(&["--json", "init", "a.csv", "--out", "b.json"]).code(0);
    let event: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(event["columns"], serde_json::json!(["x", "y"]));
}

#[test]
fn a_constant_column_is_reported_kept_out_and_restored() {
    let program = Program::new();
    let said = run_of(&program, SMALL_TABLE, &[]).code(0);
    assert!(said.err.contains("constant"), "{}", said.err);
    let samples = String::from_utf8(program.read("run/samples.csv")).expect("UTF-8");
    assert_eq!(samples.lines().next(), Some("a,b,c"));
    assert!(samples.lines().skip(1).all(|line| line.split(',').nth(1) == Some("5")), "{samples}");
    for name in ["evaluation.json", "report.html", "levels.json", "figures/marginals.svg"] {
        assert!(!program.read(&format!("run/{name}")).is_empty(), "{name}");
    }
}

#[test]
fn a_table_that_cannot_be_used_is_refused_with_its_place() {
    let text = SMALL_TABLE.replace("4,5,2.5", "4,many,2.5");
    let cases: [(&str, &[&str], &str); 15] = [
        (SMALL_TABLE, &[r#"data.columns=["a","d"]"#], "data.columns names `d`"),
        (&text, &[], "line 4"),
        ("", &[], "is empty"),
        ("a,b\n", &[], "data.csv"),
        ("a,b\n1,2\n", &[], "row"),
        ("a,b\n1,2\n3\n4,5\n", &[], "line 3"),
        ("a,b\n1,2\n1,2\n1,2\n1,2\n", &[], "at least one must vary"),
        ("a,b\n1,2\n3,inf\n4,5\n6,7\n", &[], "line 3"),
        ("a,b\n1,2\n,4\n5,6\n7,9\n8,1\n", &["data.missing=refuse"], "line 3"),
        (SMALL_TABLE, &["data.holdout=1.5"], "data.holdout: must be a share"),
        (SMALL_TABLE, &["data.holdout=9"], "data.holdout"),
        (SMALL_TABLE, &["data.path=other.csv"], "other.csv"),
        (
            SMALL_TABLE,
            &["data.image_width=2"],
            "data.image_width: must divide the 3 columns, got 2",
        ),
        (
            SMALL_TABLE,
            &["data.holdout=0", "train.keep=best"],
            "train.keep: needs the held-out loss",
        ),
        (SMALL_TABLE, &["data.path=builtin:whales"], "data.path: there is no builtin:whales"),
    ];
    for (data, settings, message) in cases {
        let program = Program::new();
        run_of(&program, data, settings).code(2).err_has(message);
        assert_eq!(program.everything(), ["data.csv", "run.json"], "{message}");
    }
    let program = Program::new();
    program.write("run.json", TABLE);
    let cut = include_bytes!("../../crates/data/assets/digits.csv.gz");
    std::fs::write(program.path("digits.csv.gz"), &cut[..20_000]).expect("written");
    let arguments = ["train", "run.json", "--out", "run", "--set", "data.path=digits.csv.gz"];
    program.run(&arguments).code(2).err_has("gzip packing is cut or damaged");
}

#[test]
fn a_file_that_changed_is_refused_by_every_command_that_needs_it() {
    let program = Program::new();
    run_of(&program, SMALL_TABLE, &["train.steps=10"]).code(0);
    let column = |factor: f64| {
        let line = |line: &str| {
            let (a, rest) = line.split_once(',').expect("columns");
            a.parse().map_or(line.to_owned(), |a: f64| format!("{},{rest}", factor * a))
        };
        SMALL_TABLE.lines().map(line).collect::<Vec<_>>().join("\n")
    };
    let sample = |out: &str| {
        program.run(&["sample", "run", "--seed", "3", "--out", out]).code(0);
        program.read(out)
    };
    let samples = sample("before.csv");
    let before = program.everything();
    for changed in [
        SMALL_TABLE.replace("9,5,2\n", "9,5,2.25\n"),
        // What standardising cancels: another constant, another unit.
        SMALL_TABLE.replace(",5,", ",7,"),
        column(4.0),
    ] {
        program.write("data.csv", &changed);
        for arguments in [
            &["train", "--resume", "run", "--steps", "20"][..],
            &["evaluate", "run"],
            &["report", "run"],
            &["reproduce", "run"],
        ] {
            program.run(arguments).code(2).err_has("the file has changed since");
            assert_eq!(program.everything(), before);
        }
        // Samples are of the table that was learnt, which the run keeps.
        assert_eq!(sample("after.csv"), samples);
        std::fs::remove_file(program.path("after.csv")).expect("removed");
    }
    program.write("data.csv", SMALL_TABLE);
    program.run(&["evaluate", "run"]).code(0);
    std::fs::remove_file(program.path("data.csv")).expect("removed");
    program.run(&["evaluate", "run"]).code(2).err_has("data.csv");
}

#[test]
fn without_held_out_rows_a_run_is_not_evaluated_and_says_so() {
    let program = Program::new();
    let said = run_of(&program, SMALL_TABLE, &["data.holdout=0"]).code(0);
    assert!(!said.err.contains("held out 0"), "no training loss under another name: {}", said.err);
    assert!(said.err.contains("not evaluated: no rows are held out"), "{}", said.err);
    assert!(!program.path("run/evaluation.json").exists());
    program.run(&["evaluate", "run"]).code(2).err_has("data.holdout must be above 0");
}

#[test]
fn a_run_on_a_table_resumes_bit_for_bit_and_repeats() {
    let program = Program::new();
    run_of(&program, &measurements(200), &[r#"data.exclude=["id","taken on"]"#]).code(0);
    let arguments = ["train", "run/config.json", "--out", "halves", "--stop-after", "15"];
    program.run(&arguments).code(0);
    program.run(&["train", "--resume", "halves"]).code(0);
    for name in ["samples.csv", "metrics.jsonl", "evaluation.json", "levels.json"] {
        let (a, b) = (format!("run/{name}"), format!("halves/{name}"));
        assert!(program.read(&a) == program.read(&b), "{name}");
    }
}

#[test]
fn the_mean_of_dates_is_a_date() {
    let program = Program::new();
    let row = |i: u32| {
        let (day, hour) = (1 + i % 28, i * 7 % 24);
        format!("2024-03-{day:02},2024-03-{day:02} {hour:02}:00,{}.5\n", i % 13)
    };
    program.write("d.csv", &format!("day,moment,x\n{}", (0..140).map(row).collect::<String>()));
    program.run(&["init", "d.csv"]).code(0);
    let train = ["train", "./d.json", "--steps", "20", "--set", "sample.count=60"];
    let said = program.run(&[&train[..], &["--set", "report.figures=[]"]].concat()).code(0);
    let line = said.out.lines().find_map(|line| line.strip_prefix("samples: mean "));
    let (means, stds) =
        line.and_then(|line| line.split_once(", standard deviation ")).expect("both");
    let means: Vec<&str> = means.split(", ").collect();
    assert!(means[0].starts_with("2024-03-") && means[0].len() == 10, "{means:?}");
    assert!(means[1].starts_with("2024-03-") && means[1].ends_with(|c: char| c.is_ascii_digit()));
    assert_eq!(means[1].len(), 16, "{means:?}");
    // A week or so, in days for both.
    let stds: Vec<&str> = stds.split(", ").collect();
    for std in &stds[..2] {
        let days: f64 = std.strip_suffix(" days").expect(std).parse().expect("a number");
        assert!((2.0..14.0).contains(&days), "{stds:?}");
    }
    stds[2].parse::<f64>().expect("a number without a unit");
}
