//! [`detection`]: whether boosted trees can tell samples from real rows, and by which columns.

use super::{
    BoostOptions, BoostedTrees, Cells, LabelledRows, TableRows, Targets, area_under_curve,
};
use crate::{Purpose, Stream, Streams, measure::MeasureError};

/// Parts of the rows, each of which is judged by trees that were grown on the others.
const FOLDS: usize = 3;

/// XGBoost's defaults.
const TREES: BoostOptions = BoostOptions { trees: 100, depth: 6, rate: 0.3 };

/// Stream of [`Purpose::Reference`] that the rows' order is drawn from.
const STREAM: u64 = (1 << 63) + 1;

/// How well boosted trees tell samples from real rows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Detection {
    /// Score `1 − mean of (2 max(1/2, AUC) − 1)` over the folds: 1 where nothing tells them apart, 0 where each can be told.
    pub score: f64,
    /// Mean over the folds of the area under the curve of held-out rows, 0.5 where nothing tells them apart.
    pub auc: f64,
    /// Area under the curve of each fold.
    pub folds: Vec<f64>,
    /// Rows of each kind that were looked at.
    pub rows: usize,
    /// Share of each column in the gains of all splits. The columns with the largest shares give the samples away. All are 0
    /// where no split gained anything.
    pub importance: Vec<f64>,
}

/// The detection score: trains boosted trees to tell samples from real rows, and judges other rows by them.
///
/// As many rows of each kind are drawn by chance, all of those that are fewer. They are divided into three folds, each with as
/// many of both; the rows of a fold are judged by 100 trees of depth 6 and rate 0.3 that were grown on the other two. Perfect
/// samples score about 1. For comparison, score real rows that the model hasn't seen in the same way.
///
/// Source: "detection" of SDMetrics and TabSyn (Zhang et al. 2024), there by logistic regression; by boosted trees as in Zein
/// & Urvoy 2022, "Tabular data generation: can we fool XGBoost?".
///
/// # Errors
/// Rows with different columns, or fewer than three of a kind.
pub fn detection(
    real: TableRows<'_>,
    made: TableRows<'_>,
    seed: u64,
) -> Result<Detection, MeasureError> {
    made.require_columns("samples", real.columns())?;
    let rows = real.count().min(made.count());
    if rows < FOLDS {
        let baseline = if real.count() < FOLDS { "real rows" } else { "samples" }.to_owned();
        return Err(MeasureError::FewRows { baseline, required: FOLDS, rows });
    }
    let mut stream = Streams::new(seed).at(Purpose::Reference, STREAM, 0);
    let kinds = [real, made].map(|kind| (kind, shuffled(kind.count(), rows, &mut stream)));
    let (mut folds, mut gains) = (Vec::new(), vec![0.0; real.columns().len()]);
    for fold in 0..FOLDS {
        let held_out = fold * rows / FOLDS..(fold + 1) * rows / FOLDS;
        let part = |is_in: &dyn Fn(usize) -> bool| {
            let numbers = |order: &[usize]| -> Vec<usize> {
                (0..rows).filter(|i| is_in(*i)).map(|i| order[i]).collect()
            };
            Part::new(kinds.each_ref().map(|(kind, order)| kind.gather(&numbers(order))), real)
        };
        let training = part(&|i| !held_out.contains(&i));
        let judged = part(&|i| held_out.contains(&i));
        let truth = Targets::Truth(&training.is_real);
        let trees = BoostedTrees::fit(&LabelledRows::new(training.rows()?, truth)?, TREES);
        let scores = trees.predict(judged.rows()?)?;
        folds.push(area_under_curve(&scores, &judged.is_real).unwrap_or(0.5));
        gains.iter_mut().zip(trees.gains()).for_each(|(sum, gain)| *sum += gain);
    }
    let mean =
        |of: &dyn Fn(f64) -> f64| folds.iter().map(|auc| of(*auc)).sum::<f64>() / FOLDS as f64;
    let all: f64 = gains.iter().sum();
    Ok(Detection {
        score: 1.0 - mean(&|auc| 2.0 * auc.max(0.5) - 1.0),
        auc: mean(&|auc| auc),
        rows,
        importance: gains.iter().map(|gain| if all > 0.0 { gain / all } else { 0.0 }).collect(),
        folds,
    })
}

/// Real and made rows, in that order, and which is which.
struct Part<'a> {
    columns: &'a [Cells],
    values: Vec<f64>,
    is_real: Vec<bool>,
}

impl<'a> Part<'a> {
    fn new([real, made]: [Vec<f64>; 2], like: TableRows<'a>) -> Self {
        let columns = like.columns();
        let kinds = [(&real, true), (&made, false)];
        let is_real = kinds.iter().flat_map(|(values, is_real)| {
            std::iter::repeat_n(*is_real, values.len() / columns.len())
        });
        Self { columns, is_real: is_real.collect(), values: [real.as_slice(), &made].concat() }
    }

    fn rows(&self) -> Result<TableRows<'_>, MeasureError> {
        TableRows::new("rows of a fold", self.columns, &self.values)
    }
}

/// The numbers of `rows` of `count` rows, by chance and in random order.
fn shuffled(count: usize, rows: usize, stream: &mut Stream) -> Vec<usize> {
    let mut all: Vec<usize> = (0..count).collect();
    // The first steps of a shuffle (Fisher & Yates).
    (0..rows).for_each(|i| all.swap(i, i + stream.index(count - i)));
    all.truncate(rows);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Cells; 3] = [Cells::Numbers, Cells::Numbers, Cells::Category(3)];

    /// Two dependent numbers and a category, some of which are missing.
    fn drawn(count: usize, seed: u64) -> Vec<f64> {
        let mut stream = Streams::new(seed).at(Purpose::Reference, 0, 0);
        let mut row = || {
            let mut z = [0.0; 2];
            stream.fill_normal(&mut z);
            let [category, missing] = [stream.uniform(), stream.uniform()];
            let second = if missing < 0.1 { f64::NAN } else { z[0] + 0.3 * z[1] };
            [z[0], second, if missing > 0.95 { f64::NAN } else { (3.0 * category).floor() }]
        };
        (0..count).flat_map(|_| row()).collect()
    }

    fn detected(real: &[f64], made: &[f64]) -> Detection {
        let [real, made] =
            [("real", real), ("made", made)].map(|(name, of)| TableRows::new(name, &COLUMNS, of));
        detection(real.expect("rows"), made.expect("rows"), 5).expect("columns")
    }

    #[test]
    fn rows_of_one_distribution_are_not_told_apart() {
        let found = detected(&drawn(900, 1), &drawn(2000, 2));
        // The standard error of a fold's area is √((2 · 300 + 1) / (12 · 300²)), that of the mean 0.0136.
        assert!((found.auc - 0.5).abs() < 4.0 * 0.0136, "{found:?}");
        // The score counts only areas above 1/2, 2 · 0.024 √(1/2π) = 0.019 on average.
        assert!(found.score > 1.0 - 0.019 - 4.0 * 0.0272, "{found:?}");
        assert_eq!((found.rows, found.folds.len()), (900, 3));
        assert!((found.importance.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_column_that_gives_samples_away_is_named() {
        let (real, fresh) = (drawn(900, 1), drawn(900, 2));
        let changed = |column: usize, change: &dyn Fn(f64) -> f64| {
            let mut made = fresh.clone();
            made.iter_mut().skip(column).step_by(3).for_each(|cell| *cell = change(*cell));
            detected(&real, &made)
        };
        let shifted = changed(1, &|x| x + 3.0);
        // Nine in ten rows of a kind are known, and P(N(0, 2 · 1.09) < 3) = 0.98 of pairs of those in order.
        assert!(shifted.auc > 0.9 && shifted.score < 0.2, "{shifted:?}");
        assert!(shifted.importance[1] > 0.6, "{shifted:?}");
        let of_one_value = changed(2, &|_| 1.0);
        assert!(of_one_value.importance[2] > 0.5, "{of_one_value:?}");
        // Of the real rows nine in ten know the number, and 95 in 100 the category.
        for column in [1, 2] {
            let missing = changed(column, &|_| f64::NAN);
            assert!(missing.auc > 0.9 && missing.importance[column] > 0.5, "{missing:?}");
        }
    }

    #[test]
    fn a_broken_dependence_is_told() {
        let (real, mut made) = (drawn(900, 1), drawn(900, 2));
        let second: Vec<f64> = made.iter().skip(1).step_by(3).copied().collect();
        for (cell, other) in made.iter_mut().skip(1).step_by(3).zip(second.iter().cycle().skip(1)) {
            *cell = *other;
        }
        let found = detected(&real, &made);
        // The difference of the two numbers is 0.3 z or 1.4 z: most rows are told.
        assert!(found.auc > 0.75, "{found:?}");
    }

    #[test]
    fn each_fold_has_as_many_real_rows_as_made_ones_and_a_seed_gives_the_same() {
        let (real, made) = (drawn(100, 1), drawn(101, 2));
        assert_eq!(detected(&real, &made), detected(&real, &made));
        let few = detected(&real[..3 * 3], &made);
        assert_eq!((few.rows, few.auc, few.score), (3, 0.5, 1.0));
        assert_eq!(few.importance, [0.0; 3]);
    }

    #[test]
    fn rows_are_drawn_without_repetition() {
        let mut stream = Streams::new(0).at(Purpose::Reference, 0, 0);
        let mut numbers = shuffled(50, 20, &mut stream);
        assert!(!numbers.is_sorted());
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 20);
        assert!(numbers.iter().all(|i| *i < 50));
    }

    #[test]
    fn too_few_rows_or_other_columns_are_refused() {
        let values = drawn(5, 1);
        let rows = |count: usize| TableRows::new("rows", &COLUMNS, &values[..3 * count]);
        let found = detection(rows(5).expect("rows"), rows(2).expect("rows"), 0);
        assert!(matches!(found, Err(MeasureError::FewRows { required: 3, rows: 2, .. })));
        let columns = [Cells::Numbers, Cells::Numbers, Cells::Category(4)];
        let other = TableRows::new("rows", &columns, &values).expect("rows");
        let found = detection(rows(5).expect("rows"), other, 0);
        assert!(matches!(found, Err(MeasureError::Cells { column: 2, .. })));
    }
}
