//! The mixture of a row's unknown numbers, given the known ones.

use super::{Choice, GaussianMixture, Spread, to_probabilities};
use crate::{DataError, error::error};

impl GaussianMixture {
    /// The exact distribution of the numbers of a row that are `None`, in their order, given the others.
    ///
    /// With y the known numbers, at places k, and u the unknown places: a component with mean m and covariance C
    /// has the weight `w · N(y; m_k, C_kk)`, up to a factor, the mean `m_u + C_uk C_kk⁻¹ (y − m_k)` and the
    /// covariance `C_uu − C_uk C_kk⁻¹ C_ku`. Components whose weight underflows to 0 are left out. Where
    /// nothing is known, the result is the mixture itself.
    ///
    /// # Errors
    /// `known` must hold a finite number or `None` for each feature, and at least one `None`. The known
    /// numbers must lie within 1e154 standard deviations of a mean, and leave the unknown ones a variance
    /// above rounding.
    ///
    /// ```
    /// use langevin_data::GaussianMixture;
    ///
    /// let covariance = vec![vec![1.0, 0.6], vec![0.6, 1.0]];
    /// let gaussian = GaussianMixture::with_covariances(vec![vec![0.0; 2]], vec![covariance], None)?;
    /// let rest = gaussian.given(&[Some(2.0), None])?;
    /// assert_eq!(rest.means(), [[1.2]]);
    /// assert_eq!(rest.covariances(), [[[0.64]]]);
    /// # Ok::<(), langevin_data::DataError>(())
    /// ```
    pub fn given(&self, known: &[Option<f64>]) -> Result<Self, DataError> {
        self.check_known(known)?;
        let (told, unknown): (Vec<usize>, Vec<usize>) =
            (0..known.len()).partition(|i| known[*i].is_some());
        if told.is_empty() {
            return Ok(self.clone());
        }
        let y: Vec<f64> = known.iter().flatten().copied().collect();
        let (mut weights, mut parts) = (Vec::new(), Vec::new());
        for (i, (mean, weight)) in self.means.iter().zip(&self.weights).enumerate() {
            let away: Vec<f64> = told.iter().zip(&y).map(|(i, y)| y - mean[*i]).collect();
            let mut rest: Vec<f64> = unknown.iter().map(|i| mean[*i]).collect();
            let (log_density, covariance) = match &self.spread {
                Spread::Isotropic(std) => {
                    let square: f64 = away.iter().map(|away| (away / std).powi(2)).sum();
                    (-0.5 * square, None)
                }
                Spread::Own(own) => {
                    let part = own[i].given(&format!("covariances[{i}]"), &told, &unknown, away)?;
                    rest.iter_mut().zip(part.shift).for_each(|(mean, shift)| *mean += shift);
                    (part.log_density, Some(part.covariance))
                }
            };
            weights.push(weight.ln() + log_density);
            parts.push((rest, covariance));
        }
        to_probabilities(&mut weights);
        if weights.iter().any(|weight| weight.is_nan()) {
            let requirement = "must lie within 1e154 standard deviations of a mean";
            return Err(error("known", requirement, format!("{y:?}")));
        }
        let kept = weights.into_iter().zip(parts).filter(|(weight, _)| *weight > 0.0);
        let (weights, (means, covariances)): (_, (_, Vec<_>)) = kept.unzip();
        let spread = match &self.spread {
            Spread::Isotropic(std) => Spread::Isotropic(*std),
            Spread::Own(_) => Spread::Own(covariances.into_iter().flatten().collect()),
        };
        Ok(Self { means, spread, weights, choice: Choice::Random })
    }

    fn check_known(&self, known: &[Option<f64>]) -> Result<(), DataError> {
        let features = self.means[0].len();
        if known.len() != features {
            let requirement = format!("must hold {features} numbers or gaps, one a feature");
            return Err(error("known", requirement, known.len()));
        }
        for (i, y) in known.iter().enumerate() {
            if let Some(bad) = y.filter(|y| !y.is_finite()) {
                return Err(error(&format!("known[{i}]"), "must be finite", bad));
            }
        }
        if known.iter().all(Option::is_some) {
            return Err(error("known", "must leave a number unknown", format!("all {features}")));
        }
        Ok(())
    }
}
