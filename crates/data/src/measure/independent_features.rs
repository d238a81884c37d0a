//! [`IndependentFeatures`]: the denoiser that knows how each feature is distributed, and nothing of how
//! they hang together.

use super::Rows;

/// Widest group of neighbouring values that counts as its mean, in units of sigma / alpha.
const GROUP_WIDTH: f64 = 0.125;

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
/// Values within an eighth of sigma / alpha count as their mean: the estimate moves by about `0.125² / 12` of the posterior's standard
/// deviation, and its mean squared error, being least at the exact estimate, by about 2e-6 of itself.
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
    let mut rest = values;
    while let [(first, _), ..] = rest {
        let near = |(value, _): &(f64, f64)| alpha * (value - first) <= GROUP_WIDTH * sigma;
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
