//! [`Rings`]: concentric circles.

use std::f64::consts::TAU;

use super::{
    covariance,
    curve::{Arc, CURVE_WORDS, draw_curve, posterior_means},
};
use crate::{
    DataError, Dataset, Part, Stream,
    error::{error, not_negative, positive},
    math::sin_cos_turns,
};

/// Concentric circles with noise: a row is a uniform point on one of the circles, all equally likely,
/// and `noise` times a normal along each axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Rings {
    radii: Vec<f64>,
    noise: f64,
}

impl Rings {
    /// Creates circles around the origin.
    ///
    /// # Errors
    /// At least one radius, each finite and above 0; `noise` finite and at least 0.
    pub fn new(radii: Vec<f64>, noise: f64) -> Result<Self, DataError> {
        if radii.is_empty() {
            return Err(error("radii", "must hold at least one number", "none"));
        }
        for (i, radius) in radii.iter().enumerate() {
            positive(&format!("radii[{i}]"), *radius)?;
        }
        not_negative("noise", noise)?;
        Ok(Self { radii, noise })
    }
}

/// The point at u of a turn.
fn point(u: f64, radius: f64) -> [f64; 2] {
    let (sin, cos) = sin_cos_turns(u);
    [radius * cos, radius * sin]
}

impl Dataset for Rings {
    fn features(&self) -> usize {
        2
    }

    fn words_per_row(&self) -> u64 {
        CURVE_WORDS
    }

    fn draw(&self, _part: Part, stream: &mut Stream, rows: &mut [f64]) {
        draw_curve(stream, rows, self.noise, |u, v| {
            point(u, self.radii[(v * self.radii.len() as f64) as usize])
        });
    }

    fn mean(&self) -> Option<Vec<f64>> {
        Some(vec![0.0, 0.0])
    }

    /// The covariance: along each axis `E[r²] / 2`, and the variance of the noise.
    fn covariance(&self) -> Option<Vec<Vec<f64>>> {
        let square = self.radii.iter().map(|r| r * r).sum::<f64>() / self.radii.len() as f64;
        Some(covariance([0.0; 2], [square / 2.0; 2], 0.0, self.noise))
    }

    fn posterior_means(&self, rows: &[f64], alpha: f64, sigma: f64) -> Option<Vec<f64>> {
        let share = 1.0 / self.radii.len() as f64;
        let arc = |radius: &f64| {
            let radius = *radius;
            Arc { at: move |u: f64| (point(u, radius), share), speed: TAU * radius, turns: 1.0 }
        };
        let arcs: Vec<_> = self.radii.iter().map(arc).collect();
        posterior_means(rows, [alpha, sigma], self.noise, &arcs)
    }
}
