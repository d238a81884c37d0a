//! [`Spiral`]: an Archimedean spiral.

use std::f64::consts::TAU;

use super::{
    covariance,
    curve::{Arc, CURVE_WORDS, draw_curve, posterior_means},
};
use crate::{
    DataError, Dataset, Part, Stream,
    error::{not_negative, positive},
    math::sin_cos_turns,
};

/// Spiral with noise: `s · (cos(2π n s), sin(2π n s))` for n turns and s² uniform in [0, 1], and `noise`
/// times a normal along each axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Spiral {
    turns: f64,
    noise: f64,
}

impl Spiral {
    /// Creates a spiral.
    ///
    /// # Errors
    /// `turns` must be finite and above 0, `noise` finite and at least 0.
    pub fn new(turns: f64, noise: f64) -> Result<Self, DataError> {
        positive("turns", turns)?;
        not_negative("noise", noise)?;
        Ok(Self { turns, noise })
    }

    /// The point at s.
    fn point(&self, s: f64) -> [f64; 2] {
        let (sin, cos) = sin_cos_turns(self.turns * s);
        [s * cos, s * sin]
    }

    /// The mean: `2 ∫ s² cos(ks) ds` and `2 ∫ s² sin(ks) ds` over [0, 1] with k = 2π n, by parts.
    fn first_moments(&self) -> [f64; 2] {
        let k = TAU * self.turns;
        let (sin, cos) = k.sin_cos();
        let x = sin / k + 2.0 * cos / (k * k) - 2.0 * sin / (k * k * k);
        let y = -cos / k + 2.0 * sin / (k * k) + 2.0 * (cos - 1.0) / (k * k * k);
        [2.0 * x, 2.0 * y]
    }
}

impl Dataset for Spiral {
    fn features(&self) -> usize {
        2
    }

    fn words_per_row(&self) -> u64 {
        CURVE_WORDS
    }

    fn draw(&self, _part: Part, stream: &mut Stream, rows: &mut [f64]) {
        draw_curve(stream, rows, self.noise, |u, _| self.point(u.sqrt()));
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(self.first_moments().to_vec())
    }

    /// The covariance, from `∫ s³ cos(cs) ds` and `∫ s³ sin(cs) ds` over [0, 1] with c = 4π n, by parts.
    fn covariance(&self) -> Option<Vec<Vec<f64>>> {
        let c = 2.0 * TAU * self.turns;
        let (sin, cos) = c.sin_cos();
        let even =
            sin / c + 3.0 * cos / c.powi(2) - 6.0 * sin / c.powi(3) - 6.0 * (cos - 1.0) / c.powi(4);
        let odd = -cos / c + 3.0 * sin / c.powi(2) + 6.0 * cos / c.powi(3) - 6.0 * sin / c.powi(4);
        Some(covariance(self.first_moments(), [0.25 + even, 0.25 - even], odd, self.noise))
    }

    fn posterior_means(&self, rows: &[f64], alpha: f64, sigma: f64) -> Option<Vec<f64>> {
        // s² is uniform, so s has the density 2s.
        let arc = Arc {
            at: |s: f64| (self.point(s), 2.0 * s),
            speed: (TAU * self.turns).hypot(1.0),
            turns: self.turns,
        };
        posterior_means(rows, [alpha, sigma], self.noise, &[arc])
    }
}
