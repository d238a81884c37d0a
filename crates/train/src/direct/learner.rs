//! Networks in training: their weights, their optimizers' state, their averages.

use super::{
    buffer::Buffer,
    gradients::Gradients,
    loss,
    update::{Average, Squares, State, Update},
};
use crate::{StepBatch, config::OptimizerConfig};

/// One network in training.
#[derive(Debug, Clone)]
pub(crate) struct Learner {
    pub(crate) parameters: Buffer,
    pub(crate) state: State,
    /// The average of the parameters, where one is kept.
    pub(crate) average: Option<Buffer>,
}

/// How networks are trained.
#[derive(Debug, Clone)]
pub(crate) struct Training {
    pub(crate) optimizer: OptimizerConfig,
    pub(crate) clip_norm: Option<f64>,
}

impl Learner {
    /// One step: the losses of the batch's rows before it, and the norm of the gradient before
    /// clipping.
    pub(crate) fn step<'a>(
        &mut self,
        training: &Training,
        gradients: &'a mut Gradients,
        batch: &StepBatch,
        learning_rate: f64,
    ) -> (&'a [f32], f32) {
        let set = gradients.network.set;
        let (losses, gradients) = gradients.differentiate(&self.parameters, batch);
        let factor = loss::factor(batch.reduction, losses);
        let norm = set.run(Squares(gradients)).sqrt() as f32 * factor;
        // PyTorch's clip_grad_norm_: min(1, limit / (norm + 1e-6)).
        let clip = training.clip_norm.map_or(1.0, |limit| (limit as f32 / (norm + 1e-6)).min(1.0));
        set.run(Update {
            config: &training.optimizer,
            state: &mut self.state,
            learning_rate,
            weights: &mut self.parameters,
            gradients,
            factor: factor * clip,
        });
        (losses, norm)
    }

    /// `average ← average + (1 − decay) · (parameters − average)`.
    pub(crate) fn average(&mut self, gradients: &Gradients, decay: f64) {
        if let Some(average) = &mut self.average {
            let share = (1.0 - decay) as f32;
            gradients.network.set.run(Average { average, weights: &self.parameters, share });
        }
    }
}
