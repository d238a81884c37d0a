//! Distributions to learn, one a file, each with its exact mean and covariance.

mod categorical_mixture;
mod checkerboard;
mod curve;
mod eight_gaussians;
mod gaussian;
mod gaussian_mixture;
mod labelled_mixture;
mod rings;
mod spiral;
mod swiss_roll;
mod two_moons;

pub use categorical_mixture::{CategoricalMixture, ProductComponent};
pub use checkerboard::Checkerboard;
pub use eight_gaussians::EightGaussians;
pub use gaussian::Gaussian;
pub use gaussian_mixture::{ComponentPosterior, GaussianMixture};
pub use labelled_mixture::LabelledMixture;
pub use rings::Rings;
pub use spiral::Spiral;
pub use swiss_roll::SwissRoll;
pub use two_moons::TwoMoons;

/// The covariance of a point in the plane with independent noise added, from the point's mean, mean
/// squares and mean product.
fn covariance(mean: [f64; 2], squares: [f64; 2], product: f64, noise: f64) -> Vec<Vec<f64>> {
    let variance = |i: usize| squares[i] - mean[i] * mean[i] + noise * noise;
    let off = product - mean[0] * mean[1];
    vec![vec![variance(0), off], vec![off, variance(1)]]
}

/// The part of (0, 1) that holds `left`; the parts are as long as the `shares`, in order.
fn chosen(shares: &[f64], mut left: f64) -> usize {
    let last = shares.len() - 1;
    let found = shares[..last].iter().position(|share| {
        left -= share;
        left < 0.0
    });
    found.unwrap_or(last)
}

#[cfg(test)]
mod tests;
