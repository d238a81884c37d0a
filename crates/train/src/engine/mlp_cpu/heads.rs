//! The loss of each row of any heads and its gradient, as [`row_losses`](crate::engine::row_losses) defines them.
//! Each row is taken by itself, out of the output's panels and back.

use std::ops::Range;

use langevin_core::LossReduction;
use langevin_data::ln;

use super::{
    functions::exp,
    loss::of_errors,
    panels,
    simd::{InstructionSet, Kernel, Simd},
};
use crate::problem::{Head, HeadLoss, StepBatch};

/// Writes the losses of some rows of a batch, and turns the output into the gradient of their sum. `row` has
/// room for one row of the output.
///
/// # Shapes
/// `output` is `[rows, output columns]` in panels, `losses` `[rows]`.
pub(super) fn of_heads(
    set: InstructionSet,
    batch: &StepBatch,
    rows: Range<usize>,
    output: &mut [f32],
    row: &mut [f32],
    losses: &mut [f32],
) {
    let (share, count) = (batch.share(), rows.len());
    for (at, loss) in losses.iter_mut().enumerate() {
        panels::read_row(output, (at, count), row);
        let mut rest = &mut *row;
        *loss = 0.0;
        for head in &batch.heads {
            let own;
            (own, rest) = std::mem::take(&mut rest).split_at_mut(head.columns());
            *loss += of_head(set, head, batch.reduction, rows.start + at, share, own);
        }
        panels::write_row(output, (at, count), row);
    }
}

/// Weighted loss of a head in one row. The outputs become its gradient by them.
fn of_head(
    set: InstructionSet,
    head: &Head,
    reduction: LossReduction,
    row: usize,
    share: f32,
    output: &mut [f32],
) -> f32 {
    let weight = share * head.weight[row];
    let cell_weight = head.cell_weight.as_ref().map(|columns| columns.of(row..row + 1));
    match (&head.loss, cell_weight) {
        (HeadLoss::Squared(target), None) => {
            let pairs = output.iter_mut().zip(target.of(row..row + 1));
            weight * of_errors(reduction, pairs, weight)
        }
        (HeadLoss::Squared(target), Some(cell_weight)) => {
            let cells = output.iter_mut().zip(target.of(row..row + 1)).zip(cell_weight);
            let each = cells.map(|(pair, cell_weight)| {
                let weight = weight * cell_weight;
                weight * of_errors(reduction, std::iter::once(pair), weight)
            });
            each.sum()
        }
        (HeadLoss::CrossEntropy(classes), cell_weight) => {
            let logits = row * classes.count()..(row + 1) * classes.count();
            set.run(CrossEntropy {
                offsets: classes.offsets().map(|offsets| &offsets[logits]),
                class: classes.of_rows()[row] as usize,
                weight: cell_weight.map_or(weight, |of_cell| weight * of_cell[0]),
                output,
            })
        }
    }
}

/// Kernel of the weighted cross-entropy of one row's class. The outputs become the gradient by them,
/// `weight · (softmax − onehot)`.
struct CrossEntropy<'a> {
    output: &'a mut [f32],
    offsets: Option<&'a [f32]>,
    class: usize,
    weight: f32,
}

impl Kernel for CrossEntropy<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self) -> f32 {
        let Self { output: z, offsets, class, weight } = self;
        if let Some(offsets) = offsets {
            z.iter_mut().zip(offsets).for_each(|(z, offset)| *z += offset);
        }
        let largest = z.iter().fold(f32::NEG_INFINITY, |most, z| if *z > most { *z } else { most });
        let below = f64::from(z[class] - largest);
        for z in &mut *z {
            let below = *z - largest;
            // `exp` ends at −87. NaN is no less and stays.
            *z = if below < -87.0 { 0.0 } else { exp::<S>(below) };
        }
        let own = std::mem::take(&mut z[class]);
        // Without the class itself: what it lacks of probability 1 keeps its digits.
        let others: f64 = z.iter().map(|z| f64::from(*z)).sum();
        let sum = others + f64::from(own);
        let scale = (f64::from(weight) / sum) as f32;
        z.iter_mut().for_each(|z| *z *= scale);
        z[class] = -scale * others as f32;
        // `ln` takes finite numbers alone.
        let log = if sum.is_finite() { ln(sum) } else { f64::NAN };
        weight * (log - below) as f32
    }
}
