//! Networks in training: their weights, their optimizers' state, their averages.

use super::{
    buffer::Buffer,
    gradients::Gradients,
    loss,
    simd::InstructionSet,
    team::Team,
    update::{Average, State, Update, sum_of_squares},
};
use crate::{config::OptimizerConfig, problem::StepBatch};

/// One network in training.
#[derive(Debug, Clone)]
pub(crate) struct Learner {
    pub(crate) parameters: Buffer,
    pub(crate) state: State,
    /// Averages of the parameters, in the order in which the engine keeps them.
    pub(crate) averages: Vec<Buffer>,
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
        Self { state: State::new(config, parameters.len()), parameters, averages: Vec::new() }
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
        let sum = gradients.differentiate(&self.parameters, batch, beside);
        let factor = loss::factor(batch.reduction, sum.0);
        self.apply(training, set, sum, factor, learning_rate)
    }

    /// Clips the gradient of the batch's loss, which is the sum's times `factor`, and moves the parameters.
    pub(crate) fn apply<'a>(
        &mut self,
        training: &Training,
        set: InstructionSet,
        (losses, gradients, team): (&'a [f32], &mut [f32], &Team),
        factor: f32,
        learning_rate: f64,
    ) -> (&'a [f32], f32) {
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

    /// Moves an average: `average ← average + (1 − decay) · (parameters − average)`.
    pub(crate) fn average(&mut self, gradients: &Gradients, number: usize, decay: f64) {
        if let Some(average) = self.averages.get_mut(number) {
            let share = (1.0 - decay) as f32;
            let blend = Average { average, weights: &self.parameters, share };
            gradients.network.set.run_divided(blend, &gradients.team);
        }
    }
}
