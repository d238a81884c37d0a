//! [`HeldOutDistance`]: the trait of all distances to held-out rows, so that one loop measures them all.

use super::{Resamples, Rows};

/// Distance of rows to held-out rows, which the implementation holds. It may be several numbers at once,
/// as one for each column.
pub(super) trait HeldOutDistance {
    /// The distances for each replicate of `rows`, measured to the same replicate of the held-out rows:
    /// `[distance][replicate]`.
    fn distances(&self, rows: Rows<'_>, resamples: &Resamples) -> Vec<Vec<f64>>;
}
