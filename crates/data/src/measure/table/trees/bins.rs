//! [`BinnedColumn`]: the cells of a column by the bins of its histograms.

use super::tree::{Side, Test, single};
use crate::measure::table::Cells;

/// Most bins of the numbers of a column, as in XGBoost.
const BINS: usize = 256;

/// Column of training rows as codes of bins: of a number, the number of cuts up to it; of a category, its place. A missing
/// cell has the code after these.
#[derive(Debug)]
pub(super) struct BinnedColumn {
    codes: Vec<u32>,
    pub(super) bins: Bins,
}

/// Bins that are told apart, without the one of missing cells.
#[derive(Debug)]
pub(super) enum Bins {
    /// Between the cuts, in ascending order. A bin starts at its cut.
    Numbers {
        /// Starts of all bins but the first.
        cuts: Vec<f32>,
    },
    /// One bin for each value.
    Category {
        /// Number of values.
        values: usize,
    },
}

/// Split of a column between two sets of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Codes up to `last` are on the left, and missing cells where they are told to.
    After {
        /// Last bin on the left.
        last: usize,
        /// Side of missing cells.
        missing: Side,
    },
    /// This code is on the right, all others on the left.
    Not(usize),
}

impl BinnedColumn {
    pub(super) fn new(cells: Cells, column: &[f64]) -> Self {
        let bins = match cells {
            Cells::Numbers => Bins::Numbers { cuts: cuts(column) },
            Cells::Category(values) => Bins::Category { values },
        };
        let code = |cell: &f64| match &bins {
            _ if cell.is_nan() => bins.count(),
            Bins::Numbers { cuts } => cuts.partition_point(|cut| *cut <= single(*cell)),
            Bins::Category { .. } => *cell as usize,
        };
        Self { codes: column.iter().map(|cell| code(cell) as u32).collect(), bins }
    }

    /// The code of a row's cell.
    pub(super) fn code(&self, row: u32) -> usize {
        self.codes[row as usize] as usize
    }

    /// The side that the row goes to.
    pub(super) fn side(&self, row: u32, cut: Cut) -> Side {
        let code = self.code(row);
        let left = match cut {
            Cut::After { missing, .. } if code == self.bins.count() => return missing,
            Cut::After { last, .. } => code <= last,
            Cut::Not(value) => code != value,
        };
        if left { Side::Left } else { Side::Right }
    }
}

impl Bins {
    /// Number of bins without the one of missing cells.
    pub(super) const fn count(&self) -> usize {
        match self {
            Self::Numbers { cuts } => cuts.len() + 1,
            Self::Category { values } => *values,
        }
    }

    /// The split by the cells themselves.
    pub(super) fn test(&self, cut: Cut) -> Test {
        match (self, cut) {
            (Self::Numbers { cuts }, Cut::After { last, missing }) => {
                Test::Below { cut: cuts.get(last).copied().unwrap_or(f32::INFINITY), missing }
            }
            (_, Cut::Not(value)) if value == self.count() => Test::IsKnown,
            (_, Cut::Not(value) | Cut::After { last: value, .. }) => Test::IsNot(value as f64),
        }
    }
}

/// Starts of all bins of a column's numbers but the first: each value, or the values at evenly spread ranks.
///
/// The least and the greatest value have bins of their own, and their rows no rank, as in XGBoost: a column that is 0 in most
/// rows is divided as finely as one that is not.
fn cuts(column: &[f64]) -> Vec<f32> {
    let mut sorted: Vec<f32> = column.iter().filter(|x| !x.is_nan()).map(|x| single(*x)).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let mut distinct = sorted.clone();
    distinct.dedup();
    let (Some(least), Some(greatest)) = (distinct.first(), distinct.last()) else {
        return distinct;
    };
    if distinct.len() <= BINS {
        return distinct[1..].to_vec();
    }
    let start = sorted.partition_point(|x| x <= least);
    let ranks = sorted.partition_point(|x| x < greatest) - start;
    let last = BINS - 2;
    let mut cuts: Vec<f32> = (0..=last).map(|i| sorted[start + i * ranks / last]).collect();
    cuts.dedup();
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(column: &[f64]) -> Vec<usize> {
        let binned = BinnedColumn::new(Cells::Numbers, column);
        (0..column.len()).map(|row| binned.code(row as u32)).collect()
    }

    #[test]
    fn few_values_have_a_bin_each() {
        assert_eq!(codes(&[3.0, -1.0, f64::NAN, 3.0, 0.0, -0.0]), [2, 0, 3, 2, 1, 1]);
        assert_eq!(codes(&[f64::NAN, f64::NAN]), [1, 1]);
        let column: Vec<f64> = (0..256).map(f64::from).collect();
        assert_eq!(codes(&column), (0..256).collect::<Vec<_>>());
    }

    #[test]
    fn many_values_have_bins_of_as_many_rows() {
        // 2542 = 254 · 10 + 2: the least and the greatest value are alone.
        let column: Vec<f64> = (0..2542).map(|i| f64::from(i * 7 % 2542)).collect();
        let mut counts = [0; 256];
        codes(&column).into_iter().for_each(|code| counts[code] += 1);
        assert_eq!(counts[..2], [1, 10]);
        assert_eq!(counts[1..255], [10; 254]);
        assert_eq!(counts[255], 1);
    }

    #[test]
    fn a_value_that_most_rows_have_takes_no_bins_from_the_others() {
        let column: Vec<f64> = (0..5000).map(|i| f64::from((i - 3999).max(0))).collect();
        let codes = codes(&column);
        assert!(codes[..4000].iter().all(|code| *code == 0));
        assert_eq!((codes[4000], codes[4999]), (1, 255));
    }
}
