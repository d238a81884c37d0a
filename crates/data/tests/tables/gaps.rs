//! Categories that are drawn, and missing values that are learnt: their features, and the way back.

use langevin_data::{
    CellKind, ColumnValues, Dataset, Encoding, FeatureKind, Holdout, Missing, Part, Purpose,
    SplitOptions, Streams, TableData,
};
#[cfg(feature = "serde")]
use langevin_data::{KeptRows, KeptTable};

use super::*;

/// 400 rows of a category, a number that is missing in a quarter of the rows of class b, and yes or no, missing in one of ten.
fn text() -> String {
    let row = |i: usize| {
        let kind = ["a", "b", "b", "c"][i % 4];
        let size = match i % 8 {
            1 => String::new(),
            _ => format!("{}.5", i * 7 % 50),
        };
        let ok = if i % 10 == 3 { "" } else { ["no", "yes"][i / 4 % 2] };
        format!("{kind},{size},{ok}\n")
    };
    "kind,size,ok\n".to_owned() + &(0..400).map(row).collect::<String>()
}

fn options() -> TableOptions {
    let mut columns = specs(&["kind", "size", "ok"]);
    columns[0].kind = CellKind::Category;
    columns[2].kind = CellKind::YesNo;
    columns[2].words = Some(["no", "yes"].map(str::to_owned));
    columns[2].encoding = Some(Encoding::Category);
    TableOptions { columns: Some(columns), missing: Missing::Model, ..TableOptions::default() }
}

fn data(text: &str, options: &TableOptions) -> TableData {
    let table = Table::from_bytes("t.csv", text.as_bytes(), options).expect("a table");
    let split = SplitOptions { holdout: Holdout::Share(0.0), ..SplitOptions::default() };
    TableData::new(table, &split).expect("sound")
}

fn user_row(data: &TableData, index: usize) -> Vec<f64> {
    let mut row = Vec::new();
    data.user_row(Part::Training, index, &mut row);
    row
}

/// Equal, a missing value to a missing one.
fn same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b || a.is_nan() && b.is_nan())
}

#[test]
fn every_row_comes_back_from_its_features_missing_values_too() {
    let data = data(&text(), &options());
    assert_eq!(data.len(Part::Training), Some(400), "no row is left out");
    let kinds: Vec<FeatureKind> = data.layout().into_iter().map(|group| group.kind).collect();
    assert_eq!(
        kinds,
        [
            FeatureKind::Category { count: 3 },
            FeatureKind::NumberInParts { ranges: 1, parts: 2 },
            FeatureKind::Category { count: 3 },
        ]
    );
    // a, b, c; the number, present, missing; no, yes, missing.
    assert_eq!(data.features(), 9);
    let places: Vec<(usize, usize)> =
        data.drawn_categories().iter().map(|own| (own.first, own.count())).collect();
    assert_eq!(places, [(0, 3), (4, 2), (6, 3)]);
    let (mut row, mut missing) = (vec![0.0; 9], [0; 3]);
    for index in 0..400 {
        let user = user_row(&data, index);
        data.row(Part::Training, index, &mut row);
        let mut back = Vec::new();
        data.restore(&row, &mut back);
        let size = (user[1] - back[1]).abs();
        assert!(size < 1e-9 || user[1].is_nan() && back[1].is_nan(), "{user:?} {back:?}");
        assert!(same(&[user[0], user[2]], &[back[0], back[2]]), "{user:?} {back:?}");
        let mut scaled = Vec::new();
        data.scale(&user, &mut scaled);
        let is_size = !user[1].is_nan();
        assert!(!is_size || scaled == row, "a number that is there has one feature");
        missing.iter_mut().zip(&user).for_each(|(n, value)| *n += usize::from(value.is_nan()));
    }
    assert_eq!(missing, [0, 50, 40]);
    let columns = data.columns();
    assert_eq!(columns[0].values, ColumnValues::Category(names(&["a", "b", "c"])));
    let may_miss: Vec<bool> = columns.iter().map(|column| column.may_miss).collect();
    assert_eq!(may_miss, [false, true, true]);
    let said = data.remarks().join("\n");
    assert!(said.contains("columns that lack values, which is learnt too: size (12 %), ok (10 %)"));
}

#[test]
fn features_have_mean_0_and_a_missing_number_is_one_of_n_0_1() {
    let data = data(&text(), &options());
    let rows = 60_000;
    let mut drawn = vec![0.0; rows * 9];
    data.draw(Part::Training, &mut Streams::new(3).at(Purpose::Data, 0, 0), &mut drawn);
    let (mut missing, mut sums) = (Vec::new(), [0.0; 9]);
    let categories = data.drawn_categories();
    assert_eq!(categories.len(), 3);
    for row in drawn.chunks_exact(9) {
        // The codes are those by which the heads tell the values.
        for own in categories {
            assert!(own.code(own.value(row)).eq(row[own.features()].iter().copied()), "{row:?}");
        }
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x / rows as f64);
        if row[5] > 0.0 {
            missing.push(row[3]);
        }
    }
    // Five standard errors of features whose deviation is below 2.
    assert!(sums.iter().all(|mean| mean.abs() < 5.0 * 2.0 / (rows as f64).sqrt()), "{sums:?}");
    let count = missing.len() as f64;
    assert!((count / rows as f64 - 0.125).abs() < 0.007, "{count}");
    let mean = missing.iter().sum::<f64>() / count;
    let square = missing.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    assert!(mean.abs() < 5.0 / count.sqrt(), "{mean}");
    assert!((square - 1.0).abs() < 5.0 * (2.0 / count).sqrt(), "{square}");
    // The stated moments are those of the draws.
    let covariance = data.covariance().expect("of a table");
    for (i, line) in covariance.iter().enumerate() {
        let square: f64 = drawn.iter().skip(i).step_by(9).map(|x| x * x).sum::<f64>() / rows as f64;
        assert!((square / line[i] - 1.0).abs() < 0.05, "{i}: {square}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn what_a_run_keeps_restores_the_same_and_writes_the_user_s_words() {
    let data = data(&text(), &options());
    let rows = KeptRows {
        fingerprint: String::new(),
        mean: data.mean().expect("a mean"),
        variance: vec![1.0; 9],
        ranges: vec![[-9.0, 9.0]; 9],
        tones: None,
    };
    let kept = data.keep(rows).expect("a table");
    let json = serde_json::to_string(&kept).expect("JSON");
    let kept: KeptTable = serde_json::from_str(&json).expect("its own");
    let mut row = vec![0.0; 9];
    for index in 0..100 {
        data.row(Part::Training, index, &mut row);
        let (mut one, mut other) = (Vec::new(), Vec::new());
        data.restore(&row, &mut one);
        kept.restore(&row, &mut other);
        assert!(same(&one, &other), "{one:?} {other:?}");
    }
    assert_eq!(kept.drawn_categories(), data.drawn_categories());
    let columns = kept.columns();
    let texts = [columns[0].text(1.0), columns[1].text(f64::NAN), columns[2].text(f64::NAN)];
    assert_eq!(texts, ["b", "", ""]);
    assert!(columns[2].value("").is_some_and(f64::is_nan) && columns[0].value("").is_none());
    // A file that was tampered with is refused, not believed.
    for (from, to) in [("\"share\":", "\"share\":7"), ("\"shares\":[", "\"shares\":[0.5,0.5,")] {
        let wrong = json.replacen(from, to, 1);
        assert!(serde_json::from_str::<KeptTable>(&wrong).is_err(), "{to}");
    }
}

#[test]
fn a_told_column_has_no_gaps_and_one_that_is_only_missing_is_named() {
    let told = TableOptions { told: names(&["ok"]), ..options() };
    let table = Table::from_bytes("t.csv", text().as_bytes(), &told).expect("a table");
    // Its 40 gaps cost their rows; the others stay.
    assert_eq!((table.rows(), table.dropped_rows()), (360, 40));
    let empty = "a,b\n".to_owned() + &(0..60).map(|i| format!("{i},\n")).collect::<String>();
    let columns = Some(specs(&["a", "b"]));
    let options = TableOptions { columns, missing: Missing::Model, ..TableOptions::default() };
    let table = Table::from_bytes("t.csv", empty.as_bytes(), &options).expect("a table");
    let error = TableData::new(table, &SplitOptions::default()).expect_err("nothing to learn");
    let said = error.to_string();
    assert!(said.contains("column `b`: it has no value in any of the 48 training rows"), "{said}");
}

#[test]
fn one_value_that_may_be_missing_is_a_category_and_one_text_is_a_constant() {
    let row = |i: usize| format!("{},{i},same\n", if i.is_multiple_of(3) { "" } else { "7" });
    let text = "a,b,c\n".to_owned() + &(0..90).map(row).collect::<String>();
    let mut columns = specs(&["a", "b", "c"]);
    columns[2].kind = CellKind::Category;
    let options =
        TableOptions { columns: Some(columns), missing: Missing::Model, ..TableOptions::default() };
    let data = data(&text, &options);
    // b, then 7 or missing; c is no feature.
    assert_eq!((data.features(), data.drawn_categories().len()), (3, 1));
    let own = &data.drawn_categories()[0];
    assert!((own.shares[0] - 2.0 / 3.0).abs() < 1e-12, "{own:?}");
    let mut back = Vec::new();
    data.restore(&[0.0, 1.0, -1.0], &mut back);
    data.restore(&[0.0, -1.0, 1.0], &mut back);
    assert!(same(&[back[0], back[3]], &[7.0, f64::NAN]), "{back:?}");
    let column = &data.columns()[2];
    assert_eq!(
        (column.text(back[2]), column.text(back[5])),
        ("same".to_owned(), "same".to_owned())
    );
}

#[test]
fn a_column_that_another_decides_is_looked_up() {
    let row = |i: usize| {
        let place = i * i % 4;
        format!(
            "{},{},{},{}\n",
            ["a", "b", "c", "d"][place],
            place * place,
            ["x", "y"][place % 2],
            i * 7 % 31
        )
    };
    let text = "kind,area,half,v\n".to_owned() + &(0..200).map(row).collect::<String>();
    let mut columns = specs(&["kind", "area", "half", "v"]);
    columns[0].kind = CellKind::Category;
    columns[2].kind = CellKind::Category;
    let read = |columns: Vec<langevin_data::ColumnSpec>| {
        let options = TableOptions { columns: Some(columns), ..TableOptions::default() };
        Table::from_bytes("t.csv", text.as_bytes(), &options).expect("a table")
    };
    // Squares have two remainders by 4 alone: so kind and half, of a and b, are functions of each other, and the first is learnt.
    assert_eq!(read(columns.clone()).derived(), [None, Some(0), Some(0), None]);
    columns[1].derived_from = Some("kind".to_owned());
    columns[2].derived_from = Some("kind".to_owned());
    let split = SplitOptions::default();
    let data = TableData::new(read(columns.clone()), &split).expect("sound");
    assert_eq!((data.features(), data.layout().len()), (3, 2));
    let mut row = vec![0.0; 3];
    for index in 0..160 {
        data.row(Part::Training, index, &mut row);
        let mut back = Vec::new();
        data.restore(&row, &mut back);
        let user = user_row(&data, index);
        assert!((back[3] - user[3]).abs() < 1e-9 && back[..3] == user[..3], "{back:?} {user:?}");
    }
    let said = data.remarks().join("\n");
    assert!(said.contains("looked up and not learnt: area (of kind), half (of kind)"), "{said}");
    let error = |columns: Vec<langevin_data::ColumnSpec>| {
        TableData::new(read(columns), &split).expect_err("refused").to_string()
    };
    let mut wrong = columns.clone();
    wrong[3].derived_from = Some("kind".to_owned());
    assert!(
        error(wrong)
            .contains("column `v`: it is no function of `kind`, by a row in which that is \"")
    );
    let of = |from: &str| {
        let mut columns = columns.clone();
        columns[1].derived_from = Some(from.to_owned());
        columns
    };
    assert!(error(of("area")).contains("must name another column that is learnt, got `area`"));
    // As where the other column is left out.
    let learnt = TableData::new(read(of("kinds")), &split).expect("sound");
    assert_eq!((learnt.features(), data.features()), (4, 3));
    let said = learnt.remarks().join("\n");
    assert!(said.contains("of one that is not there, and learnt: area (of kinds)"), "{said}");
}
