//! Logarithm, exponential, sine and cosine with the same bits on every platform.
//!
//! They are the polynomials of fdlibm. Without branches compilers can vectorise them, and without fused multiply-add every
//! instruction set gives the same bits.

/// The constant 1.5 · 2^52. Adding it to a number rounds to an integer, which then stands in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);

/// The natural logarithm, within 1 ulp, of a number that is positive, normal and finite.
#[inline(always)]
#[must_use]
pub fn ln(x: f64) -> f64 {
    // x = 2^k · m with m in [sqrt(1/2), sqrt(2)).
    let bits = x.to_bits();
    let above = bits.wrapping_sub(0x3fe6_a09e_0000_0000);
    let k = (above as i64) >> 52;
    let m = f64::from_bits(bits.wrapping_sub(above & (0xfff << 52)));
    // An exact conversion of the small integer k that AVX2 has.
    let k = f64::from_bits(0x4338_0000_0000_0000_u64.wrapping_add(k as u64)) - ROUND;
    let f = m - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w
        * (0.399_999_999_994_094_2 + w * (0.222_221_984_321_497_84 + w * 0.153_138_376_992_093_73));
    let odd = z
        * (0.666_666_666_666_673_5
            + w * (0.285_714_287_436_623_9
                + w * (0.181_835_721_616_180_5 + w * 0.147_981_986_051_165_86)));
    let r = even + odd;
    k * LN2_HIGH - ((half_square - (s * (half_square + r) + k * LN2_LOW)) - f)
}

/// The exponential e^x for |x| below 700, within 1 ulp.
#[inline(always)]
#[must_use]
pub fn exp(x: f64) -> f64 {
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let (high, low) = (x - k * LN2_HIGH, k * LN2_LOW);
    let r = high - low;
    let z = r * r;
    let c = r - z
        * (0.166_666_666_666_666_02
            + z * (-2.777_777_777_701_559_3e-3
                + z * (6.613_756_321_437_934e-5
                    + z * (-1.653_390_220_546_525_2e-6 + z * 4.138_136_797_057_238_5e-8))));
    let y = 1.0 + (r * c / (2.0 - c) - low + high);
    // The integer k stands in the low bits of `shifted`.
    f64::from_bits(y.to_bits().wrapping_add(shifted.to_bits() << 52))
}

/// Sine and cosine of 2π · `turns` for |turns| below 2^48, within 2 ulp of the rounded angle.
#[inline(always)]
#[must_use]
pub fn sin_cos_turns(turns: f64) -> (f64, f64) {
    let quarters = 4.0 * turns;
    let shifted = quarters + ROUND;
    let quadrant = shifted.to_bits();
    // Exact; |r| <= π/4.
    let r = (quarters - (shifted - ROUND)) * std::f64::consts::FRAC_PI_2;
    let z = r * r;
    let sin = r + r
        * z
        * (-0.166_666_666_666_666_32
            + z * (8.333_333_333_322_49e-3
                + z * (-1.984_126_982_985_795e-4
                    + z * (2.755_731_370_707_006_8e-6
                        + z * (-2.505_076_025_340_686_3e-8 + z * 1.589_690_995_211_55e-10)))));
    let cos = 1.0
        - (0.5 * z
            - z * z
                * (4.166_666_666_666_66e-2
                    + z * (-1.388_888_888_887_411e-3
                        + z * (2.480_158_728_947_673e-5
                            + z * (-2.755_731_435_139_066_3e-7
                                + z * (2.087_572_321_298_175e-9
                                    + z * -1.135_964_755_778_819_5e-11))))));
    // Odd quadrants exchange the two; the signs follow from the quadrant's bits.
    let swap = 0_u64.wrapping_sub(quadrant & 1);
    let (s, c) = (sin.to_bits(), cos.to_bits());
    let exchanged = (s ^ c) & swap;
    let sign_s = (quadrant >> 1 & 1) << 63;
    let sign_c = (quadrant.wrapping_add(1) >> 1 & 1) << 63;
    (f64::from_bits(s ^ exchanged ^ sign_s), f64::from_bits(c ^ exchanged ^ sign_c))
}

/// Fills `sines` and `cosines` with those of 2π times each of `turns`: the numbers of [`sin_cos_turns`], rounded to f32.
///
/// The code is compiled for several instruction sets, and one is chosen at run time. All give the same bits.
pub fn fill_sin_cos_turns(turns: &[f64], sines: &mut [f32], cosines: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F.
            return unsafe { fill_avx512(turns, sines, cosines) };
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { fill_avx2(turns, sines, cosines) };
        }
    }
    fill(turns, sines, cosines);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn fill_avx512(turns: &[f64], sines: &mut [f32], cosines: &mut [f32]) {
    fill(turns, sines, cosines);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn fill_avx2(turns: &[f64], sines: &mut [f32], cosines: &mut [f32]) {
    fill(turns, sines, cosines);
}

#[inline(always)]
fn fill(turns: &[f64], sines: &mut [f32], cosines: &mut [f32]) {
    for ((turns, sine), cosine) in turns.iter().zip(sines).zip(cosines) {
        let (sin, cos) = sin_cos_turns(*turns);
        (*sine, *cosine) = (sin as f32, cos as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(low: f64, high: f64) -> impl Iterator<Item = f64> {
        (0..200_000).map(move |i| low + (high - low) * f64::from(i) / 200_000.0)
    }

    fn ulps(a: f64, b: f64) -> f64 {
        let unit = b.abs().max(f64::MIN_POSITIVE);
        (a - b).abs() / (f64::from_bits(unit.to_bits() + 1) - unit)
    }

    #[test]
    fn the_logarithm_is_within_one_ulp_of_libm() {
        let edges = [
            f64::MIN_POSITIVE,
            2_f64.powi(-53),
            1.0 - f64::EPSILON,
            1.0,
            1.0 + f64::EPSILON,
            f64::MAX,
        ];
        for x in points(1e-9, 1.0).chain(points(1.0, 50.0)).skip(1).chain(edges) {
            // libm itself is within one ulp of the truth.
            assert!(ulps(ln(x), x.ln()) <= 1.0, "{x} {} {}", ln(x), x.ln());
        }
    }

    #[test]
    fn the_exponential_is_within_one_ulp_of_libm() {
        for x in points(-40.0, 40.0).chain([0.0, -0.0, 699.0, -699.0]) {
            assert!(ulps(exp(x), x.exp()) <= 1.0, "{x} {} {}", exp(x), x.exp());
        }
    }

    #[test]
    fn many_sines_have_the_bits_of_one_by_one() {
        let turns: Vec<f64> = points(-3.0, 3.0).step_by(1000).collect();
        for count in [0, 1, 7, 8, 9, turns.len()] {
            let (mut sines, mut cosines) = (vec![0.0; count], vec![0.0; count]);
            fill_sin_cos_turns(&turns[..count], &mut sines, &mut cosines);
            for ((turns, sine), cosine) in turns.iter().zip(sines).zip(cosines) {
                let (sin, cos) = sin_cos_turns(*turns);
                assert_eq!((sine, cosine), (sin as f32, cos as f32), "{turns}");
            }
        }
    }

    #[test]
    fn sine_and_cosine_follow_libm() {
        for turns in points(-2.0, 2.0).chain([0.25, 0.5, 0.75, 1.0, 123_456.125]) {
            let (sin, cos) = sin_cos_turns(turns);
            // libm's argument is reduced to one turn first, and rounded to 2^-52 · 2π there.
            let angle = (turns - turns.round()) * std::f64::consts::TAU;
            assert!((sin - angle.sin()).abs() < 1e-15, "{turns}");
            assert!((cos - angle.cos()).abs() < 1e-15, "{turns}");
            assert!((sin * sin + cos * cos - 1.0).abs() < 1e-15);
        }
        assert_eq!(sin_cos_turns(0.25), (1.0, 0.0));
        assert_eq!(sin_cos_turns(0.5).1, -1.0);
    }
}
