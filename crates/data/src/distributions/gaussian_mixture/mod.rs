//! [`GaussianMixture`]: Gaussians of one standard deviation, or with a covariance each. Every noise level of
//! it is such a mixture too, and so known exactly; so is what some numbers of a row say of the others.

mod covariance;
mod dataset;
mod density;
mod given;
mod posterior;
#[cfg(test)]
mod tests;

use self::covariance::Covariance;
pub(super) use self::density::log_sum;
pub use self::posterior::ComponentPosterior;
use crate::{
    DataError,
    error::{error, positive},
};

/// Largest number of features.
const MOST_FEATURES: usize = 65_536;

/// Mixture of Gaussians, `Σ w_i N(m_i, C_i)`: isotropic, where every C_i is `std² I`, or with full covariances.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianMixture {
    means: Vec<Vec<f64>>,
    spread: Spread,
    weights: Vec<f64>,
    choice: Choice,
}

/// Spread of the components around their means.
#[derive(Clone, Debug, PartialEq)]
enum Spread {
    /// One standard deviation, of every component along every axis.
    Isotropic(f64),
    /// A covariance for each component.
    Own(Vec<Covariance>),
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
    /// Creates an isotropic mixture. The weights are scaled to sum 1; where there are none, all are equal.
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
        check_means(&means)?;
        positive("std", std)?;
        let weights = scaled(weights, means.len())?;
        Ok(Self { means, spread: Spread::Isotropic(std), weights, choice: Choice::Random })
    }

    /// Creates a mixture with a covariance for each mean, a list of rows. Of two numbers that symmetry makes
    /// equal, the one below the diagonal counts.
    ///
    /// # Errors
    /// Means and weights as for [`new`](Self::new). There must be as many covariances as means; each must have as
    /// many rows and columns as a mean has numbers, hold finite numbers, be symmetric to 1e-12 of their size and
    /// be positive definite, to within rounding.
    pub fn with_covariances(
        means: Vec<Vec<f64>>,
        covariances: Vec<Vec<Vec<f64>>>,
        weights: Option<Vec<f64>>,
    ) -> Result<Self, DataError> {
        check_means(&means)?;
        if covariances.len() != means.len() {
            let requirement = format!("must hold {} matrices, one a mean", means.len());
            return Err(error("covariances", requirement, covariances.len()));
        }
        let covariances = covariances
            .iter()
            .enumerate()
            .map(|(i, rows)| Covariance::new(&format!("covariances[{i}]"), rows, means[0].len()));
        let spread = Spread::Own(covariances.collect::<Result<_, _>>()?);
        let weights = scaled(weights, means.len())?;
        Ok(Self { means, spread, weights, choice: Choice::Random })
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

    /// Whether every component has the covariance `std² I`.
    #[must_use]
    pub const fn is_isotropic(&self) -> bool {
        matches!(self.spread, Spread::Isotropic(_))
    }

    /// The standard deviation of every component along every axis, if the mixture is isotropic; else the
    /// largest of a component along an axis.
    #[must_use]
    pub fn std(&self) -> f64 {
        match &self.spread {
            Spread::Isotropic(std) => *std,
            Spread::Own(covariances) => {
                let axes = 0..self.means[0].len();
                let variances = covariances.iter().flat_map(|c| axes.clone().map(|i| c.at(i, i)));
                variances.fold(0.0, f64::max).sqrt()
            }
        }
    }

    /// The covariance of each component, row by row.
    #[must_use]
    pub fn covariances(&self) -> Vec<Vec<Vec<f64>>> {
        let rows = |covariance: &Covariance| covariance.rows().map(<[f64]>::to_vec).collect();
        match &self.spread {
            Spread::Isotropic(std) => {
                let one: Vec<_> = rows(&Covariance::isotropic(*std, self.means[0].len()));
                vec![one; self.means.len()]
            }
            Spread::Own(covariances) => covariances.iter().map(rows).collect(),
        }
    }

    /// The weights of the components, which sum to 1.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The distribution of `alpha · x_0 + sigma · eps`: the mixture with means `alpha · m_i` and covariances
    /// `alpha² C_i + sigma² I`.
    #[must_use]
    pub fn diffused(&self, alpha: f64, sigma: f64) -> Self {
        let scale = |mean: &Vec<f64>| mean.iter().map(|m| alpha * m).collect();
        let spread = match &self.spread {
            Spread::Isotropic(std) => Spread::Isotropic((alpha * std).hypot(sigma)),
            Spread::Own(covariances) => {
                let levels = vec![(alpha, sigma); self.means[0].len()];
                Spread::Own(covariances.iter().map(|c| c.noisy(&levels)).collect())
            }
        };
        Self {
            means: self.means.iter().map(scale).collect(),
            spread,
            weights: self.weights.clone(),
            choice: self.choice,
        }
    }
}

/// Fails unless there are means, of the same number of finite numbers.
fn check_means(means: &[Vec<f64>]) -> Result<(), DataError> {
    let features = means.first().map_or(0, Vec::len);
    if features == 0 {
        return Err(error("means", "must hold at least one mean of at least one number", "none"));
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
    Ok(())
}

/// The weights, scaled to sum 1, of so many components.
fn scaled(weights: Option<Vec<f64>>, components: usize) -> Result<Vec<f64>, DataError> {
    let weights = weights.unwrap_or_else(|| vec![1.0; components]);
    if weights.len() != components {
        let requirement = format!("must hold {components} numbers, one a mean");
        return Err(error("weights", requirement, weights.len()));
    }
    for (i, weight) in weights.iter().enumerate() {
        positive(&format!("weights[{i}]"), *weight)?;
    }
    let sum: f64 = weights.iter().sum();
    Ok(weights.iter().map(|w| w / sum).collect())
}

/// Replaces exponents e_i by the probabilities `exp(e_i) / Σ exp(e_j)`.
pub(super) fn to_probabilities(exponents: &mut [f64]) {
    let largest = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    exponents.iter_mut().for_each(|share| *share = (*share - largest).exp());
    let sum: f64 = exponents.iter().sum();
    exponents.iter_mut().for_each(|share| *share /= sum);
}
