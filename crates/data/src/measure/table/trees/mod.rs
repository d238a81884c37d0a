//! [`BoostedTrees`]: gradient-boosted decision trees, the judge of [`detection`](super::detection()) and
//! [`usefulness`](super::usefulness()).
//!
//! With the loss `Σ w l(y, m)` of the margins m, `g = w ∂l/∂m` and `h = w ∂²l/∂m²`, a leaf adds `−rate · G / (H + λ)` to the
//! margins of its rows, G and H being their sums of g and h. A split gains `G_L²/(H_L + λ) + G_R²/(H_R + λ) − G²/(H + λ)`,
//! and each node takes the split that gains most.

mod bins;
mod growth;
mod split;
mod targets;
mod tree;

pub use targets::{LabelledRows, Targets};

use rayon::prelude::*;

use self::{
    bins::BinnedColumn,
    growth::{Boosting, grow},
    split::Unit,
    targets::Link,
    tree::Tree,
};
use super::{Cells, TableRows};
use crate::measure::MeasureError;

/// The λ of leaves and gains, XGBoost's default.
const LAMBDA: f64 = 1.0;

/// Least sum of h on each side of a split, XGBoost's default.
const LEAST_HESSIAN: f64 = 1.0;

/// A split must gain more, as in XGBoost.
const LEAST_GAIN: f64 = 1e-6;

/// Rows whose margins one thread computes.
const ROWS_AT_ONCE: usize = 1024;

/// Size of the trees and of their steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoostOptions {
    /// Number of rounds. Each adds a tree, or one for each class.
    pub trees: usize,
    /// Largest number of splits between the root and a leaf.
    pub depth: usize,
    /// Share of each leaf's step that is taken.
    pub rate: f64,
}

/// Gradient-boosted decision trees, grown level by level from histograms, as XGBoost grows them by default.
///
/// A column of numbers is divided at its values where they are at most 256, and else at 256 quantiles; of a split, missing
/// numbers take the side that gains more, and the right one where the rows of the node miss none. A category is divided into
/// one value and the rest, as columns of 0 and 1 for each value would be; that it is missing is a value of its own. Numbers
/// are compared as `f32`, as in XGBoost, so that a difference in the eighth digit divides nothing. λ and the least sum of h
/// on each side of a split are 1. The same rows give the same trees on any number of
/// threads: gradients are summed exactly.
///
/// Source: Chen & Guestrin 2016, "XGBoost: a scalable tree boosting system", equations 5 and 7.
#[derive(Debug, Clone)]
pub struct BoostedTrees {
    columns: Vec<Cells>,
    link: Link,
    base: Vec<f64>,
    /// Trees of the first round, one for each margin, then of the next.
    trees: Vec<Tree>,
    gains: Vec<f64>,
}

impl BoostedTrees {
    /// Learns the targets of the rows.
    #[must_use]
    pub fn fit(training: &LabelledRows<'_>, options: BoostOptions) -> Self {
        let rows = training.rows();
        let kinds = rows.columns();
        let columns: Vec<BinnedColumn> = (0..kinds.len())
            .into_par_iter()
            .map(|i| BinnedColumn::new(kinds[i], &rows.column(i)))
            .collect();
        let (link, base) = (training.link(), training.base());
        let mut margins: Vec<f64> = (0..rows.count()).flat_map(|_| base.clone()).collect();
        let (mut trees, mut gains) = (Vec::new(), vec![0.0; kinds.len()]);
        for _ in 0..options.trees {
            let mut means = margins.clone();
            means.chunks_exact_mut(base.len()).for_each(|margins| link.apply(margins));
            for output in 0..base.len() {
                let (unit, sums) = Unit::fixed(&training.derivatives(&means, output));
                let boosting = Boosting { columns: &columns, sums: &sums, unit, options };
                let grown = grow(&boosting, &mut gains);
                for (row, step) in grown.steps.iter().enumerate() {
                    margins[row * base.len() + output] += step;
                }
                trees.push(grown.tree);
            }
        }
        Self { columns: kinds.to_vec(), link, base, trees, gains }
    }

    /// What is expected of each row: the mean of a number, the probability of `true`, or the probability of each class.
    ///
    /// # Shapes
    /// One number for each row, or one for each row and class, row by row.
    ///
    /// # Errors
    /// Rows with other columns than the training rows.
    pub fn predict(&self, rows: TableRows<'_>) -> Result<Vec<f64>, MeasureError> {
        rows.require_columns("rows", &self.columns)?;
        let rows: Vec<&[f64]> = rows.iter().collect();
        let outputs = self.base.len();
        let mut means = vec![0.0; rows.len() * outputs];
        let parts = means.par_chunks_mut(ROWS_AT_ONCE * outputs).zip(rows.par_chunks(ROWS_AT_ONCE));
        parts.for_each(|(means, rows)| {
            for (margins, row) in means.chunks_exact_mut(outputs).zip(rows) {
                margins.copy_from_slice(&self.base);
                for trees in self.trees.chunks_exact(outputs) {
                    trees.iter().zip(&mut *margins).for_each(|(tree, m)| *m += tree.step(row));
                }
                self.link.apply(margins);
            }
        });
        Ok(means)
    }

    /// The sum of the gains of all splits of each column, in the order of the columns.
    #[must_use]
    pub fn gains(&self) -> &[f64] {
        &self.gains
    }
}

#[cfg(test)]
mod tests;
