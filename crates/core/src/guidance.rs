//! Guidance: the estimate of a denoiser, moved away from that of a weaker one.

#[cfg(test)]
mod tests;

use burn::tensor::Tensor;

use crate::{CoreError, Denoiser, LevelSteps, NoiseLevel, level_step};

/// Fewest features of a row whose standard deviation may scale it.
const FEWEST_RESCALED: usize = 16;

/// Guidance by a weaker denoiser: `D = D_0 + w · (D_c − D_0)`, where D_c is the estimate that is guided and
/// D_0 the weaker one.
///
/// Weight 1 is the plain conditional. Source: Ho & Salimans 2022, "Classifier-free diffusion guidance",
/// equation 6, whose w is this one less 1; Karras et al. 2024, "Guiding a diffusion model with a bad version
/// of itself", equation 3, with this w.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields)
)]
pub struct Guidance {
    /// Weight w: 1 is the conditional estimate alone, 0 the weaker one alone; above 1 the samples keep
    /// closer to their condition and vary less.
    pub weight: f64,
    /// Lowest and highest noise scale sigma at which the weight holds; at other levels it is 1. Without an
    /// interval it holds at all levels. Source: Kynkäänniemi et al. 2024.
    #[cfg_attr(feature = "serde", serde(default))]
    pub interval: Option<[f64; 2]>,
    /// Share phi of the guided estimate that is scaled to the standard deviation of the conditional one:
    /// `phi · D · std(D_c) / std(D) + (1 − phi) · D`, deviations over the features of a row. Source: Lin et
    /// al. 2023, equations 15 and 16.
    #[cfg_attr(feature = "serde", serde(default))]
    pub rescale: f64,
}

impl Default for Guidance {
    /// The plain conditional.
    fn default() -> Self {
        Self { weight: 1.0, interval: None, rescale: 0.0 }
    }
}

impl Guidance {
    /// Checks the settings for rows of this many features.
    ///
    /// # Errors
    /// The weight must be finite and at least 0, the interval finite and in order, rescale a share, and 0
    /// for rows of fewer than 16 features.
    pub fn check(&self, features: usize) -> Result<(), CoreError> {
        if !(self.weight.is_finite() && self.weight >= 0.0) {
            let requirement = "must be finite and at least 0";
            return Err(CoreError::parameter("weight", requirement, self.weight));
        }
        if let Some([low, high]) = self.interval
            && !(0.0 <= low && low <= high && high.is_finite())
        {
            let requirement = "must be finite, at least 0 and in order";
            return Err(CoreError::parameter("interval", requirement, format!("[{low}, {high}]")));
        }
        if !(0.0..=1.0).contains(&self.rescale) {
            return Err(CoreError::parameter("rescale", "must be from 0 to 1", self.rescale));
        }
        if self.rescale > 0.0 && features < FEWEST_RESCALED {
            let requirement = format!(
                "must be 0 for rows of {features} features: a standard deviation over fewer than \
                 {FEWEST_RESCALED} says little"
            );
            return Err(CoreError::parameter("rescale", requirement, self.rescale));
        }
        Ok(())
    }

    /// The weight at a level.
    fn weight_at(&self, level: &NoiseLevel) -> f64 {
        let is_inside = |[low, high]: [f64; 2]| (low..=high).contains(&level.sigma());
        if self.interval.is_none_or(is_inside) { self.weight } else { 1.0 }
    }

    /// The guided estimate with its standard deviation moved towards that of the conditional one. A row of
    /// equal features has none and stays as it is.
    fn rescaled(&self, guided: Tensor<2>, conditional: Tensor<2>) -> Tensor<2> {
        let variance = guided.clone().var(1);
        let is_flat = variance.clone().equal_scalar(0.0);
        let factor = (conditional.var(1) / variance).sqrt().mask_fill(is_flat, 1.0);
        guided * factor.mul_scalar(self.rescale).add_scalar(1.0 - self.rescale)
    }
}

/// Denoiser that is guided by a weaker one. The weaker may be the same network told nothing (classifier-free
/// guidance), or a network of fewer steps or parameters told the same (autoguidance).
///
/// Where the weight is 1 or 0 only one of the two is called, and its estimate comes back as it is.
pub struct Guided<'a> {
    strong: &'a dyn Denoiser,
    weak: &'a dyn Denoiser,
    guidance: Guidance,
}

impl<'a> Guided<'a> {
    /// The denoiser `strong`, guided by `weak`. The guidance should pass [`Guidance::check`].
    pub const fn new(strong: &'a dyn Denoiser, weak: &'a dyn Denoiser, guidance: Guidance) -> Self {
        Self { strong, weak, guidance }
    }

    /// The denoiser whose estimate is taken as it is, where the weight is 1 or 0.
    fn alone(&self, weight: f64) -> Option<&'a dyn Denoiser> {
        match weight {
            1.0 => Some(self.strong),
            0.0 => Some(self.weak),
            _ => None,
        }
    }
}

impl Denoiser for Guided<'_> {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        let weight = self.guidance.weight_at(level);
        if let Some(denoiser) = self.alone(weight) {
            return denoiser.denoise(x, level);
        }
        let strong = self.strong.denoise(x.clone(), level)?;
        let weak = self.weak.denoise(x, level)?;
        let guided = weak.clone() + (strong.clone() - weak).mul_scalar(weight);
        if self.guidance.rescale == 0.0 {
            return Ok(guided);
        }
        Ok(self.guidance.rescaled(guided, strong))
    }

    fn level_steps(&self) -> Option<&dyn LevelSteps> {
        let own = self.strong.level_steps().or(self.weak.level_steps());
        own.map(|_| self as &dyn LevelSteps)
    }
}

/// Level steps of denoisers that make them by themselves: they are not guided.
impl LevelSteps for Guided<'_> {
    fn level_step(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        let weight = self.guidance.weight_at(level);
        let denoiser = self.alone(weight).ok_or_else(|| {
            let requirement = "must be 1 or 0 where a denoiser makes level steps by itself";
            CoreError::parameter("weight", requirement, weight)
        })?;
        level_step(denoiser, x, level)
    }
}
