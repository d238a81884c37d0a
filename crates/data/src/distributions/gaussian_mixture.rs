//! [`GaussianMixture`]: Gaussians of equal standard deviation. Every noise level of it is such a mixture
//! too, and so known exactly.

use crate::{
    DataError, Dataset, Mode, Part, Stream,
    error::{error, positive},
    normal_words,
};

/// Largest number of features.
const MOST_FEATURES: usize = 65_536;

/// Mixture of Gaussians, `Σ w_i N(m_i, std² I)`.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianMixture {
    means: Vec<Vec<f64>>,
    std: f64,
    weights: Vec<f64>,
    choice: Choice,
}

/// Choice of a training row's component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    /// A random number chooses.
    Random,
    /// The row's place r chooses: the component is r mod M.
    InTurn,
}

impl GaussianMixture {
    /// Creates a mixture. The weights are scaled to sum 1; where there are none, all are equal.
    ///
    /// # Errors
    /// There must be at least one mean, and all must have the same number of finite numbers, up to
    /// 65,536. `std` must be finite and above 0. There must be as many weights as means, all finite and
    /// above 0.
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
        let weights = weights.iter().map(|w| w / sum).collect();
        Ok(Self { means, std, weights, choice: Choice::Random })
    }

    /// The same mixture with training rows that take its M components in turn: row r of a stream has
    /// component `r mod M`. So a batch holds equally many rows of each, if M divides its size.
    ///
    /// A row still depends on its place alone, and uses as many words. Held-out rows stay random.
    ///
    /// # Errors
    /// The weights must be equal.
    ///
    /// ```
    /// use langevin_data::{Dataset, GaussianMixture, Part, Purpose, Streams};
    ///
    /// let mixture = GaussianMixture::new(vec![vec![-1.0], vec![1.0]], 0.1, None)?.balanced()?;
    /// let mut rows = [0.0; 6];
    /// mixture.draw(Part::Training, &mut Streams::new(0).at(Purpose::Data, 0, 0), &mut rows);
    /// assert_eq!(rows.map(f64::signum), [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0]);
    /// # Ok::<(), langevin_data::DataError>(())
    /// ```
    pub fn balanced(self) -> Result<Self, DataError> {
        let first = self.weights[0];
        if let Some(other) = self.weights.iter().find(|weight| **weight != first) {
            let requirement = "must be false where the weights are not equal";
            return Err(error("balanced", requirement, format!("true with {first} and {other}")));
        }
        Ok(Self { choice: Choice::InTurn, ..self })
    }

    /// The means.
    #[must_use]
    pub fn means(&self) -> &[Vec<f64>] {
        &self.means
    }

    /// The standard deviation of every component along every axis.
    #[must_use]
    pub const fn std(&self) -> f64 {
        self.std
    }

    /// The weights of the components, which sum to 1.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The distribution of `alpha · x_0 + sigma · eps`: the mixture with means `alpha · m_i` and variance
    /// `alpha² std² + sigma²`.
    #[must_use]
    pub fn diffused(&self, alpha: f64, sigma: f64) -> Self {
        let scale = |mean: &Vec<f64>| mean.iter().map(|m| alpha * m).collect();
        Self {
            means: self.means.iter().map(scale).collect(),
            std: (alpha * self.std).hypot(sigma),
            weights: self.weights.clone(),
            choice: self.choice,
        }
    }

    /// The posterior mean `E[x_0 | alpha · x_0 + sigma · eps = x]`.
    ///
    /// It is the mean over the components of
    /// `m_i + alpha std² / (alpha² std² + sigma²) · (x − alpha m_i)`, weighted by the probability that
    /// the component made `x`.
    #[must_use]
    pub fn posterior_mean(&self, x: &[f64], alpha: f64, sigma: f64) -> Vec<f64> {
        self.posterior_means(x, alpha, sigma)
    }

    /// The [`posterior_mean`](Self::posterior_mean) of each of many rows, one after the other.
    #[must_use]
    pub fn posterior_means(&self, rows: &[f64], alpha: f64, sigma: f64) -> Vec<f64> {
        let diffused = self.diffused(alpha, sigma);
        let gain = alpha * self.std * self.std / (diffused.std * diffused.std);
        let logs: Vec<f64> = self.weights.iter().map(|weight| weight.ln()).collect();
        let (mut shares, mut means) = (vec![0.0; logs.len()], vec![0.0; rows.len()]);
        let features = self.features();
        for (x, mean) in rows.chunks_exact(features).zip(means.chunks_exact_mut(features)) {
            diffused.exponents(&logs, 1.0, diffused.std, x, &mut shares);
            to_probabilities(&mut shares);
            for (share, m) in shares.iter().zip(&self.means) {
                for ((out, x), m) in mean.iter_mut().zip(x).zip(m) {
                    *out += share * (m + gain * (x - alpha * m));
                }
            }
        }
        means
    }

    /// Fills `out` with `ln(w_i) − |x − alpha m_i|² / (2 std²)` for each component; `logs` are the ln(w_i).
    fn exponents(&self, logs: &[f64], alpha: f64, std: f64, x: &[f64], out: &mut [f64]) {
        for ((mean, log), out) in self.means.iter().zip(logs).zip(out) {
            let pairs = mean.iter().zip(x);
            let square: f64 = pairs.map(|(m, x)| (x - alpha * m) * (x - alpha * m)).sum();
            *out = log - square / (2.0 * std * std);
        }
    }

    fn exponents_at(&self, alpha: f64, std: f64, x: &[f64]) -> Vec<f64> {
        let logs: Vec<f64> = self.weights.iter().map(|weight| weight.ln()).collect();
        let mut out = vec![0.0; logs.len()];
        self.exponents(&logs, alpha, std, x, &mut out);
        out
    }

    /// The log density of the mixture with means `alpha · m_i` and another `std`.
    fn scaled_log_density(&self, alpha: f64, std: f64, x: &[f64]) -> f64 {
        let exponents = self.exponents_at(alpha, std, x);
        let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = exponents.iter().map(|e| (e - largest).exp()).sum();
        let variance = std::f64::consts::TAU * std * std;
        largest + sum.ln() - 0.5 * self.features() as f64 * variance.ln()
    }

    /// The component whose part of (0, 1) holds `left`; the parts are as long as the weights, in order.
    fn component(&self, mut left: f64) -> usize {
        let last = self.means.len() - 1;
        let found = self.weights[..last].iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        found.unwrap_or(last)
    }

    /// The probability that each component made `x`.
    fn responsibilities(&self, x: &[f64]) -> Vec<f64> {
        let mut shares = self.exponents_at(1.0, self.std, x);
        to_probabilities(&mut shares);
        shares
    }
}

/// Replaces exponents e_i by the probabilities `exp(e_i) / Σ exp(e_j)`.
fn to_probabilities(exponents: &mut [f64]) {
    let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    exponents.iter_mut().for_each(|share| *share = (*share - largest).exp());
    let sum: f64 = exponents.iter().sum();
    exponents.iter_mut().for_each(|share| *share /= sum);
}

impl Dataset for GaussianMixture {
    fn features(&self) -> usize {
        self.means[0].len()
    }

    fn words_per_row(&self) -> u64 {
        1 + normal_words(self.features())
    }

    fn draw(&self, part: Part, stream: &mut Stream, rows: &mut [f64]) {
        let in_turn = part == Part::Training && self.choice == Choice::InTurn;
        let modes = self.means.len();
        let mut turn = ((stream.position() / self.words_per_row()) % modes as u64) as usize;
        stream.fill_rows(rows, self.features(), 1, |uniforms, row| {
            // A row whose component comes in turn uses this word too, so that its normals stay the same.
            let component = if in_turn { turn } else { self.component(uniforms[0]) };
            turn = if turn + 1 == modes { 0 } else { turn + 1 };
            for (x, mean) in row.iter_mut().zip(&self.means[component]) {
                *x = mean + self.std * *x;
            }
        });
    }

    fn mean(&self) -> Option<Vec<f64>> {
        let of = |i: usize| self.means.iter().zip(&self.weights).map(|(m, w)| w * m[i]).sum();
        Some((0..self.features()).map(of).collect())
    }

    /// The covariance `std² I + Σ w_i (m_i − m)(m_i − m)ᵀ`.
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
        Some(self.scaled_log_density(1.0, self.std, x))
    }

    fn diffused_log_density(&self, alpha: f64, sigma: f64, x: &[f64]) -> Option<f64> {
        let std = (alpha * self.std).hypot(sigma);
        (std > 0.0).then(|| self.scaled_log_density(alpha, std, x))
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

    fn posterior_means(&self, rows: &[f64], alpha: f64, sigma: f64) -> Option<Vec<f64>> {
        Some(Self::posterior_means(self, rows, alpha, sigma))
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
