//! [`usefulness`]: whether what boosted trees learn from samples holds for real rows.

use super::{
    BoostOptions, BoostedTrees, Cells, LabelledRows, TableRows, Targets, area_under_curve,
};
use crate::{math::ln, measure::MeasureError};

/// Trees that learn the target.
const TREES: BoostOptions = BoostOptions { trees: 200, depth: 6, rate: 0.1 };

/// How well trees that were grown on samples predict a column of real rows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Usefulness {
    /// Rows with a target that the trees were grown on.
    pub training_rows: usize,
    /// Rows with a target that were predicted.
    pub test_rows: usize,
    /// How near the predictions are.
    pub quality: TargetScore,
}

/// How near predictions are to the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum TargetScore {
    /// Of a category with two values.
    TwoValues {
        /// Area under the curve of the second value; none where the test rows have one value only.
        auc: Option<f64>,
        /// Mean of `−ln p`, p being the probability of the true value.
        log_loss: f64,
    },
    /// Of a category with more values.
    Values {
        /// Mean of the areas under the curves of each value against the rest, over the values that some test rows have; none
        /// where they all have the same.
        auc: Option<f64>,
        /// Share of the rows whose most probable value is the true one.
        accuracy: f64,
    },
    /// Of a number.
    Number {
        /// Share of the variance that is explained, `1 − Σ (y − ŷ)² / Σ (y − ȳ)²`; none where the test rows have one value only.
        r_squared: Option<f64>,
        /// Root mean square error, in the column's unit.
        root_mean_square_error: f64,
    },
}

/// Trains on samples, tests on real rows: grows boosted trees on one set of rows to predict a column by the others, and
/// predicts that column of another set. The same with real training rows is what perfect samples would reach.
///
/// There are 200 trees of depth 6 and rate 0.1, or as many for each value of a category with more than two. Rows whose target
/// is missing are left out.
///
/// Source: Esteban, Hyland & Rätsch 2017, "Real-valued (medical) time series generation with recurrent conditional GANs",
/// section 4.1, "train on synthetic, test on real".
///
/// # Errors
/// Rows with different columns, a target that is no column or the only one, no rows with a known target, or one value only in
/// the training rows.
pub fn usefulness(
    training: TableRows<'_>,
    test: TableRows<'_>,
    target: usize,
) -> Result<Usefulness, MeasureError> {
    let columns = training.columns();
    test.require_columns("test rows", columns)?;
    if target >= columns.len() || columns.len() == 1 {
        let (rows, required) = ("training rows".to_owned(), (target + 1).max(2));
        return Err(MeasureError::Columns { rows, required, columns: columns.len() });
    }
    let cells = columns[target];
    let [training, test] = [training, test].map(|rows| Known::new(rows, target));
    if training.truth.windows(2).all(|pair| pair[0] == pair[1]) && !training.truth.is_empty() {
        return Err(MeasureError::OneValue { rows: "training rows".to_owned(), column: target });
    }
    let (known, asked) = (training.rows("training rows")?, test.rows("test rows")?);
    let predict = |targets: Targets<'_>| {
        BoostedTrees::fit(&LabelledRows::new(known, targets)?, TREES).predict(asked)
    };
    let places = |of: &Known| of.truth.iter().map(|y| *y as usize).collect::<Vec<_>>();
    let quality = match cells {
        Cells::Numbers => of_numbers(&predict(Targets::Numbers(&training.truth))?, &test.truth),
        Cells::Category(2) => {
            let is_second = |of: &Known| of.truth.iter().map(|y| *y == 1.0).collect::<Vec<_>>();
            of_two_values(&predict(Targets::Truth(&is_second(&training)))?, &is_second(&test))
        }
        Cells::Category(count) => {
            let targets = Targets::Classes { count, of: &places(&training) };
            of_values(&predict(targets)?, count, &places(&test))
        }
    };
    Ok(Usefulness { training_rows: known.count(), test_rows: asked.count(), quality })
}

/// Rows whose target is known, without it, and the target.
struct Known {
    columns: Vec<Cells>,
    values: Vec<f64>,
    truth: Vec<f64>,
}

impl Known {
    fn new(rows: TableRows<'_>, target: usize) -> Self {
        let mut columns = rows.columns().to_vec();
        columns.remove(target);
        let known = || rows.iter().filter(|row| !row[target].is_nan());
        let others = |row: &'_ [f64]| [&row[..target], &row[target + 1..]].concat();
        Self {
            columns,
            values: known().flat_map(others).collect(),
            truth: known().map(|row| row[target]).collect(),
        }
    }

    fn rows(&self, name: &str) -> Result<TableRows<'_>, MeasureError> {
        TableRows::new(&format!("{name} with a known target"), &self.columns, &self.values)
    }
}

fn of_numbers(predicted: &[f64], truth: &[f64]) -> TargetScore {
    let n = truth.len() as f64;
    let mean = truth.iter().sum::<f64>() / n;
    let errors: f64 = truth.iter().zip(predicted).map(|(y, p)| (y - p).powi(2)).sum();
    let variance: f64 = truth.iter().map(|y| (y - mean).powi(2)).sum();
    let differ = truth.iter().any(|y| *y != truth[0]);
    TargetScore::Number {
        r_squared: differ.then(|| 1.0 - errors / variance),
        root_mean_square_error: (errors / n).sqrt(),
    }
}

fn of_two_values(probabilities: &[f64], is_second: &[bool]) -> TargetScore {
    let loss = |(p, second): (&f64, &bool)| {
        let of_truth = if *second { *p } else { 1.0 - p };
        -ln(of_truth.max(f64::EPSILON))
    };
    let losses: f64 = probabilities.iter().zip(is_second).map(loss).sum();
    TargetScore::TwoValues {
        auc: area_under_curve(probabilities, is_second),
        log_loss: losses / is_second.len() as f64,
    }
}

fn of_values(probabilities: &[f64], count: usize, truth: &[usize]) -> TargetScore {
    let rows = || probabilities.chunks_exact(count).zip(truth);
    let is_right = |(p, truth): &(&[f64], &usize)| {
        let most_probable = (1..count).fold(0, |best, i| if p[i] > p[best] { i } else { best });
        most_probable == **truth
    };
    let areas: Vec<f64> = (0..count)
        .filter_map(|value| {
            let scores: Vec<f64> = rows().map(|(p, _)| p[value]).collect();
            let is_value: Vec<bool> = truth.iter().map(|of| *of == value).collect();
            area_under_curve(&scores, &is_value)
        })
        .collect();
    TargetScore::Values {
        auc: (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64),
        accuracy: rows().filter(is_right).count() as f64 / truth.len() as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    const COLUMNS: [Cells; 4] =
        [Cells::Numbers, Cells::Category(2), Cells::Category(4), Cells::Numbers];

    /// A number x; whether x is above 0, wrong in one row of ten; its place among the quarters; and 2 x.
    fn drawn(count: usize, seed: u64) -> Vec<f64> {
        let mut stream = Streams::new(seed).at(Purpose::Reference, 0, 0);
        let mut row = || {
            let x = stream.uniform() - 0.5;
            let is_above = (x > 0.0) == (stream.uniform() < 0.9);
            [x, f64::from(u8::from(is_above)), (4.0 * (x + 0.5)).floor(), 2.0 * x]
        };
        (0..count).flat_map(|_| row()).collect()
    }

    fn rows(values: &[f64]) -> TableRows<'_> {
        TableRows::new("rows", &COLUMNS, values).expect("rows")
    }

    fn quality(training: &[f64], target: usize) -> TargetScore {
        let test = drawn(1000, 9);
        usefulness(rows(training), rows(&test), target).expect("useful").quality
    }

    #[test]
    fn what_the_columns_tell_is_learnt() {
        let training = drawn(2000, 1);
        let TargetScore::Number { r_squared, root_mean_square_error } = quality(&training, 3)
        else {
            panic!("a number");
        };
        // The number is known to 1/256 of its range, and trees shrink little after 200 rounds.
        assert!(r_squared.expect("different") > 0.999 && root_mean_square_error < 0.02);
        let TargetScore::Values { auc, accuracy } = quality(&training, 2) else {
            panic!("four values");
        };
        assert!(auc.expect("different") > 0.999 && accuracy > 0.98, "{auc:?}, {accuracy}");
        let TargetScore::TwoValues { auc, log_loss } = quality(&training, 1) else {
            panic!("two values");
        };
        // At best 0.9, and 0.325 = −0.9 ln 0.9 − 0.1 ln 0.1; the trees learn some of the noise.
        let auc = auc.expect("different");
        assert!(
            (0.83..0.93).contains(&auc) && (0.28..0.5).contains(&log_loss),
            "{auc}, {log_loss}"
        );
    }

    #[test]
    fn what_the_columns_do_not_tell_is_not() {
        // Each row has the target of the next one.
        let mut training = drawn(2000, 1);
        let next: Vec<f64> = training.iter().skip(4 + 3).step_by(4).copied().collect();
        training.iter_mut().skip(3).step_by(4).zip(next).for_each(|(cell, next)| *cell = next);
        let TargetScore::Number { r_squared, .. } = quality(&training, 3) else {
            panic!("a number");
        };
        assert!(r_squared.expect("different") < 0.1);
    }

    #[test]
    fn rows_without_a_target_are_left_out() {
        let mut training = drawn(100, 1);
        let mut test = drawn(50, 2);
        let complete = usefulness(rows(&training), rows(&test), 1).expect("useful");
        let [mut cut, mut cut_test] = [training.clone(), test.clone()];
        training.extend([0.3, f64::NAN, 1.0, 0.6]);
        test.extend([0.3, f64::NAN, 1.0, 0.6, f64::NAN, f64::NAN, f64::NAN, 0.0]);
        let found = usefulness(rows(&training), rows(&test), 1).expect("useful");
        assert_eq!(found, complete);
        assert_eq!((found.training_rows, found.test_rows), (100, 50));
        for values in [&mut cut, &mut cut_test] {
            values.iter_mut().skip(1).step_by(4).for_each(|cell| *cell = f64::NAN);
        }
        let error = usefulness(rows(&cut), rows(&test), 1).expect_err("no targets").to_string();
        assert_eq!(error, "there are no training rows with a known target");
        let error = usefulness(rows(&training), rows(&cut_test), 1).expect_err("no targets");
        assert_eq!(error.to_string(), "there are no test rows with a known target");
    }

    #[test]
    fn one_value_in_the_training_rows_is_an_error_and_in_the_test_rows_no_area() {
        let mut same = drawn(100, 1);
        for column in 1..4 {
            same.iter_mut().skip(column).step_by(4).for_each(|cell| *cell = 1.0);
        }
        let varied = drawn(100, 2);
        for target in 1..4 {
            let found = usefulness(rows(&same), rows(&varied), target);
            assert!(
                matches!(found, Err(MeasureError::OneValue { column, .. }) if column == target)
            );
            match usefulness(rows(&varied), rows(&same), target).expect("useful").quality {
                TargetScore::TwoValues { auc, log_loss } => {
                    assert!(auc.is_none() && log_loss.is_finite());
                }
                TargetScore::Values { auc, .. } => assert_eq!(auc, None),
                TargetScore::Number { r_squared, .. } => assert_eq!(r_squared, None),
            }
        }
    }

    #[test]
    fn a_target_that_is_no_column_is_refused() {
        let values = drawn(10, 1);
        let found = usefulness(rows(&values), rows(&values), 4).expect_err("no such column");
        assert_eq!(found.to_string(), "training rows: must have 5 columns, got 4");
        let alone = TableRows::new("rows", &[Cells::Numbers], &values).expect("rows");
        let found = usefulness(alone, alone, 0).expect_err("no other column");
        assert_eq!(found.to_string(), "training rows: must have 2 columns, got 1");
    }

    #[test]
    fn qualities_are_their_formulas() {
        let found = of_numbers(&[1.0, 3.0, 5.0], &[1.0, 2.0, 6.0]);
        // Errors 0, 1, 1; squared deviations from 3: 4, 1, 9.
        let (r_squared, root_mean_square_error) = (Some(1.0 - 2.0 / 14.0), (2.0_f64 / 3.0).sqrt());
        assert_eq!(found, TargetScore::Number { r_squared, root_mean_square_error });
        let TargetScore::TwoValues { auc, log_loss } =
            of_two_values(&[0.75, 0.5, 0.5], &[true, true, false])
        else {
            panic!("two values");
        };
        assert_eq!(auc, Some(0.75));
        assert!((log_loss - (16.0_f64 / 3.0).ln() / 3.0).abs() < 1e-12, "{log_loss}");
        // The third value is in no row; of two that are as probable, the first counts.
        let probabilities = [0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.5, 0.5, 0.0];
        let found = of_values(&probabilities, 3, &[0, 1, 1]);
        assert_eq!(
            found,
            TargetScore::Values { auc: Some((0.75 + 1.0) / 2.0), accuracy: 2.0 / 3.0 }
        );
    }
}
