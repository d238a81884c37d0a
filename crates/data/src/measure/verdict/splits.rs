//! [`Splits`] of pooled rows into halves: the observed one, and others by chance, whose measures are the band.
//!
//! If both halves follow one distribution, all splits of the pool are equally likely. So the share of splits
//! whose measure is at least the observed one is an exact p value: of 400 splits it is below .005 in one case of 400, of
//! 1000 in four.
//!
//! Source: Phipson & Smyth 2010, "Permutation p-values should never be zero".

use crate::Stream;

/// Splits by chance beside the observed one, for distances.
pub(super) const SPLITS: usize = 399;

/// The same for measures by column, which cost little. More of them make a band that owes less to chance.
pub(super) const COLUMN_SPLITS: usize = 999;

/// p value below which samples fail a test.
pub const LEVEL: f64 = 0.005;

/// Fewest held-out rows, and fewest samples, that a verdict needs.
pub(super) const FEWEST: usize = 50;

/// Splits of `2 half` pooled rows. Each is a sign for every row: +1 in the first half, −1 in the second.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Splits {
    half: usize,
    signs: Vec<i16>,
}

impl Splits {
    /// The observed split alone: the first rows against the others.
    pub(super) fn observed(half: usize) -> Self {
        let signs = [1_i16, -1].iter().flat_map(|sign| std::iter::repeat_n(*sign, half));
        Self { half, signs: signs.collect() }
    }

    /// The observed split and `count` by chance.
    pub(super) fn draw(half: usize, count: usize, stream: &mut Stream) -> Self {
        let mut all = Self::observed(half);
        let mut order: Vec<usize> = (0..2 * half).collect();
        for _ in 0..count {
            // The first steps of a shuffle (Fisher & Yates), from the order that the last one left.
            for i in 0..half {
                order.swap(i, i + stream.below((2 * half - i) as u64) as usize);
            }
            let first = all.signs.len();
            all.signs.resize(first + 2 * half, -1);
            order[..half].iter().for_each(|i| all.signs[first + i] = 1);
        }
        all
    }

    /// Rows in each half.
    pub(super) const fn half(&self) -> usize {
        self.half
    }

    /// Number of splits, the observed one among them.
    pub(super) fn count(&self) -> usize {
        self.iter().len()
    }

    /// The signs of each split, the observed one first.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &[i16]> {
        self.signs.chunks_exact((2 * self.half).max(1))
    }
}

/// The p value of the first of some measures among them all: the share that is at least as large. Measures that
/// differ by rounding alone, 1e-9 of their size, count as equal.
pub(super) fn p_value(measures: &[f64]) -> f64 {
    let observed = measures.first().copied().unwrap_or_default();
    let least = observed - 1e-9 * observed.abs();
    let as_large = measures.iter().filter(|measure| **measure >= least).count();
    as_large as f64 / measures.len().max(1) as f64
}

/// The end of the band: the least of the splits' measures above which the p value is below [`LEVEL`]. Of 400 splits it
/// is the largest by chance.
pub(super) fn band(measures: &[f64]) -> f64 {
    let mut by_chance: Vec<f64> = measures.iter().skip(1).copied().collect();
    by_chance.sort_by(|a, b| b.total_cmp(a));
    let as_large = (LEVEL * measures.len() as f64).ceil() as usize;
    by_chance.get(as_large.saturating_sub(2)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Streams};

    #[test]
    fn splits_are_halves_and_even() {
        let mut stream = Streams::new(1).at(Purpose::Reference, 0, 0);
        let splits = Splits::draw(20, SPLITS, &mut stream);
        assert_eq!((splits.count(), splits.half()), (400, 20));
        assert!(splits.iter().all(|signs| signs.iter().sum::<i16>() == 0));
        assert_eq!(splits.iter().next(), Splits::observed(20).iter().next());
        for row in 0..40 {
            // A half of 399, ± 10; of forty rows none is four of those off.
            let often = splits.iter().skip(1).filter(|signs| signs[row] == 1).count();
            assert!((160..240).contains(&often), "row {row} is in the first half {often} times");
        }
    }

    #[test]
    fn a_p_value_counts_the_observed_split_and_ties() {
        assert_eq!(p_value(&[3.0, 1.0, 2.0, 0.0]), 0.25);
        assert_eq!(p_value(&[2.0, 1.0, 2.0 - 1e-12, 3.0]), 0.75);
        assert_eq!(p_value(&[0.0, 0.0]), 1.0);
        assert_eq!(band(&[9.0, 1.0, 2.0]), 2.0);
        // Of 1000 splits a measure fails if at most three by chance are as large.
        let mut measures: Vec<f64> = (0..1000).map(f64::from).collect();
        for (observed, p) in [(996.5, 0.004), (995.5, 0.005)] {
            measures[0] = observed;
            assert_eq!((p_value(&measures), band(&measures)), (p, 996.0));
        }
    }
}
