//! Columns of numbers that are no bare ones, as `$1,817.50`, `5.2%` or `5 kg`: found, read and written back.

use langevin_data::{
    CellKind, ColumnKind, ColumnSpec, ColumnSurvey, Dataset, Decimal, Holdout, Layout,
    SplitOptions, Survey, Table, TableData, TableOptions, TextKind,
};

fn options(decimal: Option<Decimal>) -> TableOptions {
    let layout = Layout { decimal, ..Layout::default() };
    TableOptions { delimiter: Some(b';'), header: Some(true), layout, ..TableOptions::default() }
}

/// The survey of a column that holds these values.
fn column(name: &str, values: &[&str], decimal: Option<Decimal>) -> ColumnSurvey {
    let text = format!("{name};other\n{};x\n", values.join(";x\n"));
    let survey = Survey::from_bytes("a.csv", text.as_bytes(), &options(decimal));
    survey.unwrap().columns.remove(0)
}

fn survey(values: &[&str]) -> ColumnSurvey {
    column("v", values, None)
}

#[test]
fn each_spelling_is_found_and_every_cell_comes_back() {
    use ColumnKind::{Constant, Integer, Number};
    for (values, kind, format, range) in [
        (&["$1,817.50", "$7,474.25", "-$2.00"][..], Number, "$1,234.5", (-2.0, 7474.25)),
        (&["1.234,50 €", "12,25 €"], Number, "1.234,5 €", (12.25, 1234.5)),
        (&["12 EUR", "1250 EUR", "7 EUR"], Integer, "1234 EUR", (7.0, 1250.0)),
        (&["CHF 1'200.50", "CHF 900.05"], Number, "CHF 1'234.5", (900.05, 1200.5)),
        (&["US$3", "US$4", "US$9"], Integer, "US$1234", (3.0, 9.0)),
        (&["5.2%", "2%", "-0.3%", "0%"], Number, "1234.5%", (-0.3, 5.2)),
        (&["5,2 %", "2,0 %"], Number, "1234,5 %", (2.0, 5.2)),
        (&["7,887", "1,100", "7,009"], Integer, "1,234", (1100.0, 7887.0)),
        (&["12 345", "1 100", "999"], Integer, "1 234", (999.0, 12345.0)),
        (&["1\u{a0}234,5", "12,5"], Number, "1\u{a0}234,5", (12.5, 1234.5)),
        (&["1'234", "12'345"], Integer, "1'234", (1234.0, 12345.0)),
        (&["1,234.50", "999.50", "0.25"], Number, "1,234.5", (0.25, 1234.5)),
        (&["3,5", "4", "1000,25"], Number, "1234,5", (3.5, 1000.25)),
        (&["5 kg", "7.5 kg"], Number, "1234.5 kg", (5.0, 7.5)),
        (&["21°C", "-3°C", "8°C"], Integer, "1234°C", (-3.0, 21.0)),
        (&["5 m²", "6 m²", "9 m²"], Integer, "1234 m²", (5.0, 9.0)),
        (&["5 kg", "5 kg"], Constant, "1234 kg", (5.0, 5.0)),
    ] {
        let found = survey(values);
        assert_eq!((found.kind, found.format.as_deref()), (kind, Some(format)), "{values:?}");
        assert_eq!(
            (found.range, found.odd.len(), found.missing),
            (Some(range), 0, 0),
            "{values:?}"
        );
        let kind = if kind == Integer { CellKind::Whole } else { CellKind::Number };
        let spec = ColumnSpec {
            kind,
            format: found.format,
            decimals: found.decimals.filter(|_| found.trailing_zeros || kind == CellKind::Number),
            trailing_zeros: found.trailing_zeros,
            ..ColumnSpec::named("v")
        };
        spec.check("v").unwrap();
        let lines = values.iter().enumerate().map(|(i, value)| format!("{value};{i}\n"));
        let text = format!("v;other\n{}", lines.collect::<String>());
        let columns = Some(vec![spec, ColumnSpec::named("other")]);
        let table =
            Table::from_bytes("a.csv", text.as_bytes(), &TableOptions { columns, ..options(None) })
                .unwrap();
        let read: Vec<f64> = (0..table.rows()).map(|row| table.value(row, 0)).collect();
        let split = SplitOptions { holdout: Holdout::Rows(0), ..SplitOptions::default() };
        let data = TableData::new(table, &split).unwrap();
        let own = &data.columns()[0];
        let written: Vec<_> = read.iter().map(|value| own.text(*value)).collect();
        assert_eq!(written, values);
        let back: Vec<_> = values.iter().map(|text| own.value(text)).collect();
        assert_eq!(back, read.iter().copied().map(Some).collect::<Vec<_>>());
    }
}

#[test]
fn names_ids_and_what_would_not_come_back_stay_text() {
    for values in [
        &["Q1", "Q2", "Q9"][..],
        &["A12", "A14", "A3"],
        &["room 3", "room 5", "room 9"],
        &["1.2.3", "1.3.0", "2.0.1"],
        &["555 1234", "555 9876"],
        &["601 234 567", "602 111 222", "733 555 666"],
        &["9 AM", "11 AM", "10 AM"],
        &["5kg", "7kg", "8kg"],
        &["1st", "21st", "31st"],
        &["007 123", "008 456"],
        &["$5", "€5", "$7", "€9"],
        &["5 kg", "5 lb", "7 kg", "9 lb"],
        // A plus, a sign behind the dollar, uneven zeros, one digit more than a float holds.
        &["+$5", "+$7"],
        &["$-5", "$-7"],
        &["$5.50", "$5", "$7.25"],
        &["9.007.199.254.740.993", "9.007.199.254.740.995"],
        &["$12,34", "$1,2345", "$1,23,45"],
        &["1,001", "1,002", "1,003"],
        // Points group digits in one, and stand before decimals in the other.
        &["1.234 €", "1.5 €", "1.234.567 €", "2.234.567 €"],
        &["5 kg"],
    ] {
        let found = survey(values);
        assert_eq!((found.kind, &found.format), (ColumnKind::Text, &None), "{values:?}");
    }
    assert_eq!(column("user_id", &["7,887", "1,100", "7,009"], None).kind, ColumnKind::Text);
    assert_eq!(survey(&["$5.50", "$5", "$7.25"]).text, Some(TextKind::Currency));
}

#[test]
fn odd_cells_and_marks_of_missing_values_cost_their_rows_alone() {
    let mut values = ["$1,200", "?", "n/a", "$900"].repeat(30);
    values[19] = "ask";
    let found = survey(&values);
    assert_eq!((found.kind, found.format.as_deref()), (ColumnKind::Integer, Some("$1,234")));
    assert_eq!((found.missing, &found.marks[..]), (60, &["?".to_owned()][..]));
    let odd: Vec<_> = found.odd.iter().map(|cell| (cell.text.as_str(), cell.line)).collect();
    assert_eq!(odd, [("ask", 21)]);
    // A bare number among dollars is none of them, and more than one row of twenty is text.
    values[19] = "12";
    assert_eq!(survey(&values).odd[0].text, "12");
    values[..16].fill("ask");
    assert_eq!(survey(&values).kind, ColumnKind::Text);
}

#[test]
fn thousands_are_read_with_the_smaller_numbers_beside_them() {
    let small: Vec<String> = (0..300).map(|i| (i * 37 % 1000).to_string()).collect();
    let mut values: Vec<&str> = small.iter().map(String::as_str).collect();
    // Three of 300 would be few enough to be odd cells.
    for (place, text) in [(20, "1,017"), (120, "1,250"), (220, "2,003")] {
        values[place] = text;
    }
    let found = survey(&values);
    assert_eq!((found.format.as_deref(), found.range), (Some("1,234"), Some((0.0, 2003.0))));
    assert_eq!((found.odd.len(), found.sentinel), (0, None));
    // Beside a bare number that is none of the spelling they are odd.
    for other in ["1500", "+5", ".5", "5.", "1e2", "007"] {
        values[5] = other;
        assert_eq!(survey(&values).format, None, "{other}");
    }
    values[5] = "1500";
    assert_eq!(survey(&values).odd.len(), 3);
}

#[test]
fn a_comma_that_may_be_either_groups_thousands_unless_the_file_says_more() {
    let either = ["7,887 kg", "1,125 kg", "7,009 kg"];
    let found = survey(&either);
    assert_eq!(found.format.as_deref(), Some("1,234 kg"));
    assert_eq!(found.other_format.as_deref(), Some("1234,5 kg"));
    assert_eq!(found.example.unwrap().text, "7,887 kg");
    let found = column("v", &either, Some(Decimal::Comma));
    assert_eq!((found.format.as_deref(), found.range), (Some("1234,5 kg"), Some((1.125, 7.887))));
    assert_eq!(found.other_format, None);
    // A leading zero, or fewer digits, are decimals; a point is one where both fit.
    for values in [["7,887 kg", "0,125 kg"], ["7,887 kg", "1,5 kg"]] {
        let found = survey(&values);
        assert_eq!((found.format.as_deref(), found.other_format), (Some("1234,5 kg"), None));
    }
    let found = survey(&["1.234 €", "7.887 €"]);
    assert_eq!((found.format.as_deref(), found.range), (Some("1234.5 €"), Some((1.234, 7.887))));
    assert_eq!(found.other_format.as_deref(), Some("1.234 €"));
    assert_eq!(survey(&["12 €", "7 €"]).other_format, None);
}

#[test]
fn a_cell_of_another_spelling_is_refused_with_the_one_required() {
    let spec = ColumnSpec { format: Some("$1,234.5".to_owned()), ..ColumnSpec::named("v") };
    let text = "v;other\n$1;1\n$2;2\n5;3\n";
    let columns = Some(vec![spec]);
    let error =
        Table::from_bytes("a.csv", text.as_bytes(), &TableOptions { columns, ..options(None) });
    let error = error.unwrap_err().to_string();
    assert!(error.contains("a number written as $1,234.5"), "{error}");
}

#[test]
fn a_format_that_cannot_be_is_refused() {
    let refused = |kind, format: &str| {
        let spec = ColumnSpec { kind, format: Some(format.to_owned()), ..ColumnSpec::named("v") };
        spec.check("data.columns[0]").unwrap_err().to_string()
    };
    assert_eq!(
        refused(CellKind::Number, "$1,000"),
        "data.columns[0].format: must be how the file writes the number 1234.5, or 1234, as $1,234.5 or 1.234,5 € or \
         1234 kg, got \"$1,000\""
    );
    assert_eq!(
        refused(CellKind::Category, "$1,234"),
        "data.columns[0].format: is only for kinds `date`, `number` and `whole`"
    );
    assert!(refused(CellKind::Date, "$1,234").contains("by directives of strftime"));
}
