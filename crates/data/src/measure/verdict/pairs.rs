//! Pairs of columns: the energy distance of two columns' ranks, which sees any dependence. A ring has no
//! correlation.

use rayon::prelude::*;

use super::{
    ranks::{Ranks, Scale},
    split_energies::SplitEnergies,
    splits::{LEVEL, Splits, band, p_value},
};
use crate::measure::rows::{dot, spread};

/// Largest number of columns whose pairs are looked at: evenly spread ones of more.
const COLUMNS: usize = 64;

/// Largest number of pairs that are tested: all of twelve columns.
const PAIRS: usize = 66;

/// Training rows by which the pairs of many columns are chosen.
const ROWS: usize = 128;

/// Pairs of columns that are tested.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pairs {
    scales: Vec<Scale>,
    columns: Vec<usize>,
    /// Places among `columns`.
    pairs: Vec<[usize; 2]>,
}

impl Pairs {
    /// All pairs of columns of `width`; of more than 66, those 66 that depend on each other most: where 128 evenly
    /// spread training rows are farthest from as many independent columns, over the floor. Neither samples nor
    /// held-out rows have a say, so the test stays exact.
    pub(super) fn choose(scales: &[Scale], training: &[f64], independent: &[f64]) -> Self {
        let width = scales.len();
        let columns = spread(width, COLUMNS);
        let later = |i: usize| (i + 1..columns.len()).map(move |j| [i, j]);
        let mut pairs: Vec<[usize; 2]> = (0..columns.len()).flat_map(later).collect();
        if pairs.len() > PAIRS {
            let some = |rows: &[f64], count: usize| -> Vec<f64> {
                let row = |i: &usize| rows[i * width..(i + 1) * width].iter().copied();
                spread(rows.len() / width, count).iter().flat_map(row).collect()
            };
            let count = ROWS.min(training.len() / width).min(independent.len() / width);
            let rows = [some(training, count), some(independent, count)];
            let ranks = Ranks::pooled(&rows[0], &rows[1], scales, &columns);
            let splits = Splits::observed(count);
            let apart = |pair: &[usize; 2]| {
                let found = SplitEnergies::of(&ranks.pair(*pair), &splits);
                (over(found.observed(), found.floor), *pair)
            };
            let mut apart: Vec<(f64, [usize; 2])> = pairs.par_iter().map(apart).collect();
            apart.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            pairs = apart.into_iter().take(PAIRS).map(|(_, pair)| pair).collect();
        }
        Self { scales: scales.to_vec(), columns, pairs }
    }

    /// Whether there is no pair.
    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Numbers of a pair's columns in the table.
    pub(super) fn columns(&self, pair: usize) -> [usize; 2] {
        self.pairs[pair].map(|place| self.columns[place])
    }

    /// The rank correlations of each pair of `x` and `y` without classes, and for each split the absolute difference of the halves'
    /// correlations over its exact standard deviation.
    pub(super) fn correlations(
        &self,
        x: &[f64],
        y: &[f64],
        splits: &Splits,
    ) -> Vec<(Correlation, Vec<f64>)> {
        let ranks = Ranks::pooled(x, y, &self.scales, &self.columns);
        let has_order = |pair: &usize| {
            self.columns(*pair).iter().all(|column| self.scales[*column] == Scale::Ranks)
        };
        let numbers: Vec<usize> = (0..self.pairs.len()).filter(has_order).collect();
        let of = |pair: &usize| {
            let [a, b] = ranks.pair(self.pairs[*pair]).map(|ranked| ranked.values);
            let centred = |ranks: &[f32]| -> Vec<f64> {
                ranks.iter().map(|rank| f64::from(*rank) - 0.5).collect()
            };
            let (a, b) = (centred(a), centred(b));
            let products: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a * b).collect();
            let (rows, half) = (products.len() as f64, splits.half());
            let mean = products.iter().sum::<f64>() / rows;
            let square = products.iter().map(|product| (product - mean).powi(2)).sum::<f64>();
            let std = (square * rows / (rows - 1.0)).sqrt();
            let apart = |signs: &[i16]| {
                let sum: f64 = products.iter().zip(signs).map(|(p, s)| p * f64::from(*s)).sum();
                if std > 0.0 { sum.abs() / std } else { 0.0 }
            };
            let (samples, held_out) = (0..half, half..2 * half);
            let [samples, held_out] =
                [samples, held_out].map(|rows| correlation(&a[rows.clone()], &b[rows]));
            let columns = self.columns(*pair);
            (Correlation { columns, samples, held_out }, splits.iter().map(apart).collect())
        };
        numbers.par_iter().map(of).collect()
    }

    /// The energy distances of each pair of `x` and `y`, in their ranks.
    pub(super) fn energies(&self, x: &[f64], y: &[f64], splits: &Splits) -> Vec<SplitEnergies> {
        let ranks = Ranks::pooled(x, y, &self.scales, &self.columns);
        self.pairs.par_iter().map(|pair| SplitEnergies::of(&ranks.pair(*pair), splits)).collect()
    }
}

/// Rank correlations of a pair of columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Correlation {
    /// Numbers of the columns.
    pub(super) columns: [usize; 2],
    pub(super) samples: f64,
    pub(super) held_out: f64,
}

/// Pearson's correlation; 0 where a column is constant.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let centred = |values: &[f64]| -> Vec<f64> {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|value| value - mean).collect()
    };
    let (a, b) = (centred(a), centred(b));
    let scale = (dot(&a, &a) * dot(&b, &b)).sqrt();
    if scale > 0.0 { dot(&a, &b) / scale } else { 0.0 }
}

/// Test over all pairs at once, each over its floor.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PairTest {
    pub(super) p_value: f64,
    /// Energy distance of each pair.
    pub(super) energies: Vec<f64>,
    /// Energy distance of each pair over its floor.
    over_floor: Vec<f64>,
    /// The largest of any pair in any split by chance.
    band: f64,
}

impl PairTest {
    /// The test on the energies of each pair.
    pub(super) fn of(energies: &[SplitEnergies]) -> Self {
        let splits = energies.first().map_or(0, |energies| energies.values.len());
        let mut largest = vec![0.0_f64; splits];
        for pair in energies {
            let own = pair.values.iter().map(|value| over(*value, pair.floor));
            largest.iter_mut().zip(own).for_each(|(all, own)| *all = all.max(own));
        }
        Self {
            p_value: p_value(&largest),
            energies: energies.iter().map(SplitEnergies::observed).collect(),
            over_floor: energies.iter().map(|pair| over(pair.observed(), pair.floor)).collect(),
            band: band(&largest),
        }
    }

    /// Whether the test fails by this pair.
    pub(super) fn fails(&self, pair: usize) -> bool {
        self.p_value < LEVEL && self.over_floor[pair] > self.band
    }

    /// Energy distance over its floor above which a pair fails.
    pub(super) const fn band(&self) -> f64 {
        self.band
    }
}

/// Pair of columns that depend on each other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct JudgedPair {
    pub(super) columns: [usize; 2],
    pub(super) samples: f64,
    pub(super) floor: f64,
    pub(super) independent: f64,
}

impl JudgedPair {
    /// The part of the way from the floor to independent columns at which the samples are.
    pub(super) fn way(&self) -> f64 {
        (self.samples - self.floor) / (self.independent - self.floor).max(f64::MIN_POSITIVE)
    }
}

/// What samples make of the dependent pairs.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct FoundPairs {
    pub(super) dependent: usize,
    pub(super) worst: Option<JudgedPair>,
    /// Lost pairs, the worst first.
    pub(super) lost: Vec<JudgedPair>,
}

/// A distance over its floor; 0 where there is no floor, since two constant columns are no distance apart.
pub(super) fn over(distance: f64, floor: f64) -> f64 {
    if floor > 0.0 { distance / floor } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Purpose, Streams,
        measure::{
            Rows,
            verdict::{independent::independent_columns, splits::SPLITS},
        },
    };

    fn normals(count: usize, seed: u64) -> Vec<f64> {
        let mut values = vec![0.0; count];
        Streams::new(seed).at(Purpose::Reference, 0, 0).fill_normal(&mut values);
        values
    }

    #[test]
    fn a_ring_s_columns_depend_on_each_other() {
        let ring = |seed| -> Vec<f64> {
            let rows = normals(2000, seed);
            let row =
                |row: &[f64]| row.iter().map(|x| x / row[0].hypot(row[1])).collect::<Vec<_>>();
            rows.chunks(2).flat_map(row).collect()
        };
        let mut stream = Streams::new(3).at(Purpose::Reference, 0, 0);
        let (real, splits) = (ring(1), Splits::draw(1000, SPLITS, &mut stream));
        let apart = independent_columns(Rows::checked(2, &real), 1000, &mut stream);
        let pairs = Pairs::choose(&[Scale::Ranks; 2], &real, &apart);
        let found = PairTest::of(&pairs.energies(&apart, &ring(2), &splits));
        assert!(found.fails(0) && found.p_value == 1.0 / 400.0, "{found:?}");
        let found = PairTest::of(&pairs.energies(&real, &ring(2), &splits));
        assert!(!found.fails(0) && found.p_value >= LEVEL, "{found:?}");
    }

    #[test]
    fn correlations_are_those_of_each_half_s_ranks() {
        // All samples lie at both ends of the pool, and depend on each other there.
        let held_out = normals(200, 7);
        let samples: Vec<f64> = normals(100, 8)
            .iter()
            .flat_map(|x| [9.0 * x.signum() + x, 9.0 * x.signum() + x])
            .collect();
        let splits = Splits::observed(100);
        let pairs = Pairs::choose(&[Scale::Ranks; 2], &held_out, &samples);
        let with_class = Pairs::choose(&[Scale::Ranks, Scale::Classes], &held_out, &samples);
        assert!(with_class.correlations(&samples, &held_out, &splits).is_empty());
        let (found, _) = &pairs.correlations(&samples, &held_out, &splits)[0];
        assert!((found.samples - 1.0).abs() < 1e-12, "{found:?}");
        assert!(found.held_out.abs() < 0.3, "{found:?}");
    }

    #[test]
    fn of_many_columns_the_pairs_that_depend_are_chosen() {
        // Columns 2 and 18 of twenty are one.
        let mut rows = normals(20 * 200, 4);
        rows.chunks_mut(20).for_each(|row| row[18] = row[2]);
        let mut stream = Streams::new(5).at(Purpose::Reference, 0, 0);
        let apart = independent_columns(Rows::checked(20, &rows), 200, &mut stream);
        let pairs = Pairs::choose(&[Scale::Ranks; 20], &rows, &apart);
        assert_eq!((pairs.pairs.len(), pairs.columns(0)), (66, [2, 18]));
        assert_eq!(Pairs::choose(&[Scale::Ranks; 12], &rows[..240], &apart[..240]).pairs.len(), 66);
        assert!(Pairs::choose(&[Scale::Ranks], &rows, &apart).is_empty());
    }
}
