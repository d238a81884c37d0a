//! Filling in: sampling of rows of which some cells are known, without having trained for it.

#[cfg(test)]
mod tests;

use burn::tensor::{Bool, DType, Tensor};

use super::{Adaptive, Noise, Plan, Sampler, Steps, Transition};
use crate::{CoreError, Denoiser, NoiseSchedule};

/// Sampler that fills in the open cells of rows by another sampler: after each step to a level s the known
/// cells are replaced by `alpha_s · known + sigma_s · z`, with fresh z; at sigma = 0 they are known exactly.
///
/// The start stays as it was drawn, since its level hides the data. Open cells follow the known ones too
/// weakly, because the noise of the two is drawn apart; going back and forth mends it: see
/// [`Resampling`](crate::Resampling). Source: Song et al. 2021, "Score-based generative modeling through
/// stochastic differential equations", appendix I.2; Lugmayr et al. 2022, "RePaint", algorithm 1.
pub struct Inpaint<'a> {
    sampler: &'a dyn Sampler,
    known: Tensor<2>,
    is_known: Tensor<2, Bool>,
}

impl<'a> Inpaint<'a> {
    /// The `sampler` for the rows whose clean values `known` are given where `mask` is 1, and open where it is
    /// 0: it samples these rows alone, all of them and in this order.
    ///
    /// # Shapes
    /// Both `[batch, features]`; `known` of the dtype of the sampled rows, with any value in open cells.
    ///
    /// # Errors
    /// The two must have the same shape, the mask no number but 0 and 1, and known values must be finite.
    pub fn new(
        sampler: &'a dyn Sampler,
        known: Tensor<2>,
        mask: Tensor<2>,
    ) -> Result<Self, CoreError> {
        if mask.dims() != known.dims() {
            let requirement = format!("must have the shape of the known rows, {:?}", known.dims());
            return Err(CoreError::parameter("mask", requirement, format!("{:?}", mask.dims())));
        }
        let host = |x: &Tensor<2>| x.clone().into_data().convert_dtype(DType::F64);
        for (value, cell) in host(&known).iter::<f64>().zip(host(&mask).iter::<f64>()) {
            if cell != 0.0 && cell != 1.0 {
                let requirement = "must be 1 in known cells and 0 in open ones";
                return Err(CoreError::parameter("mask", requirement, cell));
            }
            if cell == 1.0 && !value.is_finite() {
                return Err(CoreError::parameter("known", "must be finite", value));
            }
        }
        Ok(Self { sampler, known, is_known: mask.equal_scalar(1.0) })
    }
}

impl Sampler for Inpaint<'_> {
    fn start(&self, plan: &Plan) -> Box<dyn Steps + '_> {
        Box::new(InpaintSteps { of: self, method: self.sampler.start(plan) })
    }

    fn calls(&self, step: &Transition) -> usize {
        self.sampler.calls(step)
    }

    fn refine(&self, plan: Plan, schedule: &dyn NoiseSchedule) -> Result<Plan, CoreError> {
        self.sampler.refine(plan, schedule)
    }

    fn adaptive(&self) -> Option<&dyn Adaptive> {
        self.sampler.adaptive()
    }

    fn amplification(&self, step: &Transition) -> f64 {
        self.sampler.amplification(step)
    }
}

/// Filling in at work on its rows.
struct InpaintSteps<'a> {
    of: &'a Inpaint<'a>,
    method: Box<dyn Steps + 'a>,
}

impl Steps for InpaintSteps<'_> {
    fn step(
        &mut self,
        x: Tensor<2>,
        denoiser: &dyn Denoiser,
        step: &Transition,
        noise: &mut Noise,
    ) -> Result<Tensor<2>, CoreError> {
        let Inpaint { known, is_known, .. } = self.of;
        if x.dims() != known.dims() {
            let requirement = format!("must have the shape of the sampled rows, {:?}", x.dims());
            return Err(CoreError::parameter("known", requirement, format!("{:?}", known.dims())));
        }
        let x = self.method.step(x, denoiser, step, noise)?;
        let mut known = known.clone().mul_scalar(step.to.alpha());
        if step.to.sigma() > 0.0 {
            known = known + noise(step).mul_scalar(step.to.sigma());
        }
        Ok(x.mask_where(is_known.clone(), known))
    }

    fn restart(&mut self) {
        self.method.restart();
    }
}
