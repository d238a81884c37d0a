//! The copying check: are samples nearer to the training rows than fresh rows of the data are?

use rayon::prelude::*;

use super::{MeasureError, Rows, rows::squared_distance};

/// Number of columns that are added up before a row that is already too far away is left.
const BLOCK: usize = 16;

/// Number of values in a tile of training rows. All queries go through a tile while it is in the cache.
const TILE: usize = 4096;

/// Number of queries that one thread takes through all tiles.
const ROWS_AT_ONCE: usize = 256;

/// Copying check: distances of samples to their nearest training row, beside those of held-out rows.
///
/// A model that copies training rows has a ratio well below 1. A model that blurs the data or strays from
/// it has a ratio above 1.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Copying {
    /// Median over the samples, in model space.
    pub samples_median: f64,
    /// Median over the held-out rows, in model space.
    pub held_out_median: f64,
    /// Ratio `samples_median / held_out_median`; none where half of the held-out rows equal training rows.
    pub ratio: Option<f64>,
    /// Share of the samples that are nearer than 99 % of the held-out rows. For samples that follow the
    /// data it is expected to be 0.01, or 1/(n + 1) with n < 99 held-out rows.
    pub share_nearer_than_1_percent: f64,
}

/// The distance of each row to the nearest training row, `min over y of |x − y|`, exact.
///
/// # Shapes
/// Rows with the same columns. There is one distance for each row, in the unit of the values.
///
/// # Errors
/// Rows with different numbers of columns.
pub fn nearest_distances(rows: Rows<'_>, training: Rows<'_>) -> Result<Vec<f64>, MeasureError> {
    rows.require_columns("rows", training.columns())?;
    let tile = (TILE / training.columns()).max(1);
    let training: Vec<&[f64]> = training.iter().collect();
    let queries: Vec<&[f64]> = rows.iter().collect();
    let mut nearest = vec![f64::INFINITY; queries.len()];
    let parts = queries.par_chunks(ROWS_AT_ONCE).zip(nearest.par_chunks_mut(ROWS_AT_ONCE));
    parts.for_each(|(queries, nearest)| {
        for tile in training.chunks(tile) {
            for (row, nearest) in queries.iter().zip(&mut *nearest) {
                *nearest = tile.iter().fold(*nearest, |least, other| nearer(row, other, least));
            }
        }
    });
    Ok(nearest.into_iter().map(f64::sqrt).collect())
}

/// The copying check: compares the distances of samples to their nearest training rows with those of
/// held-out rows.
///
/// # Errors
/// Rows with different numbers of columns.
pub fn copying(
    samples: Rows<'_>,
    held_out: Rows<'_>,
    training: Rows<'_>,
) -> Result<Copying, MeasureError> {
    let sorted = |rows| {
        let mut distances = nearest_distances(rows, training)?;
        distances.sort_unstable_by(f64::total_cmp);
        Ok(distances)
    };
    let (samples, held_out) = (sorted(samples)?, sorted(held_out)?);
    let [samples_median, held_out_median] = [&samples, &held_out].map(|d| quantile(d, 0.5));
    let near = quantile(&held_out, 0.01);
    let nearer = samples.partition_point(|distance| *distance < near);
    Ok(Copying {
        samples_median,
        held_out_median,
        ratio: (held_out_median > 0.0).then(|| samples_median / held_out_median),
        share_nearer_than_1_percent: nearer as f64 / samples.len() as f64,
    })
}

/// The smaller of `least` and `|a − b|²`.
fn nearer(a: &[f64], b: &[f64], least: f64) -> f64 {
    let mut sum = 0.0;
    for (a, b) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
        sum += squared_distance(a, b);
        if sum >= least {
            return least;
        }
    }
    sum
}

/// The quantile of n sorted values: the value at place `p (n + 1)`, counted from 1, linear between two
/// neighbours and limited to the first and the last. A further value of the same distribution is below it
/// with probability p.
///
/// Source: Hyndman & Fan 1996, definition 6.
pub(super) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let place = (p * (sorted.len() as f64 + 1.0)).clamp(1.0, sorted.len() as f64);
    let below = sorted[place as usize - 1];
    let above = sorted[(place as usize).min(sorted.len() - 1)];
    below + place.fract() * (above - below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    fn normals(count: usize, seed: u64) -> Vec<f64> {
        let mut values = vec![0.0; count];
        Streams::new(seed).at(Purpose::Reference, 0, 0).fill_normal(&mut values);
        values
    }

    #[test]
    fn the_nearest_is_the_nearest_of_all() {
        // More rows than a tile holds, columns that leave a rest of every block.
        for columns in [1, 4, 16, 61, 5000] {
            let (x, y) = (normals(30 * columns, 1), normals(200 * columns, 2));
            let (x, y) = (Rows::checked(columns, &x), Rows::checked(columns, &y));
            for (distance, row) in nearest_distances(x, y).expect("columns").iter().zip(x.iter()) {
                let all = y.iter().map(|other| {
                    row.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
                });
                let least = all.fold(f64::INFINITY, f64::min);
                // Sums in another order: columns · eps.
                assert!((distance / least - 1.0).abs() < 1e-12, "{distance}, not {least}");
            }
        }
    }

    #[test]
    fn uniform_rows_are_as_near_as_the_exponential_law_says() {
        // N training rows on the unit interval: 2 N distance is exponential, its median ln 2, but at
        // the ends; the median of n such has the standard error 1 / √n.
        let (n, training) = (4000, 20_000);
        let mut values = vec![0.0; n + training];
        Streams::new(3).at(Purpose::Reference, 0, 0).fill_uniform(&mut values);
        let (x, y) = values.split_at(n);
        let mut distances =
            nearest_distances(Rows::checked(1, x), Rows::checked(1, y)).expect("columns");
        distances.sort_unstable_by(f64::total_cmp);
        let median = 2.0 * training as f64 * quantile(&distances, 0.5);
        let tolerance = 4.0 / (n as f64).sqrt();
        assert!((median - std::f64::consts::LN_2).abs() < tolerance, "{median}");
    }

    #[test]
    fn copies_are_seen_and_fresh_rows_are_not() {
        let (training, held_out) = (normals(1000 * 3, 4), normals(2000 * 3, 5));
        fn rows(values: &[f64]) -> Rows<'_> {
            Rows::checked(3, values)
        }
        let check = |samples: &[f64]| {
            copying(rows(samples), rows(&held_out), rows(&training)).expect("columns")
        };
        let fresh = check(&normals(4000 * 3, 6));
        // The distances' standard deviation is below their median, and a median's standard error
        // is below 1.6 standard deviations over √n: 4 √(1/4000 + 1/2000) · 1.6.
        assert!((fresh.ratio.expect("apart") - 1.0).abs() < 0.18, "{fresh:?}");
        // 1 % ± √(0.01 (1/4000 + 1/2000)).
        assert!((fresh.share_nearer_than_1_percent - 0.01).abs() < 4.0 * 0.0028, "{fresh:?}");
        let copied = check(&training);
        assert_eq!((copied.ratio, copied.share_nearer_than_1_percent), (Some(0.0), 1.0));
        let touched: Vec<f64> = training.iter().map(|x| x + 1e-6).collect();
        assert!(check(&touched).share_nearer_than_1_percent > 0.99);
        let far: Vec<f64> = held_out.iter().map(|x| x + 9.0).collect();
        assert!(check(&far).ratio.expect("apart") > 5.0);
    }

    #[test]
    fn held_out_rows_that_are_in_the_training_rows_give_no_ratio() {
        let rows = Rows::checked(1, &[1.0, 2.0]);
        assert_eq!(copying(rows, rows, rows).expect("columns").ratio, None);
    }

    #[test]
    fn quantiles_lie_between_their_neighbours() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(quantile(&sorted, 0.5), 3.0);
        assert_eq!(quantile(&sorted, 0.3), 1.5);
        assert_eq!(quantile(&sorted, 0.01), 1.0);
        assert_eq!(quantile(&sorted, 1.0), 8.0);
        assert_eq!(quantile(&[5.0], 0.5), 5.0);
    }
}
