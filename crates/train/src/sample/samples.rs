//! [`Samples`]: rows that were drawn.

use super::moments::LevelSummary;
use crate::TrainError;

/// Samples, with the statistics measured at each level of the sampling.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// Features of a row.
    pub features: usize,
    /// The samples, row by row.
    pub values: Vec<f32>,
    /// Statistics over all rows, one entry for the start and one after each step.
    pub levels: Vec<LevelSummary>,
    /// The first rows, 2000 at most, at each of these levels, row by row. The rows are not kept if
    /// the run file asks for no figure or film of them.
    pub trajectory: Vec<Vec<f32>>,
    /// Values that were told, row by row in the user's columns, NaN in those that were drawn; empty where nothing was
    /// told.
    pub told: Vec<f64>,
}

impl Samples {
    /// Fails where a number of the samples is not finite.
    ///
    /// # Errors
    /// Says how many are not.
    pub(crate) fn check_finite(&self) -> Result<(), TrainError> {
        match self.values.iter().filter(|value| !value.is_finite()).count() {
            0 => Ok(()),
            unfit => Err(TrainError::SamplesNotFinite { unfit, all: self.values.len() }),
        }
    }
}
