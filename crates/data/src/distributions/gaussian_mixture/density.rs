//! Log density, score and the components' probabilities.

use super::{GaussianMixture, Spread, to_probabilities};

impl GaussianMixture {
    /// The logarithms of the weights.
    pub(super) fn log_weights(&self) -> Vec<f64> {
        self.weights.iter().map(|weight| weight.ln()).collect()
    }

    /// Fills `out` with `ln(w_i) − |x − alpha m_i|² / (2 std²)` for each component; `logs` are the ln(w_i).
    pub(super) fn isotropic_exponents(
        &self,
        logs: &[f64],
        alpha: f64,
        std: f64,
        x: &[f64],
        out: &mut [f64],
    ) {
        for ((mean, log), out) in self.means.iter().zip(logs).zip(out) {
            let pairs = mean.iter().zip(x);
            let square: f64 = pairs.map(|(m, x)| (x - alpha * m) * (x - alpha * m)).sum();
            *out = log - square / (2.0 * std * std);
        }
    }

    /// The log density of an isotropic mixture with means `alpha · m_i` and another `std`.
    pub(super) fn isotropic_log_density(&self, alpha: f64, std: f64, x: &[f64]) -> f64 {
        let logs = self.log_weights();
        let mut exponents = vec![0.0; logs.len()];
        self.isotropic_exponents(&logs, alpha, std, x, &mut exponents);
        let variance = std::f64::consts::TAU * std * std;
        log_sum(&exponents) - 0.5 * self.means[0].len() as f64 * variance.ln()
    }

    /// The logarithms of the components' densities times their weights, without a factor that all share.
    fn exponents(&self, x: &[f64]) -> Vec<f64> {
        let mut exponents = self.log_weights();
        match &self.spread {
            Spread::Isotropic(std) => {
                let logs = exponents.clone();
                self.isotropic_exponents(&logs, 1.0, *std, x, &mut exponents);
            }
            Spread::Own(covariances) => {
                for ((mean, covariance), out) in
                    self.means.iter().zip(covariances).zip(&mut exponents)
                {
                    let mut away: Vec<f64> = x.iter().zip(mean).map(|(x, m)| x - m).collect();
                    covariance.whiten(&mut away);
                    let square: f64 = away.iter().map(|away| away * away).sum();
                    *out -= covariance.half_log_determinant() + 0.5 * square;
                }
            }
        }
        exponents
    }

    pub(super) fn log_density_at(&self, x: &[f64]) -> f64 {
        match &self.spread {
            Spread::Isotropic(std) => self.isotropic_log_density(1.0, *std, x),
            Spread::Own(_) => {
                let constant = 0.5 * self.means[0].len() as f64 * std::f64::consts::TAU.ln();
                log_sum(&self.exponents(x)) - constant
            }
        }
    }

    /// The score `Σ p_i(x) C_i⁻¹ (m_i − x)`, with p_i the probability that component i made `x`.
    pub(super) fn score_at(&self, x: &[f64]) -> Vec<f64> {
        let mut shares = self.exponents(x);
        to_probabilities(&mut shares);
        let mut score = vec![0.0; x.len()];
        for (i, (share, mean)) in shares.iter().zip(&self.means).enumerate() {
            match &self.spread {
                Spread::Isotropic(std) => {
                    for ((out, x), m) in score.iter_mut().zip(x).zip(mean) {
                        *out += share * (m - x) / (std * std);
                    }
                }
                Spread::Own(covariances) => {
                    let mut pull: Vec<f64> = mean.iter().zip(x).map(|(m, x)| m - x).collect();
                    covariances[i].solve(&mut pull);
                    score.iter_mut().zip(pull).for_each(|(out, pull)| *out += share * pull);
                }
            }
        }
        score
    }
}

/// The logarithm of `Σ exp(e_i)`.
pub(in crate::distributions) fn log_sum(exponents: &[f64]) -> f64 {
    let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = exponents.iter().map(|e| (e - largest).exp()).sum();
    largest + sum.ln()
}
