//! Batch of a training step, which is all that an engine sees of the step.

use std::ops::Range;

use langevin_core::LossReduction;

use super::{Columns, Head, HeadLoss};

/// The batch of one step. All diffusion is already in its numbers, so that an engine needs nothing else.
///
/// The columns of `network(input, level_features, condition)` are those of the heads, in order. The loss of a
/// row is the sum of its cells' losses, each times its weights, and the loss of the batch a reduction of the
/// rows' losses. [`Mean`](LossReduction::Mean) and [`Huber`](LossReduction::Huber) divide by all cells, those
/// of weight 0 too.
#[derive(Debug, Clone, PartialEq)]
pub struct StepBatch {
    /// Index of the network that this step trains, where a run has one for each level; else 0.
    pub network: usize,
    /// Number of rows.
    pub rows: usize,
    /// Number of parts of nearly equal size, whose gradients are made one after the other and added.
    pub parts: usize,
    /// The noisy rows, scaled by c_in.
    pub input: Columns,
    /// The columns that tell the network the level.
    pub level_features: Option<Columns>,
    /// The columns of the condition.
    pub condition: Option<Columns>,
    /// What the network's output columns are compared with, range by range.
    pub heads: Vec<Head>,
    /// How the rows' errors become the loss.
    pub reduction: LossReduction,
}

/// Array of a batch with another number of numbers, or of columns, than its rows and columns need.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{array} of the batch: {needed} are needed, got {given}")]
pub struct BatchError {
    /// The array.
    pub array: String,
    /// How many there are.
    pub given: usize,
    /// How many are needed.
    pub needed: usize,
}

impl StepBatch {
    /// Number of the network's output columns.
    pub fn output_columns(&self) -> usize {
        self.heads.iter().map(Head::columns).sum()
    }

    /// Number of a row's cells.
    pub fn cells(&self) -> usize {
        self.heads.iter().map(Head::cells).sum()
    }

    /// The targets and the rows' weights of a batch that has squared errors alone, in one head whose cells all
    /// count once. Returns `None` for any other batch.
    pub fn one_squared_head(&self) -> Option<(&Columns, &[f32])> {
        match &self.heads[..] {
            [Head { loss: HeadLoss::Squared(target), weight, cell_weight: None }] => {
                Some((target, weight))
            }
            _ => None,
        }
    }

    /// Checks that every array of the batch has a number for each of its rows and columns, as engines take for
    /// granted.
    ///
    /// # Errors
    /// The array that does not.
    pub fn check(&self) -> Result<(), BatchError> {
        let rows = self.rows;
        let of = |array: &str, given: usize, needed: usize| match given == needed {
            true => Ok(()),
            false => Err(BatchError { array: array.to_owned(), given, needed }),
        };
        let told = [("level_features", &self.level_features), ("condition", &self.condition)];
        let told = told.into_iter().filter_map(|(name, array)| Some((name, array.as_ref()?)));
        for (name, array) in [("input", &self.input)].into_iter().chain(told) {
            of(name, array.values.len(), rows * array.columns)?;
        }
        for (i, head) in self.heads.iter().enumerate() {
            match &head.loss {
                HeadLoss::Squared(target) => {
                    of(&format!("heads[{i}].loss"), target.values.len(), rows * target.columns)?;
                }
                HeadLoss::CrossEntropy(classes) => {
                    of(&format!("heads[{i}].loss"), classes.of_rows().len(), rows)?;
                }
            }
            of(&format!("heads[{i}].weight"), head.weight.len(), rows)?;
            if let Some(weight) = &head.cell_weight {
                let name = format!("heads[{i}].cell_weight");
                of(&name, weight.columns, head.cells())?;
                of(&name, weight.values.len(), rows * weight.columns)?;
            }
        }
        Ok(())
    }

    /// Factor of the sum of a row's losses.
    pub(crate) fn share(&self) -> f32 {
        match self.reduction {
            LossReduction::Mean | LossReduction::Huber { .. } => 1.0 / self.cells() as f32,
            LossReduction::Sum | LossReduction::Norm => 1.0,
        }
    }

    /// The rows of the batch's parts, in order.
    pub(crate) fn cut(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (rows, size) = (self.rows, self.rows.div_ceil(self.parts.max(1)).max(1));
        (0..rows).step_by(size).map(move |first| first..(first + size).min(rows))
    }

    /// The parts of the batch, each with its rows, in order.
    pub(crate) fn split(&self) -> impl Iterator<Item = Self> + '_ {
        self.cut().map(|rows| self.slice(rows))
    }

    /// The batch of some rows, as one part.
    pub(crate) fn slice(&self, rows: Range<usize>) -> Self {
        let slice = |columns: &Columns| columns.slice(rows.clone());
        Self {
            network: self.network,
            rows: rows.len(),
            parts: 1,
            input: slice(&self.input),
            level_features: self.level_features.as_ref().map(slice),
            condition: self.condition.as_ref().map(slice),
            heads: self.heads.iter().map(|head| head.slice(rows.clone())).collect(),
            reduction: self.reduction,
        }
    }
}
