//! Files whose cells are read as they are written, to be filled in.

use langevin_data::{
    CellKind, Column, ColumnSpec, ColumnValues, DateFormat, Decimal, Layout, TableOptions,
    TextTable,
};

fn read(text: &str, options: &TableOptions) -> TextTable {
    TextTable::from_bytes("t.csv", text.as_bytes(), options).expect("sound")
}

fn with_gaps(column: Column) -> Column {
    Column { may_miss: true, ..column }
}

#[test]
fn cells_that_are_not_filled_stay_as_they_are_and_the_others_are_spelled_as_the_file_is() {
    let layout = Layout {
        decimal: Some(Decimal::Comma),
        missing_values: vec!["-".to_owned()],
        ..Layout::default()
    };
    let options = TableOptions { layout, delimiter: Some(b';'), ..TableOptions::default() };
    let text = "name;price;note\n\"a; b\";1.299,50;0010\n c ;-;\n";
    let table = read(text, &options);
    let price = with_gaps(Column { decimals: Some(2), ..Column::number("price") });
    assert_eq!(table.names(), ["name", "price", "note"]);
    assert_eq!(table.value(0, 1, &price), Ok(1299.5));
    assert!(table.value(1, 1, &price).expect("missing").is_nan());
    let written = table.write(|row| match row {
        0 => vec![Vec::new()],
        _ => [7.25, 0.5].map(|value| vec![(1, table.spell(&price, value))]).to_vec(),
    });
    let written = String::from_utf8(written.expect("written")).expect("text");
    assert_eq!(written, "name;price;note\n\"a; b\";1.299,50;0010\nc;7,25;\nc;0,50;\n");
}

#[test]
fn what_is_none_of_a_column_s_cells_is_refused_with_its_line() {
    let day = ColumnSpec {
        kind: CellKind::Date,
        format: Some("%Y-%m-%d".to_owned()),
        ..ColumnSpec::named("day")
    };
    let options = TableOptions { columns: Some(vec![day]), ..TableOptions::default() };
    let table = read("day,kind,x\n2024-01-31,a,1\n31.1.24,z,oops\n,NA,inf\n", &options);
    let day = Column {
        values: ColumnValues::Date(DateFormat::new("%Y-%m-%d").expect("a format")),
        ..with_gaps(Column::number("day"))
    };
    let values = ColumnValues::Category(vec!["a".to_owned(), "b".to_owned()]);
    let kind = Column { values, ..Column::number("kind") };
    let x = Column::number("x");
    assert_eq!(table.value(0, 0, &day).map(|value| day.text(value)), Ok("2024-01-31".to_owned()));
    assert_eq!((table.value(0, 1, &kind), table.value(0, 2, &x)), (Ok(0.0), Ok(1.0)));
    assert!(table.value(2, 0, &day).is_ok_and(f64::is_nan));
    assert!(table.value(2, 1, &kind).is_ok_and(f64::is_nan));
    for (row, column, of, said) in [
        (1, 0, &day, "t.csv, line 3, column `day`: \"31.1.24\" is not a date of the format"),
        (
            1,
            1,
            &kind,
            "column `kind`: \"z\" is not one of the 2 values that the training rows have",
        ),
        (1, 2, &x, "\"oops\" is not a number"),
        (2, 2, &x, "t.csv, line 4, column `x`: \"inf\" is not a number"),
    ] {
        let message = table.value(row, column, of).expect_err(said).to_string();
        assert!(message.contains(said), "{message}");
    }
}

#[test]
fn a_file_without_rows_an_array_and_other_bytes_are_refused() {
    let refused = |bytes: &[u8]| {
        let read = TextTable::from_bytes("t.csv", bytes, &TableOptions::default());
        read.expect_err("refused").to_string()
    };
    assert!(refused(b"a,b\n").contains("header"), "{}", refused(b"a,b\n"));
    assert!(refused(b"\x93NUMPY\x01\x00").contains("an array has no empty cells"));
    let message = refused(b"a,b\n1,2\n\xff,3\n");
    assert!(message.contains("UTF-8") && message.contains('3'), "{message}");
}
