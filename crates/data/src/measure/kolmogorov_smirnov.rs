//! The two-sample Kolmogorov–Smirnov test: could both samples come from one distribution?

use std::f64::consts::PI;

/// Outcome of the Kolmogorov–Smirnov test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KolmogorovSmirnov {
    /// Largest distance between the two distribution functions, 0 to 1.
    pub statistic: f64,
    /// Probability of at least this distance between two samples of one distribution.
    pub p_value: f64,
}

/// The two-sample Kolmogorov–Smirnov test.
///
/// The statistic is `D = sup |F(x) − G(x)|`; several equal values are stepped over together. The p value
/// is that of the limit distribution, `Q(λ) = 2 Σ_k (−1)^(k−1) exp(−2 k² λ²)`, at
/// `λ = (√e + 0.12 + 0.11/√e) D` with `e = n m / (n + m)`, which corrects for small samples. Ties, as
/// rounded data has them, make the p value too large rather than too small.
///
/// # Shapes
/// At least one value in each sample. Without values D is 0 and the p value 1.
///
/// Source: Stephens 1970 (the correction); Kolmogorov 1933 and Smirnov 1939 (the limit).
#[must_use]
pub fn kolmogorov_smirnov(x: &[f64], y: &[f64]) -> KolmogorovSmirnov {
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        values
    };
    let (x, y) = (sorted(x), sorted(y));
    let (n, m) = (x.len(), y.len());
    let (mut i, mut j, mut largest) = (0, 0, 0);
    while i < n && j < m {
        let value = x[i].min(y[j]);
        i += x[i..].iter().take_while(|v| **v <= value).count();
        j += y[j..].iter().take_while(|v| **v <= value).count();
        // In units of 1 / (n m): whole numbers.
        largest = largest.max((i * m).abs_diff(j * n));
    }
    let statistic = largest as f64 / ((n * m) as f64).max(1.0);
    let root = ((n * m) as f64 / (n + m) as f64).sqrt();
    let lambda = (root + 0.12 + 0.11 / root) * statistic;
    KolmogorovSmirnov { statistic, p_value: kolmogorov(lambda) }
}

/// The probability `Q(λ)`, by the one of its two series that has converged after five terms.
fn kolmogorov(lambda: f64) -> f64 {
    let sum = |term: &dyn Fn(f64) -> f64| (1..=5).map(|k| term(f64::from(k))).sum::<f64>();
    if lambda > 1.18 {
        let sign = |k: f64| if k % 2.0 == 1.0 { 2.0 } else { -2.0 };
        sum(&|k| sign(k) * (-2.0 * (k * lambda).powi(2)).exp())
    } else if lambda > 0.2 {
        let exponent = |k: f64| ((2.0 * k - 1.0) * PI / lambda).powi(2) / 8.0;
        1.0 - (2.0 * PI).sqrt() / lambda * sum(&|k| (-exponent(k)).exp())
    } else {
        // Q is within 1e-12 of 1. The λ of samples without values is NaN and comes here too.
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    #[test]
    fn the_limit_distribution_is_scipy_s() {
        // scipy.special.kolmogorov(lambda), scipy 1.17.1.
        for (lambda, exact) in [
            (0.2, 0.999_999_999_999_495),
            (0.5, 0.963_945_243_664_875_1),
            (0.8, 0.544_142_411_574_198_1),
            (1.0, 0.269_999_671_677_354_56),
            (1.18, 0.123_453_809_429_765_7),
            (1.2, 0.112_249_666_670_724_97),
            (1.3581, 0.049_999_630_431_667_4),
            (1.6276, 0.010_001_537_333_060_776),
            (2.0, 0.000_670_925_255_779_695_3),
            (3.0, 3.045_995_948_942_526e-8),
        ] {
            let error = (kolmogorov(lambda) - exact).abs();
            assert!(error < 1e-14_f64.max(1e-12 * f64::from(lambda <= 0.2)), "{lambda}: {error}");
        }
    }

    #[test]
    fn distances_and_chances_are_scipy_s() {
        // scipy 1.17.1: the statistic and `exact` of scipy.stats.ks_2samp(x, y, method="exact"); `limit`
        // is scipy.special.kolmogorov((√e + 0.12 + 0.11/√e) statistic). The two chances differ by a
        // tenth with ten values, by hundredths with hundreds.
        let x: Vec<f64> = (0..200).map(|i| f64::from(i) * 0.618_033_988_75 % 1.0).collect();
        let y: Vec<f64> =
            (0..300).map(|j| (f64::from(j) * 0.414_213_562_37 % 1.0).powf(1.3)).collect();
        let a = [0.61, -1.2, 0.35, 2.2, 0.05, -0.4, 1.1, 0.9];
        let b = [1.5, 0.2, 2.7, 1.9, 0.8, 3.1, -0.1, 1.4, 2.0, 0.7];
        let tied = [1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 4.0];
        let other = [2.0, 3.0, 3.0, 4.0, 4.0, 5.0, 5.0, 5.0, 5.0];
        for (x, y, statistic, limit, exact) in [
            (&x[..], &y[..], 0.101_666_666_666_666_67, 0.157_669_149_524_499_73, 0.159_596_658),
            (&a, &b, 0.475, 0.191_234_652_047_226_7, 0.203_665_615),
            (&tied, &other, 0.523_809_523_809_523_8, 0.154_589_837_894_088, 0.168_706_294),
        ] {
            for test in [kolmogorov_smirnov(x, y), kolmogorov_smirnov(y, x)] {
                assert!((test.statistic - statistic).abs() < 1e-15, "{test:?}");
                assert!((test.p_value - limit).abs() < 1e-14, "{test:?}, not {limit}");
                assert!((test.p_value / exact - 1.0).abs() < 0.1, "{test:?}, not {exact}");
            }
        }
    }

    #[test]
    fn equal_samples_are_no_distance_apart_and_others_the_whole() {
        let same = kolmogorov_smirnov(&[1.0, 1.0, 2.0, 2.0], &[2.0, 1.0]);
        assert_eq!(same, KolmogorovSmirnov { statistic: 0.0, p_value: 1.0 });
        assert_eq!(kolmogorov_smirnov(&[0.0, 1.0], &[2.0]).statistic, 1.0);
        assert_eq!(kolmogorov_smirnov(&[], &[2.0]).p_value, 1.0);
    }

    #[test]
    fn a_shift_of_a_uniform_is_its_distance() {
        let mut values = vec![0.0; 20_000];
        Streams::new(1).at(Purpose::Reference, 0, 0).fill_uniform(&mut values);
        let (x, y) = values.split_at_mut(10_000);
        y.iter_mut().for_each(|y| *y += 0.3);
        // Kolmogorov: beyond 1.95 √(2/n) once in a thousand.
        let test = kolmogorov_smirnov(x, y);
        assert!((test.statistic - 0.3).abs() < 1.95 * (2.0 / 10_000.0_f64).sqrt(), "{test:?}");
        assert!(test.p_value < 1e-12, "{test:?}");
    }

    #[test]
    fn chances_of_one_distribution_are_uniform() {
        // The share below p is p: 0.05 ± 0.0049 and 0.5 ± 0.0112 of 2000. With 40 and 55 values D has
        // steps, hence a percent of slack.
        let mut values = vec![0.0; 95];
        let mut below = [0, 0];
        for seed in 0..2000 {
            Streams::new(seed).at(Purpose::Reference, 0, 0).fill_normal(&mut values);
            let p_value = kolmogorov_smirnov(&values[..40], &values[40..]).p_value;
            below[0] += i32::from(p_value < 0.05);
            below[1] += i32::from(p_value < 0.5);
        }
        let shares = below.map(|count| f64::from(count) / 2000.0);
        assert!((shares[0] - 0.05).abs() < 4.0 * 0.0049 + 0.01, "{shares:?}");
        assert!((shares[1] - 0.5).abs() < 4.0 * 0.0112 + 0.01, "{shares:?}");
    }
}
