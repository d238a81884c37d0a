//! [`Inputs`] of an evaluation: samples, training and held-out rows and baselines, each in two spaces.

use super::{MeasureError, Rows, Space};
use crate::{Column, Mode};

/// Set of rows, in both spaces.
#[derive(Debug, Clone, Copy)]
pub struct SampleSet<'a> {
    /// Rows in the user's columns and units.
    pub user: Rows<'a>,
    /// Same rows in the scaled columns that the model sees.
    pub model: Rows<'a>,
}

impl<'a> SampleSet<'a> {
    pub(super) const fn in_space(&self, space: Space) -> Rows<'a> {
        match space {
            Space::User => self.user,
            Space::Model => self.model,
        }
    }
}

/// Inputs of an evaluation: the samples, and the rows to judge them by.
///
/// Training and held-out rows of a distribution are fresh draws.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The user's columns.
    pub columns: &'a [Column],
    /// Samples to judge.
    pub samples: SampleSet<'a>,
    /// Rows that the model was trained on.
    pub training: SampleSet<'a>,
    /// Rows of the data that the model has not seen.
    pub held_out: SampleSet<'a>,
    /// Baselines, other samples to compare with, by name: as `gaussian` and `untrained`.
    pub baselines: &'a [(&'a str, SampleSet<'a>)],
    /// Modes of the distribution in the user's units, where they are known.
    pub modes: Option<&'a [Mode]>,
    /// Seed of directions, subsets and resamples.
    pub seed: u64,
}

impl Inputs<'_> {
    /// Fails unless all sets have the same columns, and each set has the same number of rows in both
    /// spaces.
    pub(super) fn check(&self) -> Result<(), MeasureError> {
        let sets = [
            ("samples", self.samples),
            ("training rows", self.training),
            ("held-out rows", self.held_out),
        ];
        for (name, set) in sets.iter().chain(self.baselines) {
            set.user.require_columns(name, self.columns.len())?;
            set.model.require_columns(name, self.samples.model.columns())?;
            let (user, model) = (set.user.count(), set.model.count());
            if user != model {
                return Err(MeasureError::Counts { rows: (*name).to_owned(), user, model });
            }
        }
        Ok(())
    }
}
