//! Columns of numbers in parts: ranges with gaps between them, and values that many rows hold.

use langevin_data::{
    ColumnRange, Dataset, Encoding, FeatureKind, Holdout, Missing, NumberParts, Part, Purpose,
    SplitOptions, Stream, Streams, TableData,
};
#[cfg(feature = "serde")]
use langevin_data::{KeptRows, KeptTable};

use super::*;

const ROWS: usize = 900;

/// Two narrow modes with a stray value next to the gap; zeros beside a tail, a number missing in one row of ten.
fn text() -> String {
    let mut normals = vec![0.0; 2 * ROWS];
    Streams::new(9).at(Purpose::Data, 0, 0).fill_normal(&mut normals);
    let row = |i: usize| {
        let modes = 0.005 + 0.04 * (i % 2) as f64 + 0.001 * normals[2 * i];
        let modes = if i == 8 { 0.011 } else { modes };
        let rain = if i % 5 < 3 { 0.0 } else { normals[2 * i + 1].exp() };
        let rain = if i % 10 == 7 { String::new() } else { format!("{rain:.6}") };
        format!("{modes:.6},{rain}\n")
    };
    "modes,rain\n".to_owned() + &(0..ROWS).map(row).collect::<String>()
}

fn data() -> TableData {
    let mut columns = specs(&["modes", "rain"]);
    for column in &mut columns {
        column.encoding = Some(Encoding::Parts);
        (column.decimals, column.range) = (Some(6), ColumnRange::Seen);
    }
    let options =
        TableOptions { columns: Some(columns), missing: Missing::Model, ..TableOptions::default() };
    let table = Table::from_bytes("t.csv", text().as_bytes(), &options).expect("a table");
    let split = SplitOptions { holdout: Holdout::Share(0.0), ..SplitOptions::default() };
    TableData::new(table, &split).expect("sound")
}

/// The number and two ranges; the number, a range, zero, missing.
const FEATURES: usize = 7;

fn restored(data: &TableData, row: &[f64]) -> Vec<f64> {
    let mut back = Vec::new();
    data.restore(row, &mut back);
    back
}

fn user_rows(data: &TableData) -> Vec<Vec<f64>> {
    let row = |index| {
        let mut row = Vec::new();
        data.user_row(Part::Training, index, &mut row);
        row
    };
    (0..ROWS).map(row).collect()
}

fn drawn(data: &TableData, rows: usize) -> Vec<f64> {
    let mut drawn = vec![0.0; rows * FEATURES];
    let mut stream: Stream = Streams::new(3).at(Purpose::Data, 0, 0);
    data.draw(Part::Training, &mut stream, &mut drawn);
    drawn
}

#[test]
fn every_training_value_comes_back_from_its_features() {
    let data = data();
    let kinds: Vec<FeatureKind> = data.layout().into_iter().map(|group| group.kind).collect();
    let parts = |ranges, parts| FeatureKind::NumberInParts { ranges, parts };
    assert_eq!(kinds, [parts(2, 2), parts(1, 3)]);
    assert_eq!((data.features(), data.words_per_row()), (FEATURES, 3));
    let places: Vec<(usize, usize)> =
        data.drawn_categories().iter().map(|own| (own.first, own.count())).collect();
    assert_eq!(places, [(1, 2), (4, 3)]);
    let mut row = vec![0.0; FEATURES];
    for (index, user) in user_rows(&data).iter().enumerate() {
        // By its number a row has a place within its own interval; scaled, the middle.
        data.row(Part::Training, index, &mut row);
        let mut scaled = Vec::new();
        data.scale(user, &mut scaled);
        let [by_number, middle] = [&row, &scaled].map(|row| restored(&data, row));
        assert!((middle[0] - user[0]).abs() < 1e-9, "{middle:?} {user:?}");
        // Values seen once are up to half way to the nearer neighbour, which for these is below 0.003.
        assert!((by_number[0] - user[0]).abs() < 0.003, "{by_number:?} {user:?}");
        match user[1] {
            0.0 => assert_eq!([by_number[1], middle[1]], [0.0, 0.0]),
            size if size.is_nan() => assert!(by_number[1].is_nan() && middle[1].is_nan()),
            size => {
                assert!((middle[1] - size).abs() < 1e-9, "{middle:?} {user:?}");
                assert!(by_number[1] > 0.0, "{by_number:?} {user:?}");
            }
        }
        // What the number says, and where it says nothing.
        assert!(!kinds[0].number_is_free(&row[..3]));
        assert_eq!(kinds[1].number_is_free(&row[3..]), user[1] == 0.0 || user[1].is_nan());
    }
}

#[test]
fn draws_have_the_shares_of_the_parts_and_the_moments_that_are_stated() {
    let data = data();
    let rows = 60_000;
    let drawn = drawn(&data, rows);
    let share = |is_it: &dyn Fn(&[f64]) -> bool| {
        let count = drawn.chunks_exact(FEATURES).filter(|row| is_it(&restored(&data, row))).count();
        count as f64 / rows as f64
    };
    let users = user_rows(&data);
    let of_users = |is_it: &dyn Fn(&[f64]) -> bool| {
        users.iter().filter(|row| is_it(row)).count() as f64 / ROWS as f64
    };
    for test in 0..3 {
        let is_it = |row: &[f64]| [row[0] < 0.025, row[1] == 0.0, row[1].is_nan()][test];
        // Five standard errors.
        let (found, want) = (share(&is_it), of_users(&is_it));
        assert!((found - want).abs() < 2.5 / (rows as f64).sqrt(), "{found} {want}");
    }
    let (mean, covariance) =
        (data.mean().expect("of a table"), data.covariance().expect("of a table"));
    assert!((covariance[0][0] - 1.0).abs() < 1e-9 && (covariance[3][3] - 1.0).abs() < 1e-9);
    let at = |row: &[f64], i: usize| row[i] - mean[i];
    for (i, covariance) in covariance.iter().enumerate() {
        let sum: f64 = drawn.chunks_exact(FEATURES).map(|row| at(row, i)).sum();
        assert!((sum / rows as f64).abs() < 5.0 * 2.0 / (rows as f64).sqrt(), "{i}: {sum}");
        for (j, covariance) in covariance.iter().enumerate() {
            let sum: f64 = drawn.chunks_exact(FEATURES).map(|row| at(row, i) * at(row, j)).sum();
            let found = sum / rows as f64;
            // Products of features whose deviations are at most 2.
            assert!((found - covariance).abs() < 0.05, "{i} {j}: {found}");
        }
    }
    // Of each part the number is N(0, 1) by itself.
    for part in [1, 2, 4, 5, 6] {
        let number = if part < 3 { 0 } else { 3 };
        let own = drawn.chunks_exact(FEATURES).filter(|row| row[part] > 0.0);
        let numbers: Vec<f64> = own.map(|row| row[number]).collect();
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let square = numbers.iter().map(|x| x * x).sum::<f64>() / count;
        assert!(mean.abs() < 5.0 / count.sqrt(), "{part}: {mean}");
        assert!((square - 1.0).abs() < 5.0 * (2.0 / count).sqrt(), "{part}: {square}");
    }
}

#[test]
fn no_features_at_all_restore_to_a_value_between_parts() {
    let data = data();
    let users = user_rows(&data);
    let modes = users.iter().map(|row| row[0]);
    let low = modes.clone().filter(|x| *x < 0.025).fold(0.0, f64::max);
    let high = modes.filter(|x| *x > 0.025).fold(1.0, f64::min);
    assert!(low == 0.011 && high > 0.04, "{low} {high}");
    let least = users.iter().map(|row| row[1]).filter(|x| *x > 0.0).fold(1.0, f64::min);
    let mut features = vec![0.0; 20_000 * FEATURES];
    Streams::new(7).at(Purpose::Noise, 0, 0).fill_normal(&mut features);
    let mut seen = [0; 5];
    for (i, row) in features.chunks_exact_mut(FEATURES).enumerate() {
        let size = [0.1, 1.0, 30.0][i % 3];
        row.iter_mut().for_each(|x| *x *= size);
        let back = restored(&data, row);
        let place = match back[..] {
            [modes, _] if modes > low && modes < high => panic!("{modes} in the gap"),
            [modes, _] => usize::from(modes >= high),
            _ => panic!("two columns"),
        };
        seen[place] += 1;
        match back[1] {
            0.0 => seen[2] += 1,
            rain if rain.is_nan() => seen[3] += 1,
            rain if rain >= least => seen[4] += 1,
            rain => panic!("{rain} in the gap above 0"),
        }
    }
    assert!(seen.iter().all(|count| *count > 1000), "{seen:?}");
}

#[test]
fn a_value_that_no_training_row_has_belongs_to_the_nearest_range() {
    let data = data();
    let scaled = |modes: f64, rain: f64| {
        let mut row = Vec::new();
        data.scale(&[modes, rain], &mut row);
        restored(&data, &row)
    };
    let users = user_rows(&data);
    let least = users.iter().map(|row| row[1]).filter(|x| *x > 0.0).fold(1.0, f64::min);
    // Just above 0 is none of the zeros.
    assert_eq!(scaled(0.015, least / 3.0), [0.011, least]);
    let back = scaled(0.035, -1.0);
    assert!(back[0] > 0.04 && back[1] == least, "{back:?}");
}

#[cfg(feature = "serde")]
#[test]
fn what_a_run_keeps_restores_the_same_and_wrong_parts_are_refused() {
    let data = data();
    let rows = KeptRows {
        fingerprint: String::new(),
        mean: data.mean().expect("a mean"),
        variance: vec![1.0; FEATURES],
        ranges: vec![[-9.0, 9.0]; FEATURES],
        tones: None,
    };
    let kept = data.keep(rows).expect("a table");
    let json = serde_json::to_string(&kept).expect("JSON");
    let kept: KeptTable = serde_json::from_str(&json).expect("its own");
    assert_eq!(serde_json::to_string(&kept).expect("JSON"), json);
    assert_eq!(kept.layout(), data.layout());
    assert_eq!(kept.drawn_categories(), data.drawn_categories());
    for row in drawn(&data, 300).chunks_exact(FEATURES) {
        let (one, mut other) = (restored(&data, row), Vec::new());
        kept.restore(row, &mut other);
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }
    for (from, to) in [
        ("\"levels\":[0.0]", "\"levels\":[0.0,0.0]"),
        ("\"levels\":[0.0]", "\"levels\":[]"),
        ("\"shares\":[", "\"shares\":[0.0,"),
        ("\"ranges\":[{\"values\"", "\"ranges\":[],\"more\":[{\"values\""),
    ] {
        assert!(json.contains(from), "{from}");
        let wrong = json.replacen(from, to, 1);
        assert!(serde_json::from_str::<KeptTable>(&wrong).is_err(), "{to}");
    }
}

#[test]
fn a_column_of_one_range_is_learnt_by_rank_and_a_told_one_has_its_parts() {
    let row = |i: usize| {
        let zeros = if i.is_multiple_of(2) { 0.0 } else { (i * i % 997) as f64 };
        format!("{},{},{zeros}\n", i % 13, i * 7 % 300)
    };
    let text = "count,size,zeros\n".to_owned() + &(0..400).map(row).collect::<String>();
    let read = |encoding, told: &[&str]| {
        let mut columns = specs(&["count", "size", "zeros"]);
        columns.iter_mut().for_each(|column| column.encoding = Some(encoding));
        let columns = Some(columns);
        let options = TableOptions { columns, told: names(told), ..TableOptions::default() };
        let table = Table::from_bytes("t.csv", text.as_bytes(), &options).expect("a table");
        TableData::new(table, &SplitOptions::default()).expect("sound")
    };
    let (parts, rank) = (read(Encoding::Parts, &[]), read(Encoding::Rank, &[]));
    assert_eq!((parts.features(), rank.features()), (5, 3));
    let bits = |data: &TableData| {
        let mut row = vec![0.0; data.features()];
        data.row(Part::Training, 5, &mut row);
        row[..2].to_vec()
    };
    assert_eq!(bits(&parts), bits(&rank));
    let told = read(Encoding::Parts, &["zeros"]);
    assert_eq!((told.features(), told.drawn_categories().len()), (5, 0));
    let kind = told.layout()[2].kind;
    assert_eq!(kind, FeatureKind::NumberInParts { ranges: 1, parts: 2 });
    let mut row = Vec::new();
    told.scale(&[3.0, 21.0, 0.0], &mut row);
    assert!(kind.number_is_free(&row[2..]) && restored(&told, &row)[2] == 0.0, "{row:?}");
    assert_eq!(NumberParts::of(&[]), None);
}
