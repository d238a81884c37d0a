//! Sines and cosines of a row's position, which fade with the noise.

use langevin_core::PositionFeatures;

use super::{
    functions::{exp, sin_cos_of_turns},
    simd::{Kernel, Simd},
};

/// Kernel of the position features of one row: `left · sin(2π x·B)` and `left · cos(2π x·B)`.
pub(super) struct Position<'a> {
    pub(super) x: &'a [f32],
    pub(super) frequencies: &'a [f32],
    pub(super) left: &'a [f32],
    pub(super) sin: &'a mut [f32],
    pub(super) cos: &'a mut [f32],
}

impl Kernel for Position<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        self.sin.fill(0.0);
        for (x, frequencies) in self.x.iter().zip(self.frequencies.chunks_exact(self.cos.len())) {
            for (turns, frequency) in self.sin.iter_mut().zip(frequencies) {
                *turns = S::mul_add(*x, *frequency, *turns);
            }
        }
        for ((turns, cosine), left) in self.sin.iter_mut().zip(self.cos).zip(self.left) {
            let (sin, cos) = sin_cos_of_turns::<S>(*turns);
            (*turns, *cosine) = (sin * left, cos * left);
        }
    }
}

/// Writes the rates by which the features of each frequency fade.
pub(super) fn fading_rates(frequencies: &[f32], rates: &mut [f32]) {
    rates.fill(0.0);
    for axis in frequencies.chunks_exact(rates.len()) {
        rates.iter_mut().zip(axis).for_each(|(square, b)| *square += b * b);
    }
    rates.iter_mut().for_each(|rate| *rate = PositionFeatures::fading_rate(*rate));
}

/// What is left of a feature that is as good as gone.
const NOTHING: f32 = 1e-20;

/// Kernel of what is left of the features of each frequency: `exp(−rate · noise²)`.
pub(super) struct Fade<'a> {
    pub(super) rates: &'a [f32],
    pub(super) noise: f32,
    pub(super) left: &'a mut [f32],
}

impl Kernel for Fade<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let variance = self.noise * self.noise;
        for (rate, left) in self.rates.iter().zip(self.left) {
            let remains = exp::<S>(-rate * variance);
            // Products with numbers too small to be normal take many times as long.
            *left = if remains < NOTHING { 0.0 } else { remains };
        }
    }
}
