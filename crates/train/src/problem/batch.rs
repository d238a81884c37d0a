//! A batch: all that an engine sees of a step.

use langevin_core::LossReduction;

/// One step's work, with all that is diffusion in it: an engine sees nothing else.
///
/// The loss is a reduction of `weight · |network(input, level_features, condition) − target|²`, in
/// the network's own space, where every number is near 1.
#[derive(Debug, Clone, PartialEq)]
pub struct StepBatch {
    /// Which network this step trains, where a run has one for each level; else 0.
    pub network: usize,
    /// Number of rows.
    pub rows: usize,
    /// Parts of nearly equal size whose gradients are made one after the other and added.
    pub parts: usize,
    /// The noisy rows, scaled by c_in.
    pub input: Columns,
    /// The columns that tell the level.
    pub level_features: Option<Columns>,
    /// The condition.
    pub condition: Option<Columns>,
    /// What the network should give.
    pub target: Columns,
    /// The weight of each row.
    pub weight: Vec<f32>,
    /// How the rows' errors become the loss.
    pub reduction: LossReduction,
}

/// A host matrix of as many rows as its batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    /// Columns of a row.
    pub columns: usize,
    /// The numbers, row by row.
    pub values: Vec<f32>,
}

impl StepBatch {
    /// The rows of each part, in order.
    pub(crate) fn split(&self) -> impl Iterator<Item = Self> + '_ {
        let size = self.rows.div_ceil(self.parts.max(1)).max(1);
        (0..self.rows).step_by(size).map(move |first| {
            let rows = size.min(self.rows - first);
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
