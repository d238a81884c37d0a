//! Our trees are XGBoost's, and each of their promises.

use super::*;
use crate::{Purpose, Streams};

const SMALL: BoostOptions = BoostOptions { trees: 10, depth: 3, rate: 0.3 };

fn table<'a>(columns: &'a [Cells], values: &'a [f64]) -> TableRows<'a> {
    TableRows::new("rows", columns, values).expect("rows")
}

fn fit(rows: TableRows<'_>, targets: Targets<'_>, options: BoostOptions) -> BoostedTrees {
    BoostedTrees::fit(&LabelledRows::new(rows, targets).expect("targets"), options)
}

/// What trees that learnt these numbers from the rows predict for them.
fn learnt(columns: &[Cells], values: &[f64], targets: &[f64], options: BoostOptions) -> Vec<f64> {
    let rows = table(columns, values);
    fit(rows, Targets::Numbers(targets), options).predict(rows).expect("columns")
}

/// Predictions of XGBoost for a small table, made by tests/goldens/boosted_trees.py.
#[test]
fn predictions_are_xgboosts() {
    let text = include_str!("../../../../../../tests/goldens/boosted_trees.json");
    let golden: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let numbers = |value: &serde_json::Value| -> Vec<f64> {
        let list = value.as_array().expect("a list");
        list.iter().map(|x| x.as_f64().unwrap_or(f64::NAN)).collect()
    };
    let kinds = numbers(&golden["kinds"]).into_iter();
    let kinds: Vec<Cells> = kinds
        .map(|k| if k == 0.0 { Cells::Numbers } else { Cells::Category(k as usize) })
        .collect();
    let [training, test, weights] =
        ["training", "test", "weights"].map(|name| numbers(&golden[name]));
    let cases = golden["cases"].as_array().expect("a list");
    assert_eq!(cases.len(), 9);
    for case in cases {
        let targets = numbers(&golden["targets"][case["targets"].as_str().expect("a name")]);
        let truth: Vec<bool> = targets.iter().map(|y| *y == 1.0).collect();
        let classes: Vec<usize> = targets.iter().map(|y| *y as usize).collect();
        let targets = match case["targets"].as_str() {
            Some("numbers") => Targets::Numbers(&targets),
            Some("truth") => Targets::Truth(&truth),
            _ => Targets::Classes { count: 3, of: &classes },
        };
        let mut labelled = LabelledRows::new(table(&kinds, &training), targets).expect("targets");
        if case["weighted"] == true {
            labelled = labelled.with_weights(&weights).expect("weights");
        }
        let whole = |name: &str| case[name].as_u64().expect("a number") as usize;
        let rate = case["rate"].as_f64().expect("a number");
        let options = BoostOptions { trees: whole("trees"), depth: whole("depth"), rate };
        let trees = BoostedTrees::fit(&labelled, options);
        let found = trees.predict(table(&kinds, &test)).expect("columns");
        let expected = numbers(&case["predictions"]);
        assert_eq!(found.len(), expected.len());
        // XGBoost adds up leaves and margins in f32: 8 trees with a rounding of 6e-8 each. Its predictions are written with
        // 7 digits after the point.
        for (row, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let error = (found - expected).abs() / expected.abs().max(1.0);
            assert!(error < 1e-6, "{options:?}: row {row} is {found}, not {expected}");
        }
        let gains: f64 = trees.gains().iter().sum();
        let expected = case["total_gain"].as_f64().expect("a number");
        assert!((gains / expected - 1.0).abs() < 1e-6, "{options:?}: {gains}, not {expected}");
    }
}

/// Three numbers, of which a fifth is missing, and a category with four values, in `count` rows; and a number that depends on
/// all of them.
fn drawn(count: usize) -> (Vec<Cells>, Vec<f64>, Vec<f64>) {
    let columns = vec![Cells::Numbers, Cells::Numbers, Cells::Numbers, Cells::Category(4)];
    let mut stream = Streams::new(3).at(Purpose::Reference, 0, 0);
    let (mut values, mut targets) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let mut row = [0.0; 4];
        stream.fill_normal(&mut row[..3]);
        row[3] = (4.0 * stream.uniform()).floor();
        targets.push(row[0] * (row[3] - 1.0) + row[1] + 0.1 * stream.uniform());
        row[..3].iter_mut().for_each(|x| *x = if stream.uniform() < 0.2 { f64::NAN } else { *x });
        values.extend(row);
    }
    (columns, values, targets)
}

#[test]
fn the_same_rows_give_the_same_bits_on_any_number_of_threads() {
    let (columns, values, targets) = drawn(3000);
    let bits = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let predicted = pool.install(|| learnt(&columns, &values, &targets, SMALL));
        predicted.into_iter().map(f64::to_bits).collect::<Vec<_>>()
    };
    let one = bits(1);
    assert!([2, 3, 8].into_iter().all(|threads| bits(threads) == one));
}

#[test]
fn the_order_of_the_rows_does_not_matter() {
    let (columns, values, targets) = drawn(3000);
    // Whole numbers, so that their mean is exact.
    let targets: Vec<f64> = targets.iter().map(|y| (8.0 * y).round()).collect();
    let back: Vec<f64> = values.chunks(4).rev().flatten().copied().collect();
    let targets_back: Vec<f64> = targets.iter().rev().copied().collect();
    let mut found = learnt(&columns, &back, &targets_back, SMALL);
    found.reverse();
    assert_eq!(found, learnt(&columns, &values, &targets, SMALL));
}

#[test]
fn a_row_of_weight_2_is_two_rows() {
    // Quantiles count rows, not weights. With at most 256 rows there are none.
    let (columns, values, targets) = drawn(250);
    let targets: Vec<bool> = targets.iter().map(|y| *y > 0.5).collect();
    let is_double = |i: &usize| i.is_multiple_of(3);
    let weights: Vec<f64> = (0..250).map(|i| if is_double(&i) { 2.0 } else { 1.0 }).collect();
    let numbers: Vec<usize> = (0..250).chain((0..250).filter(is_double)).collect();
    let rows = table(&columns, &values);
    let more = rows.gather(&numbers);
    let more_targets: Vec<bool> = numbers.iter().map(|i| targets[*i]).collect();
    let labelled = LabelledRows::new(rows, Targets::Truth(&targets)).expect("targets");
    let plain = BoostedTrees::fit(&labelled, SMALL);
    let weighted = BoostedTrees::fit(&labelled.with_weights(&weights).expect("weights"), SMALL);
    let repeated = fit(table(&columns, &more), Targets::Truth(&more_targets), SMALL);
    let [plain, weighted, repeated] =
        [plain, weighted, repeated].map(|trees| trees.predict(rows).expect("columns"));
    // Derivatives are rounded to 2^-50 or so.
    let apart =
        |a: &[f64]| a.iter().zip(&repeated).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
    assert!(apart(&weighted) < 1e-9, "{}", apart(&weighted));
    assert!(apart(&plain) > 0.01, "{}", apart(&plain));
}

#[test]
fn one_tree_of_full_rate_gives_shrunk_means() {
    // Leaves have (Σ y − n ȳ) / (n + λ) on top of the mean ȳ = 3: −2 · 3 / 4 and 2 · 3 / 4.
    let options = BoostOptions { trees: 1, depth: 1, rate: 1.0 };
    let targets = [1.0, 1.0, 1.0, 5.0, 5.0, 5.0];
    let low_high = [1.5, 1.5, 1.5, 4.5, 4.5, 4.5];
    let nan = f64::NAN;
    for (cells, column) in [
        (Cells::Numbers, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
        // Missing numbers are low or high, whichever fits, or alone on their side.
        (Cells::Numbers, [nan, 1.0, 2.0, 3.0, 4.0, 5.0]),
        (Cells::Numbers, [0.0, 1.0, 2.0, nan, 4.0, 5.0]),
        (Cells::Numbers, [nan, nan, nan, 3.0, 4.0, 5.0]),
        (Cells::Numbers, [0.0, 1.0, 0.0, nan, nan, nan]),
        (Cells::Category(3), [1.0, 1.0, 1.0, 0.0, 2.0, 2.0]),
        // That a category is missing is a value of its own.
        (Cells::Category(3), [nan, nan, nan, 0.0, 1.0, 2.0]),
    ] {
        assert_eq!(learnt(&[cells], &column, &targets, options), low_high, "{column:?}");
    }
}

#[test]
fn categories_that_no_training_row_has_are_the_rest() {
    let columns = [Cells::Category(4)];
    let options = BoostOptions { trees: 1, depth: 1, rate: 1.0 };
    let trees = fit(
        table(&columns, &[0.0, 0.0, 1.0, 1.0, 1.0, 2.0]),
        Targets::Numbers(&[8.0, 8.0, 0.0, 0.0, 0.0, 0.0]),
        options,
    );
    let found = trees.predict(table(&columns, &[0.0, 1.0, 3.0, f64::NAN])).expect("columns");
    assert!(found[0] > found[1]);
    assert_eq!(found[1..], [found[1]; 3]);
}

#[test]
fn differences_that_f32_does_not_hold_divide_nothing() {
    let options = BoostOptions { trees: 1, depth: 1, rate: 1.0 };
    let targets = [0.0, 1.0];
    let of = |x: f64| learnt(&[Cells::Numbers], &[1.0, x], &targets, options);
    assert_eq!(of(1.0 + 1e-9), [0.5, 0.5]);
    assert_eq!(of(1.0 + 1e-6), [0.25, 0.75]);
    // Numbers beyond f32 are compared as its largest.
    assert_eq!(of(1e200), [0.25, 0.75]);
    assert_eq!(of(-1e200), [0.25, 0.75]);
}

#[test]
fn nothing_to_split_leaves_the_mean() {
    let options = BoostOptions { trees: 5, depth: 3, rate: 0.5 };
    let constant = [7.0, f64::NAN, 7.0, f64::NAN, 7.0, f64::NAN];
    let columns = [Cells::Numbers, Cells::Numbers];
    assert_eq!(learnt(&columns, &constant, &[1.0, 2.0, 6.0], options), [3.0; 3]);
    let rows = table(&[Cells::Numbers], &[1.0, 2.0, 3.0, 4.0]);
    // Only one kind of rows: the probability stays what is assumed of such.
    let trees = fit(rows, Targets::Truth(&[true; 4]), SMALL);
    let found = trees.predict(rows).expect("columns");
    assert!(found.iter().all(|p| (p - (1.0 - 1e-6)).abs() < 1e-9), "{found:?}");
    assert_eq!(trees.gains(), [0.0]);
}

#[test]
fn probabilities_of_classes_are_learnt_and_sum_to_1() {
    let column: Vec<f64> = (0..300).map(f64::from).collect();
    // No row has the class 3.
    let classes: Vec<usize> = (0..300).map(|i| [1, 0, 2][i / 100]).collect();
    let rows = table(&[Cells::Numbers], &column);
    let options = BoostOptions { trees: 40, depth: 3, rate: 0.3 };
    let targets = Targets::Classes { count: 4, of: &classes };
    let found = fit(rows, targets, options).predict(rows).expect("columns");
    for (p, class) in found.chunks_exact(4).zip(classes) {
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{p:?}");
        assert!(p[class] > 0.97 && p[3] < 1e-5, "{p:?} for {class}");
    }
}

#[test]
fn what_cannot_be_learnt_is_refused() {
    let columns = [Cells::Numbers, Cells::Category(2)];
    let rows = table(&columns, &[1.0, 0.0, 2.0, 1.0]);
    let message = |targets: Targets<'_>, weights: Option<&[f64]>| {
        let labelled = LabelledRows::new(rows, targets);
        let labelled = labelled.and_then(|rows| weights.map_or(Ok(rows), |w| rows.with_weights(w)));
        labelled.expect_err("refused").to_string()
    };
    let numbers = Targets::Numbers(&[1.0, 2.0]);
    let three = "targets: there must be one for each of the 2 rows, got 3";
    assert_eq!(message(Targets::Truth(&[true; 3]), None), three);
    let missing = message(Targets::Numbers(&[0.0, f64::NAN]), None);
    assert_eq!(missing, "targets: that of row 1 is NaN, which is outside their range");
    let huge = message(Targets::Numbers(&[1e200, 0.0]), None);
    assert!(huge.starts_with("targets: that of row 0 is 1"), "{huge}");
    let class = message(Targets::Classes { count: 2, of: &[2, 0] }, None);
    assert_eq!(class, "targets: that of row 0 is 2, which is outside their range");
    let negative = message(numbers, Some(&[1.0, -1.0]));
    assert_eq!(negative, "weights: that of row 1 is -1, which is outside their range");
    assert_eq!(message(numbers, Some(&[0.0; 2])), "there are no rows with a weight above 0");

    let trees = fit(rows, numbers, SMALL);
    let narrow = trees.predict(table(&columns[..1], &[1.0])).expect_err("refused").to_string();
    assert_eq!(narrow, "rows: must have 2 columns, got 1");
    let other = [Cells::Numbers, Cells::Category(3)];
    assert!(matches!(
        trees.predict(table(&other, &[1.0, 2.0])),
        Err(MeasureError::Cells { column: 1, .. })
    ));
}
