//! Networks in training: their weights, their optimizers' state, their averages.

use super::{
    buffer::Buffer,
    gradients::Gradients,
    loss,
    update::{Average, State, Update, sum_of_squares},
};
use crate::{config::OptimizerConfig, problem::StepBatch};

/// One network in training.
#[derive(Debug, Clone)]
pub(crate) struct Learner {
    pub(crate) parameters: Buffer,
    pub(crate) state: State,
    /// Average of the parameters, where one is kept.
    pub(crate) average: Option<Buffer>,
}

/// Optimizer and clipping of a run.
#[derive(Debug, Clone)]
pub(crate) struct Training {
    pub(crate) optimizer: OptimizerConfig,
    pub(crate) clip_norm: Option<f64>,
}

impl Learner {
    /// A learner before its first step.
    pub(crate) fn new(config: &OptimizerConfig, parameters: Buffer) -> Self {
        Self { state: State::new(config, parameters.len()), parameters, average: None }
    }

    /// Makes one step; `beside` runs meanwhile. It gives the losses of the batch's rows before the step, and
    /// the norm of the gradient before clipping.
    pub(crate) fn step<'a>(
        &mut self,
        training: &Training,
        gradients: &'a mut Gradients,
        batch: &StepBatch,
        learning_rate: f64,
        beside: &mut (dyn FnMut() + Send),
    ) -> (&'a [f32], f32) {
        let set = gradients.network.set;
        let (losses, gradients, team) = gradients.differentiate(&self.parameters, batch, beside);
        let factor = loss::factor(batch.reduction, losses);
        let norm = sum_of_squares(set, gradients, team).sqrt() as f32 * factor;
        // PyTorch's clip_grad_norm_: min(1, limit / (norm + 1e-6)).
        let clip = training.clip_norm.map_or(1.0, |limit| (limit as f32 / (norm + 1e-6)).min(1.0));
        self.state.steps += 1;
        let update = Update {
            config: &training.optimizer,
            steps: self.state.steps,
            moments: self.state.moments(),
            learning_rate,
            weights: &mut self.parameters,
            gradients,
            factor: factor * clip,
        };
        set.run_divided(update, team);
        (losses, norm)
    }

    /// Moves the average: `average ← average + (1 − decay) · (parameters − average)`.
    pub(crate) fn average(&mut self, gradients: &Gradients, decay: f64) {
        if let Some(average) = &mut self.average {
            let share = (1.0 - decay) as f32;
            let blend = Average { average, weights: &self.parameters, share };
            gradients.network.set.run_divided(blend, &gradients.team);
        }
    }
}
