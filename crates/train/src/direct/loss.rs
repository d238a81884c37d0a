//! The loss of each row and its gradient, as [`row_losses`](crate::row_losses) defines them.

use langevin_core::LossReduction;

/// The rows whose loss is wanted.
pub(crate) struct Loss<'a> {
    pub(crate) reduction: LossReduction,
    /// Columns of a row that count.
    pub(crate) features: usize,
    /// `[rows, features]`.
    pub(crate) target: &'a [f32],
    /// `[rows]`.
    pub(crate) weight: &'a [f32],
}

impl Loss<'_> {
    /// Writes the rows' losses, and turns the output into the gradient of their sum.
    ///
    /// # Shapes
    /// `output` is `[rows, stride]`, `losses` `[rows]`.
    pub(crate) fn differentiate(&self, output: &mut [f32], stride: usize, losses: &mut [f32]) {
        let share = match self.reduction {
            LossReduction::Mean | LossReduction::Huber { .. } => 1.0 / self.features as f32,
            LossReduction::Sum | LossReduction::Norm => 1.0,
        };
        let rows = output.chunks_exact_mut(stride).zip(self.target.chunks_exact(self.features));
        for (((output, target), weight), loss) in rows.zip(self.weight).zip(losses) {
            let weight = share * weight;
            let mut sum = 0.0;
            let pairs = output.iter_mut().zip(target);
            if let LossReduction::Huber { delta } = self.reduction {
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
            *loss = weight * sum;
        }
    }
}

/// What the gradient of the rows' sum is multiplied by to be the batch's.
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
