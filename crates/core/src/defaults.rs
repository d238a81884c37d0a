//! Default values of the parameters that a run file may leave out.

pub(crate) const fn one() -> f64 {
    1.0
}
/// Ceiling gamma of the min-SNR weights. Source: Hang et al. 2023.
pub(crate) const fn min_snr_gamma() -> f64 {
    5.0
}
/// Mean of `ln(sigma / alpha)` in EDM's training. Source: Karras et al. 2022, table 1.
pub(crate) const fn edm_mean() -> f64 {
    -1.2
}
/// Standard deviation of `ln(sigma / alpha)` in EDM's training. Source: Karras et al. 2022, table 1.
pub(crate) const fn edm_std() -> f64 {
    1.2
}
pub(crate) const fn embedding_features() -> usize {
    64
}
