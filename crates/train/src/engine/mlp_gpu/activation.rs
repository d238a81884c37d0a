//! Activations on a GPU, with their derivatives.

#![expect(clippy::excessive_precision, reason = "coefficients as their source prints them")]

use std::f32::consts::FRAC_1_SQRT_2;

use cubecl::prelude::*;
use langevin_core::Activation;

/// Activation and its derivative: `act(z)` and `act'(z)`.
#[cube]
pub(super) fn act(z: f32, #[comptime] activation: Activation) -> (f32, f32) {
    match activation {
        Activation::Relu => relu(z),
        Activation::Silu => silu(z),
        Activation::Gelu => gelu(z),
        Activation::Tanh => hyperbolic(z),
    }
}

/// ReLU. NaN fails both comparisons, so it stays NaN.
#[cube]
fn relu(z: f32) -> (f32, f32) {
    (select(z < 0.0, 0.0, z), select(z > 0.0, 1.0, 0.0))
}

#[cube]
fn silu(z: f32) -> (f32, f32) {
    let s = 1.0 / (1.0 + (-z).exp());
    (z * s, s * (1.0 + z * (1.0 - s)))
}

/// GELU, `z · Φ(z)`. The tail of the normal distribution is that of the direct engine's functions:
/// `exp(−z²/2) · erfcx(|z|/√2) / 2`, where `erfcx(t) · (t + 2)` is a polynomial in `(t − 2)/(t + 2)`.
#[cube]
fn gelu(z: f32) -> (f32, f32) {
    // Beyond 13 the tail and the density are below 1e-37: a sum with 1 has the same digits as at 13.
    let x = select(z > 13.0f32, 13.0f32, z);
    let x = select(x < -13.0f32, -13.0f32, x);
    let bell = (x * x * -0.5f32).exp();
    let t = x.abs() * FRAC_1_SQRT_2;
    let u = 1.0 / (t + 2.0);
    let v = (t - 2.0) * u;
    let q = -4.619_090_2e-4f32;
    let q = q * v - 7.554_444e-4;
    let q = q * v + 2.978_993_3e-3;
    let q = q * v + 6.437_76e-3;
    let q = q * v - 2.148_344_2e-2;
    let q = q * v - 3.643_526_5e-2;
    let q = q * v + 0.279_469_6;
    let q = q * v - 0.687_160_97;
    let q = q * v + 1.021_582_7;
    let tail = 0.5 * bell * (q * u);
    let share = select(x > 0.0, 1.0 - tail, tail);
    (z * share, share + z * bell * 0.398_942_3)
}

/// Hyperbolic tangent; a GPU's own may overflow. Source of the polynomial near zero: Cephes, tanhf.
#[cube]
fn hyperbolic(z: f32) -> (f32, f32) {
    let size = z.abs();
    let far = 1.0 - 2.0 / ((2.0 * size).exp() + 1.0);
    let square = z * z;
    let p = -5.704_988_7e-3f32;
    let p = p * square + 2.063_908_9e-2;
    let p = p * square - 5.373_971_6e-2;
    let p = p * square + 0.133_314_42;
    let p = p * square - 0.333_332_82;
    let near = p * square * z + z;
    let t = select(size < 0.625, near, select(z < 0.0, -far, far));
    (t, 1.0 - t * t)
}
