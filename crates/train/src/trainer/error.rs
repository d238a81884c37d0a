//! Why a trainer cannot go on from what a checkpoint holds.

use crate::engine::tensors::ArrayError;

/// Counters that no run has after its steps.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProgressError {
    /// Counters of another step.
    #[error("it is of step {step}")]
    OtherStep { step: u64 },
    /// A sum that is not finite, or of more losses than there were steps.
    #[error("its loss is a sum of {sum} over {count} steps")]
    Losses { sum: f64, count: u64 },
    /// A lowest held-out loss that was measured later.
    #[error("its lowest loss is of step {step}, {since} measurements ago")]
    Best { step: u64, since: u64 },
}

/// Weights, averages or optimizer state that a trainer cannot take up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestoreError {
    #[error("the run has averaged weights, the checkpoint has none")]
    NoAverages,
    #[error("the checkpoint has averaged weights, the run has none")]
    Averages,
    /// An array that does not fit the network or the optimizer.
    #[error(transparent)]
    Array(#[from] ArrayError),
}

impl RestoreError {
    /// Fails where only one of run and checkpoint has averaged weights.
    pub(crate) fn check_averages(run_has: bool, checkpoint_has: bool) -> Result<(), Self> {
        match (run_has, checkpoint_has) {
            (true, false) => Err(Self::NoAverages),
            (false, true) => Err(Self::Averages),
            _ => Ok(()),
        }
    }
}
