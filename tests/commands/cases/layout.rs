//! Cases on what stands between and around the cells: blanks, comments, delimiters at line ends, decimal
//! commas, encodings.

use super::{Case, ends};

#[test]
fn p08_decimal_comma() {
    let case = Case::new("p08-decimal-comma");
    let read = case.init("konto.csv", &[]);
    assert_eq!((read.rows(), read.names()), (200, vec!["Betrag", "Kurs", "Anzahl"]));
    assert_eq!((&read.data["decimal"], &read.data["delimiter"]), (&",".into(), &";".into()));
    read.says("numbers have decimal commas");
    read.says("Betrag: 3110.93 to 6725.11, 2 decimals");
    read.says("Anzahl: 1 to 9, whole");
    let samples = case.train(30).samples;
    for (name, low, high) in [("Betrag", 3110.93, 6725.11), ("Kurs", 0.84, 2.08)] {
        let (least, most) = ends(&samples.numbers(name));
        assert!(low <= least && most <= high, "{name}: {least} to {most}");
    }
    let read = case.init("ganz.csv", &[]);
    assert!(read.data["decimal"].is_null());
    read.says("Betrag: 5.767 is read as 5.767 (--decimal .); if it means 5767: --decimal ,");
    let read = case.init("ganz.csv", &["--decimal", ","]);
    assert_eq!((read.rows(), &read.column("Betrag")["kind"]), (200, &"whole".into()));
    read.says("Betrag: 1016 to 9990, whole");
}

#[test]
fn p09_savetxt_spaces() {
    let case = Case::new("p09-savetxt-spaces");
    let read = case.init("points.txt", &[]);
    assert_eq!((read.rows(), read.names()), (200, vec!["x0", "x1"]));
    assert_eq!((&read.data["header"], &read.data["aligned"]), (&false.into(), &true.into()));
    read.says("columns are told apart by blanks");
    let samples = case.train(30).samples;
    assert!(ends(&samples.numbers("x0")).0 < 0.0 && ends(&samples.numbers("x1")).0 > 1.41);
    let read = case.init("aligned.dat", &[]);
    assert_eq!((read.rows(), read.names()), (200, vec!["x", "y"]));
    read.says("the comment above line 2 names the columns");
    // By hand one blank is one delimiter; the way out is named where it does not fit.
    case.program.run(&["train", "by_hand.json", "--dry-run"]).code(0);
    let said = case.program.run(&["train", "by_hand_aligned.json", "--dry-run"]).code(2);
    said.err_has("aligned.dat, line 2: ").err_has("set data.aligned to true");
    let arguments = ["train", "by_hand_aligned.json", "--dry-run", "--set", "data.aligned=true"];
    let said = case.program.run(&[&arguments[..], &["--set", "data.comment=#"]].concat());
    said.code(0);
}

#[test]
fn p10_comment_lines() {
    for (file, comments) in
        [("plain.csv", "1 line that starts"), ("sensor.csv", "2 lines that start")]
    {
        let case = Case::new("p10-comment-lines");
        let read = case.init(file, &[]);
        assert_eq!((read.rows(), read.complete()), (200, 200));
        assert_eq!((read.names(), &read.data["comment"]), (vec!["t", "h"], &"#".into()));
        read.says(&format!("{comments} with # skipped as comments"));
        case.train(20);
    }
}

#[test]
fn p11_trailing_delimiter() {
    let case = Case::new("p11-trailing-delimiter");
    for file in ["comma.csv", "pipe.csv", "header_only.csv", "rows_only.csv"] {
        let read = case.init(file, &[]);
        assert_eq!((read.rows(), read.names()), (200, vec!["A", "B", "C"]), "{file}");
        assert!(read.left_out().is_empty(), "{file}: {}", read.listing);
        read.says("at line ends is no column");
        read.says("A: 1 to 5, whole");
        read.says("C: 6.31 to 11.37, 2 decimals");
    }
    let samples = case.train(20).samples;
    assert!(samples.distinct("A").into_iter().all(|a| ["1", "2", "3", "4", "5"].contains(&a)));
}

#[test]
fn p22_encodings() {
    let case = Case::new("p22-encodings");
    let read = case.init("bom.csv", &[]);
    assert_eq!((read.rows(), read.names()), (100, vec!["grün", "größe"]));
    let run = case.train(20);
    assert_eq!(run.samples.names, ["grün", "größe"]);
    for (file, what) in [
        ("utf16.csv", "is text in UTF-16"),
        ("utf16_noname.csv", "is text in UTF-16"),
        ("latin1.csv", "save the file as UTF-8"),
        ("cr.csv", "its lines end in carriage returns alone"),
    ] {
        let said = case.refused(file, &[]);
        assert!(said.contains(what) && said.contains("save"), "{said}");
    }
}
