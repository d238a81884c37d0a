//! [`PairTrend`]: how two columns hang together in made rows, beside the real ones.

use super::Cells;

/// Number of bins of a number beside a category.
const BINS: usize = 10;

/// Place of a missing number: after the ten bins, and after the values that lie beyond their edges.
const MISSING_NUMBER: usize = BINS + 1;

/// Bins that numbers are put in beside a category: ten of equal width, from the least to the largest value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bins {
    /// Bins of the real rows for both; values beyond count with the outer bins. So SDMetrics' ContingencySimilarity does it.
    OfReal,
    /// Real and made rows each have bins of their own, and the largest value counts as missing. So SDMetrics' QualityReport
    /// does it. It does not see that a made number is shifted or stretched.
    OfEach,
}

/// Trend of a pair of columns.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PairTrend {
    /// Place of the first column.
    pub first: usize,
    /// Place of the second column.
    pub second: usize,
    /// Score from 0 to 1, higher is better; `None` of two numbers of which one is constant.
    pub score: Option<f64>,
    /// Association in the real rows: Pearson's correlation of two numbers, Cramér's V of a pair with a category, which is
    /// `sqrt(χ² / (n min(values − 1)))`. `None` where a column is constant.
    pub association: Option<f64>,
}

/// Column of one set of rows.
pub(super) struct Coded {
    pub(super) cells: Cells,
    /// The cells of a number; a category has its places alone.
    values: Vec<f64>,
    /// Places of the cells among the column's values or bins, missing last.
    places: Vec<u32>,
    /// Number of places.
    width: usize,
    /// Edges of the bins of a number.
    edges: [f64; BINS + 1],
}

impl Coded {
    /// The column of the real rows.
    pub(super) fn real(cells: Cells, values: Vec<f64>, bins: Bins) -> Self {
        let own = edges(&values);
        Self::with_edges(cells, values, if bins == Bins::OfReal { open(own) } else { own })
    }

    /// The same column of made rows.
    pub(super) fn made(&self, values: Vec<f64>, bins: Bins) -> Self {
        let edges = if bins == Bins::OfReal { self.edges } else { edges(&values) };
        Self::with_edges(self.cells, values, edges)
    }

    fn with_edges(cells: Cells, values: Vec<f64>, edges: [f64; BINS + 1]) -> Self {
        let (missing, width) = match cells {
            Cells::Category(count) => (count, count + 1),
            Cells::Numbers => (MISSING_NUMBER, MISSING_NUMBER + 1),
        };
        let place = |value: &f64| match cells {
            _ if value.is_nan() => missing as u32,
            Cells::Category(_) => *value as u32,
            Cells::Numbers => bin(&edges, *value) as u32,
        };
        let places = values.iter().map(place).collect();
        let values = if cells == Cells::Numbers { values } else { Vec::new() };
        Self { cells, values, places, width, edges }
    }

    /// The numbers that are not missing.
    pub(super) fn known(&self) -> Vec<f64> {
        self.values.iter().copied().filter(|value| !value.is_nan()).collect()
    }

    /// The places of a category's values that are not missing, with their counts.
    pub(super) fn counts(&self) -> Vec<(u64, u64)> {
        let missing = self.width - 1;
        counted(self.places.iter().map(|place| u64::from(*place)).filter(|p| *p < missing as u64))
    }
}

/// The trends of two columns in several sets of made rows, beside the real ones.
pub(super) fn pair_trends<const N: usize>(
    real: &[Coded],
    made: [&[Coded]; N],
    (first, second): (usize, usize),
) -> [PairTrend; N] {
    let found = |score, association| PairTrend { first, second, score, association };
    if [first, second].iter().all(|i| real[*i].cells == Cells::Numbers) {
        let of = |set: &[Coded]| correlation(&set[first].values, &set[second].values);
        let own = of(real);
        let score = |other: f64| own.map(|own| 1.0 - (own - other).abs() / 2.0);
        return made.map(|set| found(of(set).and_then(score), own));
    }
    let width = real[second].width;
    let of = |set: &[Coded]| {
        let places = set[first].places.iter().zip(&set[second].places);
        counted(places.map(|(row, column)| u64::from(*row) * width as u64 + u64::from(*column)))
    };
    let own = of(real);
    let association = cramers_v(&own, width);
    made.map(|set| found(overlap(&own, &of(set)), association))
}

/// Keys with the number of times that each occurs, by key.
fn counted(keys: impl Iterator<Item = u64>) -> Vec<(u64, u64)> {
    let mut keys: Vec<u64> = keys.collect();
    keys.sort_unstable();
    keys.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect()
}

/// What two distributions over keys share, `Σ_k min(p_k, q_k) = 1 − ½ Σ_k |p_k − q_k|`; `None` where one has no rows. The sum
/// is in whole numbers.
pub(super) fn overlap(x: &[(u64, u64)], y: &[(u64, u64)]) -> Option<f64> {
    let [n, m]: [u128; 2] =
        [x, y].map(|counts| counts.iter().map(|(_, count)| u128::from(*count)).sum());
    let shared = |(key, count): &(u64, u64)| {
        let other = y[y.binary_search_by_key(key, |(key, _)| *key).ok()?].1;
        Some((u128::from(*count) * m).min(u128::from(other) * n))
    };
    let sum: u128 = x.iter().filter_map(shared).sum();
    (n * m > 0).then(|| sum as f64 / (n * m) as f64)
}

/// Cramér's V of a table whose keys are `row * width + column`; `None` with one row or one column. Empty rows and columns do
/// not count.
fn cramers_v(table: &[(u64, u64)], width: usize) -> Option<f64> {
    let width = width as u64;
    let rows = counts_by(table, |key| key / width);
    let columns = counts_by(table, |key| key % width);
    let total: f64 = rows.iter().map(|(_, count)| count).sum();
    let of = |counts: &[(u64, f64)], key: u64| {
        counts.binary_search_by_key(&key, |(key, _)| *key).map_or(0.0, |i| counts[i].1)
    };
    let share = |(key, count): &(u64, u64)| {
        let count = *count as f64;
        count * count / (of(&rows, key / width) * of(&columns, key % width))
    };
    // χ² / n = Σ o² / (row column) − 1.
    let square = table.iter().map(share).sum::<f64>() - 1.0;
    let degrees = rows.len().min(columns.len()).saturating_sub(1);
    (degrees > 0 && total > 0.0).then(|| (square.max(0.0) / degrees as f64).sqrt())
}

/// The counts of a table summed over equal parts of their keys, by that part.
fn counts_by(table: &[(u64, u64)], part: impl Fn(u64) -> u64) -> Vec<(u64, f64)> {
    let mut counts: Vec<(u64, f64)> =
        table.iter().map(|(key, count)| (part(*key), *count as f64)).collect();
    counts.sort_unstable_by_key(|(key, _)| *key);
    let sum = |run: &[(u64, f64)]| (run[0].0, run.iter().map(|(_, count)| count).sum());
    counts.chunk_by(|a, b| a.0 == b.0).map(sum).collect()
}

/// Pearson's correlation over the rows that have both numbers; `None` where one is constant there, or fewer than two rows do.
fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let both: Vec<(f64, f64)> = x
        .iter()
        .zip(y)
        .map(|(x, y)| (*x, *y))
        .filter(|(x, y)| !x.is_nan() && !y.is_nan())
        .collect();
    let (x, y) = *both.first()?;
    if both.iter().all(|pair| pair.0 == x) || both.iter().all(|pair| pair.1 == y) {
        return None;
    }
    // From the first row on, so that a large mean costs no digits.
    let count = both.len() as f64;
    let mean =
        both.iter().fold([0.0; 2], |sum, pair| [sum[0] + (pair.0 - x), sum[1] + (pair.1 - y)]);
    let mean = mean.map(|sum| sum / count);
    let [mut xx, mut xy, mut yy] = [0.0; 3];
    for pair in &both {
        let (x, y) = (pair.0 - x - mean[0], pair.1 - y - mean[1]);
        (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
    }
    Some((xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0)).filter(|r| r.is_finite())
}

/// Edges of the bins of the known values. Equal values have bins of one unit around them.
fn edges(values: &[f64]) -> [f64; BINS + 1] {
    let known = || values.iter().copied().filter(|value| !value.is_nan());
    let (first, last) =
        known().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    let (first, last) = match first.partial_cmp(&last) {
        Some(std::cmp::Ordering::Less) => (first, last),
        Some(std::cmp::Ordering::Equal) => (first - 0.5, last + 0.5),
        _ => (0.0, 1.0),
    };
    let step = (last - first) / BINS as f64;
    let mut edges = std::array::from_fn(|i| i as f64 * step + first);
    edges[BINS] = last;
    edges
}

/// Edges with outer bins that reach on.
const fn open(mut edges: [f64; BINS + 1]) -> [f64; BINS + 1] {
    edges[0] = f64::NEG_INFINITY;
    edges[BINS] = f64::INFINITY;
    edges
}

/// The number of edges up to a value.
fn bin(edges: &[f64], value: f64) -> usize {
    if value.is_nan() { MISSING_NUMBER } else { edges.partition_point(|edge| *edge <= value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cramers_v_is_scipys() {
        // scipy 1.17.1, scipy.stats.contingency.association([[5, 0, 2], [1, 4, 3]], method="cramer").
        let table = [(0, 5), (2, 2), (3, 1), (4, 4), (5, 3)];
        let found = cramers_v(&table, 3).expect("two rows");
        assert!((found - CRAMER).abs() < 1e-14, "{found}");
        // One row; and rows that tell the column.
        assert_eq!(cramers_v(&[(0, 5), (2, 2)], 3), None);
        assert_eq!(cramers_v(&[(0, 5), (4, 2)], 3), Some(1.0));
    }

    const CRAMER: f64 = 0.674_801_558_131_828_1;

    #[test]
    fn correlations_keep_their_digits_wherever_the_mean_is() {
        // Products 0, 2, 2 about the means 1: r = ½, for microseconds of a date as well.
        let date = 1.7e15;
        for (at, scale) in [(0.0, 1.0), (date, 1.0), (-3.0, 1e-9)] {
            let x = [0.0, 1.0, 2.0, f64::NAN].map(|x| at + scale * x);
            let y = [0.0, 2.0, 1.0, 9.0].map(|y| at - scale * y);
            let found = correlation(&x, &y).expect("spread");
            // At −3 the differences of 1e-9 have lost 7 digits to the values themselves.
            assert!((found + 0.5).abs() < if at == -3.0 { 1e-6 } else { 1e-15 }, "{found}");
        }
        assert_eq!(correlation(&[1.0, 2.0], &[f64::NAN, 1.0]), None);
        assert_eq!(correlation(&[0.1, 0.1, 0.1], &[1.0, 2.0, 4.0]), None);
    }

    #[test]
    fn edges_belong_to_the_bin_above_them() {
        let edges = edges(&[0.0, 5.0, f64::NAN, 10.0]);
        assert_eq!([-1.0, 0.0, 0.9, 1.0, 9.9, 10.0].map(|v| bin(&edges, v)), [0, 1, 1, 2, 10, 11]);
        assert_eq!([-1.0, 0.0, 10.0, 99.0].map(|v| bin(&open(edges), v)), [1, 1, 10, 10]);
        assert_eq!(bin(&edges, f64::NAN), MISSING_NUMBER);
        assert_eq!(super::edges(&[3.0, 3.0])[5], 3.0);
        assert_eq!(super::edges(&[f64::NAN])[10], 1.0);
    }
}
