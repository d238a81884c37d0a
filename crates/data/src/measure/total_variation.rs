//! The total variation of two samples of a category, and the χ² test: could both come from one distribution?

/// Outcome of [`total_variation`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TotalVariation {
    /// Half the sum of the absolute differences of the values' shares, 0 to 1.
    pub distance: f64,
    /// Probability of differences at least as large between two samples of one distribution.
    pub p_value: f64,
}

/// The total variation `½ Σ_k |p_k − q_k|` of two samples of a category, of whose values any two differ alike; a missing value,
/// NaN, is one of them.
///
/// The p value is that of Pearson's test of homogeneity: `Σ (n_k − e_k)² / e_k` over both samples has the χ² distribution
/// with one degree of freedom less than there are values. It is good from five expected rows of a value on; rarer values,
/// rarest first, are counted as one until they have as many.
///
/// # Shapes
/// At least one value in each sample. Without values the distance is 0 and the p value 1.
///
/// Source: Pearson 1900.
#[must_use]
pub fn total_variation(x: &[f64], y: &[f64]) -> TotalVariation {
    let all = [x.len() as f64, y.len() as f64];
    if all.contains(&0.0) {
        return TotalVariation { distance: 0.0, p_value: 1.0 };
    }
    let mut values: Vec<(f64, usize)> =
        x.iter().map(|x| (*x, 0)).chain(y.iter().map(|y| (*y, 1))).collect();
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let is_same = |a: &(f64, usize), b: &(f64, usize)| a.0 == b.0 || a.0.is_nan() && b.0.is_nan();
    let count = |own: &[(f64, usize)]| {
        let second = own.iter().filter(|(_, side)| *side == 1).count();
        [(own.len() - second) as f64, second as f64]
    };
    let mut counts: Vec<[f64; 2]> = values.chunk_by(is_same).map(count).collect();
    let distance = half_differences(&counts);
    counts.sort_unstable_by(|a, b| (a[0] + a[1]).total_cmp(&(b[0] + b[1])));
    let least = all[0].min(all[1]) / (all[0] + all[1]);
    let (mut cells, mut rest) = (Vec::new(), [0.0; 2]);
    for own in counts {
        rest = [rest[0] + own[0], rest[1] + own[1]];
        if (rest[0] + rest[1]) * least >= FEWEST {
            cells.push(rest);
            rest = [0.0; 2];
        }
    }
    match cells.last_mut() {
        Some(last) => *last = [last[0] + rest[0], last[1] + rest[1]],
        None => cells.push(rest),
    }
    let cell = |own: &[f64; 2]| -> f64 {
        let share = (own[0] + own[1]) / (all[0] + all[1]);
        own.iter().zip(all).map(|(n, all)| (n - share * all).powi(2) / (share * all)).sum()
    };
    let statistic = cells.iter().map(cell).sum();
    TotalVariation { distance, p_value: chi_square(statistic, cells.len() - 1) }
}

/// Half the sum of the absolute differences of the values' shares, by the counts of each value in two samples.
pub(super) fn half_differences(counts: &[[f64; 2]]) -> f64 {
    let all = counts.iter().fold([0.0; 2], |[x, y], own| [x + own[0], y + own[1]]);
    counts.iter().map(|[x, y]| (x / all[0] - y / all[1]).abs()).sum::<f64>() / 2.0
}

/// Fewest expected rows of a value in the smaller sample.
const FEWEST: f64 = 5.0;

/// The probability that a χ² number with so many degrees of freedom is at least `x`: the upper incomplete gamma function
/// `Q(a, x / 2)`, `a` half their number, by its series or its continued fraction (Lentz).
fn chi_square(x: f64, freedom: usize) -> f64 {
    let (a, x) = (freedom as f64 / 2.0, x / 2.0);
    if freedom == 0 || x <= 0.0 {
        return 1.0;
    }
    let front = (a * x.ln() - x - libm::lgamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * f64::EPSILON {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return (1.0 - front * sum).clamp(0.0, 1.0);
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / f64::MIN_POSITIVE, 1.0 / b);
    let mut fraction = d;
    for i in 1..1000 {
        let i = f64::from(i);
        let numerator = -i * (i - a);
        b += 2.0;
        d = 1.0 / (numerator * d + b);
        c = b + numerator / c;
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (front * fraction).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    #[test]
    fn the_distance_is_half_the_differences_of_the_shares() {
        let x = [0.0, 0.0, 1.0, f64::NAN];
        let y = [0.0, 2.0];
        // 1/2 and 1/2, 1/4 and 0, 0 and 1/2, 1/4 and 0.
        assert_eq!(total_variation(&x, &y).distance, 0.5);
        assert_eq!(total_variation(&x, &x), TotalVariation { distance: 0.0, p_value: 1.0 });
        assert_eq!(total_variation(&[], &y).p_value, 1.0);
    }

    #[test]
    fn the_tail_of_chi_square_is_scipy_s() {
        // scipy.stats.chi2.sf(x, freedom), scipy 1.17.1.
        for (x, freedom, exact) in [
            (0.5, 1, 0.479_500_122_186_953_4),
            (3.841_458_820_694_124, 1, 0.05),
            (2.0, 4, 0.735_758_882_342_884_7),
            (30.0, 10, 0.000_856_641_210_775_301),
            (90.0, 100, 0.753_197_965_599_829_8),
            (160.0, 100, 0.000_130_783_976_591_409_2),
        ] {
            let found = chi_square(x, freedom);
            assert!((found / exact - 1.0).abs() < 1e-9, "{x} {freedom}: {found}, not {exact}");
        }
    }

    #[test]
    fn of_equal_distributions_one_in_twenty_is_below_a_twentieth() {
        // Eight values with shares from 1/2 to 1/128, unequal samples.
        let mut stream = Streams::new(4).at(Purpose::Reference, 0, 0);
        let mut draw = |count: usize| -> Vec<f64> {
            (0..count).map(|_| (-stream.uniform().log2()).floor().min(7.0)).collect()
        };
        let (mut below, rounds) = (0, 2000);
        for _ in 0..rounds {
            let (x, y) = (draw(400), draw(1500));
            below += i32::from(total_variation(&x, &y).p_value < 0.05);
        }
        // 100 ± 9.7.
        assert!((60..=140).contains(&below), "{below} of {rounds}");
    }
}
