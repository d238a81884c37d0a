//! Matrices of a batch on the host.

use std::ops::Range;

/// A matrix on the host, with as many rows as its batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    /// Number of columns.
    pub columns: usize,
    /// The numbers, row by row.
    pub values: Vec<f32>,
}

impl Columns {
    /// The numbers of some rows.
    pub(crate) fn of(&self, rows: Range<usize>) -> &[f32] {
        &self.values[rows.start * self.columns..rows.end * self.columns]
    }

    pub(super) fn slice(&self, rows: Range<usize>) -> Self {
        Self { columns: self.columns, values: self.of(rows).to_vec() }
    }
}
