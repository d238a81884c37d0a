//! Form of a batch, by which an engine says whether it can train on it.

use langevin_core::LossReduction;

use super::{Columns, HeadLoss, StepBatch};

/// Form of a batch: all there is to it but its numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchForm {
    /// Number of rows.
    pub rows: usize,
    /// Number of parts, as the batch's.
    pub parts: usize,
    /// Columns of the noisy rows.
    pub input: usize,
    /// Columns that tell the level; 0 where none do.
    pub level: usize,
    /// Columns of the condition; 0 where there is none.
    pub condition: usize,
    /// The ranges of the network's output, in order, each with a loss of its own.
    pub heads: Vec<HeadForm>,
    /// How the rows' errors become the loss.
    pub reduction: LossReduction,
}

/// Form of one head: a range of the network's output and its loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadForm {
    /// The loss.
    pub kind: HeadKind,
    /// Columns of the network's output.
    pub columns: usize,
    /// Whether single cells have weights of their own, beside the row's.
    pub by_cell: bool,
}

/// Loss of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadKind {
    /// The squared error, or Huber's.
    SquaredError,
    /// The cross-entropy of a class.
    CrossEntropy,
}

impl StepBatch {
    /// The batch's form.
    pub fn form(&self) -> BatchForm {
        let count = |columns: &Option<Columns>| columns.as_ref().map_or(0, |it| it.columns);
        let heads = self.heads.iter().map(|head| HeadForm {
            kind: match &head.loss {
                HeadLoss::Squared(_) => HeadKind::SquaredError,
                HeadLoss::CrossEntropy(_) => HeadKind::CrossEntropy,
            },
            columns: head.columns(),
            by_cell: head.cell_weight.is_some(),
        });
        BatchForm {
            rows: self.rows,
            parts: self.parts,
            input: self.input.columns,
            level: count(&self.level_features),
            condition: count(&self.condition),
            heads: heads.collect(),
            reduction: self.reduction,
        }
    }
}
