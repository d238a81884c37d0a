//! Exact copies of training rows among the samples, beside those among the held-out rows: tables whose rows
//! repeat have copies by nature.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hasher},
};

use super::shares::Counts;
use crate::measure::Rows;

/// Share of a column's spread to which values are rounded before they are compared. Samples of 32-bit floats
/// resolve no more, and what is restored from a model's space has rounding errors.
const RESOLUTION: f64 = 1e-6;

/// Counts the samples and the held-out rows that are copies of a training row: equal in every column to a
/// millionth of its spread, which is its interquartile range, or its range where that is 0.
pub(super) fn copies(samples: &[f64], held_out: &[f64], training: Rows<'_>) -> Counts {
    let units: Vec<f64> = (0..training.columns()).map(|i| unit(training.column(i))).collect();
    let known: HashSet<u64> = training.iter().map(|row| key(row, &units)).collect();
    let count = |rows: &[f64]| {
        let rows = rows.chunks_exact(training.columns());
        rows.filter(|row| known.contains(&key(row, &units))).count()
    };
    Counts {
        samples: count(samples),
        all_samples: samples.len() / training.columns(),
        held_out: count(held_out),
        all_held_out: held_out.len() / training.columns(),
    }
}

/// Power of ten to which a column's values are rounded.
fn unit(mut values: Vec<f64>) -> f64 {
    values.retain(|value| !value.is_nan());
    if values.is_empty() {
        return 1.0;
    }
    let mut at = |quarters: usize| {
        let place = quarters * (values.len() - 1) / 4;
        *values.select_nth_unstable_by(place, f64::total_cmp).1
    };
    let spread = [at(3) - at(1), at(4) - at(0), at(0).abs()];
    let spread = spread.into_iter().find(|spread| *spread > 0.0).unwrap_or(1.0);
    10_f64.powi((RESOLUTION * spread).log10().floor() as i32)
}

/// Hash of a row's rounded values. Of a million rows two different ones share one with a chance of 3e-8.
fn key(row: &[f64], units: &[f64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (value, unit) in row.iter().zip(units) {
        let rounded = if value.is_nan() { f64::NAN } else { (value / unit).round() + 0.0 };
        hasher.write_u64(rounded.to_bits());
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_equal_in_every_column_but_for_rounding() {
        let training = [1.0, 0.1, 2.0, 0.2, 3.0, 0.3, 4.0, 0.4];
        let samples = [3.0, 0.1 + 0.2, 2.0, 0.3, 1.0, 0.1 + 1e-5, 4.0, 0.4];
        let found = copies(&samples, &[1.0, 0.1], Rows::checked(2, &training));
        assert_eq!((found.samples, found.all_samples), (2, 4));
        assert_eq!((found.held_out, found.all_held_out), (1, 1));
    }

    #[test]
    fn an_outlier_makes_no_two_rows_equal() {
        let mut training: Vec<f64> = (0..400).map(|i| 3.0 + f64::from(i) / 1000.0).collect();
        training.push(1e30);
        let found = copies(&[3.0005, 3.0, f64::NAN, 1e30], &[], Rows::checked(1, &training));
        assert_eq!(found.samples, 2);
    }
}
