//! [`SwissRoll`]: the swiss roll in the plane.

use std::f64::consts::PI;

use super::{
    covariance,
    curve::{Arc, CURVE_WORDS, draw_curve, posterior_means},
};
use crate::{DataError, Dataset, Part, Stream, error::not_negative, math::sin_cos_turns};

/// Swiss roll with noise: `t · (cos t, sin t) / 10` for t uniform in [1.5π, 4.5π], and `noise` times a
/// normal along each axis. It is scikit-learn's curve, scaled.
#[derive(Clone, Debug, PartialEq)]
pub struct SwissRoll {
    noise: f64,
}

const FIRST: f64 = 1.5 * PI;
const LAST: f64 = 4.5 * PI;
const SCALE: f64 = 0.1;

/// The point at t for the uniform number u.
fn point(u: f64) -> [f64; 2] {
    let turns = 0.75 + 1.5 * u;
    let t = 2.0 * PI * turns * SCALE;
    let (sin, cos) = sin_cos_turns(turns);
    [t * cos, t * sin]
}

/// The mean over t of the function whose integral is `integral`.
fn mean_over_t(integral: impl Fn(f64) -> f64) -> f64 {
    (integral(LAST) - integral(FIRST)) / (LAST - FIRST)
}

impl SwissRoll {
    /// Creates a roll.
    ///
    /// # Errors
    /// `noise` must be finite and at least 0.
    pub fn new(noise: f64) -> Result<Self, DataError> {
        not_negative("noise", noise)?;
        Ok(Self { noise })
    }

    fn first_moments() -> [f64; 2] {
        [
            SCALE * mean_over_t(|t| t * t.sin() + t.cos()),
            SCALE * mean_over_t(|t| t.sin() - t * t.cos()),
        ]
    }
}

impl Dataset for SwissRoll {
    fn features(&self) -> usize {
        2
    }

    fn words_per_row(&self) -> u64 {
        CURVE_WORDS
    }

    fn draw(&self, _part: Part, stream: &mut Stream, rows: &mut [f64]) {
        draw_curve(stream, rows, self.noise, |u, _| point(u));
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(Self::first_moments().to_vec())
    }

    /// The covariance, from the integrals of `t²`, `t² cos 2t` and `t² sin 2t`, by parts.
    fn covariance(&self) -> Option<Vec<Vec<f64>>> {
        let square = mean_over_t(|t| t.powi(3) / 3.0);
        let even = mean_over_t(|t| {
            let (sin, cos) = (2.0 * t).sin_cos();
            t * t * sin / 2.0 + t * cos / 2.0 - sin / 4.0
        });
        let odd = mean_over_t(|t| {
            let (sin, cos) = (2.0 * t).sin_cos();
            -t * t * cos / 2.0 + t * sin / 2.0 + cos / 4.0
        });
        let scale = SCALE * SCALE / 2.0;
        let squares = [scale * (square + even), scale * (square - even)];
        Some(covariance(Self::first_moments(), squares, scale * odd, self.noise))
    }

    fn posterior_means(&self, rows: &[f64], alpha: f64, sigma: f64) -> Option<Vec<f64>> {
        let arc = Arc {
            at: |u: f64| (point(u), 1.0),
            speed: SCALE * (LAST - FIRST) * LAST.hypot(1.0),
            turns: 1.5,
        };
        posterior_means(rows, [alpha, sigma], self.noise, &[arc])
    }
}
