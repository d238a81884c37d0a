//! [`TableSets`]: the rows that the samples of a table are measured by.

use super::{Cells, TableRows, independent_columns, rows::looked_at};
use crate::{Column, measure::MeasureError};

/// Samples of a table, the training and the held-out rows beside which they are measured, and as many rows as samples whose every column
/// is drawn on its own from the training rows.
#[derive(Debug, Clone)]
pub struct TableSets {
    /// Names of the columns.
    pub(super) names: Vec<String>,
    cells: Vec<Cells>,
    samples: Vec<f64>,
    training: Vec<f64>,
    held_out: Vec<f64>,
    independent: Vec<f64>,
}

impl TableSets {
    /// Checks rows in the user's columns, one after the other; a missing cell is NaN. Of over 50,000 of a kind as many are taken, evenly
    /// spread.
    ///
    /// # Errors
    /// Rows that are none of these columns.
    pub fn new(
        columns: &[Column],
        [samples, training, held_out]: [&[f64]; 3],
        seed: u64,
    ) -> Result<Self, MeasureError> {
        let cells: Vec<Cells> = columns.iter().map(Cells::of).collect();
        let [samples, training, held_out] =
            [samples, training, held_out].map(|rows| looked_at(columns.len(), rows));
        TableRows::new("held-out rows", &cells, &held_out)?;
        let count = TableRows::new("samples", &cells, &samples)?.count();
        let real = TableRows::new("training rows", &cells, &training)?;
        let independent = independent_columns(real, count, seed);
        let names = columns.iter().map(|column| column.name.clone()).collect();
        Ok(Self { names, cells, samples, training, held_out, independent })
    }

    /// The samples.
    #[must_use]
    pub fn samples(&self) -> TableRows<'_> {
        TableRows::checked(&self.cells, &self.samples)
    }

    /// The training rows.
    #[must_use]
    pub fn training(&self) -> TableRows<'_> {
        TableRows::checked(&self.cells, &self.training)
    }

    /// The held-out rows.
    #[must_use]
    pub fn held_out(&self) -> TableRows<'_> {
        TableRows::checked(&self.cells, &self.held_out)
    }

    /// The independent columns.
    #[must_use]
    pub fn independent(&self) -> TableRows<'_> {
        TableRows::checked(&self.cells, &self.independent)
    }
}
