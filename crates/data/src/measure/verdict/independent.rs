//! Independent columns: rows whose columns are drawn each alone from the training rows. They have every column
//! right and nothing between columns, which a model must beat.

use crate::{Stream, measure::Rows};

/// Draws `count` rows, every value of them from a training row of its own, all equally likely.
#[must_use]
pub fn independent_columns(training: Rows<'_>, count: usize, stream: &mut Stream) -> Vec<f64> {
    let rows: Vec<&[f64]> = training.iter().collect();
    let mut value = |column: usize| rows[stream.below(rows.len() as u64) as usize][column];
    (0..count * training.columns()).map(|i| value(i % training.columns())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    #[test]
    fn columns_keep_their_values_and_lose_each_other() {
        let training: Vec<f64> = (0..500).flat_map(|i| [f64::from(i), f64::from(2 * i)]).collect();
        let rows = Rows::checked(2, &training);
        let mut stream = Streams::new(1).at(Purpose::Reference, 0, 0);
        let drawn = independent_columns(rows, 1000, &mut stream);
        assert!(drawn.chunks(2).all(|row| row[0] < 500.0 && row[1] % 2.0 == 0.0));
        let mean = drawn.iter().step_by(2).sum::<f64>() / 1000.0;
        // 249.5 ± 500 / √12 / √1000.
        assert!((mean - 249.5).abs() < 4.0 * 4.6, "{mean}");
        let together = drawn.chunks(2).filter(|row| row[1] == 2.0 * row[0]).count();
        // One in 500: 2 of 1000; more than 10 in one of 100,000 draws.
        assert!(together <= 10, "{together} of 1000 rows are whole");
    }
}
