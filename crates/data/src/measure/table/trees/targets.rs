//! [`LabelledRows`]: rows with what is to be learnt of each, and the losses of that.

use super::TableRows;
use crate::{
    math::{exp, ln},
    measure::MeasureError,
};

/// Least second derivative of a row, as in XGBoost: a row that is predicted with certainty still counts.
const LEAST_CURVATURE: f64 = 1e-16;

/// Least share of rows that a first prediction assumes, so that its logarithm is finite.
const LEAST_SHARE: f64 = 1e-6;

/// Largest margin that [`exp`] is asked for.
const LARGEST_MARGIN: f64 = 500.0;

/// Targets and weights are smaller, so that their products are finite.
const LARGEST: f64 = 1e150;

/// What is learnt of each row.
#[derive(Debug, Clone, Copy)]
pub enum Targets<'a> {
    /// A number, by the squared error `(y − m)² / 2`.
    Numbers(&'a [f64]),
    /// Whether something holds, by the logistic loss `−ln p` of what is the case, with `p = 1 / (1 + e^−m)` for `true`.
    Truth(&'a [bool]),
    /// One of `count` classes, by the loss `−ln p` of its probability `e^m / Σ e^m`. The second derivatives are `2 p (1 − p)`,
    /// XGBoost's bound on the matrix of them.
    Classes {
        /// Number of classes.
        count: usize,
        /// Class of each row, from 0.
        of: &'a [usize],
    },
}

impl Targets<'_> {
    const fn count(&self) -> usize {
        match self {
            Self::Numbers(of) => of.len(),
            Self::Truth(of) => of.len(),
            Self::Classes { of, .. } => of.len(),
        }
    }
}

/// Rows with what is to be learnt of each.
#[derive(Debug, Clone, Copy)]
pub struct LabelledRows<'a> {
    rows: TableRows<'a>,
    targets: Targets<'a>,
    weights: Option<&'a [f64]>,
}

/// From margins to what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// The mean is the margin.
    Identity,
    /// `1 / (1 + e^−m)`.
    Logistic,
    /// `e^m / Σ e^m`.
    Softmax,
}

impl<'a> LabelledRows<'a> {
    /// Checks the targets, one for each row.
    ///
    /// # Errors
    /// Another number of targets than of rows, a number that is not finite or not below 1e150, or a class that is not below the count.
    pub fn new(rows: TableRows<'a>, targets: Targets<'a>) -> Result<Self, MeasureError> {
        require_count("targets", rows, targets.count())?;
        let wrong = match targets {
            Targets::Numbers(of) => {
                of.iter().position(|y| !(0.0..LARGEST).contains(&y.abs())).map(|i| (i, of[i]))
            }
            Targets::Truth(_) => None,
            Targets::Classes { count, of } => {
                of.iter().position(|class| *class >= count).map(|i| (i, of[i] as f64))
            }
        };
        match wrong {
            None => Ok(Self { rows, targets, weights: None }),
            Some((row, value)) => Err(out_of_range("targets", row, value)),
        }
    }

    /// Gives the rows weights, which multiply their losses.
    ///
    /// # Errors
    /// Another number of weights than of rows, a weight that is negative or not below 1e150, or weights that are all 0.
    pub fn with_weights(self, weights: &'a [f64]) -> Result<Self, MeasureError> {
        require_count("weights", self.rows, weights.len())?;
        if let Some(row) = weights.iter().position(|w| !(0.0..LARGEST).contains(w)) {
            return Err(out_of_range("weights", row, weights[row]));
        }
        if weights.iter().all(|w| *w == 0.0) {
            return Err(MeasureError::Empty { rows: "rows with a weight above 0".to_owned() });
        }
        Ok(Self { weights: Some(weights), ..self })
    }

    pub(super) const fn rows(&self) -> TableRows<'a> {
        self.rows
    }

    pub(super) const fn link(&self) -> Link {
        match self.targets {
            Targets::Numbers(_) => Link::Identity,
            Targets::Truth(_) => Link::Logistic,
            Targets::Classes { .. } => Link::Softmax,
        }
    }

    const fn outputs(&self) -> usize {
        match self.targets {
            Targets::Numbers(_) | Targets::Truth(_) => 1,
            Targets::Classes { count, .. } => count,
        }
    }

    /// The mean that the margin number `output` of a row should give.
    fn target(&self, row: usize, output: usize) -> f64 {
        match self.targets {
            Targets::Numbers(of) => of[row],
            Targets::Truth(of) => f64::from(u8::from(of[row])),
            Targets::Classes { of, .. } => f64::from(u8::from(of[row] == output)),
        }
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    /// Margins before the first tree: those of the targets' weighted mean.
    pub(super) fn base(&self) -> Vec<f64> {
        let weights: f64 = (0..self.rows.count()).map(|row| self.weight(row)).sum();
        let mean = |output| {
            let weighted = |row| self.weight(row) * self.target(row, output);
            (0..self.rows.count()).map(weighted).sum::<f64>() / weights
        };
        let margin = |mean: f64| match self.link() {
            Link::Identity => mean,
            Link::Logistic => {
                let mean = mean.clamp(LEAST_SHARE, 1.0 - LEAST_SHARE);
                ln(mean / (1.0 - mean))
            }
            Link::Softmax => ln(mean.max(LEAST_SHARE)),
        };
        (0..self.outputs()).map(|output| margin(mean(output))).collect()
    }

    /// First and second derivative of each row's loss by its margin number `output`. `means` are what the margins give.
    pub(super) fn derivatives(&self, means: &[f64], output: usize) -> Vec<[f64; 2]> {
        let derivatives = |(row, means): (usize, &[f64])| {
            let (weight, p) = (self.weight(row), means[output]);
            let curvature = match self.link() {
                Link::Identity => 1.0,
                Link::Logistic => (p * (1.0 - p)).max(LEAST_CURVATURE),
                Link::Softmax => (2.0 * p * (1.0 - p)).max(LEAST_CURVATURE),
            };
            [weight * (p - self.target(row, output)), weight * curvature]
        };
        means.chunks_exact(self.outputs()).enumerate().map(derivatives).collect()
    }
}

impl Link {
    /// Turns the margins of one row into what they give.
    pub(super) fn apply(self, margins: &mut [f64]) {
        let bounded_exp = |x: f64| exp(x.clamp(-LARGEST_MARGIN, LARGEST_MARGIN));
        match self {
            Self::Identity => {}
            Self::Logistic => {
                margins.iter_mut().for_each(|m| *m = 1.0 / (1.0 + bounded_exp(-*m)));
            }
            Self::Softmax => {
                let largest = margins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                margins.iter_mut().for_each(|m| *m = bounded_exp(*m - largest));
                let sum: f64 = margins.iter().sum();
                margins.iter_mut().for_each(|m| *m /= sum);
            }
        }
    }
}

fn require_count(name: &str, rows: TableRows<'_>, count: usize) -> Result<(), MeasureError> {
    if count == rows.count() {
        return Ok(());
    }
    Err(MeasureError::Labels { values: name.to_owned(), rows: rows.count(), count })
}

fn out_of_range(name: &str, row: usize, value: f64) -> MeasureError {
    MeasureError::Label { values: name.to_owned(), row, value }
}
