//! Losses of a batch's heads on Burn's tensors, in the dtype of the network's output.

use burn::tensor::{Int, Tensor};
use langevin_core::LossReduction;

use super::transfer::{HeadOnDevice, LossOnDevice};
use crate::problem::StepBatch;

/// The loss of each row from the network's output, as [`row_losses`](super::row_losses) defines it.
///
/// # Shapes
/// `output` is `[rows, output columns]`, the result `[rows]`.
pub(crate) fn losses_of(output: Tensor<2>, heads: &[HeadOnDevice], batch: &StepBatch) -> Tensor<1> {
    let (rows, reduction) = (batch.rows, batch.reduction);
    let mean = matches!(reduction, LossReduction::Mean | LossReduction::Huber { .. });
    if let [HeadOnDevice { loss: LossOnDevice::Squared(target), weight, cell_weight: None }] = heads
    {
        let each = of_errors(output - target.clone(), reduction);
        let row = if mean { each.mean_dim(1) } else { each.sum_dim(1) };
        return weighted(row.reshape([rows]), weight.as_ref());
    }
    let mut first = 0;
    let of_heads = heads.iter().map(|head| {
        let columns = head.loss.columns();
        let own = output.clone().narrow(1, first, columns);
        first += columns;
        let cells = match &head.loss {
            LossOnDevice::Squared(target) => of_errors(own - target.clone(), reduction),
            LossOnDevice::CrossEntropy { classes, offsets, .. } => {
                cross_entropy(own, classes.clone(), offsets.clone())
            }
        };
        let cells = match &head.cell_weight {
            Some(weight) => cells * weight.clone(),
            None => cells,
        };
        weighted(cells.sum_dim(1).reshape([rows]), head.weight.as_ref())
    });
    let sum = of_heads.reduce(|sum, head| sum + head);
    let sum = sum.unwrap_or_else(|| output.clone().sum_dim(1).reshape([rows]).mul_scalar(0.0));
    // Not `div_scalar`, which Burn differentiates in f32.
    if mean { sum.mul_scalar(1.0 / batch.cells().max(1) as f64) } else { sum }
}

fn weighted(row: Tensor<1>, weight: Option<&Tensor<1>>) -> Tensor<1> {
    match weight {
        Some(weight) => row * weight.clone(),
        None => row,
    }
}

/// Loss of each error.
fn of_errors(error: Tensor<2>, reduction: LossReduction) -> Tensor<2> {
    let LossReduction::Huber { delta } = reduction else { return error.square() };
    // 0.5 · c² + delta · (|e| − c) with c = min(|e|, delta).
    let size = error.abs();
    let near = size.clone().clamp_max(delta);
    near.clone().square().mul_scalar(0.5) + (size - near).mul_scalar(delta)
}

/// Cross-entropy of each row's class, `ln Σ_j exp(z_j) − z_class`. The largest of a row is taken off its z first.
///
/// # Shapes
/// `logits` and `offsets` are `[rows, classes]`, `classes` and the result `[rows, 1]`.
fn cross_entropy(
    logits: Tensor<2>,
    classes: Tensor<2, Int>,
    offsets: Option<Tensor<2>>,
) -> Tensor<2> {
    let z = match offsets {
        Some(offsets) => logits + offsets,
        None => logits,
    };
    // The loss does not change with what is taken off, and so neither does its gradient.
    let below = z.clone() - z.detach().max_dim(1);
    below.clone().exp().sum_dim(1).log() - below.gather(1, classes)
}
