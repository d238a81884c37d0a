//! [`DrawnCategory`]: how a category that a model draws stands among the features of a row.

use std::ops::Range;

use crate::{
    Purpose, Streams,
    math::{exp, ln},
    one_hot::{code, nearest_code},
};

/// Draws by which a category's scale is found, of few values; of many values fewer.
const DRAWS: usize = 4000;
/// Most numbers that are drawn for a scale in all.
const NUMBERS: usize = 4_000_000;
/// Times that the range of a scale is cut in half: to a thousandth.
const BISECTIONS: usize = 12;
/// Bounds of a scale.
const SCALES: [f64; 2] = [0.25, 16.0];

/// Category of K values that a model draws. In a row it is K features, `scale · (one-hot − shares)`: their mean over the
/// training rows is 0, so that noise alone is where sampling starts.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawnCategory {
    /// Place of its first feature in a row.
    pub first: usize,
    /// Factor of the features.
    pub scale: f64,
    /// Share of each value among the training rows; above 0, and 1 together.
    pub shares: Vec<f64>,
}

impl DrawnCategory {
    /// The category of these shares, scaled so that under noise of standard deviation 1 half of its entropy is left on average:
    /// `E[H(k | scale · one-hot + eps)] = H / 2`, found by bisection over draws that are always the same.
    #[must_use]
    pub fn calibrated(first: usize, shares: Vec<f64>) -> Self {
        let mut own = Self { first, scale: 1.0, shares };
        let (count, half) = (own.shares.len(), own.entropy() / 2.0);
        let rows = (NUMBERS / count).clamp(1, DRAWS);
        let mut stream = Streams::new(0).at(Purpose::Reference, count as u64, 0);
        // The values by their shares, and the same noise for all scales.
        let mut ends = own.shares.clone();
        (1..count).for_each(|k| ends[k] += ends[k - 1]);
        let classes: Vec<usize> = (0..rows)
            .map(|_| {
                let u = stream.uniform() * ends[count - 1];
                ends.partition_point(|end| *end <= u).min(count - 1)
            })
            .collect();
        let mut noise = vec![0.0; rows * count];
        stream.fill_normal(&mut noise);
        let logs: Vec<f64> = own.shares.iter().map(|share| ln(*share)).collect();
        let mut logits = vec![0.0; count];
        let mut left = |scale: f64| {
            let row = |(class, noise): (&usize, &[f64])| {
                for (k, logit) in logits.iter_mut().enumerate() {
                    let own = if k == *class { scale } else { 0.0 };
                    *logit = logs[k] + scale * (own + noise[k]);
                }
                entropy_of(&logits)
            };
            classes.iter().zip(noise.chunks_exact(count)).map(row).sum::<f64>() / rows as f64
        };
        let [mut low, mut high] = SCALES;
        for _ in 0..BISECTIONS {
            let middle = (low * high).sqrt();
            if left(middle) > half { low = middle } else { high = middle }
        }
        own.scale = (low * high).sqrt();
        own
    }

    /// Number of values, and of features.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.shares.len()
    }

    /// The places of its features in a row.
    #[must_use]
    pub const fn features(&self) -> Range<usize> {
        self.first..self.first + self.shares.len()
    }

    /// The features of a value.
    pub fn code(&self, value: usize) -> impl Iterator<Item = f64> {
        code(value as f64, self.scale, &self.shares)
    }

    /// The value that its features in a row are nearest to.
    #[must_use]
    pub fn value(&self, row: &[f64]) -> usize {
        nearest_code(&row[self.features()], self.scale, &self.shares) as usize
    }

    /// The entropy of the shares, in nats.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        -self.shares.iter().map(|share| share * ln(*share)).sum::<f64>()
    }
}

/// The entropy of the softmax of logits.
fn entropy_of(logits: &[f64]) -> f64 {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut sum, mut mean) = (0.0, 0.0);
    for logit in logits {
        // exp takes no number below −700.
        let below = (logit - largest).max(-700.0);
        let weight = exp(below);
        sum += weight;
        mean += weight * below;
    }
    ln(sum) - mean / sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_from_its_features_whose_mean_is_0() {
        let own = DrawnCategory { first: 1, scale: 1.7, shares: vec![0.5, 0.2, 0.3] };
        let mut mean = [0.0; 3];
        for (value, share) in own.shares.iter().enumerate() {
            let mut row = vec![9.0];
            row.extend(own.code(value));
            assert_eq!(own.value(&row), value);
            mean.iter_mut().zip(&row[1..]).for_each(|(mean, x)| *mean += share * x);
        }
        assert!(mean.iter().all(|mean| mean.abs() < 1e-12), "{mean:?}");
        assert_eq!(own.features(), 1..4);
    }

    #[test]
    fn half_of_the_entropy_is_left_under_noise_of_one() {
        // Of two equal values the posterior depends on the difference of the features alone, which is of N(±s, 2): a
        // quadrature gives what is left.
        let own = DrawnCategory::calibrated(0, vec![0.5, 0.5]);
        let (s, steps) = (own.scale, 20_000);
        let mut left = 0.0;
        for i in 0..steps {
            let d = -12.0 * s + 24.0 * s * (i as f64 + 0.5) / f64::from(steps);
            let density = (-(d - s).powi(2) / 4.0).exp() / (4.0 * std::f64::consts::PI).sqrt();
            let p = 1.0 / (1.0 + (-s * d).exp());
            let entropy = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
            left += density * (entropy(p) + entropy(1.0 - p)) * 24.0 * s / f64::from(steps);
        }
        assert!((left / own.entropy() - 0.5).abs() < 0.02, "{left} at {s}");
        // More values need a larger scale, and so does no order of theirs.
        let many = DrawnCategory::calibrated(0, vec![0.01; 100]).scale;
        assert!(many > s && many < 4.0, "{s} {many}");
        let shares = [0.7, 0.1, 0.2];
        let turned = DrawnCategory::calibrated(3, vec![0.2, 0.7, 0.1]).scale;
        assert!((DrawnCategory::calibrated(0, shares.to_vec()).scale / turned - 1.0).abs() < 0.05);
    }
}
