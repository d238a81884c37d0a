//! The kernel of bulk normals, compiled for several instruction sets and chosen at run time. Every
//! variant gives the same bits, for there is no fused multiply-add.

use crate::{
    math::{ln, sin_cos_turns},
    streams::uniform,
};

/// Pairs of normals made at once.
pub(crate) const PAIRS: usize = 64;

/// Turns the words of up to [`PAIRS`] pairs into standard normals:
/// `sqrt(−2 ln u) · (cos 2πv, sin 2πv)`.
pub(crate) fn normals(words: &[u64; 2 * PAIRS], out: &mut [f64]) {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F.
            return unsafe { normals_avx512(words, out) };
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { normals_avx2(words, out) };
        }
    }
    kernel(words, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn normals_avx512(words: &[u64; 2 * PAIRS], out: &mut [f64]) {
    kernel(words, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn normals_avx2(words: &[u64; 2 * PAIRS], out: &mut [f64]) {
    kernel(words, out);
}

#[inline(always)]
fn kernel(words: &[u64; 2 * PAIRS], out: &mut [f64]) {
    let (mut cosines, mut sines) = ([0.0; PAIRS], [0.0; PAIRS]);
    for i in 0..PAIRS {
        let radius = (-2.0 * ln(uniform(words[2 * i]))).sqrt();
        let (sin, cos) = sin_cos_turns(uniform(words[2 * i + 1]));
        cosines[i] = radius * cos;
        sines[i] = radius * sin;
    }
    for (i, pair) in out.chunks_mut(2).enumerate() {
        pair[0] = cosines[i];
        if let Some(second) = pair.get_mut(1) {
            *second = sines[i];
        }
    }
}
