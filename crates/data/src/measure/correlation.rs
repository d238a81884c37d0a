//! The difference between the correlations of two samples' columns.

use super::{MeasureError, Resamples, Rows, held_out_distance::HeldOutDistance};

/// Share of the mean square below which a variance is rounding. Such a column counts as constant.
const ROUNDING: f64 = 1e-10;

/// Difference of two correlation matrices, over the pairs of columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CorrelationDifference {
    /// Root of the mean square.
    pub root_mean_square: f64,
    /// Largest absolute value.
    pub largest: f64,
}

/// The difference of the Pearson correlations of two samples.
///
/// It is `r_jk(x) − r_jk(y)` over the pairs j < k of columns, with
/// `r_jk = cov(x_j, x_k) / sqrt(var(x_j) var(x_k))`. A constant column counts as uncorrelated with
/// every other. One column has no pair, and gives `None`.
///
/// # Shapes
/// Rows with the same columns. The difference has no unit, and is from 0 to 2.
///
/// # Errors
/// Rows with different numbers of columns.
///
/// Source: Pearson 1895.
pub fn correlation_difference(
    x: Rows<'_>,
    y: Rows<'_>,
) -> Result<Option<CorrelationDifference>, MeasureError> {
    y.require_columns("second sample", x.columns())?;
    if x.columns() < 2 {
        return Ok(None);
    }
    let columns = (0..x.columns()).collect();
    let distance = Correlation::new(y, columns, &Resamples::original(y.count()));
    let distances = distance.distances(x, &Resamples::original(x.count()));
    let [root_mean_square, largest] = [distances[0][0], distances[1][0]];
    Ok(Some(CorrelationDifference { root_mean_square, largest }))
}

/// Difference from the correlations of held-out rows: the root mean square and the largest.
pub(super) struct Correlation {
    /// Columns that are compared.
    columns: Vec<usize>,
    /// Correlations of the held-out rows, replicate by replicate.
    held_out: Vec<Vec<f64>>,
}

impl Correlation {
    /// Computes the held-out rows' correlations; `columns` are at least two.
    pub(super) fn new(held_out: Rows<'_>, columns: Vec<usize>, resamples: &Resamples) -> Self {
        let held_out = Centred::new(held_out, &columns).all_correlations(resamples);
        Self { columns, held_out }
    }
}

impl HeldOutDistance for Correlation {
    fn distances(&self, rows: Rows<'_>, resamples: &Resamples) -> Vec<Vec<f64>> {
        let correlations = Centred::new(rows, &self.columns).all_correlations(resamples);
        let mut distances = vec![Vec::new(), Vec::new()];
        for (x, y) in correlations.iter().zip(&self.held_out) {
            let gaps = || x.iter().zip(y).map(|(x, y)| (x - y).abs());
            let mean_square = gaps().map(|gap| gap * gap).sum::<f64>() / x.len() as f64;
            distances[0].push(mean_square.sqrt());
            distances[1].push(gaps().fold(0.0, f64::max));
        }
        distances
    }
}

/// Centred columns: their mean is subtracted, so that a large one costs the variances no digits.
struct Centred {
    columns: usize,
    values: Vec<f64>,
}

impl Centred {
    fn new(rows: Rows<'_>, columns: &[usize]) -> Self {
        let mean = rows.mean();
        let values = rows.iter().flat_map(|row| columns.iter().map(|i| row[*i] - mean[*i]));
        Self { columns: columns.len(), values: values.collect() }
    }

    fn all_correlations(&self, resamples: &Resamples) -> Vec<Vec<f64>> {
        resamples.iter().map(|counts| self.correlations(counts)).collect()
    }

    /// The correlations of the pairs j < k, with each row taken as often as `counts` says.
    fn correlations(&self, counts: &[f64]) -> Vec<f64> {
        let d = self.columns;
        let (mut sums, mut products) = (vec![0.0; d], vec![0.0; d * d]);
        for (row, count) in self.values.chunks_exact(d).zip(counts).filter(|(_, c)| **c > 0.0) {
            for (j, x) in row.iter().enumerate() {
                let weighted = count * x;
                sums[j] += weighted;
                let products = &mut products[j * d + j..(j + 1) * d];
                products.iter_mut().zip(&row[j..]).for_each(|(p, y)| *p += weighted * y);
            }
        }
        let total: f64 = counts.iter().sum();
        let covariance = |j: usize, k: usize| products[j * d + k] - sums[j] * sums[k] / total;
        let scale = |j: usize| {
            let variance = covariance(j, j);
            if variance > ROUNDING * products[j * d + j] { 1.0 / variance.sqrt() } else { 0.0 }
        };
        let scales: Vec<f64> = (0..d).map(scale).collect();
        let pairs = (0..d).flat_map(|j| (j + 1..d).map(move |k| (j, k)));
        pairs.map(|(j, k)| covariance(j, k) * scales[j] * scales[k]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Stream, Streams};

    fn stream(seed: u64) -> Stream {
        Streams::new(seed).at(Purpose::Reference, 0, 0)
    }

    fn correlations(columns: usize, values: &[f64]) -> Vec<f64> {
        let rows = Rows::checked(columns, values);
        let columns: Vec<usize> = (0..columns).collect();
        Centred::new(rows, &columns).correlations(&vec![1.0; rows.count()])
    }

    #[test]
    fn small_samples_have_the_difference_found_by_hand() {
        // Columns 0 1 2, 0 2 1, 5 5 5: products 0, 2, 2 less 3; r = 1/2; the third is constant.
        let x = [0.0, 0.0, 5.0, 1.0, 2.0, 5.0, 2.0, 1.0, 5.0];
        // Columns 0 1, 1 0, 0 1: r = −1, 1, −1.
        let y = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
        let difference = correlation_difference(Rows::checked(3, &x), Rows::checked(3, &y));
        let difference = difference.expect("same columns").expect("pairs");
        assert!((difference.root_mean_square - (4.25_f64 / 3.0).sqrt()).abs() < 1e-15);
        assert!((difference.largest - 1.5).abs() < 1e-15);
    }

    #[test]
    fn a_known_matrix_is_found_wherever_the_mean_is() {
        let (rows, known) = (20_000, [0.8_f64, -0.3, 0.0]);
        let mut values = vec![0.0; 3 * rows];
        stream(1).fill_normal(&mut values);
        for row in values.chunks_exact_mut(3) {
            // Rows of the Cholesky factor of the matrix with 0.8, −0.3 and 0 beside the diagonal.
            let second = 0.8 * row[0] + 0.6 * row[1];
            let third = -0.3 * row[0] + 0.4 * row[1] + 0.75_f64.sqrt() * row[2];
            (row[1], row[2]) = (1e6 + 1e-3 * second, -5.0 * third);
        }
        for (found, known) in correlations(3, &values).iter().zip([known[0], 0.3, 0.0]) {
            // Standard error (1 − r²) / √n.
            let error = (1.0 - known * known) / (rows as f64).sqrt();
            assert!((found - known).abs() < 4.0 * error, "{found}, not {known}");
        }
    }

    #[test]
    fn a_column_that_is_constant_in_a_resample_is_uncorrelated_there() {
        // The first row alone differs, and is not drawn; the second is drawn twice.
        for rows in 50..80 {
            let mut values = vec![0.0; 2 * rows];
            stream(2).fill_normal(&mut values);
            values.iter_mut().skip(1).step_by(2).for_each(|x| *x = 0.1);
            assert_eq!(correlations(2, &values), [0.0], "{rows} rows");
            values[1] = 1.0 / 3.0;
            let mut counts = vec![1.0; rows];
            (counts[0], counts[1]) = (0.0, 2.0);
            let centred = Centred::new(Rows::checked(2, &values), &[0, 1]);
            assert_eq!(centred.correlations(&counts), [0.0], "{rows} rows");
        }
    }

    #[test]
    fn a_count_is_the_same_as_the_row_so_often() {
        let mut values = vec![0.0; 40];
        let mut stream = stream(3);
        stream.fill_normal(&mut values);
        let rows = Rows::checked(4, &values);
        let resamples = Resamples::draw(10, 8, &mut stream);
        for counts in resamples.iter() {
            let often = |i| std::iter::repeat_n(i, counts[i] as usize);
            let repeated = rows.gather(&(0..10).flat_map(often).collect::<Vec<_>>());
            let counted = Centred::new(rows, &[0, 1, 2, 3]).correlations(counts);
            for (counted, repeated) in counted.iter().zip(correlations(4, &repeated)) {
                assert!((counted - repeated).abs() < 1e-13, "{counted}, not {repeated}");
            }
        }
    }

    #[test]
    fn one_column_has_no_correlation() {
        let x = Rows::checked(1, &[0.0, 1.0]);
        assert_eq!(correlation_difference(x, x), Ok(None));
    }
}
