//! The verdict on samples whose fault is known. The study over many faults and seeds is in tests/verdicts.

use super::*;
use crate::{
    Column, ColumnValues, Mode, Purpose, Streams,
    measure::{MeasureError, Rows},
};

fn normals(count: usize, seed: u64) -> Vec<f64> {
    let mut values = vec![0.0; count];
    Streams::new(seed).at(Purpose::Reference, 0, 0).fill_normal(&mut values);
    values
}

/// Rows of two columns: a normal, and as much of it as of chance.
fn rows(count: usize, seed: u64) -> Vec<f64> {
    let mut values = normals(2 * count, seed);
    values.chunks_mut(2).for_each(|row| row[1] += row[0]);
    values
}

/// Columns, training rows and held-out rows of a table.
struct Case {
    columns: Vec<Column>,
    training: Vec<f64>,
    held_out: Vec<f64>,
    untrained: Vec<f64>,
}

impl Case {
    fn new(training: Vec<f64>, held_out: Vec<f64>, columns: usize) -> Self {
        let of_numbers = (0..columns).map(|i| Column::number(format!("x{i}"))).collect();
        let untrained = normals(columns * 1000, 3).into_iter().map(|x| 3.0 + 9.0 * x).collect();
        Self { columns: of_numbers, training, held_out, untrained }
    }

    fn usual(held_out: usize) -> Self {
        Self::new(rows(1200, 1), rows(held_out, 2), 2)
    }

    fn try_judge(&self, samples: &[f64], modes: Option<&[Mode]>) -> Result<Verdict, MeasureError> {
        let width = self.columns.len();
        let training = Rows::of_columns("training rows", &self.columns, &self.training)?;
        let held_out = Rows::of_columns("held-out rows", &self.columns, &self.held_out)?;
        let real = Real {
            columns: &self.columns,
            training,
            held_out,
            untrained: &self.untrained,
            modes,
            seed: 4,
        };
        let outside = outside(&self.columns, samples, &self.held_out, training);
        Judge::new(real, samples.len() / width)?.verdict(samples, &outside)
    }

    fn judge(&self, samples: &[f64]) -> Verdict {
        self.try_judge(samples, None).expect("valid")
    }
}

fn starts(verdict: &Verdict, word: Word, reason: &str) {
    assert_eq!(verdict.word, word, "{verdict:?}");
    let first = verdict.reasons.first().map_or("", String::as_str);
    assert!(first.contains(reason), "{verdict:?}");
}

#[test]
fn perfect_samples_are_good_and_their_distance_is_at_the_floor() {
    let found = Case::usual(400).judge(&rows(900, 5));
    assert_eq!((found.word, found.reasons.len(), found.rows), (Word::Good, 0, 400), "{found:?}");
    let energy = found.energy.expect("enough rows");
    // Energy distances of perfect samples scatter by less than their mean; 4 of those.
    assert!(energy.ratio().expect("a floor") < 5.0, "{energy:?}");
    assert!(energy.independent > 5.0 * energy.floor, "{energy:?}");
    assert!(energy.untrained.expect("drawn") > 2.0 * energy.independent, "{energy:?}");
    let pairs = found.pairs.expect("two columns");
    assert_eq!((pairs.tested, pairs.dependent, pairs.lost), (1, 1, 0), "{pairs:?}");
}

#[test]
fn an_outlier_that_stretches_every_scale_hides_nothing() {
    // o02: a typing error among the training rows, samples of the size that it gave the scale.
    let mut case = Case::usual(400);
    case.training[0] = 1e30;
    let samples: Vec<f64> = rows(1000, 6).iter().map(|x| 1e27 * x).collect();
    let found = case.judge(&samples);
    starts(&found, Word::Poor, "x");
    assert!(found.reasons.iter().any(|reason| reason.starts_with("x0: ")), "{found:?}");
    // The same size among the samples alone, once.
    let case = Case::usual(400);
    let mut samples = rows(1000, 7);
    samples[10] = -1e27;
    let found = case.judge(&samples);
    starts(&found, Word::Fair, "x0: a sample is an outlier, as far as -1e27; real rows end at -");
}

#[test]
fn values_below_the_range_are_said_first_with_their_share() {
    // p05: no zero where nine tenths are zero, and 44 % below.
    let rain = |x: &f64| if *x < 1.3 { 0.0 } else { x - 1.3 };
    let rain = |seed| normals(1200, seed).iter().map(rain).collect::<Vec<f64>>();
    let case = Case::new(rain(8), rain(9), 1);
    let place = |(i, x): (usize, &f64)| if i < 440 { -0.1 - x.abs() } else { 0.1 * x.abs() };
    let samples: Vec<f64> = normals(1000, 10).iter().enumerate().map(place).collect();
    let found = case.judge(&samples);
    starts(&found, Word::Poor, "x0: 44 % of samples lie below the smallest value seen");
    assert_eq!(found.reasons.iter().filter(|reason| reason.starts_with("x0")).count(), 1);
    // Without a share outside: fair or poor by the distance, and the zeros are named.
    let samples: Vec<f64> = samples.iter().map(|x| x.abs().min(1.0)).collect();
    let found = case.judge(&samples);
    assert_ne!(found.word, Word::Good);
    let said = "none of samples are at most 0, of held-out rows 9";
    assert!(found.reasons[0].contains(said), "{found:?}");
    assert_eq!(case.judge(&rain(11)).word, Word::Good);
}

#[test]
fn copies_are_poor_unless_the_table_s_rows_repeat() {
    let case = Case::usual(400);
    let mut samples = rows(1000, 12);
    samples[..200].copy_from_slice(&case.training[..200]);
    starts(&case.judge(&samples), Word::Poor, "10 % of the samples are copies of training rows");
    let ratings = |seed| -> Vec<f64> {
        rows(700, seed).iter().map(|x| (x + 3.0).round().clamp(1.0, 5.0)).collect()
    };
    let found = Case::new(ratings(13), ratings(14), 2).judge(&ratings(15));
    assert_eq!(found.word, Word::Good, "{found:?}");
    assert!(found.copies.samples > 650, "{found:?}");
}

#[test]
fn a_column_drawn_to_a_point_is_poor_however_far_the_untrained_network_is() {
    let mut case = Case::new(normals(1200, 30), normals(400, 31), 1);
    case.untrained.iter_mut().for_each(|x| *x += 100.0);
    let drawn_to = |spread: f64| -> Vec<f64> {
        normals(1000, 32).into_iter().map(|x| 0.005 + spread * x).collect()
    };
    let found = case.judge(&drawn_to(0.02));
    starts(&found, Word::Poor, "x0: ");
    let energy = found.energy.expect("judged");
    assert!(energy.samples < energy.untrained.expect("rows") / 2.5, "not half way: {found:?}");
    assert!(found.columns.as_ref().is_some_and(|found| found.difference > 0.4), "{found:?}");
    assert_eq!(case.judge(&drawn_to(0.7)).word, Word::Fair);
}

#[test]
fn few_rows_are_not_judged_but_copies_are_said() {
    // p15 and o09.
    let case = Case::new(rows(9, 16), rows(49, 17), 2);
    let samples: Vec<f64> = case.training.iter().cycle().take(2000).copied().collect();
    let found = case.judge(&samples);
    starts(&found, Word::TooFewRows, "49 held-out rows, and a verdict needs 50");
    assert!(found.reasons[1].starts_with("100 % of the samples are copies"), "{found:?}");
    assert_eq!((found.energy, found.rows), (None, 0));
    let found = Case::usual(400).judge(&rows(20, 18));
    starts(&found, Word::TooFewRows, "20 samples, and a verdict needs 50");
    let enough = Case::new(rows(200, 16), rows(50, 17), 2).judge(&rows(50, 19));
    assert_eq!(enough.word, Word::Good, "{enough:?}");
}

#[test]
fn numbers_that_are_none_are_never_good_and_leave_none_in_the_verdict() {
    let case = Case::usual(300);
    let mut samples = rows(1000, 20);
    samples[3] = f64::NAN;
    let found = case.judge(&samples);
    starts(&found, Word::Fair, "x1: 0.1 % of samples are no finite number");
    for value in [f64::NAN, f64::INFINITY, -1e27, 1e300] {
        let found = case.judge(&[value; 600]);
        starts(&found, Word::Poor, "x");
        let text = format!("{found:?}");
        assert!(!text.contains("NaN") && !text.contains("inf,"), "{text}");
    }
}

#[test]
fn constant_and_tied_columns_have_the_right_word() {
    let constant = vec![7.0; 600];
    let case = Case::new(constant.clone(), constant.clone(), 1);
    let found = case.judge(&constant);
    // Every held-out row is a copy by nature.
    assert_eq!((found.word, found.energy.expect("rows").ratio()), (Word::Good, None), "{found:?}");
    let mut off = constant.clone();
    off[5] = 8.0;
    assert_eq!(case.judge(&off).word, Word::Fair);
    assert_eq!(case.judge(&vec![8.0; 600]).word, Word::Poor);
    // A normal column beside a constant one.
    let beside = |seed| -> Vec<f64> { normals(500, seed).iter().flat_map(|x| [*x, 2.0]).collect() };
    assert_eq!(Case::new(beside(21), beside(22), 2).judge(&beside(23)).word, Word::Good);
}

#[test]
fn a_lost_pair_is_poor_and_named() {
    let case = Case::usual(1000);
    let mut samples = rows(1000, 24);
    let second: Vec<f64> = samples.iter().skip(1).step_by(2).copied().collect();
    samples.chunks_mut(2).zip(second.iter().rev()).for_each(|(row, x)| row[1] = *x);
    let found = case.judge(&samples);
    starts(&found, Word::Poor, "x0 and x1 do not depend on each other as in the data: energy");
    assert_eq!(found.pairs.expect("two columns").lost, 1);
}

#[test]
fn a_pair_that_is_lost_among_many_columns_is_poor() {
    // Eight columns, of which the first two are nearly one; over all of them independent columns are hardly farther.
    let wide = |seed| -> Vec<f64> {
        let mut rows = normals(8 * 500, seed);
        rows.chunks_mut(8).for_each(|row| row[1] = row[0] + 0.5 * row[1]);
        rows
    };
    let case = Case::new(wide(30), wide(31), 8);
    assert_eq!(case.judge(&wide(32)).word, Word::Good);
    let found = case.judge(&normals(8 * 500, 33));
    assert!(found.energy.expect("rows").p_value >= 0.005, "{found:?}");
    starts(&found, Word::Poor, "x0 and x1 do not depend on each other as in the data: energy");
}

#[test]
fn shares_of_modes_are_held_to_the_exact_ones() {
    let modes = |share: f64| -> Vec<Mode> {
        let mode = |center: f64, share| Mode { center: vec![center], share, std: 0.1 };
        vec![mode(0.0, share), mode(5.0, 1.0 - share)]
    };
    // A quarter in one mode of the rows; a tenth short of it is more than chance of 1000 rows, 1.4 points.
    let drawn = |seed| -> Vec<f64> {
        let near = |(i, x): (usize, &f64)| 0.1 * x + if i % 4 == 0 { 0.0 } else { 5.0 };
        normals(1000, seed).iter().enumerate().map(near).collect()
    };
    let case = Case::new(drawn(25), drawn(26), 1);
    let found = case.try_judge(&drawn(27), Some(&modes(0.25))).expect("valid");
    assert_eq!(found.word, Word::Good, "{found:?}");
    let found = case.try_judge(&drawn(27), Some(&modes(0.35))).expect("valid");
    assert_eq!(found.word, Word::Fair, "{found:?}");
    let said = "25 % of samples are near the mode at (0), exactly 35 %";
    assert!(found.reasons.iter().any(|reason| reason == said), "{found:?}");
}

#[test]
fn rows_that_do_not_fit_are_named() {
    let case = Case::usual(60);
    let message = |found: Result<Verdict, MeasureError>| found.expect_err("wrong").to_string();
    assert_eq!(
        message(case.try_judge(&[0.0; 201], None)),
        "samples: 201 values do not make rows of 2 columns"
    );
    let wrong = Case::new(rows(60, 1), vec![0.0; 7], 2);
    assert!(message(wrong.try_judge(&[0.0; 180], None)).starts_with("held-out rows: "));
}

#[test]
fn the_same_rows_give_the_same_verdict_on_any_number_of_threads() {
    let (case, samples) = (Case::usual(200), rows(200, 28));
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads").install(|| case.judge(&samples))
    };
    assert_eq!(on(1), on(3));
}

#[cfg(feature = "serde")]
#[test]
fn json_keeps_a_verdict() {
    let case = Case::usual(200);
    for samples in [rows(200, 29), vec![f64::NAN; 400], vec![0.0; 20]] {
        let found = case.judge(&samples);
        let text = serde_json::to_string(&found).expect("written");
        assert!(text.starts_with(r#"{"word":""#), "{text}");
        assert_eq!(serde_json::from_str::<Verdict>(&text).expect("read"), found);
    }
}

/// Rows of a category of 30 values, of unequal shares, and of a number that tells which half of them it is and is missing in
/// a fifth of one half.
fn mixed(count: usize, seed: u64) -> Vec<f64> {
    let mut stream = Streams::new(seed).at(Purpose::Reference, 1, 0);
    let mut row = |_| {
        let place = (30.0 * stream.uniform().powi(2)).floor();
        let (mut normal, half) = ([0.0], f64::from(u8::from(place % 2.0 == 1.0)));
        stream.fill_normal(&mut normal);
        let is_missing = stream.uniform() < 0.2 * half;
        [place, if is_missing { f64::NAN } else { normal[0] + 2.0 * half }]
    };
    (0..count).flat_map(&mut row).collect()
}

#[test]
fn categories_and_gaps_are_judged_in_the_user_s_words() {
    let mut case = Case::new(mixed(3000, 1), mixed(800, 2), 2);
    let names = (0..30).map(|i| format!("kind {i}")).collect();
    case.columns[0].values = ColumnValues::Category(names);
    case.columns[1].may_miss = true;
    let perfect = case.judge(&mixed(900, 5));
    assert_eq!((perfect.word, &perfect.reasons[..]), (Word::Good, &[][..]), "{perfect:?}");
    // The values in another order are as many, and each has another's share.
    let mut turned = mixed(900, 6);
    turned.iter_mut().step_by(2).for_each(|place| *place = 29.0 - *place);
    starts(&case.judge(&turned), Word::Poor, "x0: ");
    let found = case.judge(&turned);
    assert!(found.reasons[0].contains(" of samples are kind "), "{found:?}");
    // Nothing is missing, or it is missing in the other half.
    let mut whole = mixed(900, 7);
    whole.iter_mut().filter(|x| x.is_nan()).for_each(|x| *x = 2.0);
    let found = case.judge(&whole);
    assert_ne!(found.word, Word::Good, "{found:?}");
    let mut gone = mixed(900, 7);
    gone.chunks_mut(2).step_by(3).for_each(|row| row[1] = f64::NAN);
    starts(
        &case.judge(&gone),
        Word::Poor,
        "x1: 43 % of samples lack a value, of held-out rows 8.2 %",
    );
    // Each column by itself is right, and the two are apart.
    let mut apart = mixed(900, 8);
    let places: Vec<f64> = mixed(900, 9).into_iter().step_by(2).collect();
    apart.iter_mut().step_by(2).zip(places).for_each(|(own, other)| *own = other);
    let found = case.judge(&apart);
    assert_eq!((found.word, found.pairs.expect("a pair").lost), (Word::Poor, 1));
}
