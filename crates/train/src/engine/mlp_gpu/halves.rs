//! The two halves of a step on a GPU: the gradients come to the host, and go back to move the weights.

use langevin_core::LossReduction;

use super::{
    arguments::{factor, rule},
    device::{Device, Space},
    learner::DeviceLearner,
    numbers::Numbers,
    plan::RULE,
    update::UpdateArgumentsLaunch,
};
use crate::{
    TrainError,
    engine::{mlp_cpu::learner::Training, transfer},
    problem::StepBatch,
};

/// Gradients of a batch, read from the device.
#[derive(Debug, Default)]
pub(super) struct HostGradients {
    /// The gradients of the sum of the rows' losses, in the place of the parameters.
    pub(super) gradients: Vec<f32>,
    /// Partial sums of the gradients' squares.
    pub(super) squares: Vec<f32>,
    /// Partial sums of the losses.
    pub(super) loss_sums: Vec<f32>,
    /// The losses of the rows.
    pub(super) losses: Vec<f32>,
}

impl Device {
    /// The gradients of a batch on the host, and the losses of its rows.
    pub(super) fn gradients_of(
        &mut self,
        learner: &DeviceLearner,
        batch: &StepBatch,
    ) -> Result<HostGradients, TrainError> {
        let (space, output) = self.differentiate(learner, batch, [0.0; RULE]);
        let (len, Space { plan, partial, sums, .. }) = (self.network.len(), &space);
        let handles = [partial, sums, &output.numbers()].map(|numbers| numbers.handle.clone());
        let mut read = transfer::read_buffers(&self.client, handles.to_vec())?;
        let [gradients, sums, losses] = &mut read[..] else { return Ok(HostGradients::default()) };
        let (squares, first) = (plan.squares(len), plan.first_loss());
        let made = HostGradients {
            squares: sums[..squares].to_vec(),
            loss_sums: sums[first..].to_vec(),
            losses: losses[..batch.rows].to_vec(),
            gradients: {
                gradients.truncate(len);
                std::mem::take(gradients)
            },
        };
        self.space = Some(space);
        self.output = Some(output);
        Ok(made)
    }

    /// Moves the weights by gradients of the host. Returns their norm.
    pub(super) fn apply(
        &self,
        learner: &mut DeviceLearner,
        training: &Training,
        made: &HostGradients,
        reduction: LossReduction,
        learning_rate: f64,
    ) -> Result<f32, TrainError> {
        let (client, rows) = (&self.client, made.losses.len());
        learner.steps += 1;
        let numbers =
            Numbers::new(client, &rule(&training.optimizer, learner.steps, learning_rate));
        let sums = Numbers::new(client, &[&made.squares[..], &made.loss_sums].concat());
        let (partial, output) =
            (Numbers::new(client, &made.gradients), Numbers::zeros(client, rows + 1));
        let arguments = UpdateArgumentsLaunch {
            rule: 0,
            len: self.network.len(),
            rows,
            squares: made.squares.len(),
            first_loss: made.squares.len(),
            losses: if reduction == LossReduction::Norm { made.loss_sums.len() } else { 0 },
            factor: factor(reduction, rows),
            clip: training.clip_norm.unwrap_or(0.0) as f32,
        };
        self.update(learner, training, [&numbers, &partial, &sums, &output], arguments);
        let read = transfer::read_buffers(client, vec![output.handle])?;
        Ok(read.first().and_then(|output| output.get(rows)).copied().unwrap_or(f32::NAN))
    }
}
