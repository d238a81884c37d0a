//! What a trainer reports of its steps, and the counters that a checkpoint keeps.

use serde::{Deserialize, Serialize};

use super::ProgressError;

/// Line of metrics.jsonl. The same run gives the same line, bit for bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Training steps made.
    pub step: u64,
    /// Loss of the last step.
    pub loss: f64,
    /// Mean loss of the steps since the previous line.
    pub mean_loss: f64,
    /// L2 norm of the last step's gradients, before clipping.
    pub gradient_norm: f64,
    /// Learning rate of the last step.
    pub learning_rate: f64,
    /// Loss on held-out rows under the weights that sampling uses, if it was measured after this
    /// step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out_loss: Option<f64>,
}

/// Result of one training step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// Training steps made.
    pub step: u64,
    /// Learning rate that the step used.
    pub learning_rate: f64,
    /// Log line, if one is due after this step.
    pub metrics: Option<Metrics>,
}

/// Counters of a run, which a checkpoint holds beside weights, averages and optimizer state.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Training steps made.
    pub step: u64,
    /// Sum of the losses since the last log line.
    pub loss_sum: f64,
    /// Steps whose losses are in `loss_sum`.
    pub loss_count: u64,
    /// Lowest held-out loss so far, if one was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<Best>,
}

impl Progress {
    /// Checks that a run can have these counters after `step` steps.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn check(&self, step: u64) -> Result<(), ProgressError> {
        let Self { step: own, loss_sum: sum, loss_count: count, best } = *self;
        if own != step {
            return Err(ProgressError::OtherStep { step: own });
        }
        if count > step || !sum.is_finite() {
            return Err(ProgressError::Losses { sum, count });
        }
        match best {
            Some(Best { step: lowest, since, .. }) if lowest > step || since > step => {
                Err(ProgressError::Best { step: lowest, since })
            }
            _ => Ok(()),
        }
    }
}

/// Lowest held-out loss so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Best {
    /// Number of the step after which it was measured.
    pub step: u64,
    /// Held-out loss after that step.
    pub held_out_loss: f64,
    /// Measurements since then, none of which was lower.
    pub since: u64,
}
