//! What a survey finds in a file.

use langevin_data::{ColumnKind, Survey, TableOptions};

fn survey(text: &str) -> Survey {
    Survey::from_bytes("a.csv", text.as_bytes(), &TableOptions::default()).unwrap()
}

/// The kind of a column that holds these values.
fn kind(name: &str, values: &[&str]) -> ColumnKind {
    let text = format!("other,{name}\nx,{}\n", values.join("\nx,"));
    survey(&text).columns[1].kind
}

#[test]
fn every_column_of_a_users_file_is_told_apart() {
    let survey = survey(
        "Sample ID;Date;Body mass (g);Length;Sex;Count;Site;Note\n\
         17;2026-01-31;3.75e3;181.5;m;4;3;\n\
         5;2026-02-01;NA;-2;f;2;3;\n\
         9;2026-02-02;inf;3.5;;7;3.0;\n",
    );
    assert_eq!((survey.rows, survey.has_header), (3, true));
    let kinds: Vec<_> =
        survey.columns.iter().map(|column| (column.name.as_str(), column.kind)).collect();
    assert_eq!(
        kinds,
        [
            ("Sample ID", ColumnKind::Id),
            ("Date", ColumnKind::Date),
            ("Body mass (g)", ColumnKind::Number),
            ("Length", ColumnKind::Number),
            ("Sex", ColumnKind::Text),
            ("Count", ColumnKind::Integer),
            ("Site", ColumnKind::Constant),
            ("Note", ColumnKind::Empty),
        ]
    );
    let mass = &survey.columns[2];
    assert_eq!((mass.missing, mass.infinite, mass.range), (1, 1, Some((3750.0, 3750.0))));
    assert_eq!(survey.columns[3].range, Some((-2.0, 181.5)));
    let distinct = |i: usize| survey.columns[i].distinct.clone().unwrap();
    assert_eq!(distinct(4), ["m", "f"]);
    assert_eq!(distinct(6), ["3", "3.0"]);
    assert!(distinct(7).is_empty());
    assert_eq!((survey.columns[7].missing, survey.columns[7].range), (3, None));
}

#[test]
fn ids_ascend_by_one_or_are_called_so() {
    assert_eq!(kind("number", &["3", "4", "5"]), ColumnKind::Id);
    assert_eq!(kind("number", &["3", "4", "6"]), ColumnKind::Integer);
    assert_eq!(kind("number", &["4", "3", "4", "5"]), ColumnKind::Integer);
    assert_eq!(kind("number", &["3", "4"]), ColumnKind::Integer, "two rows say nothing");
    assert_eq!(kind("number", &["0.5", "1.5", "2.5"]), ColumnKind::Number);
    for name in ["id", "ID", "user_id", "Sample Id"] {
        assert_eq!(kind(name, &["3", "9", "6"]), ColumnKind::Id, "{name}");
    }
    assert_eq!(kind("humid", &["3", "9", "6"]), ColumnKind::Integer);
    assert_eq!(kind("id", &["3.5", "9", "6"]), ColumnKind::Number);
    assert_eq!(kind("id", &["a3", "9", "6"]), ColumnKind::Text);
}

#[test]
fn dates_and_times_are_told_from_other_text() {
    for date in [
        "2026-01-31",
        "31/1/26",
        "31.01.2026",
        "12:30",
        "9:05:59.25",
        "2026-01-31 12:30",
        "2026-01-31T12:30:00Z",
        "2026-01-31T12:30:00.5+02:00",
        "1/31/2026 9:05 PM",
    ] {
        assert_eq!(kind("when", &[date, "", date]), ColumnKind::Date, "{date}");
        assert_eq!(kind("when", &[date, "never"]), ColumnKind::Text, "{date}");
    }
    for text in
        ["2026-01", "192.168.0.1", "a-b-c", "1-2-", "12345-1-1", "12:", ":30", "T", "x 12:30"]
    {
        assert_eq!(kind("when", &[text]), ColumnKind::Text, "{text}");
    }
}

#[test]
fn distinct_values_are_listed_up_to_twenty_and_counted_no_further() {
    let numbers =
        |count: u32| (0..2 * count).map(|i| format!("{}\n", i % count)).collect::<String>();
    let distinct = |count| survey(&numbers(count)).columns[0].distinct.as_ref().map(Vec::len);
    assert_eq!(distinct(20), Some(20));
    assert_eq!(distinct(21), None);
}
