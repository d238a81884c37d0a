//! What noisy rows say of clean ones: posterior means, density and score.
//!
//! Given the component c, columns are independent. With `v = alpha² s² + sigma²`, a number x has the density `N(x; alpha m, v)` and
//! the posterior mean `m + alpha s² / v · (x − alpha m)`. The features x of a category of scale a and value k have the density
//! `N(x; alpha a (e_k − shares), sigma² I)`, which is `exp(alpha a x_k / sigma² + …)` but for factors that all components share.

use super::{CategoricalMixture, ProductComponent};
use crate::{
    distributions::gaussian_mixture::{log_sum, to_probabilities},
    one_hot::{nearest_class, nearest_code},
};

/// What one noisy row says of the components and of the values of the categories.
struct Evidence<'a> {
    mixture: &'a CategoricalMixture,
    /// Its alpha and sigma.
    level: (f64, f64),
    log_weights: Vec<f64>,
    /// Likelihood of each value of the categories, over that of its category's likeliest.
    likelihoods: Vec<f64>,
    /// For each component and category, the mean of the likelihoods by the component's shares.
    sums: Vec<f64>,
    /// Logarithm of each component's weight times its density, but for a factor that all share.
    exponents: Vec<f64>,
}

/// The level of a number: none, where the clean number is known.
fn level_of(known: Option<f64>, level: (f64, f64)) -> (f64, f64) {
    known.map_or(level, |_| (1.0, 0.0))
}

impl<'a> Evidence<'a> {
    fn new(mixture: &'a CategoricalMixture, alpha: f64, sigma: f64) -> Self {
        let components = mixture.weights.len();
        let values = mixture.categories.iter().map(|own| own.count()).sum();
        Self {
            mixture,
            level: (alpha, sigma),
            log_weights: mixture.weights.iter().map(|weight| weight.ln()).collect(),
            likelihoods: vec![0.0; values],
            sums: vec![0.0; components * mixture.categories.len()],
            exponents: vec![0.0; components],
        }
    }

    /// Reads a row, of whose clean features some are known.
    fn read(&mut self, x: &[f64], known: &[Option<f64>]) {
        self.read_values(x, known);
        let mixture = self.mixture;
        for (i, (own, log_weight)) in mixture.components.iter().zip(&self.log_weights).enumerate() {
            let mut exponent = *log_weight;
            for (j, (mean, std)) in own.means.iter().zip(&own.stds).enumerate() {
                let (alpha, sigma) = level_of(known[j], self.level);
                let variance = (alpha * std).powi(2) + sigma * sigma;
                let away = known[j].unwrap_or(x[j]) - alpha * mean;
                exponent -= 0.5 * (away * away / variance + variance.ln());
            }
            for (j, (shares, category)) in own.shares.iter().zip(&mixture.categories).enumerate() {
                let likelihoods = self.likelihoods[category.first - mixture.numbers()..].iter();
                let sum: f64 = likelihoods.zip(shares).map(|(of, share)| of * share).sum();
                self.sums[i * mixture.categories.len() + j] = sum;
                exponent += sum.ln();
            }
            self.exponents[i] = exponent;
        }
    }

    /// The likelihoods of the categories' values.
    fn read_values(&mut self, x: &[f64], known: &[Option<f64>]) {
        let (alpha, sigma) = self.level;
        let numbers = self.mixture.numbers();
        for category in &self.mixture.categories {
            let place = category.features();
            let out = &mut self.likelihoods[place.start - numbers..place.end - numbers];
            let told: Vec<f64> = known[place.clone()].iter().flatten().copied().collect();
            if told.len() == out.len() {
                let own = nearest_code(&told, category.scale, &category.shares) as usize;
                out.iter_mut().enumerate().for_each(|(k, of)| *of = f64::from(k == own));
                continue;
            }
            let signal = alpha * category.scale;
            let seen = x[place].iter().zip(&category.shares);
            out.iter_mut().zip(seen).for_each(|(out, (x, share))| *out = x + signal * share);
            let largest = out.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            // The largest is taken off before the factor, which may be infinite.
            let factor = signal / sigma / sigma;
            for of in out {
                let below = *of - largest;
                *of = if below == 0.0 || signal == 0.0 { 1.0 } else { (below * factor).exp() };
            }
        }
    }

    /// Fills `out` with the mean over the components, by their `probabilities`, of the posterior means.
    fn means(&self, x: &[f64], known: &[Option<f64>], probabilities: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for (i, (p, own)) in probabilities.iter().zip(&self.mixture.components).enumerate() {
            for (j, (mean, std)) in own.means.iter().zip(&own.stds).enumerate() {
                let (alpha, sigma) = level_of(known[j], self.level);
                let gain = alpha * std * std / ((alpha * std).powi(2) + sigma * sigma);
                out[j] += p * (mean + gain * (x[j] - alpha * mean));
            }
            self.add_values(i, own, *p, out);
        }
        for category in &self.mixture.categories {
            for (out, share) in out[category.features()].iter_mut().zip(&category.shares) {
                *out = category.scale * (*out - share);
            }
        }
        out.iter_mut().zip(known).for_each(|(out, known)| *out = known.unwrap_or(*out));
    }

    /// Adds the probabilities of the categories' values given component i, times the component's `probability`.
    fn add_values(&self, i: usize, own: &ProductComponent, probability: f64, out: &mut [f64]) {
        let categories = &self.mixture.categories;
        for (j, (category, shares)) in categories.iter().zip(&own.shares).enumerate() {
            let factor = probability / self.sums[i * categories.len() + j];
            let place = category.features();
            let likelihoods = &self.likelihoods[place.start - self.mixture.numbers()..];
            for ((out, share), of) in out[place].iter_mut().zip(shares).zip(likelihoods) {
                *out += factor * share * of;
            }
        }
    }
}

impl CategoricalMixture {
    /// The posterior means `E[x_0 | alpha · x_0 + sigma · eps = x]` of many rows of features, one after the other: of a
    /// category `scale · (P − shares)`, with P the probabilities of its values.
    #[must_use]
    pub fn posterior_means(&self, rows: &[f64], alpha: f64, sigma: f64) -> Vec<f64> {
        self.posterior_means_given(rows, alpha, sigma, &vec![None; rows.len()])
    }

    /// The posterior means `E[x_0 | x_t, known]` of many rows x_t, one after the other, where some cells of x_0 are
    /// known.
    ///
    /// `known` holds a clean feature or `None` for each number of `rows`; a category is known where all its features are. What
    /// is known is its own estimate, and the noisy features in its place count for nothing.
    #[must_use]
    pub fn posterior_means_given(
        &self,
        rows: &[f64],
        alpha: f64,
        sigma: f64,
        known: &[Option<f64>],
    ) -> Vec<f64> {
        let features = self.features_of_a_row();
        let mut evidence = Evidence::new(self, alpha, sigma);
        let mut means = vec![0.0; rows.len()];
        let mut probabilities = vec![0.0; self.weights.len()];
        let told = rows.chunks_exact(features).zip(known.chunks_exact(features));
        for ((x, known), means) in told.zip(means.chunks_exact_mut(features)) {
            evidence.read(x, known);
            probabilities.copy_from_slice(&evidence.exponents);
            to_probabilities(&mut probabilities);
            evidence.means(x, known, &probabilities, means);
        }
        means
    }

    /// The log density of `alpha · x_0 + sigma · eps` at a row of features; sigma must be above 0 where there are categories.
    #[must_use]
    pub fn noisy_log_density(&self, alpha: f64, sigma: f64, x: &[f64]) -> f64 {
        let mut evidence = Evidence::new(self, alpha, sigma);
        evidence.read(x, &vec![None; x.len()]);
        let of_numbers = 0.5 * self.numbers() as f64 * std::f64::consts::TAU.ln();
        let shared = self.categories.iter().map(|category| {
            // The Gaussian of the likeliest value: at −shares, and one step of the scale along that value's axis.
            let signal = alpha * category.scale;
            let seen = x[category.features()].iter().zip(&category.shares);
            let seen: Vec<f64> = seen.map(|(x, share)| x + signal * share).collect();
            let likeliest = nearest_class(&seen);
            let away = |(k, seen): (usize, &f64)| {
                if k as f64 == likeliest { seen - signal } else { *seen }
            };
            let square: f64 = seen.iter().enumerate().map(away).map(|d| (d / sigma).powi(2)).sum();
            let constant = (std::f64::consts::TAU * sigma * sigma).ln();
            -0.5 * (square + constant * category.count() as f64)
        });
        log_sum(&evidence.exponents) - of_numbers + shared.sum::<f64>()
    }

    /// The gradient of [`noisy_log_density`](Self::noisy_log_density) at a row of features.
    #[must_use]
    pub fn noisy_score(&self, alpha: f64, sigma: f64, x: &[f64]) -> Vec<f64> {
        let known = vec![None; x.len()];
        let mut evidence = Evidence::new(self, alpha, sigma);
        evidence.read(x, &known);
        let mut probabilities = evidence.exponents.clone();
        to_probabilities(&mut probabilities);
        let mut score = vec![0.0; x.len()];
        for (i, (p, own)) in probabilities.iter().zip(&self.components).enumerate() {
            for (j, (mean, std)) in own.means.iter().zip(&own.stds).enumerate() {
                let variance = (alpha * std).powi(2) + sigma * sigma;
                score[j] += p * (alpha * mean - x[j]) / variance;
            }
            evidence.add_values(i, own, *p, &mut score);
        }
        for category in &self.categories {
            let signal = alpha * category.scale;
            let places = category.features().zip(&category.shares);
            places.for_each(|(place, share)| {
                score[place] = (signal * (score[place] - share) - x[place]) / (sigma * sigma);
            });
        }
        score
    }

    /// The log density of a clean row in the user's columns and units: the density of its numbers times the probability of its
    /// values, which are the places of its categories' texts. It is −∞ where a value is no such place.
    #[must_use]
    pub fn row_log_density(&self, row: &[f64]) -> f64 {
        let (z, values) = row.split_at(self.numbers());
        let of_component = |(own, weight): (&ProductComponent, &f64)| {
            let mut exponent = weight.ln();
            for (((z, [mean, std]), m), s) in
                z.iter().zip(&self.scales).zip(&own.means).zip(&own.stds)
            {
                let away = ((z - mean) / std - m) / s;
                exponent -= 0.5 * (away * away + std::f64::consts::TAU.ln()) + (s * std).ln();
            }
            for (value, shares) in values.iter().zip(&own.shares) {
                let is_place = *value >= 0.0 && value.fract() == 0.0;
                let share = if is_place { shares.get(*value as usize) } else { None };
                exponent += share.map_or(f64::NEG_INFINITY, |share| share.ln());
            }
            exponent
        };
        let exponents: Vec<f64> =
            self.components.iter().zip(&self.weights).map(of_component).collect();
        if exponents.iter().all(|exponent| *exponent == f64::NEG_INFINITY) {
            return f64::NEG_INFINITY;
        }
        log_sum(&exponents)
    }
}
