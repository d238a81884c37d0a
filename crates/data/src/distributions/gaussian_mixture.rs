//! Gaussians of equal standard deviation: the distribution whose every level is known exactly.

use crate::{
    DataError, Dataset, Mode, Part, Stream,
    error::{error, positive},
    normal_words,
};

/// The most numbers in a row.
const MOST_FEATURES: usize = 65_536;

/// `Σ w_i N(m_i, std² I)`.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianMixture {
    means: Vec<Vec<f64>>,
    std: f64,
    weights: Vec<f64>,
}

impl GaussianMixture {
    /// A mixture; the weights are scaled to sum 1, and equal where there are none.
    ///
    /// # Errors
    /// At least one mean, all of one length up to 65,536, finite; `std` finite and above 0; as many weights as
    /// means, finite and above 0.
    pub fn new(
        means: Vec<Vec<f64>>,
        std: f64,
        weights: Option<Vec<f64>>,
    ) -> Result<Self, DataError> {
        let features = means.first().map_or(0, Vec::len);
        if features == 0 {
            return Err(error(
                "means",
                "must hold at least one mean of at least one number",
                "none",
            ));
        }
        if features > MOST_FEATURES {
            let requirement = format!("must hold means of at most {MOST_FEATURES} numbers");
            return Err(error("means", requirement, features));
        }
        for (i, mean) in means.iter().enumerate() {
            if mean.len() != features {
                let requirement = format!("must hold {features} numbers as the first mean does");
                return Err(error(&format!("means[{i}]"), requirement, mean.len()));
            }
            if let Some(bad) = mean.iter().find(|m| !m.is_finite()) {
                return Err(error(&format!("means[{i}]"), "must hold finite numbers", bad));
            }
        }
        positive("std", std)?;
        let weights = weights.unwrap_or_else(|| vec![1.0; means.len()]);
        if weights.len() != means.len() {
            let requirement = format!("must hold {} numbers, one a mean", means.len());
            return Err(error("weights", requirement, weights.len()));
        }
        for (i, weight) in weights.iter().enumerate() {
            positive(&format!("weights[{i}]"), *weight)?;
        }
        let sum: f64 = weights.iter().sum();
        Ok(Self { means, std, weights: weights.iter().map(|w| w / sum).collect() })
    }

    /// The means.
    #[must_use]
    pub fn means(&self) -> &[Vec<f64>] {
        &self.means
    }

    /// The standard deviation of each along every axis.
    #[must_use]
    pub const fn std(&self) -> f64 {
        self.std
    }

    /// The shares, which sum to 1.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The distribution of `alpha · x_0 + sigma · eps`: means `alpha · m_i`, variance
    /// `alpha² std² + sigma²`.
    #[must_use]
    pub fn diffused(&self, alpha: f64, sigma: f64) -> Self {
        let scale = |mean: &Vec<f64>| mean.iter().map(|m| alpha * m).collect();
        Self {
            means: self.means.iter().map(scale).collect(),
            std: (alpha * self.std).hypot(sigma),
            weights: self.weights.clone(),
        }
    }

    /// `E[x_0 | alpha · x_0 + sigma · eps = x]`: the mean over the components, weighted by how
    /// likely each made `x`, of `m_i + alpha std² / (alpha² std² + sigma²) · (x − alpha m_i)`.
    #[must_use]
    pub fn posterior_mean(&self, x: &[f64], alpha: f64, sigma: f64) -> Vec<f64> {
        let diffused = self.diffused(alpha, sigma);
        let gain = alpha * self.std * self.std / (diffused.std * diffused.std);
        let mut mean = vec![0.0; x.len()];
        for (share, m) in diffused.responsibilities(x).iter().zip(&self.means) {
            for ((out, x), m) in mean.iter_mut().zip(x).zip(m) {
                *out += share * (m + gain * (x - alpha * m));
            }
        }
        mean
    }

    /// `ln(w_i) − |x − m_i|² / (2 std²)` of each component.
    fn exponents(&self, x: &[f64]) -> Vec<f64> {
        let square =
            |mean: &Vec<f64>| mean.iter().zip(x).map(|(m, x)| (x - m) * (x - m)).sum::<f64>();
        let exponent = |(mean, weight): (&Vec<f64>, &f64)| {
            weight.ln() - square(mean) / (2.0 * self.std * self.std)
        };
        self.means.iter().zip(&self.weights).map(exponent).collect()
    }

    /// The probability that each component made `x`.
    fn responsibilities(&self, x: &[f64]) -> Vec<f64> {
        let mut shares = self.exponents(x);
        let largest = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        shares.iter_mut().for_each(|share| *share = (*share - largest).exp());
        let sum: f64 = shares.iter().sum();
        shares.iter().map(|share| share / sum).collect()
    }
}

impl Dataset for GaussianMixture {
    fn features(&self) -> usize {
        self.means[0].len()
    }

    fn words_per_row(&self) -> u64 {
        1 + normal_words(self.features())
    }

    fn draw(&self, _part: Part, stream: &mut Stream, rows: &mut [f64]) {
        for row in rows.chunks_exact_mut(self.features()) {
            let mut left = stream.uniform();
            let last = self.means.len() - 1;
            let component = self.weights[..last].iter().position(|weight| {
                left -= weight;
                left < 0.0
            });
            stream.fill_normal(row);
            for (x, mean) in row.iter_mut().zip(&self.means[component.unwrap_or(last)]) {
                *x = mean + self.std * *x;
            }
        }
    }

    fn mean(&self) -> Option<Vec<f64>> {
        let of = |i: usize| self.means.iter().zip(&self.weights).map(|(m, w)| w * m[i]).sum();
        Some((0..self.features()).map(of).collect())
    }

    /// `std² I + Σ w_i (m_i − m)(m_i − m)ᵀ`.
    fn covariance(&self) -> Option<Vec<Vec<f64>>> {
        let mean = self.mean()?;
        let of = |i: usize, j: usize| {
            let parts = self.means.iter().zip(&self.weights);
            let spread: f64 = parts.map(|(m, w)| w * (m[i] - mean[i]) * (m[j] - mean[j])).sum();
            spread + if i == j { self.std * self.std } else { 0.0 }
        };
        let features = self.features();
        Some((0..features).map(|i| (0..features).map(|j| of(i, j)).collect()).collect())
    }

    fn variance(&self) -> Option<Vec<f64>> {
        let mean = self.mean()?;
        let of = |i: usize| {
            let parts = self.means.iter().zip(&self.weights);
            parts.map(|(m, w)| w * (m[i] - mean[i]).powi(2)).sum::<f64>() + self.std * self.std
        };
        Some((0..self.features()).map(of).collect())
    }

    fn log_density(&self, x: &[f64]) -> Option<f64> {
        let exponents = self.exponents(x);
        let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = exponents.iter().map(|e| (e - largest).exp()).sum();
        let variance = std::f64::consts::TAU * self.std * self.std;
        Some(largest + sum.ln() - 0.5 * self.features() as f64 * variance.ln())
    }

    fn score(&self, x: &[f64]) -> Option<Vec<f64>> {
        let mut score = vec![0.0; x.len()];
        for (share, mean) in self.responsibilities(x).iter().zip(&self.means) {
            for ((out, x), m) in score.iter_mut().zip(x).zip(mean) {
                *out += share * (m - x) / (self.std * self.std);
            }
        }
        Some(score)
    }

    fn modes(&self) -> Option<Vec<Mode>> {
        let mode = |(center, share): (&Vec<f64>, &f64)| Mode {
            center: center.clone(),
            share: *share,
            std: self.std,
        };
        Some(self.means.iter().zip(&self.weights).map(mode).collect())
    }
}
