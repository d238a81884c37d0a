//! Measures of each column and of each pair's correlation, and the one test over all of them.
//!
//! A column has four measures, each of the shares of samples and held-out rows in parts of it:
//!
//! - `largest`: the Kolmogorov–Smirnov statistic `D = max |F(x) − G(x)|`, or, where a column has few distinct values, the
//!   largest difference of the shares of one value;
//! - `interval`: the largest difference of the shares in an interval between two of forty quantiles: a mode that is
//!   missing anywhere, or too large;
//! - `place`: the difference of the mean ranks (Wilcoxon 1945);
//! - `spread`: the difference of the mean square of `rank − ½`: samples that are too narrow or too wide (Mood 1954).
//!
//! A pair of columns has one, the difference of the mean products of centred ranks, as of rank correlations (Spearman 1904). It sees a lost dependence where
//! the energy distance is still in its band; a ring, which has no correlation, is left to that.
//!
//! Measures of different kinds come to one scale, about `−ln p` of each by itself: `n D² − ln 2` for the limit law of
//! Kolmogorov and Smirnov; `z²/2 + ln z + ln √(π/2)` for places, spreads and correlations over their exact standard
//! deviations z; and for intervals, the largest of many, `z²/2 − ln(1/s)` less a constant, where s is the share of all
//! rows that lie in one: narrow intervals are many (Dümbgen & Spokoiny 2001, Chan & Walther 2013). The constant makes
//! the mean over all splits 1, that of `−ln p`. Where values are few, each is an interval as well, and `largest` is
//! shown but not tested. The largest measure over all columns and pairs is what counts: one test for the table, and
//! exact whatever the scale and the columns have to do with each other, since no split is preferred (Westfall & Young
//! 1993).

use std::f64::consts::{LN_2, PI};

use rayon::prelude::*;

use super::{
    pairs::{Correlation, Pairs},
    pooled_column::{Part, PooledColumn},
    ranks::Scale,
    splits::{LEVEL, Splits, band, p_value},
};

/// Column in which samples and held-out rows differ.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    /// Number of the column.
    pub(super) column: usize,
    /// Largest of its measures, on the common scale.
    pub(super) measure: f64,
    /// Part of the column.
    pub(super) part: Part,
    /// Shares of samples and of held-out rows in that part; of a place or a spread the
    /// means of `rank − ½` or of its square.
    pub(super) shares: [f64; 2],
    /// Kolmogorov–Smirnov statistic, or the largest difference of the shares of one value.
    pub(super) largest: f64,
}

/// Outcome of the test over all columns and pairs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ColumnTest {
    pub(super) p_value: f64,
    /// Every column at its largest measure, the worst first.
    pub(super) columns: Vec<Difference>,
    /// Every pair's correlations and their measure, the worst first.
    correlations: Vec<(Correlation, f64)>,
    /// Measure above which a column or a pair is beyond the band.
    band: f64,
}

impl ColumnTest {
    /// The columns beyond the band, the worst first; none where the test does not fail.
    pub(super) fn beyond(&self) -> impl Iterator<Item = &Difference> {
        self.columns.iter().filter(|column| self.fails(column.measure))
    }

    /// The pairs whose correlations are beyond the band, the worst first.
    pub(super) fn correlations_beyond(&self) -> impl Iterator<Item = &Correlation> {
        self.correlations.iter().filter(|(_, measure)| self.fails(*measure)).map(|(pair, _)| pair)
    }

    fn fails(&self, measure: f64) -> bool {
        self.p_value < LEVEL && measure > self.band
    }
}

/// Tests the columns with the given numbers, each by its scale, and the correlations of some pairs. `x` and `y` are as many
/// rows, those of one half each.
pub(super) fn test_columns(
    [x, y]: [&[f64]; 2],
    scales: &[Scale],
    numbers: &[usize],
    pairs: Option<&Pairs>,
    splits: &Splits,
) -> ColumnTest {
    let column = |number: &usize| {
        let of = |rows: &[f64]| -> Vec<f64> {
            rows.iter().skip(*number).step_by(scales.len()).copied().collect()
        };
        let pooled = PooledColumn::new([of(x), of(y)].concat(), scales[*number]);
        measured(&pooled, *number, splits)
    };
    let columns: Vec<(Vec<f64>, Difference)> = numbers.par_iter().map(column).collect();
    let correlations = pairs.map_or(Vec::new(), |pairs| pairs.correlations(x, y, splits));
    let correlations = correlations.into_iter().map(|(pair, measures)| {
        (pair, measures.into_iter().map(half_normal).collect::<Vec<f64>>())
    });
    let correlations: Vec<(Correlation, Vec<f64>)> = correlations.collect();
    let mut largest = vec![0.0_f64; splits.count()];
    let all = columns.iter().map(|(measures, _)| measures);
    for measures in all.chain(correlations.iter().map(|(_, measures)| measures)) {
        largest.iter_mut().zip(measures).for_each(|(all, own)| *all = all.max(*own));
    }
    let mut columns: Vec<Difference> = columns.into_iter().map(|(_, column)| column).collect();
    columns.sort_by(|a, b| b.measure.total_cmp(&a.measure));
    let first = |(pair, measures): (Correlation, Vec<f64>)| {
        (pair, measures.first().copied().unwrap_or_default())
    };
    let mut correlations: Vec<(Correlation, f64)> = correlations.into_iter().map(first).collect();
    correlations.sort_by(|a, b| b.1.total_cmp(&a.1));
    ColumnTest { p_value: p_value(&largest), columns, correlations, band: band(&largest) }
}

/// The column's largest measure of each split on the common scale, and where the observed one lies.
fn measured(pooled: &PooledColumn, column: usize, splits: &Splits) -> (Vec<f64>, Difference) {
    let half = splits.half() as f64;
    let mut counts = pooled.no_counts();
    let raw: Vec<[f64; 4]> = splits
        .iter()
        .map(|signs| {
            let [place, spread] = pooled.count(signs, &mut counts);
            let (largest, interval) = (pooled.largest(&counts).0, pooled.interval(&counts).0);
            [largest / half, interval, place.abs(), spread.abs()]
        })
        .collect();
    let kind = |kind: usize| raw.iter().map(move |kinds| kinds[kind]);
    let largest: Vec<f64> = match pooled.has_few_values() {
        true => vec![0.0; raw.len()],
        false => kind(0).map(|distance| half * distance * distance - LN_2).collect(),
    };
    let [place_std, spread_std] = match pooled.has_order() {
        true => pooled.moment_stds(),
        false => [0.0; 2],
    };
    let normal = |kind: usize, std: f64| -> Vec<f64> {
        let over = |raw: f64| if std > 0.0 { raw / std } else { 0.0 };
        raw.iter().map(|kinds| half_normal(over(kinds[kind]))).collect()
    };
    let scaled = [largest, largest_of_many(kind(1)), normal(2, place_std), normal(3, spread_std)];
    let of_split = |split: usize| scaled.iter().map(|kind| kind[split]).fold(0.0, f64::max);
    let measures: Vec<f64> = (0..splits.count()).map(of_split).collect();
    let observed = splits.iter().next().unwrap_or_default();
    let [place, spread] = pooled.count(observed, &mut counts);
    // Of few values the share of one says most to people, whichever measure is largest.
    let kinds = if pooled.has_few_values() { 0..1 } else { 0..4 };
    let worst = kinds.rev().max_by(|a, b| scaled[*a][0].total_cmp(&scaled[*b][0]));
    let (part, shares) = match worst {
        Some(3) => (Part::Spread, pooled.means(1, spread)),
        Some(2) => (Part::Place, pooled.means(0, place)),
        Some(1) => pooled.found(pooled.interval(&counts).1, &counts),
        _ => pooled.found(pooled.largest(&counts).1, &counts),
    };
    let largest = raw.first().map_or(0.0, |kinds| kinds[0]);
    let measure = measures.first().copied().unwrap_or_default();
    (measures, Difference { column, measure, part, shares, largest })
}

/// About `−ln p` of a normal number's absolute value.
fn half_normal(z: f64) -> f64 {
    z * z / 2.0 + z.max(1.0).ln() + (PI / 2.0).sqrt().ln()
}

/// The largest of many measures, moved to a mean of 1 over the splits.
fn largest_of_many(measures: impl ExactSizeIterator<Item = f64> + Clone) -> Vec<f64> {
    let mean = measures.clone().sum::<f64>() / measures.len() as f64;
    measures.map(|measure| measure + 1.0 - mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Purpose, Streams,
        measure::{kolmogorov_smirnov, verdict::splits::COLUMN_SPLITS},
    };

    fn normals(count: usize, seed: u64) -> Vec<f64> {
        let mut values = vec![0.0; count];
        Streams::new(seed).at(Purpose::Reference, 0, 0).fill_normal(&mut values);
        values
    }

    fn splits(half: usize) -> Splits {
        Splits::draw(half, COLUMN_SPLITS, &mut Streams::new(9).at(Purpose::Reference, 0, 0))
    }

    fn test(x: &[f64], y: &[f64]) -> ColumnTest {
        test_columns([x, y], &[Scale::Ranks], &[0], None, &splits(x.len()))
    }

    #[test]
    fn the_largest_difference_is_kolmogorov_s_or_that_of_one_value() {
        let (x, y) = (normals(300, 1), normals(300, 2));
        let found = &test(&x, &y).columns[0];
        assert_eq!(found.largest, kolmogorov_smirnov(&x, &y).statistic);
        // 0 has 5 and 2 of ten, 1 and 2 one less and two less of ten each.
        let x = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 2.0];
        let y = [0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0];
        assert_eq!(test(&x, &y).columns[0].largest, 0.3);
    }

    #[test]
    fn a_missing_middle_and_a_narrow_spread_are_seen_where_kolmogorov_s_is_small() {
        // A mode of a tenth in the middle of a table's column.
        let y = normals(1000, 3);
        let placed = |(i, y): (usize, &f64)| if i % 10 == 0 { 0.01 * y } else { y + y.signum() };
        let with_mode: Vec<f64> = y.iter().enumerate().map(placed).collect();
        let without: Vec<f64> = normals(1000, 4).iter().map(|x| x + x.signum()).collect();
        let found = test(&without, &with_mode);
        assert!(found.p_value < 0.005, "{found:?}");
        let Part::Interval(from, to) = found.columns[0].part else { panic!("{found:?}") };
        assert!(from > -1.2 && to < 1.2, "{from} to {to}");
        assert!(found.columns[0].shares[0] < 0.02 && found.columns[0].shares[1] > 0.09);
        let narrow: Vec<f64> = normals(1000, 5).iter().map(|x| 0.8 * x).collect();
        let found = test(&narrow, &y);
        assert!(found.p_value < 0.005, "{found:?}");
        assert_eq!(found.columns[0].part, Part::Spread, "{found:?}");
        assert!(found.columns[0].shares[0] < found.columns[0].shares[1]);
        assert!(kolmogorov_smirnov(&narrow, &y).p_value > 1e-4, "seen by Kolmogorov's as well");
    }

    #[test]
    fn of_equal_distributions_four_in_a_thousand_fail() {
        // Tables of a normal column and one of three values: 2000 of them, 8 ± 2.8 of which fail.
        let splits = splits(50);
        for scale in [Scale::Ranks, Scale::Classes] {
            let (scales, mut failed) = ([scale, Scale::Ranks], 0);
            for seed in 0..2000 {
                let mut rows = normals(200, 100 + seed);
                rows.iter_mut().step_by(2).for_each(|x| *x = x.round().clamp(-1.0, 1.0));
                let (x, y) = rows.split_at(100);
                let found = test_columns([x, y], &scales, &[0, 1], None, &splits);
                failed += i32::from(found.p_value < 0.005);
            }
            assert!((1..=19).contains(&failed), "{scale:?}: {failed} of 2000");
        }
    }

    #[test]
    fn the_share_of_one_class_among_many_is_seen_wherever_it_stands() {
        // 60 classes; one has a share of 6 % in place of 2 %.
        let classes = |seed: u64, more: f64| -> Vec<f64> {
            let mut stream = Streams::new(seed).at(Purpose::Reference, 0, 0);
            let mut class = || match stream.uniform() < more {
                true => 31.0,
                false => (60.0 * stream.uniform()).floor(),
            };
            (0..1000).map(|_| class()).collect()
        };
        let (x, y) = (classes(1, 0.045), classes(2, 0.0));
        let found = test_columns([&x, &y], &[Scale::Classes], &[0], None, &splits(1000));
        assert!(found.p_value < 0.005, "{found:?}");
        assert_eq!(found.columns[0].part, Part::Value(31.0), "{found:?}");
        let alike =
            test_columns([&classes(3, 0.0), &y], &[Scale::Classes], &[0], None, &splits(1000));
        assert!(alike.p_value > 0.005, "{alike:?}");
    }

    #[test]
    fn columns_without_a_difference_have_none() {
        let found = test(&[4.0; 60], &[4.0; 60]);
        assert_eq!((found.p_value, found.beyond().count()), (1.0, 0));
        let other = test(&[5.0; 60], &[4.0; 60]);
        assert_eq!(other.p_value, 1.0 / 1000.0);
        assert_eq!(other.columns[0].shares, [0.0, 1.0]);
    }
}
