//! Steering by an energy: a condition that no network was trained for.

#[cfg(test)]
mod tests;

use burn::tensor::Tensor;

use crate::{CoreError, Denoiser, LevelSteps, NoiseLevel};

/// Energy of estimated clean rows: from the estimate `D(x; level)`, `[batch, features]`, to one number a row,
/// `[batch]`, of its row alone and by tensors that are differentiable.
///
/// It may depend on the level: an estimate says more about the clean row the less noise there is.
pub type Energy<'a> = dyn Fn(Tensor<2>, &NoiseLevel) -> Tensor<1> + Sync + 'a;

/// Denoiser that is steered to rows of low energy E: `D' = D − sigma² / alpha · ∇_x E(D(x; level), level)`.
///
/// For an observation y, E is `−ln p(y | x_0)` up to a constant, taken at the estimate. It stands for
/// `−ln p(y | x_t)`, with which D' would be `E[x_0 | x_t, y]`, since `D = (x + sigma² · ∇_x ln p(x_t)) / alpha`.
/// So E should allow for the variance of `x_0` given `x_t`; diffusion posterior sampling allows for none and
/// scales the gradient by hand. The gradient is taken through the denoiser, at about three times its cost.
/// Source: Chung et al. 2023, "Diffusion posterior sampling for general noisy inverse problems", theorem 1.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use langevin_core::{Denoiser, MixtureOracle, NoiseLevel, Steered};
/// use langevin_data::GaussianMixture;
///
/// let oracle = MixtureOracle::new(GaussianMixture::new(vec![vec![0.0]], 1.0, None)?);
/// // The clean row was measured as 1, with variance 0.25.
/// let energy = |clean: Tensor<2>, level: &NoiseLevel| {
///     let left = level.sigma().powi(2) / (1.0 + level.sigma().powi(2));
///     let off = clean.sub_scalar(1.0).squeeze_dim::<1>(1);
///     off.square().mul_scalar(0.5 / (0.25 + left))
/// };
/// let steered = Steered::new(&oracle, &energy);
/// let x = Tensor::<2>::from_data([[0.0]], &Device::flex());
/// let denoised = steered.denoise(x, &NoiseLevel::new(1.0, 100.0)?)?;
/// // Amid noise it is the mean given the measurement alone, 1 / (1 + 0.25).
/// assert!((denoised.into_scalar::<f32>() - 0.8).abs() < 1e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Steered<'a> {
    denoiser: &'a dyn Denoiser,
    energy: &'a Energy<'a>,
}

impl<'a> Steered<'a> {
    /// The `denoiser`, which must be differentiable by its rows, steered by `energy`.
    pub const fn new(denoiser: &'a dyn Denoiser, energy: &'a Energy<'a>) -> Self {
        Self { denoiser, energy }
    }
}

impl Denoiser for Steered<'_> {
    fn denoise(&self, x: Tensor<2>, level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        let scale = level.sigma().powi(2) / level.alpha();
        // Tensors hold 32-bit floats.
        if !(scale as f32).is_finite() {
            let requirement = "must be above 0 where an energy steers, by sigma² / alpha times its \
                               gradient: start at a level with signal";
            return Err(CoreError::parameter("alpha", requirement, level.alpha()));
        }
        if x.is_autodiff() {
            let requirement = "must steer rows that are not differentiated themselves: add up energies \
                               instead of steering twice";
            return Err(CoreError::parameter("energy", requirement, "rows on the tape"));
        }
        let rows = x.dims()[0];
        let x = x.autodiff().require_grad();
        let denoised = self.denoiser.denoise(x.clone(), level)?;
        let energy = (self.energy)(denoised.clone(), level);
        if energy.dims() != [rows] {
            let requirement = format!("must be one number for each of the {rows} rows");
            return Err(CoreError::parameter("energy", requirement, energy.dims()[0]));
        }
        if !energy.is_tracked() {
            let requirement = "must depend on the rows through differentiable tensors, and so must the \
                               denoiser; times 0 where it shall not steer";
            return Err(CoreError::parameter("energy", requirement, "a constant"));
        }
        let Some(gradient) = x.grad(&energy.sum().backward()) else {
            return Err(CoreError::Own("the energy's gradient does not reach the rows".to_owned()));
        };
        Ok(denoised.inner() - gradient.mul_scalar(scale))
    }

    fn level_steps(&self) -> Option<&dyn LevelSteps> {
        self.denoiser.level_steps().map(|_| self as &dyn LevelSteps)
    }
}

/// Level steps of a denoiser that makes them by itself: no energy steers them.
impl LevelSteps for Steered<'_> {
    fn level_step(&self, _x: Tensor<2>, _level: &NoiseLevel) -> Result<Tensor<2>, CoreError> {
        let requirement = "must not steer a denoiser that makes level steps by itself";
        Err(CoreError::parameter("energy", requirement, "level steps"))
    }
}
