//! The loss of each row of squared errors and its gradient, as [`row_losses`](crate::engine::row_losses) defines
//! them.

use langevin_core::LossReduction;

use super::panels;

/// Targets and weights of some rows, and how their losses are made.
pub(crate) struct Loss<'a> {
    pub(crate) reduction: LossReduction,
    /// Columns of a row without padding.
    pub(crate) columns: usize,
    /// Targets, `[rows, columns]`.
    pub(crate) target: &'a [f32],
    /// Weights of the rows, `[rows]`.
    pub(crate) weight: &'a [f32],
}

impl Loss<'_> {
    /// Writes the rows' losses, and turns the output into the gradient of their sum.
    ///
    /// # Shapes
    /// `output` is `[rows, columns]` in panels, `losses` `[rows]`.
    pub(crate) fn differentiate(&self, output: &mut [f32], losses: &mut [f32]) {
        let share = match self.reduction {
            LossReduction::Mean | LossReduction::Huber { .. } => 1.0 / self.columns as f32,
            LossReduction::Sum | LossReduction::Norm => 1.0,
        };
        losses.fill(0.0);
        let width = panels::width(self.columns);
        for (panel, output) in output.chunks_exact_mut(losses.len() * width).enumerate() {
            let (first, held) = (panel * width, panels::held(panel, self.columns));
            let targets = self.target.chunks_exact(self.columns);
            let rows = output.chunks_exact_mut(width).zip(targets).zip(self.weight);
            for (((output, target), weight), loss) in rows.zip(&mut *losses) {
                let weight = share * weight;
                let pairs = output.iter_mut().zip(&target[first..first + held]);
                *loss += weight * of_errors(self.reduction, pairs, weight);
            }
        }
    }
}

/// Sum of the losses of single numbers. Each output becomes the slope of its loss, times `weight`.
pub(super) fn of_errors<'a>(
    reduction: LossReduction,
    pairs: impl Iterator<Item = (&'a mut f32, &'a f32)>,
    weight: f32,
) -> f32 {
    let mut sum = 0.0;
    if let LossReduction::Huber { delta } = reduction {
        let delta = delta as f32;
        for (output, target) in pairs {
            let error = *output - target;
            let size = error.abs();
            let near = if size > delta { delta } else { size };
            sum += 0.5 * near * near + delta * (size - near);
            *output = weight * near.copysign(error);
        }
    } else {
        for (output, target) in pairs {
            let error = *output - target;
            sum += error * error;
            *output = 2.0 * weight * error;
        }
    }
    sum
}

/// Factor from the gradient of the rows' sum to the gradient of the batch's loss.
pub(crate) fn factor(reduction: LossReduction, losses: &[f32]) -> f32 {
    match reduction {
        LossReduction::Mean | LossReduction::Huber { .. } => 1.0 / losses.len() as f32,
        LossReduction::Sum => 1.0,
        // d sqrt(S) = dS / (2 sqrt(S)).
        LossReduction::Norm => {
            let sum: f64 = losses.iter().map(|loss| f64::from(*loss)).sum();
            (0.5 / sum.sqrt()) as f32
        }
    }
}
