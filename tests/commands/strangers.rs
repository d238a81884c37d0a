//! Tables as strangers have them: each is read right, and said how, or refused with the value, its place and a
//! way out. What `init` writes, `train` reads the same way.

use std::fmt::Write;

use serde_json::Value;

use crate::program::{Program, Said};

/// Rows of numbers that look like measurements, made by a formula.
pub fn rows(count: usize, row: impl Fn(usize) -> String) -> String {
    (0..count).map(|i| row(i) + "\n").collect()
}

/// A number between 0 and 1 that is neither regular nor random.
pub fn wave(i: usize, j: usize) -> f64 {
    0.5 + 0.5 * ((i * (7 + 3 * j)) as f64 * 0.731 + j as f64).sin()
}

/// What `init` said of a table, and the `data` of its config.
pub fn init(text: &str, flags: &[&str]) -> (Said, Value) {
    let program = Program::new();
    program.write("t.csv", text);
    let said = program.run(&[&["init", "t.csv"], flags].concat()).code(0);
    let config = String::from_utf8(program.read("t.json")).expect("UTF-8");
    let lines = config.lines().filter(|line| !line.trim_start().starts_with("//"));
    let config: Value = serde_json::from_str(&lines.collect::<String>()).expect("JSON");
    program.run(&["train", "./t.json", "--dry-run"]).code(0);
    let data = config["data"].clone();
    (said, data)
}

#[track_caller]
pub fn says(said: &Said, text: &str) {
    // Lines are wrapped.
    let flat = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(text), "{text:?} is not in {}", said.out);
    let widest =
        said.out.lines().filter(|line| line.contains(' ')).map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{}", said.out);
}

/// The names of the columns to learn.
pub fn names(data: &Value) -> Vec<String> {
    let name =
        |column: &Value| column["name"].as_str().or(column.as_str()).expect("a name").to_owned();
    data["columns"].as_array().expect("columns").iter().map(name).collect()
}

fn column<'a>(data: &'a Value, name: &str) -> &'a Value {
    let columns = data["columns"].as_array().expect("columns");
    columns.iter().find(|column| column["name"] == name).expect("the column")
}

#[test]
fn names_that_are_numbers_are_a_header_where_the_numbers_below_are_unlike() {
    // Written by pandas from a frame without names.
    let unnamed = format!(
        ",0,1,2\n{}",
        rows(40, |i| format!("{i},{:.3},{:.3},{:.3}", wave(i, 1), 3.0 * wave(i, 2), wave(i, 3)))
    );
    let (said, data) = init(&unnamed, &[]);
    says(&said, "40 rows, 3 columns to learn");
    says(&said, "line 1 names the columns: 0, 1, 2");
    assert_eq!(
        (data["header"].clone(), names(&data)),
        (true.into(), ["0", "1", "2"].map(String::from).to_vec())
    );
    // Wavelengths above absorbances.
    let spectra = format!(
        "400,450,500\n{}",
        rows(40, |i| format!("{:.4},{:.4},{:.4}", wave(i, 1), wave(i, 2), wave(i, 3)))
    );
    let (said, data) = init(&spectra, &[]);
    says(
        &said,
        "line 1 names the columns: 400, 450, 500 are unlike the numbers below; if it is data: --header no",
    );
    assert_eq!(names(&data), ["400", "450", "500"]);
    let (said, data) = init(&spectra, &["--header", "no"]);
    says(&said, "41 rows");
    assert_eq!(names(&data), ["x0", "x1", "x2"]);
    let (_, data) = init(
        &format!("nan,inf\n{}", rows(30, |i| format!("{:.2},{:.2}", wave(i, 1), wave(i, 2)))),
        &[],
    );
    assert_eq!(names(&data), ["nan", "inf"]);
}

#[test]
fn where_both_readings_fit_the_first_line_is_data_and_the_flag_is_named() {
    // Flowers without a header, and text in the last column.
    let flowers = rows(60, |i| {
        format!("{:.1},{:.1},kind-{}", 4.0 + 2.0 * wave(i, 1), 1.0 + wave(i, 2), ["a", "b"][i / 30])
    });
    let (said, data) = init(&flowers, &[]);
    says(&said, "60 rows, 3 columns to learn");
    says(&said, "line 1 is data: ");
    says(&said, "if it names the columns: --header yes");
    says(&said, "x2: 2 texts, a category");
    assert_eq!(data["header"], false);
    assert_eq!(names(&data), ["x0", "x1", "x2"]);
    // Years above counts that are as large.
    let years = format!(
        "2018,2019,2020\n{}",
        rows(40, |i| format!(
            "{},{},{}",
            1000 + i * 37 % 1500,
            2500 - i * 53 % 1500,
            1200 + i * 71 % 1300
        ))
    );
    let (said, data) = init(&years, &[]);
    says(&said, "line 1 is data: 2018, 2019, 2020 ascend as names may");
    assert_eq!(data["header"], false);
    let (said, data) = init(&years, &["--header", "yes"]);
    says(&said, "40 rows");
    assert_eq!(names(&data), ["2018", "2019", "2020"]);
}

#[test]
fn aligned_columns_and_comments_are_read_with_the_names_of_a_comment() {
    let points = rows(40, |i| format!("{:.6e} {:.6e}", wave(i, 1) - 0.5, wave(i, 2)));
    let (said, data) = init(&points, &[]);
    says(&said, "40 rows, 2 columns to learn");
    says(&said, "columns are told apart by blanks");
    assert_eq!((data["delimiter"].clone(), data["aligned"].clone()), (" ".into(), true.into()));
    let aligned = format!(
        "# x          y\n{}",
        rows(40, |i| format!("{:12.5}{:12.5}", wave(i, 1) - 0.5, wave(i, 2)))
    );
    let (said, data) = init(&aligned, &[]);
    says(&said, "the comment above line 2 names the columns");
    says(&said, "40 rows");
    assert_eq!(names(&data), ["x", "y"]);
    let sensor = format!(
        "# logger 3.2\n# station: hill, north\nt,h\n{}",
        rows(40, |i| format!("{:.2},{:.1}", 15.0 * wave(i, 1), 60.0 * wave(i, 2)))
    );
    let (said, data) = init(&sensor, &[]);
    says(&said, "2 lines that start with # skipped as comments");
    assert_eq!(
        (names(&data), data["comment"].clone()),
        (vec!["t".to_owned(), "h".to_owned()], "#".into())
    );
    // A comment among the rows, and one sign that must be asked for.
    let between =
        format!("t,h\n{}# restarted\n{}", points.replace(' ', ","), points.replace(' ', ","));
    let (said, data) = init(&between, &[]);
    says(&said, "80 rows");
    assert_eq!(data["comment"], "#");
    let (said, _) = init(&sensor.replace('#', "!"), &["--comment", "!"]);
    says(&said, "40 rows, 2 columns");
}

#[test]
fn delimiters_at_line_ends_bars_units_and_row_names_are_read() {
    let body =
        |end: &str| rows(40, |i| format!("{},{:.2},{:.2}{end}", i % 3, wave(i, 1), wave(i, 2)));
    for (header, end) in [("A,B,C,", ","), ("A,B,C,", ""), ("A,B,C", ",")] {
        let text = format!("{header}\n{}", body(end));
        for text in [text.clone(), text.replace(',', "|")] {
            let (said, data) = init(&text, &[]);
            says(&said, "40 rows, 3 columns to learn");
            assert_eq!(
                (names(&data), data["trailing_delimiter"].clone()),
                (["A", "B", "C"].map(String::from).to_vec(), true.into())
            );
        }
    }
    let rig = format!(
        "time,force,strain\ns,N,%\n{}",
        rows(40, |i| format!(
            "{:.2},{:.1},{:.3}",
            0.3 * wave(i, 3),
            100.0 * wave(i, 1),
            wave(i, 2)
        ))
    );
    let (said, data) = init(&rig, &[]);
    says(&said, "line 2 holds units (s, N, %), and is skipped");
    says(&said, "40 rows, 3 columns to learn");
    assert_eq!(data["units_row"], true);
    for text in [
        format!(
            "\"mpg\",\"hp\"\n{}",
            rows(40, |i| format!("\"{}\",{:.1},{}", i + 1, 20.0 * wave(i, 1), 100 + i * 13 % 70))
        ),
        format!(
            "\"mpg\" \"hp\"\n{}",
            rows(40, |i| format!("\"car {i}\" {:.1} {}", 20.0 * wave(i, 1), 100 + i * 13 % 70))
        ),
    ] {
        let (said, data) = init(&text, &[]);
        says(
            &said,
            "line 1: 2 names for 3 fields: each row starts with a name, in a column called row",
        );
        says(&said, "left out: row");
        assert_eq!(
            (names(&data), data["row_names"].clone()),
            (vec!["mpg".to_owned(), "hp".to_owned()], true.into())
        );
    }
}

#[test]
fn marks_are_missing_odd_cells_cost_their_rows_and_sentinels_are_pointed_out() {
    let marked = |mark: &'static str| {
        format!(
            "airt,press\n{}",
            rows(100, |i| {
                let air =
                    if i % 20 == 7 { mark.to_owned() } else { format!("{:.1}", 20.0 * wave(i, 1)) };
                format!("{air},{:.1}", 1000.0 + 20.0 * wave(i, 2))
            })
        )
    };
    for mark in ["?", "-", ".", "#N/A", "None"] {
        let (said, data) = init(&marked(mark), &[]);
        says(&said, &format!("5 missing ({mark} count as such)"));
        says(
            &said,
            "95 of 100 rows are complete; what the others lack is learnt, and samples lack as much",
        );
        says(&said, "to leave those rows out: --set data.missing=drop");
        assert_eq!(data["missing_values"], serde_json::json!([mark]));
    }
    // It always means a missing value.
    says(&init(&marked("NULL"), &[]).0, "airt: 0 to 20, 1 decimal, 5 missing");
    let (said, data) = init(&marked("-9999"), &[]);
    says(&said, "airt: -9999 in 5 of 100 rows is far outside");
    says(&said, "if it stands for a missing value: --missing -9999");
    assert!(data["missing_values"].is_null());
    let (said, data) = init(&marked("-9999"), &["--missing", "-9999", "--missing", "n.d."]);
    says(&said, "95 of 100 rows are complete");
    assert_eq!(data["missing_values"], serde_json::json!(["-9999", "n.d."]));
    // Two of a hundred.
    let mut odd = "v,note,ratio\r\n".to_owned();
    for i in 0..100 {
        let ratio =
            if i == 10 || i == 60 { "#DIV/0!".to_owned() } else { format!("{:.3}", wave(i, 1)) };
        write!(odd, "{:.2},\"line one\r\nline \"\"two\"\", {i}\",{ratio}\r\n", wave(i, 2))
            .expect("a string");
    }
    let (said, data) = init(&odd, &[]);
    says(&said, "ratio: t.csv line 23: \"#DIV/0!\", 2 of 100; those rows are left out");
    assert_eq!(names(&data), ["v", "ratio"]);
    // Too many: the column is left out, with value, line and count.
    let many = format!(
        "v,w\n{}",
        rows(100, |i| format!(
            "{},{:.2}",
            if i % 10 == 3 { "late".to_owned() } else { i.pow(2).to_string() },
            wave(i, 2)
        ))
    );
    let (said, _) = init(&many, &[]);
    says(
        &said,
        "left out: v (holds text in 10 of 100 rows, as \"late\" (line 5); correct it, or say --missing",
    );
    let infinite = format!(
        "v,w\n{}",
        rows(200, |i| format!(
            "{},{:.2}",
            if i == 50 { "inf".to_owned() } else { format!("{:.2}", wave(i, 1)) },
            wave(i, 2)
        ))
    );
    says(&init(&infinite, &[]).0, "v: t.csv line 52: \"inf\", 1 of 200; those rows are left out");
}

#[test]
fn decimal_commas_money_per_cent_and_groups_are_read_or_named() {
    let account = format!(
        "Betrag;Kurs;Anzahl\n{}",
        rows(40, |i| format!(
            "{}.{:03},{:02};1,{:02};{}",
            1 + i % 5,
            i * 37 % 1000,
            i * 7 % 100,
            i * 13 % 100,
            i % 9
        ))
    );
    let (said, data) = init(&account, &[]);
    says(&said, "numbers have decimal commas");
    says(&said, "40 rows, 3 columns to learn");
    assert_eq!(data["decimal"], ",");
    let either = format!(
        "Betrag;Anzahl\n{}",
        rows(40, |i| format!("{}.{:03};{}", 1 + i % 5, 100 + i * 37 % 900, i % 9))
    );
    let (said, data) = init(&either, &[]);
    says(&said, "Betrag: 1.100 is read as 1.100 (--decimal .); if it means 1100: --decimal ,");
    assert!(data["decimal"].is_null());
    let (said, _) = init(&either, &["--decimal", ","]);
    says(&said, "Betrag: 1100 to 5988, whole");
    let sales = format!(
        "price,growth,units,net\n{}",
        rows(60, |i| format!(
            "\"${},{:03}.50\",{:.1}%,\"{},{:03}\",{:.2}",
            1 + i % 8,
            i * 37 % 1000,
            9.0 * wave(i, 1),
            1 + i % 7,
            100 + i * 53 % 900,
            wave(i, 2)
        ))
    );
    let (said, data) = init(&sales, &[]);
    says(&said, "price: 1000.5 to 8");
    says(&said, "2 decimals, written as $1,234.50");
    says(&said, "1 decimal, written as 1234.5%");
    says(&said, "whole, written as 1,234");
    says(&said, "units: 1,100 is read as 1100; if it means 1.1: --decimal ,");
    assert_eq!(names(&data), ["price", "growth", "units", "net"]);
    let (said, _) = init(&sales, &["--decimal", "."]);
    says(&said, "units: 1100 to ");
}

#[test]
fn words_and_dates_become_numbers_and_ids_are_left_out() {
    let churn = format!(
        "paperless,charge,partner\n{}",
        rows(60, |i| format!(
            "{},{:.3},{}",
            if i % 3 == 0 { "TRUE" } else { "FALSE" },
            wave(i, 1),
            if i % 2 == 0 { "yes" } else { "no" }
        ))
    );
    let (said, data) = init(&churn, &[]);
    says(&said, "paperless: FALSE or TRUE, a category");
    assert_eq!(column(&data, "paperless")["words"], serde_json::json!(["FALSE", "TRUE"]));
    assert_eq!(column(&data, "partner")["words"], serde_json::json!(["no", "yes"]));
    for (format, first, write) in [
        (
            "%d-%b-%Y",
            "01-Mar-2024",
            &(|i: usize| format!("{:02}-{}-2024", 1 + i % 28, ["Mar", "Apr", "Sep"][i % 3]))
                as &dyn Fn(usize) -> String,
        ),
        ("%Y%m%d", "20230101", &|i| format!("2023{:02}{:02}", 1 + i % 12, 1 + i % 28)),
        ("%d.%m.%Y %H:%M", "01.01.2023 08:00", &|i| {
            format!("{:02}.{:02}.2023 {:02}:{:02}", 1 + i % 28, 1 + i % 12, 8 + i % 10, i * 7 % 60)
        }),
        ("%-m/%-d/%Y", "1/1/2023", &|i| format!("{}/{}/2023", 1 + i % 12, 1 + i % 28)),
    ] {
        let text = format!("when,v\n{}", rows(60, |i| format!("{},{:.2}", write(i), wave(i, 1))));
        let (said, data) = init(&text, &[]);
        says(&said, &format!("dates as {format}"));
        says(&said, &format!("when: {first} to "));
        assert_eq!(column(&data, "when")["format"], format);
    }
    for (name, why, write) in [
        (
            "tweet",
            "is above 2^53",
            &(|i: usize| format!("{}", 519_565_461_614_508_341_u64 + 7_919_u64.pow(3) * i as u64))
                as &dyn Fn(usize) -> String,
        ),
        ("zip", "has a leading zero", &|i| format!("{:05}", i * 1777 % 100_000)),
        ("account", "long whole numbers, no two equal", &|i| {
            format!("{}", 1_000_000_000 + (i as u64 * 7_654_321_987) % 8_999_999_999)
        }),
    ] {
        let text = format!("{name},v\n{}", rows(60, |i| format!("{},{:.2}", write(i), wave(i, 1))));
        let (said, data) = init(&text, &[]);
        says(&said, &format!("left out: {name} (holds ids: "));
        says(&said, why);
        assert_eq!(names(&data), ["v"]);
    }
    // Stamps ascend, and are no ids.
    let stamps = format!(
        "timestamp,v\n{}",
        rows(60, |i| format!(
            "{},{:.2}",
            1_550_083_467_346_371_u64 + 100_003 * i as u64,
            wave(i, 1)
        ))
    );
    assert_eq!(names(&init(&stamps, &[]).1), ["timestamp", "v"]);
}

#[test]
fn names_that_are_empty_or_twice_get_new_ones_that_train_takes() {
    let (said, data) = init(
        &format!(
            "x,,x,,y\n{}",
            rows(40, |i| format!(
                "{:.2},{:.2},{:.2},,{:.1}",
                wave(i, 1),
                wave(i, 2),
                wave(i, 3),
                wave(i, 4)
            ))
        ),
        &[],
    );
    says(&said, "column 3 (x) is called x_2");
    says(&said, "left out: x3 (has no value)");
    assert_eq!(
        (names(&data), data["unique_names"].clone()),
        (["x", "x1", "x_2", "y"].map(String::from).to_vec(), true.into())
    );
    let (said, data) = init(
        &format!(
            "a,,x1\n{}",
            rows(40, |i| format!("{:.2},{:.2},{:.2}", wave(i, 1), wave(i, 2), wave(i, 3)))
        ),
        &[],
    );
    says(&said, "column 2 (x1) is called x1_2");
    assert_eq!(names(&data), ["a", "x1_2", "x1"]);
}
