//! The whole evaluation, on data whose outcome is known.

use super::*;
use crate::{Dataset, GaussianMixture, Mode, Part};

/// Normal rows of `columns`, with the standard deviation of the first column `std`.
fn normals(rows: usize, columns: usize, std: f64, seed: u64) -> Vec<f64> {
    let mut values = vec![0.0; rows * columns];
    Streams::new(seed).at(Purpose::Reference, 0, 0).fill_normal_rows(&mut values, columns);
    values.iter_mut().step_by(columns).for_each(|x| *x *= std);
    values
}

fn set(columns: usize, values: &[f64]) -> SampleSet<'_> {
    let rows = Rows::new("rows", columns, values).expect("valid");
    SampleSet { user: rows, model: rows }
}

/// What the tests vary: samples, training and held-out rows, one baseline.
struct Case {
    columns: Vec<Column>,
    samples: Vec<f64>,
    training: Vec<f64>,
    held_out: Vec<f64>,
    baseline: Vec<f64>,
}

impl Case {
    /// Samples of the data's own distribution, and a baseline that is half as wide.
    fn perfect(columns: usize, samples: usize) -> Self {
        Self {
            columns: (0..columns).map(|i| Column::number(format!("x{i}"))).collect(),
            samples: normals(samples, columns, 1.0, 1),
            training: normals(274, columns, 1.0, 2),
            held_out: normals(68, columns, 1.0, 3),
            baseline: normals(samples, columns, 0.5, 4),
        }
    }

    fn try_evaluate(&self) -> Result<Evaluation, MeasureError> {
        let columns = self.columns.len();
        let baselines = [("narrow", set(columns, &self.baseline))];
        evaluate(&Inputs {
            columns: &self.columns,
            samples: set(columns, &self.samples),
            training: set(columns, &self.training),
            held_out: set(columns, &self.held_out),
            baselines: &baselines,
            modes: None,
            seed: 7,
        })
    }

    fn evaluate(&self) -> Evaluation {
        self.try_evaluate().expect("valid")
    }
}

#[test]
fn perfect_samples_reach_the_floor_and_the_baseline_does_not() {
    let case = Case::perfect(4, 4000);
    let found = case.evaluate();
    let names: Vec<_> = found.metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "energy_distance",
            "sliced_wasserstein_2",
            "correlation_root_mean_square",
            "correlation_largest"
        ]
    );
    for metric in &found.metrics {
        let Distance { samples, floor, standard_error, .. } = &metric.distance;
        // Measured over 60 data sets: the difference scatters by 0.6 to 0.85 of the standard error.
        assert!((samples - floor).abs() < 3.0 * standard_error, "{metric:?}");
        assert!(*standard_error > 0.0 && standard_error < samples, "{metric:?}");
    }
    for name in ["energy_distance", "sliced_wasserstein_2"] {
        let distance = &found.metric(name).expect("named").distance;
        assert!(distance.baselines["narrow"] > 1.15 * distance.floor, "{name}: {distance:?}");
    }
    let first = &found.columns[0].wasserstein_1;
    // N(0, 1) and N(0, 1/4) are √(2/π)/2 = 0.4 apart, and chance moves it by 0.1 at 68 rows.
    assert!((first.baselines["narrow"] - 0.4).abs() < 0.2, "{first:?}");
    assert!(found.columns.iter().all(|column| column.p_value > 1e-4), "{:?}", found.columns);
    let ratio = found.copying.ratio.expect("apart");
    // Medians of 4000 and of 68 distances, whose standard deviation is below half of their median.
    assert!((ratio - 1.0).abs() < 4.0 * 0.5 * 1.25 / 68.0_f64.sqrt(), "{:?}", found.copying);
    assert_eq!((found.rows.chunk, found.rows.chunks), (68, 20));
    assert_eq!((found.rows.floor_chunk, found.rows.floor_chunks), (68, 20));
    assert_eq!((found.rows.copying_samples, found.rows.copying_held_out), (4000, 68));
}

#[test]
fn distances_do_not_depend_on_how_many_samples_there_are() {
    let (few, many) = (Case::perfect(3, 150), Case::perfect(3, 40_000));
    let (few, many) = (few.evaluate(), many.evaluate());
    assert_eq!([few.rows.chunks, many.rows.chunks], [2, 20]);
    for (few, many) in few.metrics.iter().zip(&many.metrics) {
        assert_eq!(few.distance.floor, many.distance.floor, "{}", few.name);
        let off = (few.distance.samples - many.distance.samples).abs();
        assert!(off < 3.0 * few.distance.standard_error, "{few:?} {many:?}");
    }
}

#[test]
fn fewer_samples_than_held_out_rows_are_measured_against_a_floor_of_their_size() {
    let found = Case::perfect(2, 40).evaluate();
    assert_eq!((found.rows.chunk, found.rows.chunks, found.rows.floor_chunk), (40, 1, 40));
    assert_eq!(found.rows.held_out_compared, 68);
}

#[test]
fn fewer_training_rows_than_a_chunk_are_all_taken_and_counted() {
    let mut case = Case::perfect(2, 200);
    case.training.truncate(2 * 50);
    let found = case.evaluate();
    assert_eq!((found.rows.floor_chunk, found.rows.floor_chunks), (50, 1));
}

#[test]
fn many_held_out_rows_are_thinned() {
    let mut case = Case::perfect(1, 2000);
    case.held_out = normals(2500, 1, 1.0, 5);
    let found = case.evaluate();
    assert_eq!(
        (found.rows.held_out_compared, found.rows.chunk, found.rows.chunks),
        (1000, 1000, 2)
    );
    assert_eq!(found.rows.copying_held_out, 2500);
}

#[test]
fn wide_rows_are_measured_in_fewer_chunks_and_their_columns_thinned() {
    let found = Case::perfect(640, 68 * 8).evaluate();
    // 5000 rows of 64 columns are as many as 7.35 chunks of these.
    assert_eq!((found.rows.chunks, found.rows.floor_chunks), (7, 7));
    assert_eq!(found.rows.correlated_columns, 64);
}

#[test]
fn worse_samples_are_worse_by_more_than_their_error() {
    let mut case = Case::perfect(4, 1000);
    let floor = case.evaluate();
    case.samples.iter_mut().step_by(4).for_each(|x| *x += 1.5);
    let shifted = case.evaluate();
    let energy = &shifted.metric("energy_distance").expect("named").distance;
    assert!(energy.samples > energy.floor + 3.0 * energy.standard_error, "{energy:?}");
    assert!(shifted.columns[0].p_value < 1e-3, "{:?}", shifted.columns[0]);
    assert_eq!(shifted.columns[1].p_value, floor.columns[1].p_value);
}

#[test]
fn copied_training_rows_pass_the_distances_and_fail_the_copying_check() {
    let mut case = Case::perfect(4, 274);
    case.samples.clone_from(&case.training);
    let found = case.evaluate();
    let energy = &found.metric("energy_distance").expect("named").distance;
    assert!((energy.samples - energy.floor).abs() < 3.0 * energy.standard_error);
    assert_eq!(found.copying.ratio, Some(0.0));
    assert_eq!(found.copying.share_nearer_than_1_percent, 1.0);
}

#[test]
fn the_standard_error_is_the_scatter_over_new_data() {
    // Samples well off the floor, new samples and held-out rows each time.
    let shifted = |seed: u64| {
        let mut case = Case::perfect(1, 136);
        case.samples = normals(136, 1, 1.0, 100 + seed).iter().map(|x| x + 1.5).collect();
        case.held_out = normals(68, 1, 1.0, 500 + seed);
        case.evaluate().columns.swap_remove(0).wasserstein_1
    };
    let found: Vec<Distance> = (0..60).map(shifted).collect();
    let scatter = standard_deviation(&found.iter().map(|d| d.samples).collect::<Vec<_>>());
    let error = found.iter().map(|d| d.standard_error).sum::<f64>() / 60.0;
    // A standard deviation of 60 values is off by 9 %; the shift alone gives √(1/68 + 1/136) = 0.149.
    assert!((error / scatter - 1.0).abs() < 4.0 * 0.092, "{error}, not {scatter}");
    assert!((error / 0.149 - 1.0).abs() < 0.1, "{error}");
}

#[test]
fn distances_are_measured_in_their_own_space() {
    let case = Case::perfect(2, 136);
    let (names, doubled) =
        (&case.columns, |values: &[f64]| -> Vec<f64> { values.iter().map(|x| 2.0 * x).collect() });
    let user = [&case.samples, &case.training, &case.held_out].map(|values| doubled(values));
    let both = |user, model| SampleSet { user: set(2, user).user, model: set(2, model).model };
    let found = evaluate(&Inputs {
        columns: names,
        samples: both(&user[0], &case.samples),
        training: both(&user[1], &case.training),
        held_out: both(&user[2], &case.held_out),
        baselines: &[],
        modes: None,
        seed: 7,
    })
    .expect("valid");
    // Twice the unit doubles Wasserstein-1 exactly and touches nothing else.
    let plain = case.evaluate();
    for (found, plain) in found.columns.iter().zip(&plain.columns) {
        assert_eq!(found.wasserstein_1.samples, 2.0 * plain.wasserstein_1.samples);
        assert_eq!(found.wasserstein_1.floor, 2.0 * plain.wasserstein_1.floor);
        assert_eq!(found.p_value, plain.p_value);
    }
    assert_eq!(found.metrics[0].distance.samples, plain.metrics[0].distance.samples);
    assert_eq!(found.copying, plain.copying);
}

#[cfg(feature = "serde")]
#[test]
fn the_same_inputs_give_the_same_numbers_and_json_keeps_them() {
    let case = Case::perfect(2, 300);
    let found = case.evaluate();
    assert_eq!(found, case.evaluate());
    let text = serde_json::to_string(&found).expect("written");
    assert!(
        text.starts_with(r#"{"metrics":[{"name":"energy_distance","space":"model","samples":"#)
    );
    assert_eq!(serde_json::from_str::<Evaluation>(&text).expect("read"), found);
}

#[cfg(feature = "serde")]
#[test]
fn one_column_has_no_correlations_and_one_row_of_each_is_enough() {
    let found = Case::perfect(1, 1).evaluate();
    assert_eq!(found.metrics.len(), 2);
    let mut case = Case::perfect(2, 1);
    case.training.truncate(2);
    case.held_out.truncate(2);
    let numbers = serde_json::to_string(&case.evaluate()).expect("written");
    assert!(!numbers.replace("\"modes\":null", "").contains("null"), "{numbers}");
}

#[test]
fn modes_are_counted_in_the_user_s_units() {
    let mixture = GaussianMixture::new(vec![vec![0.0], vec![9.0]], 0.1, None).expect("valid");
    let mut rows = vec![0.0; 400];
    let mut stream = Streams::new(3).at(Purpose::Reference, 0, 0);
    mixture.draw(Part::HeldOut, &mut stream, &mut rows);
    let model: Vec<f64> = rows.iter().map(|x| (x - 4.5) / 4.5).collect();
    let rows = SampleSet { user: set(1, &rows).user, model: set(1, &model).model };
    let goals = mixture.modes().expect("known");
    let inputs = Inputs {
        columns: &[Column::number("x")],
        samples: rows,
        training: rows,
        held_out: rows,
        baselines: &[],
        modes: Some(&goals),
        seed: 1,
    };
    let found = evaluate(&inputs).expect("valid").modes.expect("known");
    assert_eq!((found.share_near_any, found.modes.len()), (1.0, 2));
    let wrong = [Mode { center: vec![0.0, 1.0], share: 1.0, std: 1.0 }];
    let error = evaluate(&Inputs { modes: Some(&wrong), ..inputs }).expect_err("columns");
    assert_eq!(error.to_string(), "modes: must have 1 columns, got 2");
}

#[test]
fn rows_that_do_not_fit_are_named() {
    let case = Case::perfect(2, 100);
    let all = set(2, &case.samples);
    let short = set(2, &case.samples[..20]);
    let inputs = Inputs {
        columns: &case.columns,
        samples: all,
        training: all,
        held_out: all,
        baselines: &[],
        modes: None,
        seed: 0,
    };
    let message = |inputs: &Inputs<'_>| evaluate(inputs).expect_err("wrong").to_string();
    let training = set(1, &case.training);
    let wrong = Inputs { training, ..inputs };
    assert_eq!(message(&wrong), "training rows: must have 2 columns, got 1");
    let uneven = SampleSet { user: all.user, model: short.model };
    assert_eq!(
        message(&Inputs { held_out: uneven, ..inputs }),
        "held-out rows: 100 rows in the user's units, but 10 in model space"
    );
    let baselines = [("untrained", short)];
    assert_eq!(
        message(&Inputs { baselines: &baselines, ..inputs }),
        "untrained: must have at least 100 rows, as are compared at a time, got 10"
    );
}
