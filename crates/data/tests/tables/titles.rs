//! Lines of a title above a table, columns with one odd cell, and years of two digits.

use std::fmt::Write as _;

use langevin_data::{ColumnKind, Guess, Survey, Table, TableOptions, TextKind};

fn guess(text: &str) -> Guess {
    Guess::from_bytes("a.csv", text.as_bytes(), &TableOptions::default()).unwrap()
}

fn body(end: &str) -> String {
    (0..30).map(|i| format!("{}.5,{},{}{end}\n", i * 7 % 11, i * 3 % 8, i * i)).collect()
}

/// The lines that are skipped, and the names of the columns.
fn found(text: &str) -> (u64, Vec<String>) {
    let guess = guess(text);
    let survey = Survey::from_bytes("a.csv", text.as_bytes(), &guess.options).unwrap();
    assert_eq!(survey.rows, 30, "{text}");
    let names = survey.columns.into_iter().map(|column| column.name).collect();
    (guess.options.layout.skip_lines.unwrap_or(0), names)
}

#[test]
fn titles_above_a_header_are_skipped_and_said() {
    let names = ["time", "load", "temp"].map(String::from).to_vec();
    for (title, lines) in [
        ("Report 2024\n", 1),
        ("Report 2024\n\n", 2),
        ("Report 2024,,\n,,\n", 2),
        ("Station,Hill\nMade on,2024-05-01\n\n", 3),
        ("\"Report, of\n two lines\"\n", 2),
        ("\nReport\n", 2),
    ] {
        assert_eq!(
            found(&format!("{title}time,load,temp\n{}", body(""))),
            (lines, names.clone()),
            "{title}"
        );
    }
    let semicolons =
        format!("Report, of 3 parts\n\ntime;load;temp\n{}", body("").replace(',', ";"));
    assert_eq!(found(&semicolons), (2, names.clone()));
    let units = format!("Report\ntime,load,temp\ns,N,K\n{}", body(""));
    assert_eq!(found(&units), (1, names.clone()));
    let said = guess("Report 2024\n\na,b\n1,2\n3,4\n4,5\n").said;
    assert_eq!(said[0], "line 1 is a title (Report 2024), and is skipped; if not: --skip-lines 0");
    // No titles: a header with a nameless index, row names, a delimiter at line ends, sparse rows.
    assert_eq!(found(&format!(",load,temp\n{}", body(""))).0, 0);
    assert_eq!(found(&format!("load,temp\n{}", body(""))).0, 0);
    assert_eq!(found(&format!("time,load,temp\n{}", body(","))).0, 0);
    assert_eq!(found(&format!("time,load,temp\n{}", body(""))), (0, names));
}

#[test]
fn lines_that_are_asked_for_are_skipped_and_no_others() {
    let text = format!("Report 2024\nsee below\n{}", body(""));
    let mut options = TableOptions::default();
    options.layout.skip_lines = Some(2);
    let guess = Guess::from_bytes("a.csv", text.as_bytes(), &options).unwrap();
    let table = Table::from_bytes("a.csv", text.as_bytes(), &guess.options).unwrap();
    assert_eq!((table.rows(), table.value(1, 0)), (30, 7.5));
    // Lines are counted from the file's start.
    let broken = text.replacen("7.5,3,1", "7.5,x,1", 1);
    let error = Table::from_bytes("a.csv", broken.as_bytes(), &guess.options).unwrap_err();
    assert!(error.to_string().starts_with("a.csv, line 4, column `x1`: `x`"), "{error}");
    let titled = format!("Report\na,b,c\n{}", body(""));
    options.layout.skip_lines = Some(0);
    let guess = Guess::from_bytes("a.csv", titled.as_bytes(), &options).unwrap();
    let error = Survey::from_bytes("a.csv", titled.as_bytes(), &guess.options).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("if the lines above it are a title, set data.skip_lines to their number"),
        "{error}"
    );
    options.layout.skip_lines = Some(99);
    let error = Table::from_bytes("a.csv", titled.as_bytes(), &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a.csv: all its lines are among the first 99, which data.skip_lines skips; skip fewer"
    );
}

/// The survey of a column with these cells, of 40 rows, of which the one in the middle is odd.
fn with_odd(odd: &str, cell: impl Fn(usize) -> String) -> langevin_data::ColumnSurvey {
    let mut text = "v,other\n".to_owned();
    for i in 0..40 {
        let cell = if i == 20 { odd.to_owned() } else { cell(i) };
        writeln!(text, "{cell},{}", i * 7 % 11).unwrap();
    }
    let survey = Survey::from_bytes("a.csv", text.as_bytes(), &guess(&text).options).unwrap();
    survey.columns[0].clone()
}

#[test]
fn one_odd_cell_costs_its_row_and_not_its_column() {
    let day = |i: usize| format!("2024-03-{:02}", 1 + i % 28);
    let digits = |i: usize| format!("202403{:02}", 1 + i % 28);
    let word = |i: usize| ["yes", "no"][i % 2].to_owned();
    let number = |i: usize| format!("{}.5", i * 3 % 13);
    type Make<'a> = &'a dyn Fn(usize) -> String;
    let whole = |i: usize| (i * 3 % 13).to_string();
    for (odd, make, kind) in [
        ("45000", &day as Make<'_>, ColumnKind::Date),
        ("soon", &day, ColumnKind::Date),
        ("05.03.2024", &day, ColumnKind::Date),
        ("2024-02-30", &day, ColumnKind::Date),
        ("yes", &day, ColumnKind::Date),
        ("20230231", &digits, ColumnKind::Date),
        ("99999999", &digits, ColumnKind::Date),
        ("-1", &digits, ColumnKind::Date),
        ("2024-03-01", &digits, ColumnKind::Date),
        ("soon", &digits, ColumnKind::Date),
        ("7", &word, ColumnKind::YesNo),
        ("maybe", &word, ColumnKind::YesNo),
        ("2024-03-01", &word, ColumnKind::YesNo),
        ("inf", &word, ColumnKind::YesNo),
        ("late", &number, ColumnKind::Number),
        ("yes", &number, ColumnKind::Number),
        ("2024-03-01", &number, ColumnKind::Number),
        ("99999999999999999999", &whole, ColumnKind::Integer),
        ("late", &whole, ColumnKind::Integer),
    ] {
        let column = with_odd(odd, make);
        assert_eq!(column.kind, kind, "{odd}");
        let odds: Vec<_> =
            column.odd.iter().map(|cell| (cell.text.as_str(), cell.line, cell.count)).collect();
        assert_eq!(odds, [(odd, 22, 1)]);
        assert_ne!(column.range.map(|(low, high)| low < high), Some(false));
    }
    // The first cell may be the odd one, in a spelling of its own.
    let first = |i: usize| if i == 0 { "05.03.2024".to_owned() } else { day(i) };
    let column = with_odd("2024-03-21", first);
    assert_eq!((column.kind, column.format.as_deref()), (ColumnKind::Date, Some("%Y-%m-%d")));
    assert_eq!(column.odd[0].line, 2);
    // Three of forty are too many.
    let many = |odd: &'static str, make: Make<'_>| {
        let some = |i: usize| if [3, 30].contains(&i) { odd.to_owned() } else { make(i) };
        with_odd(odd, some).kind
    };
    assert_eq!(many("45000", &day), ColumnKind::Text);
    assert_eq!(many("7", &word), ColumnKind::Text);
    assert_eq!(many("20230231", &digits), ColumnKind::Integer);
    assert_eq!(many("99999999999999999999", &whole), ColumnKind::Id);
}

#[test]
fn years_of_two_digits_are_those_of_posix_where_the_order_is_clear() {
    let column = |cells: &[&str]| {
        let text =
            format!("d,v\n{}", cells.iter().map(|cell| format!("{cell},1\n")).collect::<String>());
        Survey::from_bytes("a.csv", text.as_bytes(), &guess(&text).options).unwrap().columns[0]
            .clone()
    };
    let clear = column(&["25/12/69", "01/02/68", "03/04/99", "03/04/00"]);
    assert_eq!((clear.kind, clear.format.as_deref()), (ColumnKind::Date, Some("%d/%m/%y")));
    // 1969-12-25 and 2068-02-01, in days since 1970.
    assert_eq!(clear.range, Some((-7.0, 35825.0)));
    let format = langevin_data::DateFormat::new("%d/%m/%y").unwrap();
    for text in ["25/12/69", "01/02/68"] {
        assert_eq!(format.write(format.parse(text).unwrap()), text);
    }
    for cells in [["03/04/05", "05/06/07", "01/02/03"], ["15-03-24", "16-03-24", "17-03-24"]] {
        let unclear = column(&cells);
        assert_eq!(
            (unclear.kind, unclear.text),
            (ColumnKind::Text, Some(TextKind::UnclearDates)),
            "{cells:?}"
        );
        assert!(unclear.format.is_some() && unclear.other_format.is_some());
    }
    // Four digits of the year, and one reading by the name of the month.
    assert_eq!(column(&["03/04/2005", "05/06/2007"]).kind, ColumnKind::Date);
    assert_eq!(column(&["03-Apr-05", "05-Jun-07"]).kind, ColumnKind::Date);
    assert_eq!(column(&["10/11/2024", "12/12/2024"]).other_format.as_deref(), Some("%d/%m/%Y"));
}
