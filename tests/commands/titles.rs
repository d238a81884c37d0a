//! Titles above tables, columns with one odd cell, years of two digits, and flags in messages.

use crate::{
    program::Program,
    strangers::{init, names, rows, says, wave},
};

#[test]
fn a_title_above_the_header_is_skipped_and_the_config_says_how_many_lines() {
    let body = rows(40, |i| format!("{:.2},{:.1},{}", wave(i, 1), 9.0 * wave(i, 2), i % 7));
    for (title, lines) in [("Report 2024\n\n", 2), ("Report 2024,,\n,,\nby hand,,\n", 3)] {
        let (said, data) = init(&format!("{title}time,force,count\n{body}"), &[]);
        says(&said, "a title (Report 2024), and ");
        says(&said, "skipped; if not: --skip-lines 0");
        says(&said, "40 rows, 3 columns to learn");
        assert_eq!(
            (data["skip_lines"].clone(), data["header"].clone()),
            (lines.into(), true.into())
        );
        assert_eq!(names(&data), ["time", "force", "count"]);
    }
    // Without names below it, it is refused with the flag, which then reads the table.
    let program = Program::new();
    let text = format!("Report 2024\n{body}");
    program.write("t.csv", &text);
    program
        .run(&["init", "t.csv"])
        .code(2)
        .err_has("t.csv, line 2: holds 3 fields, and 1 are required")
        .err_has("if the lines above it are a title, use --skip-lines with their number");
    let (said, data) = init(&text, &["--skip-lines", "1"]);
    says(&said, "40 rows, 3 columns to learn");
    assert_eq!(data["skip_lines"], 1);
    let (_, data) = init(&format!("time,force,count\n{body}"), &[]);
    assert!(data["skip_lines"].is_null());
}

#[test]
fn one_number_among_dates_or_words_costs_its_row_alone() {
    let text = format!(
        "day,stamp,ok,v\n{}",
        rows(60, |i| {
            let day = if i == 8 {
                "45000".to_owned()
            } else {
                format!("2024-{:02}-{:02}", 1 + i % 12, 1 + i % 28)
            };
            let stamp = if i == 18 {
                "20230231".to_owned()
            } else {
                format!("2023{:02}{:02}", 1 + i % 12, 1 + i % 28)
            };
            let ok = if i == 28 { "7" } else { ["yes", "no"][i % 2] };
            format!("{day},{stamp},{ok},{:.2}", wave(i, 1))
        })
    );
    let (said, data) = init(&text, &[]);
    says(&said, "60 rows, 4 columns to learn");
    says(&said, "day: t.csv line 10: \"45000\", 1 of 60; that counts as missing");
    says(&said, "stamp: t.csv line 20: \"20230231\", 1 of 60; that counts as missing");
    says(&said, "ok: t.csv line 30: \"7\", 1 of 60; that counts as missing");
    says(&said, "57 of 60 rows are complete");
    assert_eq!(data["columns"][1]["format"], "%Y%m%d");
    assert_eq!(data["columns"][1]["missing"], serde_json::json!(["20230231"]));
}

#[test]
fn years_of_two_digits_are_read_and_written_with_two_where_the_order_is_clear() {
    let clear =
        |i: usize| format!("{:02}/{:02}/{:02}", 1 + i % 28, 1 + i % 12, [68, 69, 99, 0, 24][i % 5]);
    let text = format!("day,v\n{}", rows(60, |i| format!("{},{:.2}", clear(i), wave(i, 1))));
    let (said, data) = init(&text, &[]);
    says(&said, "dates as %d/%m/%y");
    says(&said, "two digits of a year are read as 1969 to 2068, and written so");
    assert_eq!(data["columns"][0]["format"], "%d/%m/%y");
    let program = Program::new();
    program.write("t.csv", &text);
    program.run(&["init", "t.csv"]).code(0);
    program
        .run(&["train", "./t.json", "--out", "run", "--steps", "10", "--set", "sample.count=20"])
        .code(0);
    let samples = String::from_utf8(program.read("run/samples.csv")).expect("UTF-8");
    for day in samples.lines().skip(1).map(|line| line.split(',').next().expect("a day")) {
        assert!(day.len() == 8 && day.split('/').count() == 3, "{day}");
    }
    let unclear = format!(
        "day,v\n{}",
        rows(60, |i| format!("{:02}/{:02}/24,{:.2}", 1 + i % 12, 1 + i % 11, wave(i, 1)))
    );
    let (said, data) = init(&unclear, &[]);
    says(
        &said,
        "left out: day (holds dates, as \"01/01/24\" (line 2), that can be read as %m/%d/%y and as %d/%m/%y; write four digits of the year)",
    );
    assert_eq!(names(&data), ["v"]);
}

#[test]
fn messages_of_init_name_its_flags() {
    for (text, flags, said) in [
        ("a,b\n1,2\n# three\n5,6\n", &["--comment", "!"][..], "use --comment '#'"),
        ("a,b\n", &[], "use --header no"),
        ("a,b\n1,2\n3,4,5,6\n", &["--skip-lines", "0"], "use --skip-lines with their number"),
        ("a,b\n1,2\n", &["--skip-lines", "9"], "which --skip-lines skips"),
    ] {
        let program = Program::new();
        program.write("t.csv", text);
        let refused = program.run(&[&["init", "t.csv"], flags].concat()).code(2);
        let flat = refused.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(said), "{said:?} is not in {flat}");
        assert!(
            !flat.contains("data.comment")
                && !flat.contains("data.header")
                && !flat.contains("data.skip"),
            "{flat}"
        );
    }
}
