//! Rows that weigh: what is drawn, what is scaled, what stands for them, and what is refused.

use langevin_data::{
    CellKind, Dataset, Encoding, Holdout, Missing, Part, Purpose, Split, SplitOptions, Streams,
    TableData, Transform, WeightError, Window,
};

use super::*;

/// A class, a number that is missing now and then, and what the row weighs.
type Row = (usize, Option<f64>, f64);

/// 240 rows, of which the last 60 are held out; class 2 weighs four times as much as class 0, and grows with the number.
fn given() -> Vec<Row> {
    let row = |i: usize| {
        let kind = (i * 7 + i / 5) % 3;
        let number = ((i * 31) % 17) as f64 / 4.0 + kind as f64;
        let weight = [1.0, 2.0, 4.0][kind] * if i % 11 == 3 { 0.5 } else { 1.0 };
        (kind, (i % 9 != 4).then_some(number), weight)
    };
    (0..240).map(row).collect()
}

fn csv(rows: &[Row], with_weight: bool) -> String {
    let line = |(kind, number, weight): &Row| {
        let number = number.map_or(String::new(), |number| number.to_string());
        let weight = if with_weight { format!(",{weight}") } else { String::new() };
        format!("{},{number}{weight}\n", ["a", "b", "c"][*kind])
    };
    let header = if with_weight { "kind,size,w\n" } else { "kind,size\n" };
    header.to_owned() + &rows.iter().map(line).collect::<String>()
}

fn options(encoding: Encoding, weight: Option<&str>) -> TableOptions {
    let mut columns = specs(&["kind", "size"]);
    columns[0].kind = CellKind::Category;
    columns[1].encoding = Some(encoding);
    TableOptions {
        columns: Some(columns),
        missing: Missing::Model,
        weight: weight.map(str::to_owned),
        ..TableOptions::default()
    }
}

/// The last rows are held out.
fn split(held_out: usize) -> SplitOptions {
    SplitOptions { holdout: Holdout::Rows(held_out), split: Split::Last, ..SplitOptions::default() }
}

fn weighted(encoding: Encoding) -> TableData {
    let table =
        Table::from_bytes("t.csv", csv(&given(), true).as_bytes(), &options(encoding, Some("w")));
    TableData::new(table.expect("a table"), &split(60)).expect("sound")
}

/// Each row as often as twice its weight: the same data without weights.
fn repeated(encoding: Encoding) -> TableData {
    let times = |row: &Row| std::iter::repeat_n(*row, (2.0 * row.2) as usize);
    let rows: Vec<Row> = given().iter().flat_map(times).collect();
    let held_out = given()[180..].iter().map(|row| (2.0 * row.2) as usize).sum();
    let table = Table::from_bytes("t.csv", csv(&rows, false).as_bytes(), &options(encoding, None));
    TableData::new(table.expect("a table"), &split(held_out)).expect("sound")
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs())
}

#[test]
fn a_row_that_weighs_twice_as_much_is_scaled_as_two_rows() {
    for encoding in [Encoding::Standardise, Encoding::Rank, Encoding::Parts, Encoding::Category] {
        let (data, same) = (weighted(encoding), repeated(encoding));
        assert_eq!(data.column_names(), ["kind", "size"]);
        assert_eq!(data.layout(), same.layout());
        for (own, other) in data.drawn_categories().iter().zip(same.drawn_categories()) {
            assert!(close(own.scale, other.scale), "{encoding:?}");
            assert!(
                own.shares.iter().zip(&other.shares).all(|(a, b)| close(*a, *b)),
                "{encoding:?}"
            );
        }
        let (means, others) = (data.mean().expect("known"), same.mean().expect("known"));
        assert!(means.iter().zip(&others).all(|(a, b)| close(*a, *b)), "{encoding:?}: {means:?}");
        let (own, other) = (data.covariance().expect("known"), same.covariance().expect("known"));
        let pairs = own.iter().flatten().zip(other.iter().flatten());
        assert!(pairs.clone().all(|(a, b)| close(*a, *b)), "{encoding:?}: {own:?} {other:?}");
        // A value has the features that it has among repeated rows, and comes back.
        for (kind, number, _) in given() {
            let row = [kind as f64, number.unwrap_or(f64::NAN)];
            let (mut features, mut others, mut back) = (Vec::new(), Vec::new(), Vec::new());
            data.scale(&row, &mut features);
            same.scale(&row, &mut others);
            assert!(
                features.iter().zip(&others).all(|(a, b)| close(*a, *b)),
                "{encoding:?} {row:?}"
            );
            data.restore(&features, &mut back);
            let is_same = |(a, b): (&f64, &f64)| close(*a, *b) || a.is_nan() && b.is_nan();
            assert!(back.iter().zip(&row).all(is_same), "{encoding:?}: {back:?}, not {row:?}");
        }
    }
    // Transforms of the whole table.
    for transform in [Transform::StandardiseTogether, Transform::Quantile] {
        let scaled = |weight: bool| {
            let times = |row: &Row| match weight {
                true => std::iter::repeat_n(*row, 1),
                false => std::iter::repeat_n(*row, (2.0 * row.2) as usize),
            };
            let rows: Vec<Row> =
                given().iter().flat_map(times).filter(|row| row.1.is_some()).collect();
            let name = weight.then(|| "w".to_owned());
            let options = TableOptions {
                columns: Some(specs(&["size"])),
                weight: name,
                ..TableOptions::default()
            };
            let table =
                Table::from_bytes("t.csv", csv(&rows, true).as_bytes(), &options).expect("a table");
            let split =
                SplitOptions { holdout: Holdout::Share(0.0), transform, ..SplitOptions::default() };
            TableData::new(table, &split).expect("sound")
        };
        let (data, same) = (scaled(true), scaled(false));
        for value in [-1.0, 0.3, 2.25, 7.0] {
            let (mut own, mut other) = (Vec::new(), Vec::new());
            data.scale(&[value], &mut own);
            same.scale(&[value], &mut other);
            assert!(close(own[0], other[0]), "{transform:?}: {own:?} {other:?}");
        }
    }
}

/// Counts of the classes among drawn rows of a part.
fn drawn(data: &TableData, part: Part, count: usize) -> [f64; 3] {
    let mut rows = vec![0.0; count * data.features()];
    data.draw(part, &mut Streams::new(3).at(Purpose::Data, 0, 0), &mut rows);
    let mut counts = [0.0; 3];
    for row in rows.chunks_exact(data.features()) {
        let mut user = Vec::new();
        data.restore(row, &mut user);
        counts[user[0] as usize] += 1.0;
    }
    counts
}

/// The share of each class among rows of a part of what is given, by what they weigh.
fn shares(part: Part) -> [f64; 3] {
    let rows = given();
    let (training, held_out) = rows.split_at(180);
    let rows = if part == Part::Training { training } else { held_out };
    let mut shares = [0.0; 3];
    rows.iter().for_each(|(kind, _, weight)| shares[*kind] += weight);
    let all: f64 = shares.iter().sum();
    shares.map(|share| share / all)
}

#[test]
fn batches_and_what_stands_for_the_rows_have_shares_by_weight() {
    let data = weighted(Encoding::Rank);
    for part in [Part::Training, Part::HeldOut] {
        let exact = shares(part);
        let counts = drawn(&data, part, 40_000);
        for (count, share) in counts.iter().zip(exact) {
            let error = (share * (1.0 - share) / 40_000.0).sqrt();
            assert!(
                (count / 40_000.0 - share).abs() < 4.0 * error,
                "{part:?}: {counts:?} {exact:?}"
            );
        }
        let chosen = data.representatives(part).expect("weights");
        let mut found = [0.0; 3];
        for index in chosen {
            let mut row = Vec::new();
            data.user_row(part, *index, &mut row);
            found[row[0] as usize] += 1.0 / chosen.len() as f64;
        }
        let away = found.iter().zip(exact).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(away < 0.04, "{part:?}: {found:?}, not {exact:?}");
    }
    // Without weights every row counts, and a row takes as many words of the stream.
    assert_eq!(repeated(Encoding::Rank).representatives(Part::Training), None);
    assert_eq!(data.words_per_row(), repeated(Encoding::Rank).words_per_row());
}

#[test]
fn what_is_told_is_told_as_often_as_its_rows_weigh() {
    let mut options = options(Encoding::Rank, Some("w"));
    options.told = names(&["kind"]);
    let table =
        Table::from_bytes("t.csv", csv(&given(), true).as_bytes(), &options).expect("a table");
    let data = TableData::new(table, &split(60)).expect("sound");
    let mut counts = [0.0; 3];
    let mut stream = Streams::new(3).at(Purpose::Condition, 0, 0);
    for _ in 0..20_000 {
        let mut row = Vec::new();
        data.draw_user_row(&mut stream, &mut row);
        counts[row[1] as usize] += 1.0 / 20_000.0;
    }
    let exact = shares(Part::Training);
    let away = counts.iter().zip(exact).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(away < 0.03, "{counts:?}, not {exact:?}");
}

#[test]
fn the_column_is_not_learnt_and_rows_that_weigh_nothing_are_left_out_and_counted() {
    let text = "a,w,b\n1,2,5\n2,0,6\n3,1.5,\n4,,8\n5,0,\n6,1,9\n7,3,1\n";
    let weight = || Some("w".to_owned());
    let read = |missing| {
        let options = TableOptions { weight: weight(), missing, ..TableOptions::default() };
        Table::from_bytes("t.csv", text.as_bytes(), &options)
    };
    let table = read(Missing::Drop).expect("a table");
    assert_eq!((table.columns(), table.left_out().len()), (&names(&["a", "b"])[..], 0));
    assert_eq!(rows(&table), [[1.0, 5.0], [6.0, 9.0], [7.0, 1.0]]);
    assert_eq!(table.dropped_rows(), 2);
    // A number that is missing is learnt, a weight is not.
    assert_eq!(read(Missing::Model).expect("a table").rows(), 4);
    let refused = read(Missing::Refuse).expect_err("gaps").to_string();
    assert!(refused.contains("line 4") && refused.contains("`b`"), "{refused}");
    let data =
        TableData::new(table, &SplitOptions { holdout: Holdout::Share(0.0), ..Default::default() });
    let remarks = data.expect("sound").remarks().join("\n");
    // (2 + 1 + 3)² / (4 + 1 + 9) = 2.57.
    let said = "by w: 3 rows to train on tell as much as 3 that weigh alike; rows that weigh 0, left out: 2";
    assert!(remarks.contains(said), "{remarks}");
    // Also where the column is among those that are chosen, or excluded.
    for options in [
        TableOptions { columns: Some(specs(&["b", "w", "a"])), ..TableOptions::default() },
        TableOptions { exclude: names(&["w"]), ..TableOptions::default() },
    ] {
        let options = TableOptions { weight: weight(), ..options };
        let table = Table::from_bytes("t.csv", text.as_bytes(), &options).expect("a table");
        assert!(table.rows() == 3 && !table.columns().contains(&"w".to_owned()));
    }
    let array = npy(
        "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 3), }",
        &[1.0, 2.0, 3.0, 0.5, 0.0, 2.5, 7.0, 8.0, 9.0_f64].map(f64::to_le_bytes).concat(),
    );
    let options = TableOptions { weight: Some("x1".to_owned()), ..TableOptions::default() };
    let table = Table::from_bytes("a.npy", &array, &options).expect("a table");
    assert_eq!(rows(&table), [[1.0, 7.0], [3.0, 9.0]]);
}

#[test]
fn other_weights_are_other_data() {
    let digest = |text: &str| {
        let options = TableOptions { weight: Some("w".to_owned()), ..TableOptions::default() };
        let table = Table::from_bytes("t.csv", text.as_bytes(), &options).expect("a table");
        TableData::new(table, &SplitOptions::default()).expect("sound").source_digest()
    };
    assert_ne!(digest("a,w\n1,2\n2,1\n4,1\n"), digest("a,w\n1,2\n2,1\n4,3\n"));
}

#[test]
fn weights_that_are_none_are_refused_with_their_place() {
    let text = "a,b,w\n1,x,2\n2,y,-0.5\n3,x,1\n";
    let refused = |text: &str, change: &dyn Fn(&mut TableOptions)| {
        let mut options = TableOptions { weight: Some("w".to_owned()), ..TableOptions::default() };
        options.exclude = names(&["b"]);
        change(&mut options);
        Table::from_bytes("t.csv", text.as_bytes(), &options).expect_err("refused")
    };
    let is_value = |error: &TableError, wrong: &str| matches!(error, TableError::Weight(WeightError::Value { text, .. }) if text == wrong);
    let error = refused(text, &|_| {});
    let said = error.to_string();
    assert!(is_value(&error, "-0.5") && said.contains("line 3: data.weight: column `w`"), "{said}");
    // A row is left out before its weight counts, and one that weighs nothing is.
    let error = refused("a,b,w\n1,x,0\n,y,1\n", &|_| {});
    assert!(matches!(error, TableError::Weight(WeightError::Nothing { .. })), "{error}");
    for (cell, wrong) in [("1e999", "inf"), ("heavy", "heavy")] {
        let error = refused(&format!("a,b,w\n1,x,1\n2,y,{cell}\n"), &|_| {});
        assert!(is_value(&error, wrong), "{error}");
    }
    let refuse = |options: &mut TableOptions| options.missing = Missing::Refuse;
    let error = refused("a,b,w\n1,x,1\n2,y,\n", &refuse);
    assert!(is_value(&error, "nothing"), "{error}");
    let error = refused(text, &|options| options.weight = Some("W".to_owned()));
    let nearest = |error: &TableError| matches!(error, TableError::UnknownColumn { field: "data.weight", nearest: Some(name), .. } if name == "w");
    assert!(nearest(&error), "{error}");
    let error = refused(text, &|options| options.told = names(&["w"]));
    assert!(matches!(error, TableError::Weight(WeightError::Told { .. })), "{error}");
    let error = refused(text, &|options| {
        let mut columns = specs(&["a", "w"]);
        columns[1].kind = CellKind::Category;
        (options.columns, options.exclude) = (Some(columns), Vec::new());
    });
    assert!(matches!(error, TableError::Weight(WeightError::Kind { .. })), "{error}");
    let error = refused(text, &|options| options.window = Some(Window { length: 2, stride: 1 }));
    assert!(matches!(error, TableError::Weight(WeightError::Windows)), "{error}");
    // With nothing else to learn.
    let error = refused("w\n1\n2\n", &|options| options.exclude = Vec::new());
    assert!(matches!(error, TableError::NoColumns { .. }), "{error}");
}
