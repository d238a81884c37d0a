//! Activations over whole layers, with their derivatives.

use langevin_core::Activation;

use super::{
    functions::{normal, sigmoid, tanh},
    simd::{Kernel, Simd},
};

/// Kernel of an activation in training: `output = act(z)`, or `before + act(z)` in a residual layer. It
/// leaves the derivative `act'(z)` in the place of z.
pub(crate) struct Activate<'a> {
    pub(crate) activation: Activation,
    pub(crate) z: &'a mut [f32],
    pub(crate) before: Option<&'a [f32]>,
    pub(crate) output: &'a mut [f32],
}

impl Kernel for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        match self.activation {
            Activation::Relu => self.each(relu),
            Activation::Silu => self.each(silu::<S>),
            Activation::Gelu => self.each(gelu::<S>),
            Activation::Tanh => self.each(hyperbolic::<S>),
        }
    }
}

impl Activate<'_> {
    #[inline(always)]
    fn each(self, function: impl Fn(f32) -> (f32, f32)) {
        let both = self.z.iter_mut().zip(self.output);
        match self.before {
            None => both.for_each(|(z, output)| (*output, *z) = function(*z)),
            Some(before) => both.zip(before).for_each(|((z, output), before)| {
                let (value, derivative) = function(*z);
                (*output, *z) = (before + value, derivative);
            }),
        }
    }
}

/// Kernel of an activation in sampling, without a derivative: `act(z)`, or `before + act(z)`, takes the
/// place of z.
pub(crate) struct Apply<'a> {
    pub(crate) activation: Activation,
    pub(crate) z: &'a mut [f32],
    pub(crate) before: Option<&'a [f32]>,
}

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        match self.activation {
            Activation::Relu => self.each(relu),
            Activation::Silu => self.each(silu::<S>),
            Activation::Gelu => self.each(gelu::<S>),
            Activation::Tanh => self.each(hyperbolic::<S>),
        }
    }
}

impl Apply<'_> {
    #[inline(always)]
    fn each(self, function: impl Fn(f32) -> (f32, f32)) {
        match self.before {
            None => self.z.iter_mut().for_each(|z| *z = function(*z).0),
            Some(before) => {
                self.z.iter_mut().zip(before).for_each(|(z, before)| *z = before + function(*z).0);
            }
        }
    }
}

// Each activation and its derivative.

/// ReLU. NaN fails both comparisons, so it stays NaN.
#[inline(always)]
fn relu(z: f32) -> (f32, f32) {
    (if z < 0.0 { 0.0 } else { z }, if z > 0.0 { 1.0 } else { 0.0 })
}

#[inline(always)]
fn silu<S: Simd>(z: f32) -> (f32, f32) {
    let s = sigmoid::<S>(z);
    (z * s, s * S::mul_add(z, 1.0 - s, 1.0))
}

#[inline(always)]
fn gelu<S: Simd>(z: f32) -> (f32, f32) {
    let (share, density) = normal::<S>(z);
    (z * share, S::mul_add(z, density, share))
}

#[inline(always)]
fn hyperbolic<S: Simd>(z: f32) -> (f32, f32) {
    let t = tanh::<S>(z);
    (t, S::mul_add(-t, t, 1.0))
}

/// Kernel of the chain rule: `delta = delta · gradient`. It adds each column's sum to `sums`.
///
/// # Shapes
/// `delta` and `gradient` are rows of `sums.len()`.
pub(crate) struct Chain<'a> {
    pub(crate) delta: &'a mut [f32],
    pub(crate) gradient: &'a [f32],
    pub(crate) sums: &'a mut [f32],
}

impl Kernel for Chain<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let columns = self.sums.len();
        let rows = self.delta.chunks_exact_mut(columns).zip(self.gradient.chunks_exact(columns));
        for (delta, gradient) in rows {
            for ((delta, gradient), sum) in delta.iter_mut().zip(gradient).zip(&mut *self.sums) {
                *delta *= gradient;
                *sum += *delta;
            }
        }
    }
}
