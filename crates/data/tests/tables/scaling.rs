//! The model's space and the way back: moments, ranks, constant and whole columns.

use langevin_data::{
    CellKind, ChannelAxis, ColumnRange, ColumnSpec, ColumnValues, Dataset, Encoding, Ends, Holdout,
    Part, Picture, Purpose, SampleValues, Shape, SplitOptions, Stream, Streams, Table, TableData,
    TableOptions, Transform,
};

use super::{names, read};

const ALL: [Transform; 4] =
    [Transform::None, Transform::Standardise, Transform::StandardiseTogether, Transform::Quantile];

fn data(table: Table, transform: Transform, holdout: Holdout) -> TableData {
    let options = SplitOptions { transform, holdout, seed: 3, ..SplitOptions::default() };
    TableData::new(table, &options).unwrap()
}

/// The rows of a part, in the model's space and restored.
fn rows(data: &TableData, part: Part) -> Vec<(Vec<f64>, Vec<f64>)> {
    let pair = |i| {
        let (mut row, mut restored) = (vec![0.0; data.features()], Vec::new());
        data.row(part, i, &mut row);
        data.restore(&row, &mut restored);
        (row, restored)
    };
    (0..data.len(part).unwrap()).map(pair).collect()
}

/// Checks that the rows of a data set are those of the table, up to rounding, and that scaling
/// undoes restoring.
pub fn assert_rows_come_back(data: TableData, table: &[Vec<f64>]) {
    let largest = table.iter().flatten().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let parts = [Part::Training, Part::HeldOut];
    let mut left: Vec<_> = table.iter().collect();
    for part in parts {
        // Standardising and back rounds five times by half an epsilon of at most twice the largest
        // value. Held-out rows between quantiles lose up to |z| / dz < 100 times that.
        let tolerance = largest * f64::EPSILON * if part == Part::Training { 5.0 } else { 500.0 };
        for (row, restored) in rows(&data, part) {
            let is_it = |exact: &&Vec<f64>| {
                exact.iter().zip(&restored).all(|(a, b)| (a - b).abs() <= tolerance)
            };
            let place = left.iter().position(is_it);
            left.remove(place.unwrap_or_else(|| panic!("{restored:?} is no row of {table:?}")));
            let mut again = Vec::new();
            data.scale(&restored, &mut again);
            for (a, b) in row.iter().zip(&again) {
                assert!((a - b).abs() <= 1e-9 * (1.0 + a.abs()), "{row:?} became {again:?}");
            }
        }
    }
    assert!(left.is_empty());
}

fn normals(stream: &mut Stream, rows: usize, columns: usize) -> Vec<Vec<f64>> {
    let mut values = vec![0.0; rows * columns];
    stream.fill_normal(&mut values);
    values.chunks(columns).map(<[f64]>::to_vec).collect()
}

fn table(rows: &[Vec<f64>]) -> Table {
    let line = |row: &Vec<f64>| row.iter().map(f64::to_string).collect::<Vec<_>>().join(",") + "\n";
    read(&rows.iter().map(line).collect::<String>()).unwrap()
}

/// Three columns of other means and widths, the first two correlated.
fn correlated() -> Vec<Vec<f64>> {
    let normals = normals(&mut Streams::new(1).at(Purpose::Data, 0, 0), 300, 3);
    let row = |z: Vec<f64>| vec![1e4 + 20.0 * z[0], 0.3 * z[0] - 0.1 * z[1], 5.0 + z[2].powi(3)];
    normals.into_iter().map(row).collect()
}

/// Mean and covariance of a part's rows in the model's space.
fn moments(data: &TableData, part: Part) -> (Vec<f64>, Vec<Vec<f64>>) {
    let rows = rows(data, part);
    let mean_of = |f: &dyn Fn(&[f64]) -> f64| {
        rows.iter().map(|(row, _)| f(row)).sum::<f64>() / rows.len() as f64
    };
    let features = data.features();
    let mean: Vec<_> = (0..features).map(|i| mean_of(&|row| row[i])).collect();
    let of = |i: usize, j: usize| mean_of(&|row| (row[i] - mean[i]) * (row[j] - mean[j]));
    let covariance = (0..features).map(|i| (0..features).map(|j| of(i, j)).collect()).collect();
    (mean, covariance)
}

#[test]
fn the_stated_moments_are_those_of_the_training_rows() {
    for transform in ALL {
        let data = data(table(&correlated()), transform, Holdout::Share(0.3));
        let (mean, covariance) = moments(&data, Part::Training);
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * (1.0 + a.abs());
        assert!(data.mean().unwrap().iter().zip(&mean).all(|(a, b)| close(*a, *b)));
        for (stated, exact) in data.covariance().unwrap().iter().zip(&covariance) {
            assert!(stated.iter().zip(exact).all(|(a, b)| close(*a, *b)), "{transform:?}");
        }
    }
}

#[test]
fn standardised_columns_have_mean_0_and_variance_1_in_training() {
    let data = data(table(&correlated()), Transform::Standardise, Holdout::Share(0.3));
    let (mean, covariance) = moments(&data, Part::Training);
    for i in 0..3 {
        // The mean of 1e4 is known to 1e-12, a twentieth of that in standard deviations.
        assert!(mean[i].abs() < 1e-12 && (covariance[i][i] - 1.0).abs() < 1e-12);
    }
    assert!(covariance[0][1] > 0.9, "the correlation stays");
    // Held-out rows have statistics of their own.
    let (mean, covariance) = moments(&data, Part::HeldOut);
    assert!(mean.iter().all(|mean| mean.abs() > 1e-6));
    assert!((0..3).all(|i| (covariance[i][i] - 1.0).abs() > 1e-6));
}

#[test]
fn columns_standardised_together_keep_the_ratio_of_their_widths() {
    let data = data(table(&correlated()), Transform::StandardiseTogether, Holdout::Share(0.3));
    let (mean, covariance) = moments(&data, Part::Training);
    assert!(mean.iter().all(|mean| mean.abs() < 1e-12));
    let variances: Vec<_> = (0..3).map(|i| covariance[i][i]).collect();
    assert!((variances.iter().sum::<f64>() / 3.0 - 1.0).abs() < 1e-12, "their mean is 1");
    let ratio = {
        let raw = super::scaling::data(table(&correlated()), Transform::None, Holdout::Share(0.3));
        let covariance = moments(&raw, Part::Training).1;
        covariance[0][0] / covariance[1][1]
    };
    assert!((variances[0] / variances[1] / ratio - 1.0).abs() < 1e-9);
}

#[test]
fn a_constant_column_does_not_count_among_those_standardised_together() {
    let table = read("1,7,-2\n3,7,2\n1,7,-2\n3,7,2\n").unwrap();
    let data = data(table, Transform::StandardiseTogether, Holdout::Rows(0));
    // Variances 1 and 4: the root of their mean is sqrt(5/2).
    let mut row = [0.0; 2];
    data.row(Part::Training, 0, &mut row);
    for (value, exact) in row.iter().zip([1.0, 2.0]) {
        assert!((value.abs() - exact / 2.5_f64.sqrt()).abs() < 1e-15);
    }
}

#[test]
fn quantiles_of_training_rows_are_those_of_the_normal() {
    let data = data(table(&correlated()), Transform::Quantile, Holdout::Share(0.3));
    let count = data.len(Part::Training).unwrap();
    for column in 0..3 {
        let rows = rows(&data, Part::Training);
        let mut values: Vec<_> =
            rows.iter().map(|(row, user)| (user[column], row[column])).collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (rank, (_, z)) in values.iter().enumerate() {
            // Φ by its power series (Marsaglia 2004).
            let (mut sum, mut term, mut i) = (*z, *z, 1.0);
            while term.abs() > 1e-18 {
                i += 2.0;
                term *= z * z / i;
                sum += term;
            }
            let share = 0.5 + sum * (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
            assert!((share - (rank as f64 + 0.5) / count as f64).abs() < 1e-13);
        }
    }
}

#[test]
fn training_rows_come_back_from_their_quantiles_exactly() {
    let exact = correlated();
    let data = data(table(&exact), Transform::Quantile, Holdout::Share(0.3));
    for (_, restored) in rows(&data, Part::Training) {
        assert!(exact.contains(&restored), "{restored:?}");
    }
    assert_rows_come_back(data, &exact);
}

#[test]
fn rows_come_back_from_the_other_transforms() {
    let exact = correlated();
    for transform in [Transform::None, Transform::Standardise, Transform::StandardiseTogether] {
        assert_rows_come_back(data(table(&exact), transform, Holdout::Share(0.3)), &exact);
    }
}

#[test]
fn untransformed_rows_keep_their_bits() {
    let exact = correlated();
    let data = data(table(&exact), Transform::None, Holdout::Share(0.3));
    for (row, restored) in rows(&data, Part::Training) {
        assert!(exact.contains(&row) && row == restored);
    }
}

#[test]
fn constant_columns_are_kept_out_and_restored() {
    let table = read("a,b,c,d\n7,1,-0.5,0\n7,2,-0.5,3\n7,4,-0.5,9\n7,4,-0.5,9\n").unwrap();
    for transform in ALL {
        let data = data(table.clone(), transform, Holdout::Rows(1));
        assert_eq!((data.features(), data.column_names()), (2, names(&["a", "b", "c", "d"])));
        let values: Vec<_> = data.columns().into_iter().map(|column| column.values).collect();
        let [constant, other] = [ColumnValues::Constant(7.0), ColumnValues::Constant(-0.5)];
        assert_eq!(values, [constant, ColumnValues::Number, other, ColumnValues::Number]);
        let columns: Vec<_> = data.layout().iter().map(|group| group.column).collect();
        assert_eq!(columns, [1, 3], "the features stand for the columns that vary");
        assert_eq!(
            data.clone().with_image_width(2).shape(),
            None,
            "a constant pixel is no feature"
        );
        for (row, restored) in
            rows(&data, Part::Training).into_iter().chain(rows(&data, Part::HeldOut))
        {
            assert_eq!((row.len(), restored.len()), (2, 4));
            assert_eq!((restored[0], restored[2]), (7.0, -0.5));
        }
        assert!(data.remarks()[0].ends_with("restored: a = 7, c = -0.5"), "{:?}", data.remarks());
        let mut drawn = [0.0; 20];
        data.draw(Part::Training, &mut Streams::new(0).at(Purpose::Data, 0, 0), &mut drawn);
        let training: Vec<_> = rows(&data, Part::Training).into_iter().map(|pair| pair.0).collect();
        assert!(drawn.chunks(2).all(|row| training.contains(&row.to_vec())));
    }
}

#[test]
fn a_column_constant_in_training_alone_is_reported() {
    // Row 0 is the one that is held out under this seed of one of these tables.
    let remarks = (0..6).map(|odd| {
        let row = |row| format!("{row},{}\n", if row == odd { 8 } else { 7 });
        let table = read(&(0..6).map(row).collect::<String>()).unwrap();
        data(table, Transform::Standardise, Holdout::Rows(1)).remarks()
    });
    let told: Vec<_> =
        remarks.filter(|remarks| remarks.iter().any(|remark| remark.contains("x1 = 7"))).collect();
    let [remarks] = told.as_slice() else { panic!("one of them: {told:?}") };
    assert_eq!(remarks.last().unwrap(), "held-out values lost to those constant columns: 1");
}

#[test]
fn whole_columns_are_found_in_training_and_rounded_when_asked() {
    let table = read("a,b,c\n1,0.5,9007199254740992\n2,1,0\n-3,2,1\n-4,3,2\n").unwrap();
    for (round_integers, exact) in [(false, [0.4, -0.7, 0.3]), (true, [0.0, -0.7, 0.3])] {
        let options = SplitOptions {
            round_integers,
            transform: Transform::None,
            holdout: Holdout::Rows(0),
            ..SplitOptions::default()
        };
        let data = TableData::new(table.clone(), &options).unwrap();
        let mut restored = Vec::new();
        data.restore(&[0.4, -0.7, 0.3], &mut restored);
        assert_eq!(restored, exact, "b has halves, c a number above the whole ones");
        restored.clear();
        data.restore(&[-0.3, 0.0, 0.0], &mut restored);
        assert!(!round_integers || restored[0].is_sign_positive(), "no -0 in a file");
    }
}

#[test]
fn the_covariance_is_stated_up_to_2048_features() {
    let stated = |columns: usize| {
        let line = |value: &str| vec![value; columns].join(",") + "\n";
        let table = read(&["1", "2", "4"].map(line).concat()).unwrap();
        let data = data(table, Transform::Standardise, Holdout::Rows(0));
        (data.mean().is_some(), data.covariance().is_some())
    };
    assert_eq!(stated(2048), (true, true));
    assert_eq!(stated(2049), (true, false));
}

#[test]
fn far_from_zero_the_mean_is_still_right() {
    // The sum of these, near 1e17, is rounded by up to 8 in each step: its mean is off by 0.2
    // standard deviations. Neighbours of 1e12 are 1.2e-4 apart, 4e-5 standard deviations.
    let row = |i: u64| format!("{}\n", 1e12 + (i * i % 101) as f64 / 10.0);
    let table = read(&(0..100_000).map(row).collect::<String>()).unwrap();
    let mean = data(table, Transform::Standardise, Holdout::Rows(0)).mean().unwrap()[0];
    assert!(mean.abs() < 1e-4, "{mean}");
}

#[test]
fn columns_say_what_their_samples_are_and_images_their_shape() {
    let table = read("a,b,c,d\n1,1,0.5,0\n2,2,-0.5,3\n3,4,-0.5,9\n4,4,-0.5,9\n").unwrap();
    let options = SplitOptions { round_integers: true, ..SplitOptions::default() };
    let data = TableData::new(table, &options).unwrap();
    let values: Vec<_> = data.columns().into_iter().map(|column| column.values).collect();
    let (whole, number) = (ColumnValues::Whole, ColumnValues::Number);
    assert_eq!(values, [whole.clone(), whole.clone(), number, whole]);
    assert_eq!(data.shape(), None);
    let shape = Shape { channels: 1, height: 2, width: 2 };
    assert_eq!(data.clone().with_image_width(2).shape(), Some(shape));
    assert_eq!(data.clone().with_image_width(3).shape(), None, "no whole lines");
    assert_eq!(data.clone().with_image_width(2).picture(), Some(Picture::grey(2, 2)));
    // Channels of a pixel side by side are no shape, which has the channel first.
    let rgba = |axis| Picture { width: 1, height: 1, channels: 4, axis };
    assert_eq!(data.clone().with_picture(rgba(ChannelAxis::Last)).shape(), None);
    let first = data.clone().with_picture(rgba(ChannelAxis::First));
    assert_eq!(first.shape(), Some(Shape { channels: 4, height: 1, width: 1 }));
    assert_eq!(data.with_picture(Picture::grey(3, 2)).picture(), None, "other columns");
}

/// A column of zeros and a tail, and one of two decimals.
fn rain() -> Table {
    let row = |i: u32| {
        let rain = if i.is_multiple_of(3) { f64::from(i * i) / 8.0 } else { 0.0 };
        format!("{rain},{}.{:02}\n", i % 50, i % 100)
    };
    let text = "rain,price\n".to_owned() + &(0..600).map(row).collect::<String>();
    let mut rain = ColumnSpec::named("rain");
    rain.encoding = Some(Encoding::Rank);
    let mut price = ColumnSpec::named("price");
    (price.decimals, price.range) = (Some(2), ColumnRange::Seen);
    let options = TableOptions { columns: Some(vec![rain, price]), ..TableOptions::default() };
    Table::from_bytes("a.csv", text.as_bytes(), &options).unwrap()
}

#[test]
fn a_dithered_column_is_drawn_anew_and_comes_back_as_it_was() {
    let data = data(rain(), Transform::Standardise, Holdout::Rows(100));
    assert_eq!((data.features(), data.words_per_row()), (2, 2));
    // Ten draws of the same rows: the zeros differ, and all come back.
    let stream = |step| Streams::new(1).at(Purpose::Data, step, 0);
    let mut rows = vec![0.0; 2 * 20_000];
    data.draw(Part::Training, &mut stream(0), &mut rows);
    let (mut zeros, mut restored) = (Vec::new(), Vec::new());
    for row in rows.chunks(2) {
        restored.clear();
        data.restore(row, &mut restored);
        if restored[0] == 0.0 {
            zeros.push(row[0]);
        }
    }
    // 400 of 600 rows, of which some are held out; a draw's share is known to 0.0033.
    let training = (0..500).filter(|i| value(&data, Part::Training, *i) == 0.0).count();
    let share = zeros.len() as f64 / 20_000.0;
    assert!((share - training as f64 / 500.0).abs() < 5.0 * 0.0034, "{share} {training}");
    zeros.sort_unstable_by(f64::total_cmp);
    zeros.dedup();
    assert!(zeros.len() as f64 > 0.6 * 20_000.0, "each draw has its own place");
    let moments = |i: usize| {
        let column: Vec<f64> = rows.iter().skip(i).step_by(2).copied().collect();
        let mean = column.iter().sum::<f64>() / 20_000.0;
        (mean, column.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / 20_000.0)
    };
    // Of 20,000 normals the mean is known to 0.0071 and the variance to 0.01.
    let (mean, variance) = moments(0);
    assert!(mean.abs() < 5.0 * 0.0071 && (variance - 1.0).abs() < 5.0 * 0.01, "{mean} {variance}");
    // So are the stated ones: exactly 0 and 1, and the covariance with the other column.
    let (stated, covariance) = (data.mean().unwrap(), data.covariance().unwrap());
    assert!(stated[0].abs() < 1e-12 && (covariance[0][0] - 1.0).abs() < 1e-12, "{covariance:?}");
    let product = rows.chunks(2).map(|row| row[0] * row[1]).sum::<f64>() / 20_000.0;
    assert!((product - covariance[0][1]).abs() < 5.0 * 0.0071, "{product} {covariance:?}");
    assert_eq!(covariance[0][1], covariance[1][0]);
}

/// A row's first value as the user gave it.
fn value(data: &TableData, part: Part, index: usize) -> f64 {
    let mut row = Vec::new();
    data.user_row(part, index, &mut row);
    row[0]
}

#[test]
fn rows_by_number_are_the_same_each_time_and_the_user_s_are_the_file_s() {
    let data = data(rain(), Transform::Standardise, Holdout::Rows(100));
    let table = rain();
    let (mut first, mut again, mut places) = ([0.0; 2], [0.0; 2], Vec::new());
    for part in [Part::Training, Part::HeldOut] {
        for index in 0..data.len(part).unwrap() {
            data.row(part, index, &mut first);
            data.row(part, index, &mut again);
            assert_eq!(first, again);
            let (mut user, mut restored) = (Vec::new(), Vec::new());
            data.user_row(part, index, &mut user);
            data.restore(&first, &mut restored);
            let is_there = (0..table.rows()).any(|row| table.row(row) == user);
            assert!(is_there, "{user:?} is no row of the file");
            // A held-out value that no training row has comes back as a neighbour.
            if part == Part::Training && user[0] == 0.0 {
                assert_eq!(restored, user);
                places.push(first[0]);
            }
        }
    }
    places.sort_unstable_by(f64::total_cmp);
    places.dedup();
    assert!(places.len() > 250, "rows by number are spread too");
}

#[test]
fn samples_keep_decimals_ranges_and_seen_values() {
    let text: String =
        (0..100).map(|i| format!("{}.{:02},{},{}\n", i, i, i % 4 * 5, i % 7)).collect();
    let spec = |name: &str, of: &dyn Fn(&mut ColumnSpec)| {
        let mut spec = ColumnSpec::named(name);
        of(&mut spec);
        spec
    };
    let columns = vec![
        spec("x0", &|it| (it.decimals, it.range) = (Some(1), ColumnRange::Seen)),
        spec("x1", &|it| it.values = SampleValues::Seen),
        spec("x2", &|it| {
            it.kind = CellKind::Whole;
            it.range = ColumnRange::Ends(Ends { min: Some(0.0), max: None });
        }),
    ];
    let options = TableOptions { columns: Some(columns), ..TableOptions::default() };
    let table = Table::from_bytes("a.csv", text.as_bytes(), &options).unwrap();
    let data = data(table, Transform::None, Holdout::Rows(0));
    let restored = |row: [f64; 3]| {
        let (mut bound, mut free) = (Vec::new(), Vec::new());
        data.restore(&row, &mut bound);
        data.restore_free(&row, &mut free);
        (bound, free)
    };
    let all = |row: [f64; 3]| (row.to_vec(), row.to_vec());
    assert_eq!(restored([3.12, 6.0, 2.6]), all([3.1, 5.0, 3.0]));
    assert_eq!(restored([1e4, 99.0, -1.2]), (vec![99.99, 15.0, 0.0], vec![1e4, 15.0, -1.0]));
    assert_eq!(restored([-0.04, 7.6, 1e300]), (vec![0.0, 10.0, 1e300], vec![0.0, 10.0, 1e300]));
    assert!(restored([f64::NAN; 3]).0.iter().all(|value| value.is_nan()), "nothing lost is hidden");
    assert_eq!(data.columns()[2].values, ColumnValues::Whole);
}

#[test]
fn what_a_column_cannot_be_is_refused_by_its_field() {
    let refused = |of: &dyn Fn(&mut ColumnSpec)| {
        let mut spec = ColumnSpec::named("a");
        of(&mut spec);
        spec.check("data.columns[0]").unwrap_err().to_string()
    };
    let ends = |min, max| ColumnRange::Ends(Ends { min: Some(min), max: Some(max) });
    assert_eq!(
        refused(&|it| it.range = ends(2.0, 1.0)),
        "data.columns[0].range: must go from min to max, got 2 to 1"
    );
    assert_eq!(
        refused(&|it| it.range = ends(f64::NAN, 1.0)),
        "data.columns[0].range: must have finite ends"
    );
    assert_eq!(
        refused(&|it| it.decimals = Some(40)),
        "data.columns[0].decimals: must be at most 17, got 40"
    );
    assert_eq!(
        refused(&|it| it.kind = CellKind::Date),
        "data.columns[0].format: is needed for kind `date`"
    );
    let words = Some(["n".to_owned(), "y".to_owned()]);
    assert_eq!(
        refused(&|it| it.words = words.clone()),
        "data.columns[0].words: is only for kind `yes_no`"
    );
    assert_eq!(ColumnSpec::named("a").check("data.columns[0]"), Ok(()));
}

#[test]
fn held_out_rows_stay_as_they_were_given_beyond_range_and_seen_values() {
    let text: String = (0..100).map(|i| format!("{}.5,{}\n", i, i * i)).collect();
    let columns = ["x0", "x1"].map(|name| {
        let values = if name == "x1" { SampleValues::Seen } else { SampleValues::Any };
        let range = ColumnRange::Seen;
        ColumnSpec { decimals: Some(1), range, values, ..ColumnSpec::named(name) }
    });
    let options = TableOptions { columns: Some(columns.to_vec()), ..TableOptions::default() };
    let table = Table::from_bytes("a.csv", text.as_bytes(), &options).unwrap();
    let data = data(table, Transform::Standardise, Holdout::Rows(50));
    let mut rows = Vec::new();
    for part in [Part::Training, Part::HeldOut] {
        (0..50).for_each(|index| data.user_row(part, index, &mut rows));
    }
    let mut rows: Vec<_> = rows.chunks(2).collect();
    rows.sort_by(|a, b| a[0].total_cmp(&b[0]));
    // Squares that were not seen come back by scaling, which rounds.
    for (i, row) in rows.iter().enumerate() {
        let i = i as f64;
        assert!(row[0] == i + 0.5 && (row[1] - i * i).abs() < 1e-9, "{row:?}");
    }
}

#[test]
fn columns_say_whether_their_values_are_final() {
    let plain = data(table(&correlated()), Transform::Standardise, Holdout::Rows(10));
    assert!((0..3).all(|column| !plain.is_final(column)));
    let data = data(rain(), Transform::Standardise, Holdout::Rows(100));
    assert_eq!([0, 1, 2].map(|column| data.is_final(column)), [true, true, false]);
}
