//! Cases on the first line: names, numbers that are names, units, names of rows.

use super::{Case, ends};

#[test]
fn p01_pandas_unnamed_header() {
    let case = Case::new("p01-pandas-unnamed-header");
    let read = case.init("np.csv", &[]);
    assert_eq!((read.rows(), read.names()), (300, vec!["0", "1", "2"]));
    assert_eq!(read.data["header"], true);
    assert_eq!(read.left_out().len(), 1, "the index without a name: {}", read.listing);
    read.says("line 1 names the columns: 0, 1, 2 are unlike the numbers below");
    read.says("if it is data: --header no");
    case.train(30).stays_in(&case.rows("np.csv", ','));
}

#[test]
fn p02_numeric_header() {
    let case = Case::new("p02-numeric-header");
    let read = case.init("spectra.csv", &[]);
    assert_eq!((read.rows(), read.names()), (200, vec!["400", "450", "500", "550", "600"]));
    assert_eq!(read.data["header"], true);
    read.says("if it is data: --header no");
    // Absorbances of 0.3, of which 0.1 came back as 409.
    case.train(30).stays_in(&case.rows("spectra.csv", ','));
    assert_eq!(case.init("spectra.csv", &["--header", "no"]).rows(), 201);
    let read = case.init("nanhdr.csv", &[]);
    assert_eq!((read.rows(), read.names()), (150, vec!["nan", "inf"]));
}

#[test]
fn p12_headerless_with_text() {
    let case = Case::new("p12-headerless-with-text");
    let read = case.init("flowers.data", &[]);
    assert_eq!((read.rows(), read.names()), (150, vec!["x0", "x1", "x2", "x3", "x4"]));
    assert_eq!(read.data["header"], false);
    read.says("line 1 is data");
    read.says("if it names the columns: --header yes");
    assert_eq!(read.column("x4")["kind"], "category");
    let mut run = case.train(30);
    assert_eq!(run.samples.names, ["x0", "x1", "x2", "x3", "x4"]);
    assert!(run.samples.distinct("x4").is_subset(&["kind-a", "kind-b"].into()));
    run.samples.names.pop();
    let mut table = case.rows("flowers.data", ',');
    table.rows.push(table.names);
    table.names = ["x0", "x1", "x2", "x3", "x4"].map(str::to_owned).to_vec();
    run.stays_in(&table);
    let read = case.init("flowers.data", &["--header", "yes"]);
    assert_eq!((read.rows(), read.names()[0]), (149, "5.1"));
}

#[test]
fn p24_empty_duplicate_names() {
    let case = Case::new("p24-empty-duplicate-names");
    let read = case.init("dup.csv", &[]);
    assert_eq!((read.rows(), read.names()), (200, vec!["x", "x1", "x_2", "y"]));
    read.says("column 3 (x) is called x_2");
    assert_eq!(read.why_not("x3"), "has no value");
    // The two columns keep apart: the third of the file is the second of that name.
    let run = case.train(30);
    assert_eq!(run.samples.names, ["x", "x1", "x_2", "y"]);
    let mut table = case.rows("dup.csv", ',');
    table.names = ["x", "x1", "x_2", "x3", "y"].map(str::to_owned).to_vec();
    run.stays_in(&table);
    let case = Case::new("p24-empty-duplicate-names");
    let read = case.init("x1.csv", &[]);
    assert_eq!((read.rows(), read.names()), (200, vec!["a", "x1_2", "x1"]));
    read.says("column 2 (x1) is called x1_2");
    // The real x1 lies above 6, the nameless column below 8.
    let samples = case.train(30).samples;
    assert!(ends(&samples.numbers("x1")).0 >= 6.4 && ends(&samples.numbers("x1_2")).1 <= 7.7);
}

#[test]
fn o04_r_row_names() {
    for file in ["mtcars.csv", "mtcars.txt"] {
        let case = Case::new("o04-r-row-names");
        let read = case.init(file, &[]);
        assert_eq!((read.rows(), read.names()), (60, vec!["mpg", "hp"]));
        assert_eq!(read.data["row_names"], true);
        read.says("2 names for 3 fields: each row starts with a name");
        assert_eq!(read.why_not("row"), "names the rows");
        // Horse powers are whole and above 60, miles a gallon have a decimal and stay below 32.
        let samples = case.train(20).samples;
        assert!(samples.column("hp").iter().all(|text| !text.contains('.')));
        assert!(ends(&samples.numbers("hp")).0 >= 60.0 && ends(&samples.numbers("mpg")).1 <= 32.0);
    }
}

#[test]
fn o05_units_row() {
    let case = Case::new("o05-units-row");
    let read = case.init("rig.csv", &[]);
    assert_eq!((read.rows(), read.complete()), (200, 200));
    assert_eq!(read.names(), ["time", "force", "strain"]);
    assert_eq!(read.data["units_row"], true);
    read.says("line 2 holds units (s, N, %), and is skipped");
    case.train(30).stays_in(&case.rows("rig.csv", ','));
}

#[test]
fn o09_transposed() {
    let case = Case::new("o09-transposed");
    let read = case.init("genes.csv", &[]);
    assert_eq!((read.rows(), read.names().len()), (6, 40));
    read.says("40 columns of 6 rows: rows must be samples; is the table transposed?");
    let run = case.train(60);
    assert_eq!(run.word(), "too_few_rows");
    assert!(!run.said.out.contains("perfect samples"), "{}", run.said.out);
}
