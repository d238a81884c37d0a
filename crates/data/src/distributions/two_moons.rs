//! [`TwoMoons`]: two interleaved half circles.

use std::f64::consts::PI;

use super::{
    covariance,
    curve::{Arc, CURVE_WORDS, draw_curve, posterior_means},
};
use crate::{DataError, Dataset, Part, Stream, error::not_negative, math::sin_cos_turns};

/// Two moons with noise: `(cos t, sin t)` or `(1 − cos t, 1/2 − sin t)`, equally likely, for t uniform in
/// [0, π], and `noise` times a normal along each axis. They are scikit-learn's.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoMoons {
    noise: f64,
}

impl TwoMoons {
    /// Creates the moons.
    ///
    /// # Errors
    /// `noise` must be finite and at least 0.
    pub fn new(noise: f64) -> Result<Self, DataError> {
        not_negative("noise", noise)?;
        Ok(Self { noise })
    }
}

/// The point at angle πu of the upper moon, or of the lower one.
fn point(u: f64, lower: bool) -> [f64; 2] {
    let (sin, cos) = sin_cos_turns(u / 2.0);
    if lower { [1.0 - cos, 0.5 - sin] } else { [cos, sin] }
}

impl Dataset for TwoMoons {
    fn features(&self) -> usize {
        2
    }

    fn words_per_row(&self) -> u64 {
        CURVE_WORDS
    }

    fn draw(&self, _part: Part, stream: &mut Stream, rows: &mut [f64]) {
        draw_curve(stream, rows, self.noise, |u, v| point(u, v >= 0.5));
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(vec![0.5, 0.25])
    }

    /// The covariance, from `E[cos t] = E[sin t cos t] = 0`, `E[sin t] = 2/π`, `E[sin² t] = E[cos² t] = 1/2`.
    fn covariance(&self) -> Option<Vec<Vec<f64>>> {
        let squares = [1.0, 0.5 * (1.25 - 2.0 / PI)];
        Some(covariance([0.5, 0.25], squares, 0.5 * (0.5 - 2.0 / PI), self.noise))
    }

    fn posterior_means(&self, rows: &[f64], alpha: f64, sigma: f64) -> Option<Vec<f64>> {
        let arcs = [false, true].map(|lower| Arc {
            at: move |u: f64| (point(u, lower), 0.5),
            speed: PI,
            turns: 0.5,
        });
        posterior_means(rows, [alpha, sigma], self.noise, &arcs)
    }
}
