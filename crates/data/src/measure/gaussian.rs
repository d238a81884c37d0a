//! [`FittedGaussian`], the baseline that any model should beat: one Gaussian with the training rows' mean
//! and covariance.

use super::Rows;
use crate::{
    Stream,
    linear::{cholesky, correlate},
};

/// Jitter that is added to the covariance's diagonal, as a share of the mean variance. Rows that lie in a
/// plane have a singular covariance, which rounding makes slightly negative. A standard deviation grows by
/// half of this share of itself.
const JITTER: f64 = 1e-9;

/// Gaussian fitted to rows.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedGaussian {
    mean: Vec<f64>,
    /// Lower triangular factor of the covariance, row by row: `factor factorᵀ` is the covariance.
    factor: Vec<f64>,
}

impl FittedGaussian {
    /// Fits the Gaussian with the mean and the covariance (divisor n − 1) of `rows`.
    ///
    /// The covariance is factored by Cholesky. It may be singular, since 1e-9 of the mean variance is
    /// added to its diagonal first. The Gaussian of one row is that row.
    #[must_use]
    pub fn fit(rows: Rows<'_>) -> Self {
        let (mean, columns) = (rows.mean(), rows.columns());
        let mut covariance = vec![0.0; columns * columns];
        let mut centred = vec![0.0; columns];
        for row in rows.iter() {
            let gaps = row.iter().zip(&mean).map(|(x, mean)| x - mean);
            centred.iter_mut().zip(gaps).for_each(|(centred, gap)| *centred = gap);
            for (i, x) in centred.iter().enumerate() {
                let lower = &mut covariance[i * columns..=i * columns + i];
                lower.iter_mut().zip(&centred).for_each(|(sum, y)| *sum += x * y);
            }
        }
        let divisor = (rows.count() as f64 - 1.0).max(1.0);
        covariance.iter_mut().for_each(|sum| *sum /= divisor);
        let trace: f64 = covariance.iter().step_by(columns + 1).sum();
        covariance
            .iter_mut()
            .step_by(columns + 1)
            .for_each(|v| *v += JITTER * trace / columns as f64);
        cholesky(&mut covariance, columns);
        Self { mean, factor: covariance }
    }

    /// Draws rows: `mean + factor z` with z standard normal.
    ///
    /// # Shapes
    /// `count` rows, one after the other, in the space of the rows that it was fitted to.
    #[must_use]
    pub fn draw(&self, count: usize, stream: &mut Stream) -> Vec<f64> {
        let columns = self.mean.len();
        let mut rows = vec![0.0; count * columns];
        stream.fill_normal_rows(&mut rows, columns);
        for row in rows.chunks_exact_mut(columns) {
            correlate(&self.factor, &self.mean, row);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    fn stream(seed: u64) -> Stream {
        Streams::new(seed).at(Purpose::Reference, 0, 0)
    }

    fn covariance(gaussian: &FittedGaussian, i: usize, j: usize) -> f64 {
        let columns = gaussian.mean.len();
        (0..=i.min(j))
            .map(|k| gaussian.factor[i * columns + k] * gaussian.factor[j * columns + k])
            .sum()
    }

    #[test]
    fn a_small_sample_has_the_moments_found_by_hand() {
        let rows = [0.0, 1.0, 2.0, 1.0, 1.0, 4.0];
        let gaussian = FittedGaussian::fit(Rows::checked(2, &rows));
        assert_eq!(gaussian.mean, [1.0, 2.0]);
        // Variances 1 and 3, covariance 0; the jitter is 2e-9.
        for (i, j, exact) in [(0, 0, 1.0), (1, 0, 0.0), (1, 1, 3.0)] {
            assert!((covariance(&gaussian, i, j) - exact).abs() < 3e-9, "{i} {j}");
        }
    }

    #[test]
    fn draws_have_the_moments_of_the_rows() {
        let (n, columns) = (40_000, 3);
        let mut rows = vec![0.0; 50 * columns];
        let mut stream = stream(1);
        stream.fill_normal(&mut rows);
        rows.chunks_exact_mut(columns).for_each(|row| row[2] += 2.0 * row[0] - row[1]);
        let fitted = FittedGaussian::fit(Rows::checked(columns, &rows));
        let drawn = fitted.draw(n, &mut stream);
        let again = FittedGaussian::fit(Rows::checked(columns, &drawn));
        for i in 0..columns {
            let variance = |i| covariance(&fitted, i, i);
            let error = (variance(i) / n as f64).sqrt();
            assert!((again.mean[i] - fitted.mean[i]).abs() < 4.0 * error, "mean {i}");
            for j in 0..columns {
                let exact = covariance(&fitted, i, j);
                // A covariance of normals has the variance (v_i v_j + c²) / n.
                let error = ((variance(i) * variance(j) + exact * exact) / n as f64).sqrt();
                let off = covariance(&again, i, j) - exact;
                assert!(off.abs() < 4.0 * error, "covariance {i} {j} is off by {off}");
            }
        }
    }

    #[test]
    fn a_singular_covariance_gives_rows_of_the_same_plane() {
        let mut rows = vec![0.0; 40];
        stream(2).fill_normal(&mut rows);
        // The third column is the first, the fourth is constant.
        rows.chunks_exact_mut(4).for_each(|row| (row[2], row[3]) = (row[0], 7.0));
        let drawn = FittedGaussian::fit(Rows::checked(4, &rows)).draw(1000, &mut stream(3));
        for row in drawn.chunks_exact(4) {
            // Jitter of 1e-9 of a variance below 2 is a standard deviation below 5e-5; twice in a
            // difference; 6 of them.
            assert!((row[0] - row[2]).abs() < 6.0 * 7e-5, "{row:?}");
            assert!((row[3] - 7.0).abs() < 6.0 * 5e-5, "{row:?}");
        }
    }

    #[test]
    fn of_one_row_the_gaussian_is_that_row() {
        let fitted = FittedGaussian::fit(Rows::checked(2, &[3.0, -4.0]));
        assert_eq!(fitted.draw(2, &mut stream(4)), [3.0, -4.0, 3.0, -4.0]);
    }
}
