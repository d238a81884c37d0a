//! Uniform and normal numbers from random words.
//!
//! The kernel for many normals is compiled for several instruction sets, and one is chosen at run time. All give the same bits,
//! since none uses fused multiply-add.

use crate::math::{ln, sin_cos_turns};

/// Uniform number in (0, 1): the middle of that one of 2^52 equal parts which the word chooses.
#[inline(always)]
pub(crate) fn uniform(word: u64) -> f64 {
    (f64::from_bits(0x3ff0_0000_0000_0000 | word >> 12) - 1.0) + f64::EPSILON / 2.0
}

/// Number of pairs of normals that are made at once.
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
    let pair = |words: &[u64; 2]| {
        let radius = (-2.0 * ln(uniform(words[0]))).sqrt();
        let (sin, cos) = sin_cos_turns(uniform(words[1]));
        [radius * cos, radius * sin]
    };
    let words = words.as_chunks().0;
    let (pairs, odd) = out.as_chunks_mut();
    for (out, words) in pairs.iter_mut().zip(words) {
        *out = pair(words);
    }
    if let ([last], Some(words)) = (odd, words.get(pairs.len())) {
        *last = pair(words)[0];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    fn words() -> [u64; 2 * PAIRS] {
        let mut stream = Streams::new(5).at(Purpose::Noise, 0, 0);
        let mut words = std::array::from_fn(|_| stream.next_word());
        words[..4].copy_from_slice(&[0, 0, u64::MAX, u64::MAX]);
        words
    }

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let words = words();
        for count in [1, 2, 3, 15, 16, 17, 127, 128] {
            let mut plain = vec![0.0; count];
            kernel(&words, &mut plain);
            let mut chosen = vec![0.0; count];
            normals(&words, &mut chosen);
            assert_eq!(plain, chosen);
            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") {
                let mut avx2 = vec![0.0; count];
                // SAFETY: the processor has AVX2.
                unsafe { normals_avx2(&words, &mut avx2) };
                assert_eq!(plain, avx2);
            }
        }
    }

    #[test]
    fn normals_follow_the_formula_of_box_and_muller() {
        let words = words();
        let mut out = [0.0; 2 * PAIRS];
        normals(&words, &mut out);
        for (pair, words) in out.chunks(2).zip(words.chunks(2)) {
            let radius = (-2.0 * uniform(words[0]).ln()).sqrt();
            let (sin, cos) = (std::f64::consts::TAU * uniform(words[1])).sin_cos();
            // The largest radius is 8.6; the angle is rounded to 2^-51.
            assert!((pair[0] - radius * cos).abs() < 1e-14, "{pair:?}");
            assert!((pair[1] - radius * sin).abs() < 1e-14, "{pair:?}");
            assert!(pair.iter().all(|x| x.is_finite()));
        }
    }
}
