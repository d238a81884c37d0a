//! The first half of a step: sums of gradients by groups of rows, which the second half adds in order.

use std::ops::Range;

use langevin_core::LossReduction;

use super::{ArrayError, TensorMap};
use crate::{
    TrainError,
    problem::{BatchError, StepBatch},
};

/// Gradients of consecutive groups of a batch's rows, and the losses of those rows.
///
/// A batch's groups are numbered in the order of its rows. The gradient of the loss is the sum of all
/// groups' sums, added in their order, times the reduction's factor. Ranges of groups may be made apart, in
/// other processes too, and [joined](Self::join).
#[derive(Debug, Clone, PartialEq)]
pub struct BatchGradients {
    /// Index of the network that the batch trains.
    pub network: usize,
    /// Rows of the whole batch.
    pub rows: usize,
    /// Groups of the whole batch.
    pub groups: usize,
    /// The first of these groups.
    pub first: usize,
    /// Each group's sum of the gradients of its rows' losses, by parameter, in the layout of files. A
    /// parameter that no loss reaches is not there.
    pub sums: Vec<TensorMap>,
    /// The losses of the groups' rows, in the order of the rows.
    pub losses: Vec<f64>,
    /// How the rows' losses become the loss.
    pub reduction: LossReduction,
    /// Whether the sums are gradients of the loss already, with the reduction's factor in them.
    pub is_reduced: bool,
    /// Sums that a GPU made beside the gradients.
    pub partial: Option<PartialSums>,
}

/// Sums that a GPU makes beside the gradients, a number for each of its cubes.
#[derive(Debug, Clone, PartialEq)]
pub struct PartialSums {
    /// Sums of squares of the gradients.
    pub squares: Vec<f32>,
    /// Sums of the rows' losses.
    pub losses: Vec<f32>,
}

impl BatchGradients {
    /// Gradients of a batch's groups `range` of `groups`, without their numbers.
    ///
    /// # Errors
    /// A batch of none of `networks` networks, or whose arrays do not fit; groups that it does not have.
    pub(super) fn begin(
        batch: &StepBatch,
        networks: usize,
        range: &Range<usize>,
        groups: usize,
    ) -> Result<Self, GradientsError> {
        check_network(batch.network, networks)?;
        batch.check()?;
        if range.is_empty() || range.end > groups {
            return Err(GradientsError::Range { range: range.clone(), all: groups });
        }
        Ok(Self {
            network: batch.network,
            rows: batch.rows,
            groups,
            first: range.start,
            sums: Vec::new(),
            losses: Vec::new(),
            reduction: batch.reduction,
            is_reduced: false,
            partial: None,
        })
    }

    /// The groups whose gradients these are.
    pub fn range(&self) -> Range<usize> {
        self.first..self.first + self.sums.len()
    }

    /// Puts the gradients of the groups that follow behind these.
    ///
    /// # Errors
    /// Groups that do not begin where these end; those of another network or batch.
    pub fn join(mut self, next: Self) -> Result<Self, GradientsError> {
        let (own, other) = (self.range(), next.range());
        if self.network != next.network {
            let (first, next) = (self.network, next.network);
            return Err(GradientsError::OtherNetwork { first, next });
        }
        let batch = |of: &Self| (of.rows, of.groups, of.is_reduced, of.reduction);
        if batch(&self) != batch(&next) {
            return Err(GradientsError::OtherBatch);
        }
        if own.end != other.start {
            return Err(GradientsError::Gap { end: own.end, next: other.start });
        }
        self.sums.extend(next.sums);
        self.losses.extend(next.losses);
        self.partial = self.partial.or(next.partial);
        Ok(self)
    }

    /// Fails unless these are the gradients of all rows of a batch for one of `networks` networks.
    pub(super) fn check_whole(&self, networks: usize) -> Result<(), GradientsError> {
        check_network(self.network, networks)?;
        let (range, all) = (self.range(), self.groups);
        if range != (0..all) {
            return Err(GradientsError::Incomplete { range, all });
        }
        if self.losses.len() != self.rows {
            return Err(GradientsError::Losses { given: self.losses.len(), rows: self.rows });
        }
        Ok(())
    }
}

fn check_network(network: usize, networks: usize) -> Result<(), GradientsError> {
    (network < networks).then_some(()).ok_or(GradientsError::Network { network, networks })
}

/// Gradients that an engine cannot make, join or apply.
#[derive(Debug, thiserror::Error)]
pub enum GradientsError {
    /// An engine without halves.
    #[error("the engine {0} makes whole steps alone")]
    WholeSteps(&'static str),
    /// A batch of a network that the engine does not have.
    #[error("network {network} is not among the engine's {networks}, which are counted from 0")]
    Network {
        /// The network.
        network: usize,
        /// How many there are.
        networks: usize,
    },
    /// Groups that the batch does not have.
    #[error("the batch has {all} groups of rows: {range:?} is no range of them")]
    Range {
        /// The groups.
        range: Range<usize>,
        /// How many the batch has.
        all: usize,
    },
    /// Groups that do not follow each other.
    #[error("gradients end before group {end}, and those behind them begin at {next}")]
    Gap {
        /// The end of the first.
        end: usize,
        /// The beginning of the next.
        next: usize,
    },
    /// Groups of two networks.
    #[error("gradients of network {first} are followed by those of network {next}")]
    OtherNetwork {
        /// The network of the first.
        first: usize,
        /// The network of the next.
        next: usize,
    },
    /// Groups of two batches that differ in their rows, their groups or their reduction.
    #[error("gradients are followed by those of a batch of another form")]
    OtherBatch,
    /// Gradients of a part of the batch.
    #[error("gradients of the groups {range:?} are not those of all {all}")]
    Incomplete {
        /// The groups that are there.
        range: Range<usize>,
        /// How many the batch has.
        all: usize,
    },
    /// Losses of another number of rows.
    #[error("there are losses of {given} rows, and the batch has {rows}")]
    Losses {
        /// How many there are.
        given: usize,
        /// How many there must be.
        rows: usize,
    },
    /// Gradients that another engine made.
    #[error("a GPU applies the gradients that it made itself")]
    OtherEngine,
    /// A batch whose arrays do not fit each other.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// Arrays that do not fit the network.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// A device that failed.
    #[error(transparent)]
    Device(#[from] Box<TrainError>),
}
