//! Posterior means of clean rows, given noisy ones and, for some of their numbers, the clean value.

use super::{
    GaussianMixture, Spread,
    covariance::{Covariance, dot},
    to_probabilities,
};

/// What a component makes of a noisy row `x = A x_0 + S eps`, with diagonal A and S: alpha and sigma of the
/// level where a number is unknown, 1 and 0 where it is known.
///
/// With m the component's mean, C its covariance and `V = A C A + S²`, its probability is
/// `exp(log_weight − ½ |whitening (x − A m)|²)`, up to a factor that all components share, and its posterior
/// mean of x_0 is `m + gain (x − A m)`.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentPosterior {
    log_weight: f64,
    noisy: Covariance,
    gain: Vec<f64>,
}

impl ComponentPosterior {
    fn new(weight: f64, covariance: &Covariance, levels: &[(f64, f64)]) -> Self {
        let noisy = covariance.noisy(levels);
        let mut gain = Vec::with_capacity(levels.len() * levels.len());
        // Row i is V⁻¹ times A times row i of C, both matrices being symmetric.
        for row in covariance.rows() {
            let start = gain.len();
            gain.extend(row.iter().zip(levels).map(|(c, (alpha, _))| c * alpha));
            noisy.solve(&mut gain[start..]);
        }
        let log_weight = weight.ln() - noisy.half_log_determinant();
        Self { log_weight, noisy, gain }
    }

    /// The logarithm of the component's weight over the root of the determinant of V.
    #[must_use]
    pub const fn log_weight(&self) -> f64 {
        self.log_weight
    }

    /// The whitening W, with `Wᵀ W = V⁻¹`, row by row.
    #[must_use]
    pub fn whitening(&self) -> Vec<f64> {
        let features = self.gain.len().isqrt();
        let mut whitening = vec![0.0; features * features];
        let mut column = vec![0.0; features];
        for j in 0..features {
            column.fill(0.0);
            column[j] = 1.0;
            self.noisy.whiten(&mut column);
            let places = whitening[j..].iter_mut().step_by(features);
            places.zip(&column).for_each(|(place, value)| *place = *value);
        }
        whitening
    }

    /// The gain `C A V⁻¹`, row by row.
    #[must_use]
    pub fn gain(&self) -> &[f64] {
        &self.gain
    }
}

impl GaussianMixture {
    /// What each component makes of rows at the level `alpha`, `sigma`, of whose clean numbers those in `known`
    /// are known. The matrices have `features²` numbers, also those of an isotropic mixture.
    #[must_use]
    pub fn posteriors(&self, alpha: f64, sigma: f64, known: &[bool]) -> Vec<ComponentPosterior> {
        let level = |known: &bool| if *known { (1.0, 0.0) } else { (alpha, sigma) };
        let levels: Vec<(f64, f64)> = known.iter().map(level).collect();
        let isotropic;
        let covariances: &[Covariance] = match &self.spread {
            Spread::Isotropic(std) => {
                isotropic = [Covariance::isotropic(*std, levels.len())];
                &isotropic
            }
            Spread::Own(covariances) => covariances,
        };
        let of_each = self.weights.iter().zip(covariances.iter().cycle());
        of_each.map(|(weight, c)| ComponentPosterior::new(*weight, c, &levels)).collect()
    }

    /// The posterior mean `E[x_0 | alpha · x_0 + sigma · eps = x]`.
    ///
    /// It is the mean over the components, weighted by the probability that the component made `x`, of
    /// `m + alpha C (alpha² C + sigma² I)⁻¹ (x − alpha m)`, with m the component's mean and C its covariance.
    #[must_use]
    pub fn posterior_mean(&self, x: &[f64], alpha: f64, sigma: f64) -> Vec<f64> {
        self.posterior_means(x, alpha, sigma)
    }

    /// The [`posterior_mean`](Self::posterior_mean) of each of many rows, one after the other.
    #[must_use]
    pub fn posterior_means(&self, rows: &[f64], alpha: f64, sigma: f64) -> Vec<f64> {
        match &self.spread {
            Spread::Isotropic(std) => self.isotropic_posterior_means(*std, rows, alpha, sigma),
            Spread::Own(_) => {
                self.posterior_means_given(rows, alpha, sigma, &vec![None; rows.len()])
            }
        }
    }

    fn isotropic_posterior_means(
        &self,
        std: f64,
        rows: &[f64],
        alpha: f64,
        sigma: f64,
    ) -> Vec<f64> {
        let level_std = (alpha * std).hypot(sigma);
        let gain = alpha * std * std / (level_std * level_std);
        let logs = self.log_weights();
        let (mut shares, mut means) = (vec![0.0; logs.len()], vec![0.0; rows.len()]);
        let features = self.means[0].len();
        for (x, mean) in rows.chunks_exact(features).zip(means.chunks_exact_mut(features)) {
            self.isotropic_exponents(&logs, alpha, level_std, x, &mut shares);
            to_probabilities(&mut shares);
            for (share, m) in shares.iter().zip(&self.means) {
                for ((out, x), m) in mean.iter_mut().zip(x).zip(m) {
                    *out += share * (m + gain * (x - alpha * m));
                }
            }
        }
        means
    }

    /// The posterior means `E[x_0 | x_t, known]` of many rows x_t, one after the other, where some numbers of
    /// x_0 are known.
    ///
    /// `known` holds a clean value or `None` for each number of `rows`. Where there is a value, it is the
    /// estimate, and the noisy number counts for nothing. Rows that follow each other with the same numbers
    /// known take time that grows with `features²`, others with `features³`.
    #[must_use]
    pub fn posterior_means_given(
        &self,
        rows: &[f64],
        alpha: f64,
        sigma: f64,
        known: &[Option<f64>],
    ) -> Vec<f64> {
        let features = self.means[0].len();
        let mut means = vec![0.0; rows.len()];
        let mut away = vec![0.0; self.means.len() * features];
        let (mut shares, mut white) = (vec![0.0; self.means.len()], vec![0.0; features]);
        let (mut posteriors, mut pattern) = (Vec::new(), Vec::new());
        let told = rows.chunks_exact(features).zip(known.chunks_exact(features));
        for ((x, known), mean) in told.zip(means.chunks_exact_mut(features)) {
            if !known.iter().map(Option::is_some).eq(pattern.iter().copied()) {
                pattern = known.iter().map(Option::is_some).collect();
                posteriors = self.posteriors(alpha, sigma, &pattern);
            }
            let components = posteriors.iter().zip(&self.means);
            for (i, (away, (posterior, m))) in
                away.chunks_exact_mut(features).zip(components.clone()).enumerate()
            {
                for (((away, m), x), known) in away.iter_mut().zip(m).zip(x).zip(known) {
                    *away = known.map_or_else(|| x - alpha * m, |y| y - m);
                }
                white.copy_from_slice(away);
                posterior.noisy.whiten(&mut white);
                shares[i] = posterior.log_weight - 0.5 * dot(&white, &white);
            }
            to_probabilities(&mut shares);
            for ((share, away), (posterior, m)) in
                shares.iter().zip(away.chunks_exact(features)).zip(components)
            {
                for ((out, m), gain) in
                    mean.iter_mut().zip(m).zip(posterior.gain.chunks_exact(features))
                {
                    *out += share * (m + dot(gain, away));
                }
            }
            for (out, y) in mean.iter_mut().zip(known) {
                *out = y.unwrap_or(*out);
            }
        }
        means
    }
}
