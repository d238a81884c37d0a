//! [`Outside`]: values beyond the range of the training rows, counted before anything is set to the range's end.

use super::shares::Counts;
use crate::{Column, measure::Rows};

/// Share of a range's width, or of a constant, that a value may lie beyond it: rounding.
const ROUNDING: f64 = 1e-6;

/// Values of one column that lie beyond the range of the training rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Outside {
    /// Values below the smallest.
    pub below: Counts,
    /// Values above the largest.
    pub above: Counts,
    /// Values that are no finite number.
    pub not_finite: Counts,
}

impl Outside {
    /// All values that lie outside, whichever way.
    #[must_use]
    pub fn all(&self) -> Counts {
        let parts = [&self.below, &self.above, &self.not_finite];
        Counts {
            samples: parts.iter().map(|counts| counts.samples).sum(),
            held_out: parts.iter().map(|counts| counts.held_out).sum(),
            ..self.below
        }
    }
}

/// Counts, column by column, the samples and the held-out rows beyond the range of the training rows.
///
/// # Shapes
/// Rows of these columns, row by row, in the user's units, before values are set to an end of their range. Missing values are
/// not counted.
#[must_use]
pub fn outside(
    columns: &[Column],
    samples: &[f64],
    held_out: &[f64],
    training: Rows<'_>,
) -> Vec<Outside> {
    let width = training.columns();
    let of = |column: usize| {
        let is_there = |value: &f64| !(columns[column].may_miss && value.is_nan());
        let values = |rows: &'_ [f64]| -> Vec<f64> {
            rows.iter().skip(column).step_by(width).copied().filter(is_there).collect()
        };
        let training = training.column(column);
        let least = training.iter().copied().fold(f64::INFINITY, f64::min);
        let most = training.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let slack = ROUNDING * if most > least { most - least } else { most.abs() };
        let (samples, held_out) = (values(samples), values(held_out));
        let count = |is_it: &dyn Fn(f64) -> bool| Counts {
            samples: samples.iter().filter(|value| is_it(**value)).count(),
            all_samples: samples.len(),
            held_out: held_out.iter().filter(|value| is_it(**value)).count(),
            all_held_out: held_out.len(),
        };
        Outside {
            below: count(&|value| value.is_finite() && value < least - slack),
            above: count(&|value| value.is_finite() && value > most + slack),
            not_finite: count(&|value| !value.is_finite()),
        }
    };
    (0..width).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_of_each_column_is_counted() {
        let training = [0.0, 5.0, 10.0, 5.0];
        let samples = [-1.0, 5.0, 0.0, 6.0, 11.0, f64::NAN, 10.000_001, f64::NEG_INFINITY];
        let columns = ["a", "b"].map(Column::number);
        let found = outside(&columns, &samples, &[12.0, 5.0], Rows::checked(2, &training));
        let [a, b] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!([a.below.samples, a.above.samples, a.not_finite.samples], [1, 1, 0]);
        assert_eq!([b.below.samples, b.above.samples, b.not_finite.samples], [0, 1, 2]);
        assert_eq!((a.above.held_out, a.all().samples, a.all().held_out), (1, 2, 1));
        assert_eq!((a.all().all_samples, b.all().all_held_out), (4, 1));
    }
}
