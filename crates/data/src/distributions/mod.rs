//! Distributions to learn, one a file, each with its exact mean and covariance.

mod checkerboard;
mod eight_gaussians;
mod gaussian;
mod gaussian_mixture;
mod rings;
mod spiral;
mod swiss_roll;
mod two_moons;

pub use checkerboard::Checkerboard;
pub use eight_gaussians::EightGaussians;
pub use gaussian::Gaussian;
pub use gaussian_mixture::GaussianMixture;
pub use rings::Rings;
pub use spiral::Spiral;
pub use swiss_roll::SwissRoll;
pub use two_moons::TwoMoons;

use crate::Stream;

/// The number of words that a row of a noisy curve in the plane uses: two uniforms, two normals.
const CURVE_WORDS: u64 = 4;

/// Draws rows of a curve in the plane, with Gaussian noise around it. `point` is the point of the curve
/// for two uniform numbers.
fn draw_curve(
    stream: &mut Stream,
    rows: &mut [f64],
    noise: f64,
    point: impl Fn(f64, f64) -> [f64; 2],
) {
    stream.fill_rows(rows, 2, 2, |uniforms, row| {
        for (x, on_curve) in row.iter_mut().zip(point(uniforms[0], uniforms[1])) {
            *x = on_curve + noise * *x;
        }
    });
}

/// The covariance of a point in the plane with independent noise added, from the point's mean, mean
/// squares and mean product.
fn covariance(mean: [f64; 2], squares: [f64; 2], product: f64, noise: f64) -> Vec<Vec<f64>> {
    let variance = |i: usize| squares[i] - mean[i] * mean[i] + noise * noise;
    let off = product - mean[0] * mean[1];
    vec![vec![variance(0), off], vec![off, variance(1)]]
}

#[cfg(test)]
mod tests;
