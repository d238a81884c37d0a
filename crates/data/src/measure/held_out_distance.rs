//! What all distances to the held-out rows have in common, so that one loop measures them all.

use super::{Resamples, Rows};

/// Distances between the held-out rows, which an implementation holds, and other rows.
pub(super) trait HeldOutDistance {
    /// The distances, each of every replicate of `rows` together with the same replicate of the
    /// held-out rows: `[distance][replicate]`.
    fn distances(&self, rows: Rows<'_>, resamples: &Resamples) -> Vec<Vec<f64>>;
}
