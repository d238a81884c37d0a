//! The energy distance: how much farther the rows of a sample are from the other sample's rows than from
//! each other.

use rayon::prelude::*;

use super::{
    MeasureError, Resamples, Rows,
    held_out_distance::HeldOutDistance,
    rows::{dot, squared_distance},
};

/// The energy distance of two samples.
///
/// It is `E = 2 E|X − Y| − E|X − X'| − E|Y − Y'|` with the Euclidean norm over the columns; no root is
/// taken. The means run over all pairs, also those of a row with itself (V-statistic). So the distance is
/// never negative, and 0 only for equal samples. For two samples of one distribution it is about
/// `(1/n + 1/m) E|X − X'|`, so compare only distances of samples of the same sizes.
///
/// # Shapes
/// Rows with the same columns. The unit is that of the values. The time grows with n², m² and n m; the
/// memory is one row of distances for each thread.
///
/// # Errors
/// Rows with different numbers of columns.
///
/// Source: Székely & Rizzo 2013, Energy statistics.
pub fn energy_distance(x: Rows<'_>, y: Rows<'_>) -> Result<f64, MeasureError> {
    y.require_columns("second sample", x.columns())?;
    let original = |rows: Rows<'_>| Resamples::original(rows.count());
    Ok(Energy::new(y, original(y)).distances(x, &original(x))[0][0])
}

/// Energy distance to held-out rows.
pub(super) struct Energy<'a> {
    held_out: Rows<'a>,
    resamples: Resamples,
    /// Mean distance E|Y − Y'| within the held-out rows, replicate by replicate.
    within: Vec<f64>,
}

impl<'a> Energy<'a> {
    pub(super) fn new(held_out: Rows<'a>, resamples: Resamples) -> Self {
        let within = mean_distances_within(held_out, &resamples);
        Self { held_out, resamples, within }
    }
}

impl HeldOutDistance for Energy<'_> {
    fn distances(&self, rows: Rows<'_>, resamples: &Resamples) -> Vec<Vec<f64>> {
        let within = mean_distances_within(rows, resamples);
        let pairs = (rows.count() * self.held_out.count()) as f64;
        let between = sums([rows, self.held_out], [resamples, &self.resamples], |_| 0);
        let energies = between.iter().zip(&within).zip(&self.within);
        // Rounding alone could make it negative.
        let energy = |((between, x), y): ((&f64, &f64), &f64)| 2.0 * between / pairs - x - y;
        vec![energies.map(|means| energy(means).max(0.0)).collect()]
    }
}

/// The mean distance E|X − X'|, replicate by replicate. Every pair is added once and counts twice; a row is
/// at distance 0 of itself.
fn mean_distances_within(rows: Rows<'_>, resamples: &Resamples) -> Vec<f64> {
    let pairs = (rows.count() as f64).powi(2);
    let sums = sums([rows; 2], [resamples; 2], |i| i + 1);
    sums.iter().map(|sum| 2.0 * sum / pairs).collect()
}

/// Number of rows whose sums one thread makes at a time.
const ROWS_AT_ONCE: usize = 32;

/// The sums `Σ_i Σ_j a_i b_j |x_i − y_j|`, replicate by replicate, with j from `first(i)` on and a and b the
/// counts of the rows.
fn sums(
    [x, y]: [Rows<'_>; 2],
    [x_resamples, y_resamples]: [&Resamples; 2],
    first: impl Fn(usize) -> usize + Sync,
) -> Vec<f64> {
    let replicates = x_resamples.iter().len().min(y_resamples.iter().len());
    let rows: Vec<(usize, &[f64])> = x.iter().enumerate().collect();
    let of_rows = |rows: &[(usize, &[f64])]| {
        let mut sums = vec![0.0; replicates];
        let mut distances = Vec::with_capacity(y.count());
        for (i, row) in rows {
            let first = first(*i);
            distances.clear();
            distances.extend(y.iter().skip(first).map(|other| squared_distance(row, other).sqrt()));
            for ((sum, a), b) in sums.iter_mut().zip(x_resamples.iter()).zip(y_resamples.iter()) {
                if a[*i] > 0.0 {
                    *sum += a[*i] * dot(&distances, &b[first..]);
                }
            }
        }
        sums
    };
    // Added in the order of the rows, so that the threads' order changes no bit.
    let parts: Vec<Vec<f64>> = rows.par_chunks(ROWS_AT_ONCE).map(of_rows).collect();
    let mut sums = vec![0.0; replicates];
    for part in &parts {
        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    sums
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{FRAC_2_PI, PI};

    use super::*;
    use crate::{
        Purpose, Stream, Streams,
        measure::{bootstrap::standard_deviation, standard_error},
    };

    fn energy(columns: usize, x: &[f64], y: &[f64]) -> f64 {
        let rows = |values| Rows::checked(columns, values);
        energy_distance(rows(x), rows(y)).expect("same columns")
    }

    fn stream(seed: u64) -> Stream {
        Streams::new(seed).at(Purpose::Reference, 0, 0)
    }

    #[test]
    fn small_samples_have_the_distance_found_by_hand() {
        assert_eq!(energy(2, &[0.0, 0.0], &[3.0, 4.0]), 10.0);
        // Between: (5 + 1) / 2; within x: 2·√20 / 4; within y: 0.
        let exact = 6.0 - 20.0_f64.sqrt() / 2.0;
        assert!((energy(2, &[0.0, 0.0, 2.0, 4.0], &[3.0, 4.0]) - exact).abs() < 1e-14);
        assert_eq!(energy(1, &[1.0, 1.0, 5.0, 5.0], &[5.0, 1.0]), 0.0);
    }

    #[test]
    fn in_one_column_it_is_the_square_of_scipy_s() {
        // scipy.stats.energy_distance(A, B) ** 2, scipy 1.17.1.
        const A: [f64; 8] = [0.61, -1.2, 0.35, 2.2, 0.05, -0.4, 1.1, 0.9];
        const B: [f64; 10] = [1.5, 0.2, 2.7, 1.9, 0.8, 3.1, -0.1, 1.4, 2.0, 0.7];
        assert!((energy(1, &A, &B) - 0.541_062_5).abs() < 1e-14);
    }

    /// Energy distances of `repeats` pairs of normals, N(0, 1) and N(0, std²), less their bias.
    fn between_normals(std: f64, rows: usize, repeats: u64) -> Vec<f64> {
        let mut values = vec![0.0; 2 * rows];
        let one = |seed| {
            stream(seed).fill_normal(&mut values);
            let (x, y) = values.split_at_mut(rows);
            y.iter_mut().for_each(|y| *y *= std);
            // A row's distance of 0 to itself takes the share 1/n from the mean within a sample.
            energy(1, x, y) - 2.0 * (1.0 + std) / PI.sqrt() / rows as f64
        };
        (0..repeats).map(one).collect()
    }

    #[test]
    fn normals_of_two_widths_have_the_exact_distance() {
        // E|N(0, s²)| = s √(2/π); X − X' has the variance 2, X − Y the variance 1 + std².
        let (std, repeats) = (3.0_f64, 40);
        let exact = 2.0 * (FRAC_2_PI * (1.0 + std * std)).sqrt() - 2.0 * (1.0 + std) / PI.sqrt();
        let energies = between_normals(std, 200, repeats);
        let mean = energies.iter().sum::<f64>() / repeats as f64;
        let error = standard_deviation(&energies) / (repeats as f64).sqrt();
        assert!((mean - exact).abs() < 4.0 * error, "{mean} ± {error}, not {exact}");
        assert!(error < exact / 40.0, "the test decides nothing: {error}");
    }

    #[test]
    fn samples_of_one_distribution_are_apart_by_their_size_alone() {
        let energies = between_normals(1.0, 200, 40);
        let mean = energies.iter().sum::<f64>() / 40.0;
        let error = standard_deviation(&energies) / 40.0_f64.sqrt();
        assert!(mean.abs() < 4.0 * error, "{mean} ± {error}");
        // Small beside the bias that was taken off, 0.0226.
        assert!(error < 0.0226 / 10.0, "the test decides nothing: {error}");
    }

    #[test]
    fn a_count_is_the_same_as_the_row_so_often() {
        let (mut x, mut y) = (vec![0.0; 60], vec![0.0; 45]);
        let mut stream = stream(4);
        stream.fill_normal(&mut x);
        stream.fill_normal(&mut y);
        let (x, y) = (Rows::checked(3, &x), Rows::checked(3, &y));
        let (a, b) = (Resamples::draw(20, 6, &mut stream), Resamples::draw(15, 6, &mut stream));
        let counted = &Energy::new(y, b.clone()).distances(x, &a)[0];
        let repeated = |rows: Rows<'_>, counts: &[f64]| {
            let often = |i| std::iter::repeat_n(i, counts[i] as usize);
            rows.gather(&(0..rows.count()).flat_map(often).collect::<Vec<_>>())
        };
        for ((counted, a), b) in counted.iter().zip(a.iter()).zip(b.iter()) {
            let repeated = energy(3, &repeated(x, a), &repeated(y, b));
            assert!((counted - repeated).abs() < 1e-13, "{counted}, not {repeated}");
        }
    }

    #[test]
    fn far_samples_scatter_as_the_bootstrap_says() {
        // Far apart, E is twice the difference of the means less the distances within: nearly a sum.
        let (rows, repeats) = (100, 200);
        let draw = |seed| {
            let mut values = vec![0.0; 2 * rows];
            stream(seed).fill_normal(&mut values);
            values[rows..].iter_mut().for_each(|y| *y += 6.0);
            values
        };
        let energies: Vec<f64> = (0..repeats)
            .map(|seed| {
                let values = draw(seed);
                energy(1, &values[..rows], &values[rows..])
            })
            .collect();
        let values = draw(1000);
        let (x, y) = values.split_at(rows);
        let by_rows = |a: &[f64], b: &[f64]| {
            let mean = |values: &[f64], counts: &[f64]| dot(values, counts) / rows as f64;
            let within = |values: &[f64], counts: &[f64]| {
                let pairs = values.iter().zip(counts).map(|(v, c)| {
                    let sum: f64 = values.iter().zip(counts).map(|(w, d)| d * (v - w).abs()).sum();
                    c * sum
                });
                pairs.sum::<f64>() / (rows * rows) as f64
            };
            2.0 * (mean(y, b) - mean(x, a)) - within(x, a) - within(y, b)
        };
        let bootstrap = standard_error([rows; 2], repeats as usize, &mut stream(5), by_rows);
        let ratio = bootstrap / standard_deviation(&energies);
        // Both are standard deviations of 200 values, and the sample's own scatter of 100 rows each
        // side is off by 1 / √400: together 0.087 of their size.
        assert!((ratio - 1.0).abs() < 4.0 * 0.087, "{ratio}");
    }

    #[test]
    fn columns_that_differ_are_refused() {
        let (x, y) = (Rows::checked(1, &[0.0, 1.0]), Rows::checked(2, &[0.0, 1.0]));
        assert!(energy_distance(x, y).is_err());
    }
}
