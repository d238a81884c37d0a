//! Cases on samples: in the range, the decimals and the shares of their columns, and judged as they are.

use super::{Case, ends};

#[test]
fn p03_nonnegative() {
    let case = Case::new("p03-nonnegative");
    let read = case.init("soil.csv", &[]);
    assert_eq!(read.names(), ["organic", "clay_share", "depth_cm"]);
    assert!(read.names().iter().all(|name| read.column(name)["range"] == "seen"));
    case.train(150).stays_in(&case.rows("soil.csv", ','));
}

#[test]
fn p04_decimals() {
    let case = Case::new("p04-decimals");
    let read = case.init("prices.csv", &[]);
    for (name, decimals) in [("price", 2), ("rating", 1), ("weight", 3)] {
        assert_eq!(read.column(name)["decimals"], decimals);
    }
    let run = case.train(150);
    run.stays_in(&case.rows("prices.csv", ','));
    // All decimals are there, and no more, as in the file.
    for (name, decimals) in [("price", 2), ("rating", 1), ("weight", 3)] {
        let column = run.samples.column(name);
        assert!(column.iter().all(|text| super::decimals(text) == decimals), "{name}: {column:?}");
    }
}

#[test]
fn p05_zero_inflated() {
    let case = Case::new("p05-zero-inflated");
    let read = case.init("rain.csv", &[]);
    assert_eq!((read.rows(), &read.column("rain_mm")["encoding"]), (1500, &"parts".into()));
    read.says("parts: 1 range and 0 on its own");
    let (table, run) = (case.rows("rain.csv", ','), case.train(300));
    run.stays_in(&table);
    let zeros = |rows: &super::Rows| {
        let rain = rows.numbers("rain_mm");
        rain.iter().filter(|value| **value == 0.0).count() as f64 / rain.len() as f64
    };
    let (share, real) = (zeros(&run.samples), zeros(&table));
    assert!((share - real).abs() < 0.06, "{share} of {real}");
}

#[test]
fn p14_wide_sparse() {
    let case = Case::new("p14-wide-sparse");
    let read = case.init("codes.csv", &[]);
    assert_eq!((read.rows(), read.names().len()), (60, 400));
    let (table, run) = (case.rows("codes.csv", ','), case.train(20));
    assert_eq!(run.samples.names.len(), 400);
    let ones = |rows: &super::Rows| {
        let cells = rows.rows.iter().flatten();
        assert!(cells.clone().all(|cell| cell == "0" || cell == "1"));
        cells.clone().filter(|cell| *cell == "1").count() as f64 / cells.count() as f64
    };
    let (share, real) = (ones(&run.samples), ones(&table));
    assert!((share - real).abs() < 0.02, "{share} of {real}");
}

#[test]
fn p15_batch_larger() {
    let case = Case::new("p15-batch-larger");
    assert_eq!(case.init("nine.csv", &[]).rows(), 9);
    let run = case.train(60);
    assert_eq!(run.word(), "too_few_rows");
    assert!(run.said.out.contains("verdict: too few rows to judge"), "{}", run.said.out);
    run.stays_in(&case.rows("nine.csv", ','));
}

#[test]
fn p27_sums() {
    let case = Case::new("p27-sums");
    let read = case.init("soil_shares.csv", &[]);
    assert_eq!((read.rows(), read.names().len()), (400, 4));
    let run = case.train(400);
    run.stays_in(&case.rows("soil_shares.csv", ','));
    assert_eq!(run.samples.share("total", "100"), 1.0);
    let parts = ["sand", "silt", "clay"].map(|name| run.samples.numbers(name));
    let off = |i: usize| (parts.iter().map(|part| part[i]).sum::<f64>() - 100.0).abs();
    let mean = (0..parts[0].len()).map(off).sum::<f64>() / parts[0].len() as f64;
    assert!(mean < 5.0, "sums are off by {mean}");
}

#[test]
fn o01_heavy_tail() {
    let case = Case::new("o01-heavy-tail");
    let read = case.init("cauchy.csv", &[]);
    assert_eq!((read.rows(), &read.column("ratio")["encoding"]), (1000, &"rank".into()));
    let (table, run) = (case.rows("cauchy.csv", ','), case.train(300));
    run.stays_in(&table);
    let within = |rows: &super::Rows| {
        let ratio = rows.numbers("ratio");
        ratio.iter().filter(|value| value.abs() < 1.0).count() as f64 / ratio.len() as f64
    };
    let (share, real) = (within(&run.samples), within(&table));
    assert!((share - real).abs() < 0.1, "{share} of {real} between -1 and 1");
}

#[test]
fn o02_one_outlier() {
    let case = Case::new("o02-one-outlier");
    let read = case.init("typo.csv", &[]);
    read.says("v: 1.00000e30 in 1 of 400 rows is far outside -0.499 to 6.397");
    read.says("if it stands for a missing value: --missing 1.00000e30");
    let run = case.train(300);
    // They were ±1e27, and called better than perfect.
    let near = run.samples.numbers("v").iter().filter(|value| value.abs() < 6.5).count();
    assert!(near >= 295, "{near} of 300 near the data");
    assert!(!run.said.out.contains("perfect samples"), "{}", run.said.out);
    // What is printed can be given back.
    let read = case.init("typo.csv", &["--missing", "1.00000e30"]);
    assert_eq!((read.rows(), read.complete()), (400, 399));
    read.says("v: -0.499 to 6.397, ");
}

#[test]
fn o11_wide() {
    let case = Case::new("o11-wide");
    let read = case.init("wide.csv", &[]);
    assert_eq!((read.rows(), read.names().len()), (50, 200));
    read.says("200 columns of 50 rows");
    case.train(20).stays_in(&case.rows("wide.csv", ','));
}

#[test]
fn o19_copied_columns() {
    let case = Case::new("o19-copied-columns");
    assert_eq!(case.init("dupe.csv", &[]).names(), ["a", "b", "c"]);
    let samples = case.train(400).samples;
    let [a, b, c] = ["a", "b", "c"].map(|name| samples.numbers(name));
    let mean = |off: &dyn Fn(usize) -> f64| {
        (0..a.len()).map(|i| off(i).abs()).sum::<f64>() / a.len() as f64
    };
    let (copy, line) = (mean(&|i| a[i] - b[i]), mean(&|i| 2.0 * a[i] + 1.0 - c[i]));
    let (least, most) = ends(&a);
    assert!(copy < 0.3 && line < 0.5 && most - least > 2.0, "{copy} {line} {least} {most}");
}
