//! Numbers that a run file may leave out.

pub(crate) const fn one() -> f64 {
    1.0
}
/// Hang et al. 2023.
pub(crate) const fn min_snr_gamma() -> f64 {
    5.0
}
/// Karras et al. 2022, table 1.
pub(crate) const fn edm_mean() -> f64 {
    -1.2
}
/// Karras et al. 2022, table 1.
pub(crate) const fn edm_std() -> f64 {
    1.2
}
pub(crate) const fn embedding_features() -> usize {
    64
}
