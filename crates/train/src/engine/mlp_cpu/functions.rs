//! exp, tanh, the normal distribution, sine and cosine in f32. They have no branches, so the compiler
//! makes vector instructions of a loop over them. Their relative error is below 1e-6, which the tests
//! hold. NaN stays NaN.

#![expect(clippy::excessive_precision, reason = "coefficients as their source prints them")]

use std::f32::consts::{FRAC_1_SQRT_2, LOG2_E, TAU};

use super::simd::Simd;

/// 1.5 · 2^23, which rounds what is added to it: the sum has no room for digits after the point.
const ROUND: f32 = 12_582_912.0;

/// The polynomial with these coefficients, highest power first.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    let mut sum = coefficients[0];
    for coefficient in &coefficients[1..] {
        sum = S::mul_add(sum, x, *coefficient);
    }
    sum
}

/// `exp(x + rest)` for a `rest` that is lost in the sum `x + rest` but not in the result.
///
/// x is clamped to −87..88, where the result is a normal f32. Source of the polynomial: Cephes, expf.
#[inline(always)]
fn exp_of_sum<S: Simd>(x: f32, rest: f32) -> f32 {
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let shifted = S::mul_add(x, LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = S::mul_add(n, -0.693_359_375, x);
    let r = S::mul_add(n, 2.121_944_4e-4, r) + rest;
    let p = polynomial::<S, 6>(
        r,
        [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_66, 0.5],
    );
    let fraction = S::mul_add(p, r * r, r) + 1.0;
    // 2^n: the low bits of `shifted` are n.
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127);
    fraction * f32::from_bits(exponent << 23)
}

/// `exp(x)`.
#[inline(always)]
pub(super) fn exp<S: Simd>(x: f32) -> f32 {
    exp_of_sum::<S>(x, 0.0)
}

/// `1 / (1 + exp(−x))`.
#[inline(always)]
pub(super) fn sigmoid<S: Simd>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<S>(-x))
}

/// The hyperbolic tangent. Source of the polynomial near zero: Cephes, tanhf.
#[inline(always)]
pub(super) fn tanh<S: Simd>(x: f32) -> f32 {
    let size = x.abs();
    let far = 1.0 - 2.0 / (exp::<S>(2.0 * size) + 1.0);
    let square = x * x;
    let p = polynomial::<S, 5>(
        square,
        [-5.704_988_7e-3, 2.063_908_9e-2, -5.373_971_6e-2, 0.133_314_42, -0.333_332_82],
    );
    let near = S::mul_add(p * square, x, x);
    if size < 0.625 { near } else { far.copysign(x) }
}

/// Distribution function and density of the normal distribution at x.
///
/// With z = |x|/√2 the tail is `exp(−z²) · erfcx(z) / 2`, and `erfcx(z) · (z + 2)` is a polynomial
/// in `(z − 2)/(z + 2)` (a fit of our own, relative error 4.4e-8).
#[inline(always)]
pub(super) fn normal<S: Simd>(x: f32) -> (f32, f32) {
    // Beyond 13 the tail and the density are below 1e-37: a sum with 1 has the same digits as at 13.
    let x = if x > 13.0 { 13.0 } else { x };
    let x = if x < -13.0 { -13.0 } else { x };
    // −x²/2 in two parts: the square of the first 12 bits of x needs no rounding.
    let high = f32::from_bits(x.to_bits() & 0xffff_f000);
    let bell = exp_of_sum::<S>(-0.5 * high * high, -0.5 * (x - high) * (x + high));
    let z = x.abs() * FRAC_1_SQRT_2;
    let u = 1.0 / (z + 2.0);
    let q = polynomial::<S, 9>(
        (z - 2.0) * u,
        [
            -4.619_090_2e-4,
            -7.554_444e-4,
            2.978_993_3e-3,
            6.437_76e-3,
            -2.148_344_2e-2,
            -3.643_526_5e-2,
            0.279_469_6,
            -0.687_160_97,
            1.021_582_7,
        ],
    );
    let tail = 0.5 * bell * (q * u);
    (if x > 0.0 { 1.0 - tail } else { tail }, bell * 0.398_942_3)
}

/// Sine and cosine of an angle in turns. Source of the polynomials: Cephes, sinf and cosf.
#[inline(always)]
pub(super) fn sin_cos_of_turns<S: Simd>(turns: f32) -> (f32, f32) {
    // The fraction first: rounding by `ROUND` holds for small numbers alone.
    let fraction = turns - turns.floor();
    let shifted = S::mul_add(4.0, fraction, ROUND);
    let quarter = shifted.to_bits();
    let angle = TAU * S::mul_add(-0.25, shifted - ROUND, fraction);
    let square = angle * angle;
    let p = polynomial::<S, 3>(square, [-1.951_529_6e-4, 8.332_161e-3, -0.166_666_55]);
    let sin = S::mul_add(p * square, angle, angle);
    let p = polynomial::<S, 3>(square, [2.443_315_7e-5, -1.388_731_6e-3, 4.166_664_6e-2]);
    let cos = S::mul_add(p * square, square, S::mul_add(-0.5, square, 1.0));
    let (a, b) = if quarter & 1 == 0 { (sin, cos) } else { (cos, sin) };
    let sign = |bits: u32| f32::from_bits(1.0_f32.to_bits() | (bits & 2) << 30);
    (a * sign(quarter), b * sign(quarter.wrapping_add(1)))
}
