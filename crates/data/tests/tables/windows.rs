//! Windows of a series: which rows make them, what is told of them, and which are held out.

use langevin_data::{
    Dataset, Holdout, Part, SplitOptions, Table, TableData, TableError, TableOptions, Window,
    WindowError,
};

use crate::{array, names, read};

fn series(text: &str, length: usize, stride: usize, past: usize) -> Result<Table, TableError> {
    let window = Some(Window { length, stride });
    let options = TableOptions { window, past, ..TableOptions::default() };
    Table::from_bytes("s.csv", text.as_bytes(), &options)
}

/// The numbers 0 to `count` − 1, and their negatives.
fn counted(count: usize) -> String {
    let row = |i: usize| format!("{i},{}\n", -(i as i64));
    format!("a,b\n{}", (0..count).map(row).collect::<String>())
}

fn rows(data: &TableData, part: Part) -> Vec<Vec<f64>> {
    let row = |i| {
        let mut row = Vec::new();
        data.user_row(part, i, &mut row);
        row
    };
    (0..data.len(part).expect("finite")).map(row).collect()
}

#[test]
fn each_row_is_a_window_and_the_past_is_told_last() {
    let table = series(&counted(6), 3, 2, 1).expect("windows");
    assert_eq!(table.columns(), ["a.2", "a.3", "b.2", "b.3", "a.1", "b.1"]);
    assert_eq!((table.rows(), table.told()), (2, 2));
    assert_eq!(table.row(0), [1.0, 2.0, -1.0, -2.0, 0.0, 0.0]);
    assert_eq!(table.row(1), [3.0, 4.0, -3.0, -4.0, 2.0, -2.0]);
}

#[test]
fn columns_that_are_told_are_so_at_every_step_with_their_classes() {
    let text = "day,load\nmo,1\ntu,2\nwe,3\nmo,4\n";
    let window = Some(Window { length: 2, stride: 1 });
    let told = names(&["day"]);
    let options = TableOptions { window, past: 1, told, ..TableOptions::default() };
    let table = Table::from_bytes("s.csv", text.as_bytes(), &options).expect("windows");
    assert_eq!(table.columns(), ["load.2", "load.1", "day.1", "day.2"]);
    let split = SplitOptions { holdout: Holdout::Share(0.0), ..SplitOptions::default() };
    let data = TableData::new(table, &split).expect("data");
    assert_eq!(data.told(), [1, 2, 3]);
    // 1 drawn, 1 of the past, and 3 classes at each of two steps.
    assert_eq!(data.features(), 8);
    let columns = data.columns();
    let first = &rows(&data, Part::Training)[0];
    assert_eq!((columns[2].text(first[2]), columns[3].text(first[3])), ("mo".into(), "tu".into()));
}

#[test]
fn no_window_reaches_across_a_row_that_lacks_a_value() {
    let text = "a\n0\n1\n2\nNA\n?\n3\n4\nNA\n5\n6\n7\n8\n".replace('?', "NA");
    let table = series(&text, 3, 1, 0).expect("windows");
    let starts: Vec<f64> = (0..table.rows()).map(|row| table.row(row)[0]).collect();
    assert_eq!(starts, [0.0, 5.0, 6.0]);
    // In an array, whichever way it is written.
    let numbers = [0.0, 1.0, f64::NAN, 2.0, 3.0, 4.0];
    let both: Vec<f64> = numbers.iter().flat_map(|x| [*x, 10.0 * x]).collect();
    let by_column: Vec<f64> = numbers.into_iter().chain(numbers.map(|x| 10.0 * x)).collect();
    for (values, order) in [(both, false), (by_column, true)] {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let bytes = array("<f8", order, "6, 2", &bytes);
        let window = Some(Window { length: 2, stride: 1 });
        let options = TableOptions { window, ..TableOptions::default() };
        let table = Table::from_bytes("s.npy", &bytes, &options).expect("windows");
        let own: Vec<&[f64]> = (0..table.rows()).map(|row| table.row(row)).collect();
        let [first, second, third] =
            [[0.0, 1.0, 0.0, 10.0], [2.0, 3.0, 20.0, 30.0], [3.0, 4.0, 30.0, 40.0]];
        assert_eq!(own, [first, second, third], "{order}");
    }
}

#[test]
fn the_last_rows_are_held_out_and_no_window_reaches_into_them() {
    let split = |holdout, seed| SplitOptions { holdout, seed, ..SplitOptions::default() };
    for (holdout, seed) in [(Holdout::Share(0.2), 0), (Holdout::Rows(4), 9)] {
        let table = series(&counted(20), 3, 1, 1).expect("windows");
        let data = TableData::new(table, &split(holdout, seed)).expect("data");
        let starts = |part| rows(&data, part).iter().map(|row| row[4]).collect::<Vec<f64>>();
        // Rows 16 to 19 are held out: windows from 16 and 17 lie in them, those up to 13 before them.
        assert_eq!(starts(Part::HeldOut), [16.0, 17.0]);
        assert_eq!(starts(Part::Training), (0..14).map(f64::from).collect::<Vec<_>>());
        let remarks = data.remarks().join("\n");
        assert!(
            remarks.contains("14 to train on, the 2 last in time held out, and 2 windows across"),
            "{remarks}"
        );
    }
    // Windows three apart share no row.
    let stride = |stride| {
        let table = series(&counted(20), 3, stride, 1).expect("windows");
        TableData::new(table, &split(Holdout::Rows(8), 0)).expect("data").apart()
    };
    assert_eq!([1, 2, 3, 5].map(stride), [3, 2, 1, 1]);
    // Its scales are of the training windows alone: 13 is the largest first step that they have.
    let table = series(&counted(20), 3, 1, 1).expect("windows");
    let data = TableData::new(table, &split(Holdout::Rows(4), 0)).expect("data");
    assert_eq!(data.seen_range(4), Some([0.0, 13.0]));
}

#[test]
fn what_makes_no_windows_is_refused_with_its_figures() {
    let refused = |table: Result<Table, TableError>| table.expect_err("refused").to_string();
    for (length, stride, past, said) in [
        (1, 1, 0, "must have a length of 2 at least and a stride of 1 at least, got 1 and 1"),
        (3, 0, 0, "got 3 and 0"),
        (7, usize::MAX, 0, "6, got 7"),
        (3, 1, 3, "data.condition.past: must be below data.window.length, 3, got 3"),
        (
            7,
            1,
            0,
            "data.window.length: must be at most the longest stretch of rows without a missing value, 6, got 7",
        ),
        (40_000, 1, 0, "2 columns at 40000 steps must be at most 65536 numbers"),
        (usize::MAX, 1, 0, "must be at most 65536 numbers"),
    ] {
        let message = refused(series(&counted(6), length, stride, past));
        assert!(message.contains(said), "{message}");
    }
    let table = series(&counted(20), 6, 1, 0).expect("windows");
    let options = SplitOptions { holdout: Holdout::Rows(4), ..SplitOptions::default() };
    let error = TableData::new(table, &options).expect_err("no window is within 4 rows");
    let TableError::Window(WindowError::Holdout { training, later, .. }) = error else {
        panic!("{error}")
    };
    assert_eq!((training, later), (11, 0));
    assert!(read(&counted(3)).expect("a table").columns() == ["a", "b"]);
}

#[test]
fn what_is_the_same_at_one_step_of_all_windows_is_not_told_and_a_column_that_never_varies_is_an_error()
 {
    let rows: String = (0..40)
        .map(|i| format!("{},{},{},5\n", i * i % 17, i % 4, ["mo", "tu", "we", "th"][i % 4]))
        .collect();
    let text = format!("load,hour,day,same\n{rows}");
    let data = |told: &[&str], stride| {
        let window = Some(Window { length: 4, stride });
        let (told, columns) = (names(told), Some(crate::specs(&["load", "hour"])));
        let options = TableOptions { window, told, columns, past: 2, ..TableOptions::default() };
        let table = Table::from_bytes("s.csv", text.as_bytes(), &options)?;
        TableData::new(table, &SplitOptions::default())
    };
    // Windows that start at every hour tell it; those that start at midnight have nothing to tell but names.
    let hourly = data(&["hour", "day"], 1).expect("data");
    assert_eq!(hourly.told(), (2..12).collect::<Vec<_>>());
    let daily = data(&["day"], 4).expect("data");
    assert_eq!(daily.told(), [4, 5, 8, 9, 10, 11]);
    let mut user = Vec::new();
    daily.user_row(Part::Training, 0, &mut user);
    assert_eq!(daily.columns()[8].text(user[8]), "mo");
    let error = data(&["hour"], 4).expect_err("constant").to_string();
    assert!(error.contains("column `hour` has one value in all"), "{error}");
    let error = data(&["same"], 1).expect_err("constant").to_string();
    assert!(error.contains("column `same` has one value in all"), "{error}");
    // A column that is sometimes the same at one step is told at the others.
    let text = text.replace("hour", "half");
    let window = Some(Window { length: 4, stride: 2 });
    let options = TableOptions {
        window,
        told: names(&["half"]),
        columns: Some(crate::specs(&["load"])),
        ..TableOptions::default()
    };
    let table = Table::from_bytes("s.csv", text.replace(",3,", ",1,").as_bytes(), &options);
    let data = TableData::new(table.expect("windows"), &SplitOptions::default()).expect("data");
    let told: Vec<String> =
        data.told().iter().map(|column| data.columns()[*column].name.clone()).collect();
    assert_eq!(told, ["half.1", "half.3"]);
}
