//! Outliers: single samples so far beyond all real rows that no tail of theirs leads there. Ranks do not see them.

use super::ranks::sortable;

/// Chance that any of perfect samples is called an outlier.
const CHANCE: f64 = 0.002;

/// Number of outermost real values that a tail is judged by, at most, and at least.
const TAIL: [usize; 2] = [20, 5];

/// Share of the width of the real rows' range that an outlier lies beyond it, at least.
const WIDTH: f64 = 0.5;

/// Share of a constant that a value may be off it: rounding.
const ROUNDING: f64 = 1e-6;

/// Outlier among the samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Outlier {
    pub(super) column: usize,
    /// Value farthest out.
    pub(super) value: f64,
    /// Number of such samples in the column on that side.
    pub(super) count: usize,
    /// Real value farthest out on that side.
    pub(super) real: f64,
}

/// Finds outliers on either side of one column of `columns`.
///
/// With `v_i` the distances of the m outermost of n real values from their median, largest first, the tail's index
/// is `γ = mean ln(v_i / v_(m+1))`, taken larger by its standard error, `1/√m` of itself. For a tail like a power,
/// the heaviest kind there is, the largest of N further values lies beyond `c · v_1` with the chance `N / (n c^(1/γ))`.
/// A sample is an outlier if that is below .002 over both sides of all columns, and if it lies beyond the range by
/// more than half of the range's width.
///
/// Source: Hill 1975, "A simple general approach to inference about the tail of a distribution".
pub(super) fn outliers(
    column: usize,
    columns: usize,
    samples: &[f64],
    real: &[f64],
) -> Vec<Outlier> {
    let mut real: Vec<f64> = real.iter().copied().map(sortable).collect();
    if real.is_empty() {
        return Vec::new();
    }
    let middle = real.len() / 2;
    let (below, median, above) = real.select_nth_unstable_by(middle, f64::total_cmp);
    let median = *median;
    let least = below.iter().copied().fold(median, f64::min);
    let most = above.iter().copied().fold(median, f64::max);
    let ratio = samples.len() as f64 / real.len() as f64;
    let factor = (2 * columns) as f64 * ratio / CHANCE;
    let slack = (WIDTH * (most - least)).max(ROUNDING * most.abs());
    let side = |sign: f64| {
        let end = if sign > 0.0 { most } else { least };
        let mut tail: Vec<f64> = real.iter().map(|value| sign * (value - median)).collect();
        let outer = tail.iter().filter(|value| **value > 0.0).count();
        let last = (real.len() / 10).clamp(TAIL[1], TAIL[0]).min(outer.saturating_sub(1));
        let (farther, ..) = tail.select_nth_unstable_by(last, |a, b| b.total_cmp(a));
        farther.sort_unstable_by(|a, b| b.total_cmp(a));
        let index = if last >= TAIL[1] {
            let logs = tail[..last].iter().map(|v| (v / tail[last]).ln()).sum::<f64>();
            let count = last as f64;
            logs / count * (1.0 + 1.0 / count.sqrt())
        } else if outer > 0 {
            // Too few values to tell the tail by: as heavy as Cauchy's.
            1.0
        } else {
            0.0
        };
        let reach = tail[0].max(0.0) * factor.max(1.0).powf(index);
        let beyond = |value: f64| {
            let far = sign * (value - median);
            far > reach && sign * (value - end) > slack
        };
        let found: Vec<f64> =
            samples.iter().copied().filter(|v| v.is_finite() && beyond(*v)).collect();
        let farthest = found.iter().copied().max_by(|a, b| (sign * a).total_cmp(&(sign * b)));
        farthest.map(|value| Outlier { column, value, count: found.len(), real: end })
    };
    [-1.0, 1.0].into_iter().filter_map(side).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    /// Normals made something else.
    fn values(count: usize, seed: u64, of: fn(f64, f64) -> f64) -> Vec<f64> {
        let mut normals = vec![0.0; 2 * count];
        Streams::new(seed).at(Purpose::Reference, 0, 0).fill_normal(&mut normals);
        normals.chunks_exact(2).map(|pair| of(pair[0], pair[1])).collect()
    }

    #[test]
    fn a_sample_far_beyond_all_rows_is_found_on_either_side() {
        let (mut samples, real) = (values(1000, 1, |x, _| x), values(5000, 2, |x, _| x));
        assert_eq!(outliers(0, 5, &samples, &real), []);
        (samples[7], samples[8], samples[9]) = (1e27, 15.0, -16.0);
        let found = outliers(3, 5, &samples, &real);
        let [below, above] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((below.value, below.count, above.value, above.count), (-16.0, 1, 1e27, 2));
        assert!(above.real > 3.0 && above.real < 5.0 && above.column == 3);
    }

    #[test]
    fn tails_of_every_weight_are_borne() {
        // Uniform, normal, exponential, log-normal and Cauchy values, 400 tables each: of 400, at the stated
        // chance of .002, 0.8 have an outlier; more than 5 in one of 1000 tests.
        let kinds: [fn(f64, f64) -> f64; 5] = [
            |x, _| (x.abs() * 1e6).fract(),
            |x, _| x,
            |x, y| x * x + y * y,
            |x, _| (2.0 * x).exp(),
            |x, y| x / y,
        ];
        for (kind, of) in kinds.into_iter().enumerate() {
            let has_any = |seed: &u64| {
                let rows = values(2000, 1000 + seed, of);
                !outliers(0, 1, &rows[..500], &rows[500..]).is_empty()
            };
            let found = (0..400).filter(has_any).count();
            assert!(found <= 5, "kind {kind}: {found} of 400");
        }
    }

    #[test]
    fn a_constant_column_has_an_outlier_where_a_sample_differs() {
        assert_eq!(outliers(0, 1, &[4.0; 9], &[4.0; 60]), []);
        assert_eq!(outliers(0, 1, &[4.0, 5.0], &[4.0; 60])[0].value, 5.0);
    }
}
