//! What is evaluated: samples, training and held-out rows and baselines, each in two spaces.

use super::{MeasureError, Rows, Space};
use crate::Mode;

/// The same rows in both spaces.
#[derive(Debug, Clone, Copy)]
pub struct SampleSet<'a> {
    /// In the user's columns and units.
    pub user: Rows<'a>,
    /// In the standardised columns that the model sees.
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

/// What is evaluated, and by what.
///
/// For a distribution, training and held-out rows are fresh draws.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The names of the user's columns.
    pub columns: &'a [String],
    /// The samples to judge.
    pub samples: SampleSet<'a>,
    /// The rows that trained the model.
    pub training: SampleSet<'a>,
    /// Rows of the data that the model has not seen.
    pub held_out: SampleSet<'a>,
    /// Other samples to compare with, by name: as `gaussian` and `untrained`.
    pub baselines: &'a [(&'a str, SampleSet<'a>)],
    /// The distribution's modes in the user's units, where they are known.
    pub modes: Option<&'a [Mode]>,
    /// The seed of directions, subsets and resamples.
    pub seed: u64,
}

impl Inputs<'_> {
    /// Fails unless all sets have the same columns, and each as many rows in both spaces.
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
