//! [`IndependentFeatures`]: the denoiser that knows how each feature is distributed, and nothing of how
//! they hang together.

use super::Rows;

/// Widest group of neighbouring values that counts as their mean, in units of sigma / alpha and as a share
/// of the feature's range.
const GROUP_WIDTH: [f64; 2] = [1.0 / 8.0, 1.0 / 64.0];

/// Values whose weight is below exp(−40) of the nearest value's are left out.
const NEGLIGIBLE: f64 = 40.0;

/// Denoiser that takes the features for independent: each estimate is the exact posterior mean of the
/// feature given its own noisy value alone,
///
/// `D_j(x) = Σ_i v_ij w_i / Σ_i w_i`, `w_i = exp(−(x_j − alpha v_ij)² / (2 sigma²))`,
///
/// where v_ij is feature j of training row i. A denoiser with a smaller error has learnt something of how
/// the features depend on each other. Where sigma / alpha is below the distance of neighbouring training
/// values it returns the nearest of them, and of continuous data any network does better.
///
/// Values within an eighth of sigma / alpha, and a sixty-fourth of their range, count as their mean. At the
/// best estimate the mean squared error is least, so that this adds less than 1e-4 of it.
#[derive(Clone, Debug)]
pub struct IndependentFeatures {
    /// Distinct values of each feature, ascending, with the number of times that each occurs.
    features: Vec<Vec<(f64, f64)>>,
}

impl IndependentFeatures {
    /// The denoiser of these training rows.
    #[must_use]
    pub fn fit(rows: Rows<'_>) -> Self {
        let feature = |column: usize| {
            let mut values = rows.column(column);
            values.sort_by(f64::total_cmp);
            let mut distinct: Vec<(f64, f64)> = Vec::new();
            for value in values {
                match distinct.last_mut().filter(|(last, _)| *last == value) {
                    Some((_, count)) => *count += 1.0,
                    None => distinct.push((value, 1.0)),
                }
            }
            distinct
        };
        Self { features: (0..rows.columns()).map(feature).collect() }
    }

    /// The denoiser at one level, `alpha · x_0 + sigma · eps`: it turns noisy rows, one after the other,
    /// into estimates of the clean ones. `sigma` must be above 0.
    pub fn at(&self, alpha: f64, sigma: f64) -> impl Fn(&[f64]) -> Vec<f64> + Sync {
        let features: Vec<_> =
            self.features.iter().map(|values| grouped(values, alpha, sigma)).collect();
        move |rows| {
            let estimate = |row: &[f64]| -> Vec<f64> {
                let pairs = row.iter().zip(&features);
                pairs.map(|(x, values)| posterior_mean(values, *x, alpha, sigma)).collect()
            };
            rows.chunks_exact(features.len()).flat_map(estimate).collect()
        }
    }
}

/// Groups of neighbouring values as their means and counts.
fn grouped(values: &[(f64, f64)], alpha: f64, sigma: f64) -> Vec<(f64, f64)> {
    let mut groups = Vec::new();
    let range = values.last().map_or(0.0, |(last, _)| last - values[0].0);
    let mut rest = values;
    while let [(first, _), ..] = rest {
        let near = |(value, _): &(f64, f64)| {
            let [of_noise, of_range] = GROUP_WIDTH;
            let away = value - first;
            alpha * away <= of_noise * sigma && away <= of_range * range
        };
        let (group, others) =
            rest.split_at(rest.iter().take_while(|value| near(value)).count().max(1));
        let count: f64 = group.iter().map(|(_, count)| count).sum();
        // Relative to the first, so that a group of one value keeps its bits.
        let away: f64 = group.iter().map(|(value, count)| count * (value - first)).sum();
        groups.push((first + away / count, count));
        rest = others;
    }
    groups
}

/// The mean of `values` given that `alpha · value + sigma · eps` is x.
fn posterior_mean(values: &[(f64, f64)], x: f64, alpha: f64, sigma: f64) -> f64 {
    let exponent = |value: f64| {
        let z = (x - alpha * value) / sigma;
        0.5 * z * z
    };
    // The nearest value is the last below x, or the first above it.
    let above = values.partition_point(|(value, _)| alpha * value < x);
    let nearest = [above.checked_sub(1), Some(above)].into_iter().flatten();
    let least =
        nearest.filter_map(|i| Some(exponent(values.get(i)?.0))).fold(f64::INFINITY, f64::min);
    let origin = values[above.min(values.len() - 1)].0;
    let (mut sum, mut moment) = (0.0, 0.0);
    let mut add = |(value, count): &(f64, f64)| {
        let excess = exponent(*value) - least;
        let weight = count * (-excess).exp();
        sum += weight;
        moment += weight * (value - origin);
        excess < NEGLIGIBLE
    };
    // On either side farther values weigh less, so that all beyond a negligible one are negligible too.
    let (below, above) = values.split_at(above);
    above.iter().take_while(|value| add(value)).for_each(drop);
    below.iter().rev().take_while(|value| add(value)).for_each(drop);
    origin + moment / sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    /// The formula itself, over all values.
    fn direct(values: &[f64], x: f64, alpha: f64, sigma: f64) -> f64 {
        let exponent = |v: &f64| -(x - alpha * v).powi(2) / (2.0 * sigma * sigma);
        let largest = values.iter().map(exponent).fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = values.iter().map(|v| (exponent(v) - largest).exp()).collect();
        let moment: f64 = values.iter().zip(&weights).map(|(v, w)| v * w).sum();
        moment / weights.iter().sum::<f64>()
    }

    fn normals(count: usize, stream: u64) -> Vec<f64> {
        let mut values = vec![0.0; count];
        Streams::new(3).at(Purpose::Reference, stream, 0).fill_normal(&mut values);
        values
    }

    #[test]
    fn every_feature_has_its_own_exact_posterior_mean() {
        // Values that repeat, unsorted, and farther apart than the widest group.
        let rows = [3.0, -1.0, 0.0, 4.0, 3.0, 0.5, -2.0, 4.0, 1.0, 2.5, 3.0, -1.0];
        let columns = [[3.0, 0.0, 3.0, -2.0, 1.0, 3.0], [-1.0, 4.0, 0.5, 4.0, 2.5, -1.0]];
        let denoiser = IndependentFeatures::fit(Rows::new("t", 2, &rows).expect("valid"));
        for (alpha, sigma) in [(1.0, 0.01), (1.0, 0.7), (0.3, 0.95), (1.0, 3.5), (0.0, 1.0)] {
            let x = [0.9, 2.0, -5.0, 40.0, alpha * 3.0, alpha * 0.5];
            let found = denoiser.at(alpha, sigma)(&x);
            for (i, (found, x)) in found.iter().zip(x).enumerate() {
                let want = direct(&columns[i % 2], x, alpha, sigma);
                // What is left out weighs e^-40; the rest is rounding.
                assert!((found - want).abs() < 1e-13 * 4.0, "{alpha} {sigma} {i}: {found} {want}");
            }
        }
    }

    #[test]
    fn grouped_values_add_less_than_a_ten_thousandth_to_the_error() {
        let gaussian = normals(4000, 0);
        let two_modes: Vec<f64> = gaussian
            .iter()
            .enumerate()
            .map(|(i, x)| 0.1 * x + if i % 3 == 0 { 2.0 } else { -1.0 })
            .collect();
        for values in [gaussian, two_modes] {
            let denoiser = IndependentFeatures::fit(Rows::new("t", 1, &values).expect("valid"));
            for exponent in -6..=6 {
                let sigma = 2_f64.powi(exponent);
                let x: Vec<f64> =
                    normals(500, 1).iter().zip(&values).map(|(e, v)| v + sigma * e).collect();
                let (mut added, mut error) = (0.0, 0.0);
                for ((found, x), x0) in denoiser.at(1.0, sigma)(&x).iter().zip(&x).zip(&values) {
                    let want = direct(&values, *x, 1.0, sigma);
                    added += (found - want).powi(2);
                    error += (want - x0).powi(2);
                }
                assert!(added < 1e-4 * error, "{sigma}: {added} of {error}");
                assert!(added > 0.0 || sigma < 0.02, "{sigma}: nothing was grouped");
            }
        }
    }

    #[test]
    fn of_a_gaussian_it_is_wieners_filter() {
        const ROWS: usize = 16_384;
        let stds = [1.0, 3.0];
        let drawn = |stream: u64| -> Vec<f64> {
            let normals = normals(2 * ROWS, stream).into_iter().enumerate();
            normals.map(|(i, z)| 0.5 + stds[i % 2] * z).collect()
        };
        let rows = drawn(0);
        let denoiser = IndependentFeatures::fit(Rows::new("t", 2, &rows).expect("valid"));
        let (alpha, sigma) = (0.8, 0.6);
        let noisy = drawn(1).into_iter().zip(normals(2 * ROWS, 2));
        let x: Vec<f64> = noisy.map(|(x0, e)| alpha * x0 + sigma * e).collect();
        let found = denoiser.at(alpha, sigma)(&x);
        for (i, d) in stds.into_iter().enumerate() {
            let total = (alpha * d).powi(2) + sigma * sigma;
            let wiener = |x: f64| 0.5 + alpha * d * d / total * (x - alpha * 0.5);
            let of_feature = found.iter().zip(&x).skip(i).step_by(2);
            let squares = of_feature.map(|(found, x)| (found - wiener(*x)).powi(2));
            let regret = squares.sum::<f64>() / ROWS as f64;
            // The mean over x of a posterior mean's variance, when it is made of n rows, is the posterior's
            // variance times E[N(x; alpha v, sigma²) / p(x)] / n, or `total / sigma²` over n but for a
            // factor that is near 1.
            let variance = d * d * sigma * sigma / total;
            let most = 5.0 * total / (sigma * sigma) / ROWS as f64;
            assert!(regret < most * variance, "{d}: {regret} of {variance}");
        }
    }
}
