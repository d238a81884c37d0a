//! Workbooks from `init` to `evaluate`: the sheet that is read, what is said of it, and what is refused.

use std::fs;

use serde_json::Value;

use crate::{
    program::{Program, Said},
    strangers::{names, says},
};

/// Workbooks of LibreOffice, of the table in the CSV file: the sheet Notes is empty, and Penguins holds it.
const CSV: &[u8] = include_bytes!("../../crates/data/tests/tables/workbooks/book.csv");
const XLSX: &[u8] = include_bytes!("../../crates/data/tests/tables/workbooks/book.xlsx");
const ODS: &[u8] = include_bytes!("../../crates/data/tests/tables/workbooks/book.ods");

fn with(name: &str, bytes: &[u8]) -> Program {
    let program = Program::new();
    fs::write(program.path(name), bytes).expect("written");
    program
}

/// What `init` says of a file, and the `data` of its config.
fn init(program: &Program, arguments: &[&str]) -> (Said, Value) {
    let said = program.run(&[&["init"], arguments, &["--out", "t.json"]].concat()).code(0);
    let config = String::from_utf8(program.read("t.json")).expect("UTF-8");
    let lines = config.lines().filter(|line| !line.trim_start().starts_with("//"));
    let config: Value = serde_json::from_str(&lines.collect::<String>()).expect("JSON");
    (said, config["data"].clone())
}

#[test]
fn a_workbook_is_learnt_as_its_csv_file_is() {
    let (_, csv) = init(&with("book.csv", CSV), &["book.csv"]);
    // Told by content, whatever it is called.
    for (name, bytes) in [("book.xlsx", XLSX), ("book.ods", ODS), ("table.csv", XLSX)] {
        let (said, data) = init(&with(name, bytes), &[name]);
        says(&said, "60 rows, 7 columns to learn");
        says(
            &said,
            "the sheet \"Penguins\" is read; the workbook has \"Notes\" too: --sheet NAME reads another",
        );
        says(&said, "row 1 names the columns: mass, day, at, … above other values");
        says(
            &said,
            &format!(
                "ratio: {name} sheet Penguins row 9: \"#DIV/0!\", 1 of 60; that counts as missing"
            ),
        );
        says(&said, "species: 2 texts, a category");
        says(&said, "at: 2024-01-01T00:00:00 to ");
        assert_eq!(data["columns"], csv["columns"], "{name}");
        assert_eq!(
            (data["sheet"].clone(), data["header"].clone()),
            ("Penguins".into(), true.into())
        );
        assert!(
            data["delimiter"].is_null()
                && data["comment"].is_null()
                && data["skip_lines"].is_null()
        );
    }
}

#[test]
fn a_run_reads_its_workbook_again() {
    let program = with("book.xlsx", XLSX);
    init(&program, &["book.xlsx"]);
    fs::write(program.path("book.csv"), CSV).expect("written");
    program.run(&["init", "book.csv", "--out", "c.json"]).code(0);
    let short = ["--steps", "20", "--set", "sample.count=40", "--set", "train.checkpoint_every=10"];
    program
        .run(&[&["train", "./t.json", "--out", "run", "--stop-after", "10"], &short[..]].concat())
        .code(0);
    program.run(&["train", "--resume", "run"]).code(0);
    program.run(&["evaluate", "run"]).code(0);
    program.run(&[&["train", "./c.json", "--out", "csv"], &short[..]].concat()).code(0);
    // The same rows, so the same weights and samples.
    assert_eq!(program.read("run/samples.csv"), program.read("csv/samples.csv"));
    let samples = String::from_utf8(program.read("run/samples.csv")).expect("UTF-8");
    assert_eq!(samples.lines().next(), Some("mass,species,day,at,clock,ok,ratio"));
    // A species has a comma.
    let first = samples.lines().nth(1).expect("a sample").replace(", ", " ");
    let first: Vec<_> = first.split(',').collect();
    assert!(first[1].contains("Adelie") || first[1].contains("Gentoo"), "{first:?}");
    assert!(first[2].starts_with("2024-") && first[2].len() == 10, "{first:?}");
    assert!(
        first[3].starts_with("2024-") && first[3].len() == 19 && first[3].contains('T'),
        "{first:?}"
    );
    assert!(["TRUE", "FALSE"].contains(&first[5]), "{first:?}");
    // Other cells are another table.
    fs::write(program.path("book.xlsx"), CSV.to_vec().repeat(2)).expect("written");
    program
        .run(&["evaluate", "run"])
        .code(2)
        .err_has("is no workbook, and data.sheet names a sheet");
}

#[test]
fn sheets_and_flags_that_do_not_fit_a_workbook_are_refused() {
    let program = with("book.xlsx", XLSX);
    for (flags, said) in [
        (
            &["--sheet", "Fish"][..],
            "book.xlsx: --sheet names `Fish`, which is none of its sheets; they are `Notes`, `Penguins`",
        ),
        (&["--sheet", "1"], "book.xlsx: its sheet `Notes` has no cell that holds something"),
        (
            &["--delimiter", ";"],
            "book.xlsx: is a workbook, and --delimiter says how a file of text is read; leave it out",
        ),
        (&["--delimiter", "space"], "and --delimiter says how a file of text is read"),
        (&["--comment", "#"], "and --comment says how a file of text is read"),
        (&["--decimal", ","], "and --decimal says how a file of text is read"),
    ] {
        program.run(&[&["init", "book.xlsx"], flags].concat()).code(2).err_has(said);
    }
    let (said, data) = init(&program, &["book.xlsx", "--sheet", "2"]);
    assert_eq!((data["sheet"].clone(), names(&data).len()), ("Penguins".into(), 7));
    assert!(!said.out.contains("--sheet NAME"), "it was asked for: {}", said.out);
    fs::write(program.path("a.csv"), CSV).expect("written");
    program
        .run(&["init", "a.csv", "--sheet", "x"])
        .code(2)
        .err_has("a.csv: is no workbook, and --sheet names a sheet; leave it out");
    // A cut file.
    fs::write(program.path("cut.xlsx"), &XLSX[..XLSX.len() / 2]).expect("written");
    program.run(&["init", "cut.xlsx"]).code(2).err_has("cut.xlsx: is a damaged workbook (");
    let mut bytes = XLSX.to_vec();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40].fill(0);
    fs::write(program.path("scratched.xlsx"), bytes).expect("written");
    program
        .run(&["init", "scratched.xlsx"])
        .code(2)
        .err_has("scratched.xlsx: is a damaged workbook (");
}
