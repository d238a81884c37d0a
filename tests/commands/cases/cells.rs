//! Cases on cells: words, gaps, sentinels, money, errors, odd spellings, constants, and what no network can
//! learn.

use langevin_data::NumberSpelling;

use super::{Case, Rows, ends};

#[test]
fn p07_booleans() {
    let case = Case::new("p07-booleans");
    let read = case.init("churn.csv", &[]);
    assert_eq!((read.rows(), read.names()), (200, vec!["paperless", "charge", "partner"]));
    read.says("paperless: FALSE or TRUE, a category");
    for (name, no, yes) in [("paperless", "FALSE", "TRUE"), ("partner", "False", "True")] {
        let column = read.column(name);
        assert_eq!(column["kind"], "yes_no");
        assert_eq!(column["words"], serde_json::json!([no, yes]));
        assert_eq!(column["encoding"], "category");
    }
    let (table, samples) = (case.rows("churn.csv", ','), case.train(150).samples);
    for (name, yes) in [("paperless", "TRUE"), ("partner", "True")] {
        assert_eq!(samples.distinct(name), table.distinct(name));
        let (share, real) = (samples.share(name, yes), table.share(name, yes));
        assert!((share - real).abs() < 0.15, "{name}: {share} of {real}");
    }
}

#[test]
fn p13_sentinel() {
    let case = Case::new("p13-sentinel");
    let read = case.init("station.csv", &[]);
    assert_eq!((read.rows(), read.complete()), (400, 400));
    read.says("airt: -9999 in 18 of 400 rows is far outside 2.2 to 26.9");
    read.says("if it stands for a missing value: --missing -9999");
    // As it is, -9999 comes back alone, and smears nothing.
    let samples = case.train(150).samples;
    let air = samples.numbers("airt");
    assert!(air.iter().all(|value| *value == -9999.0 || (0.0..=26.9).contains(value)), "{air:?}");
    let sentinels = air.iter().filter(|value| **value == -9999.0).count();
    assert!((1..40).contains(&sentinels), "{sentinels} of 300, and in the table 18 of 400");
    let read = case.init("station.csv", &["--missing", "-9999"]);
    assert_eq!((read.rows(), read.complete()), (400, 382));
    assert_eq!(read.data["missing_values"], serde_json::json!(["-9999"]));
    read.says("airt: 2.2 to 26.9, 1 decimal, 18 missing");
    let read = case.init("uci_question.csv", &[]);
    assert_eq!((read.rows(), read.complete(), read.names()), (400, 394, vec!["airt", "press"]));
    read.says("airt: 0.2 to 24.9, 1 decimal, 6 missing (? count as such)");
    let read = case.init("excel_na.csv", &[]);
    assert_eq!((read.complete(), read.names()), (382, vec!["airt", "press", "wind"]));
    read.says("11 missing (#N/A count as such)");
    read.says("7 missing (- count as such)");
    assert_eq!(read.data["missing_values"], serde_json::json!(["#N/A", "-"]));
}

#[test]
fn p18_gaps_in_every_row() {
    let case = Case::new("p18-gaps-in-every-row");
    let read = case.init("merged.csv", &[]);
    assert_eq!((read.rows(), read.complete()), (300, 0));
    assert_eq!(read.names(), ["s0", "s1", "s2", "s3", "s4", "s5"]);
    assert_eq!(read.data["missing"], "model");
    read.says(
        "0 of 300 rows are complete; what the others lack is learnt, and samples lack as much",
    );
    // Each row lacks one of six, and the samples lack a sixth too.
    let run = case.train(400);
    run.said.err_has("columns that lack values, which is learnt too: s0 (18 %), s1 (17 %)");
    for name in read.names() {
        let missing = run.samples.share(name, "");
        assert!((missing - 1.0 / 6.0).abs() < 0.1, "{name}: {missing}");
    }
}

#[test]
fn p23_late_text() {
    let case = Case::new("p23-late-text");
    let read = case.init("late_float.csv", &[]);
    assert_eq!((read.rows(), read.complete(), read.names()), (1500, 1500, vec!["stop", "lat"]));
    read.says("stop: -0.69 to 6, 2 decimals");
    let read = case.init("stops.csv", &[]);
    assert_eq!((read.rows(), read.complete(), read.names()), (1500, 1499, vec!["stop", "lat"]));
    read.says("stop: stops.csv line 1302: \"8011-N\", 1 of 1500; those rows are left out");
    assert_eq!(read.column("stop")["missing"], serde_json::json!(["8011-N"]));
}

#[test]
fn p28_constant() {
    let case = Case::new("p28-constant");
    let read = case.init("const.csv", &[]);
    assert_eq!((read.rows(), read.names()), (200, vec!["k", "v", "almost"]));
    read.says("k: 5000.1 alone");
    let samples = case.train(60).samples;
    assert_eq!(samples.distinct("k").into_iter().collect::<Vec<_>>(), ["5000.1"]);
    let almost = samples.numbers("almost");
    assert!(almost.iter().all(|value| [1e9, 1_000_000_000.000_1].contains(value)), "{almost:?}");
}

#[test]
fn o03_overflow() {
    let case = Case::new("o03-overflow");
    let read = case.init("inf.csv", &[]);
    assert_eq!((read.rows(), read.complete(), read.names()), (200, 198, vec!["v", "w", "x"]));
    read.says("v: inf.csv line 52: \"inf\", 1 of 200; those rows are left out");
    read.says("w: inf.csv line 72: \"1e400\", 1 of 200; those rows are left out");
    case.train(20).stays_in(&case.rows("inf.csv", ',').but(&["inf", "1e400"]));
}

#[test]
fn o06_currency_percent() {
    let case = Case::new("o06-currency-percent");
    let read = case.init("sales.csv", &[]);
    assert_eq!((read.rows(), read.names()), (200, vec!["price", "growth", "units", "net"]));
    for (name, kind, format, said) in [
        ("price", "number", "$1,234.5", "2 decimals, written as $1,234.50"),
        ("growth", "number", "1234.5%", "1 decimal, written as 1234.5%"),
        ("units", "whole", "1,234", "whole, written as 1,234"),
    ] {
        let column = read.column(name);
        assert_eq!(column.get("kind").map_or("number", |kind| kind.as_str().expect("text")), kind);
        assert_eq!(column["format"], format);
        read.says(said);
    }
    read.says("units: 7,887 is read as 7887; if it means 7.887: --decimal ,");
    // Samples are spelled as the file, within its ends.
    let (samples, file) = (case.train(20).samples, case.rows("sales.csv", ','));
    for (name, example) in [("price", "$1,234.5"), ("growth", "1234.5%"), ("units", "1,234")] {
        let spelling = NumberSpelling::new(example).expect("an example");
        let values = |rows: &Rows| -> Vec<f64> {
            let read = |text: &&str| spelling.parse(text).unwrap_or_else(|| panic!("{text}"));
            rows.column(name).iter().map(read).collect()
        };
        let (own, seen) = (ends(&values(&samples)), ends(&values(&file)));
        assert!(own.0 >= seen.0 && own.1 <= seen.1 && own.0 < own.1, "{name}: {own:?}");
    }
    let has_cents = |text: &&str| text.rsplit_once('.').is_some_and(|(_, cents)| cents.len() == 2);
    assert!(samples.column("price").iter().all(has_cents));
    // Another folder, since the run is there.
    let case = Case::new("o06-currency-percent");
    let read = case.init("sales.csv", &["--decimal", "."]);
    assert_eq!(read.names(), ["price", "growth", "units", "net"]);
    let units = read.column("units");
    assert_eq!((&units["kind"], &units["format"]), (&"whole".into(), &serde_json::Value::Null));
    let units = ends(&case.train(20).samples.numbers("units"));
    assert!(units.0 >= 1000.0 && units.1 <= 10_000.0, "{units:?}");
}

#[test]
fn o07_excel_errors() {
    let case = Case::new("o07-excel-errors");
    let read = case.init("book.csv", &[]);
    assert_eq!((read.rows(), read.complete(), read.names()), (200, 198, vec!["v", "ratio"]));
    read.says("ratio: book.csv line 17: \"#DIV/0!\", 2 of 200; those rows are left out");
    assert!(read.why_not("note").starts_with("holds 200 different texts in 200 rows"));
    case.train(20).said.err_has("rows dropped for a missing value: 2");
}

#[test]
fn o10_number_spellings() {
    let case = Case::new("o10-number-spellings");
    let said = case.refused("spell.csv", &[]);
    assert!(said.contains("no column can be learnt: label (numbers the rows)"), "{said}");
    assert!(said.contains("v (holds text in 11 of 17 rows, as \"1_000\" (line 2)"), "{said}");
}

#[test]
fn o14_all_constant() {
    let case = Case::new("o14-all-constant");
    let said = case.refused("same.csv", &[]);
    assert!(said.contains("a (is 1.5 in all rows"), "{said}");
    assert!(said.contains("b (is 2.5 in all rows"), "{said}");
}

#[test]
fn o15_two_rows() {
    let case = Case::new("o15-two-rows");
    let said = case.refused("two.csv", &[]);
    assert!(said.contains("2 complete rows, and at least 3 are required"), "{said}");
}

#[test]
fn o17_too_small_large() {
    for (file, low, high) in [("tiny.csv", -3.1e-30, 2.8e-30), ("big.csv", -2.8e30, 2.9e30)] {
        let case = Case::new("o17-too-small-large");
        let read = case.init(file, &[]);
        assert_eq!((read.rows(), read.names()), (200, vec!["b"]));
        assert!(read.why_not("a").contains("cannot be scaled in 64 bits"), "{}", read.listing);
        let samples = case.train(30).samples;
        let (least, most) = ends(&samples.numbers("b"));
        assert!(low <= least && least < 0.0 && 0.0 < most && most <= high, "{least} to {most}");
    }
}
