//! Batch of a training step, which is all that an engine sees of the step.

use langevin_core::LossReduction;

/// The batch of one step. All diffusion is already in its numbers, so that an engine needs nothing else.
///
/// The loss is a reduction of `weight · |network(input, level_features, condition) − target|²`, in
/// the network's own space, where every number is near 1.
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
    /// The target of the network's output.
    pub target: Columns,
    /// The weight of each row.
    pub weight: Vec<f32>,
    /// How the rows' errors become the loss.
    pub reduction: LossReduction,
}

/// A matrix on the host, with as many rows as its batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    /// Number of columns.
    pub columns: usize,
    /// The numbers, row by row.
    pub values: Vec<f32>,
}

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
    /// Whether single numbers have weights of their own, beside the row's.
    pub by_cell: bool,
}

/// Loss of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadKind {
    /// The squared error, or Huber's.
    SquaredError,
}

impl StepBatch {
    /// The batch's form.
    pub fn form(&self) -> BatchForm {
        let count = |columns: &Option<Columns>| columns.as_ref().map_or(0, |it| it.columns);
        let kind = HeadKind::SquaredError;
        BatchForm {
            rows: self.rows,
            parts: self.parts,
            input: self.input.columns,
            level: count(&self.level_features),
            condition: count(&self.condition),
            heads: vec![HeadForm { kind, columns: self.target.columns, by_cell: false }],
            reduction: self.reduction,
        }
    }

    /// The parts of the batch in order: the first row of each, and the number of its rows.
    pub(crate) fn cut(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (rows, size) = (self.rows, self.rows.div_ceil(self.parts.max(1)).max(1));
        (0..rows).step_by(size).map(move |first| (first, size.min(rows - first)))
    }

    /// The parts of the batch, each with its rows, in order.
    pub(crate) fn split(&self) -> impl Iterator<Item = Self> + '_ {
        self.cut().map(move |(first, rows)| {
            let slice = |columns: &Columns| Columns {
                columns: columns.columns,
                values: columns.values[first * columns.columns..(first + rows) * columns.columns]
                    .to_vec(),
            };
            Self {
                network: self.network,
                rows,
                parts: 1,
                input: slice(&self.input),
                level_features: self.level_features.as_ref().map(slice),
                condition: self.condition.as_ref().map(slice),
                target: slice(&self.target),
                weight: self.weight[first..first + rows].to_vec(),
                reduction: self.reduction,
            }
        })
    }
}
