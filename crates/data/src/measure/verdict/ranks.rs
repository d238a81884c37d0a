//! Mid-ranks of pooled rows: the space that a verdict measures in. No outlier stretches it.

use crate::{Column, ColumnValues};

/// How the values of a column are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// By their ranks; a missing value ranks behind all.
    Ranks,
    /// As classes, of which any two are 1 apart: as far as the ends of all ranks, and as one-hot over √2.
    Classes,
}

/// How the values of each column are compared.
pub(super) fn scales(columns: &[Column]) -> Vec<Scale> {
    let scale = |column: &Column| match column.values {
        ColumnValues::Category(_) => Scale::Classes,
        _ => Scale::Ranks,
    };
    columns.iter().map(scale).collect()
}

/// Column of two pooled sets of rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ranked<'a> {
    pub(super) scale: Scale,
    /// Mid-ranks, or numbers of classes.
    pub(super) values: &'a [f32],
}

/// Mid-ranks of two sets of rows, pooled: column by column, the first set's rows first. Of classes their numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ranks(Vec<(Scale, Vec<f32>)>);

impl Ranks {
    /// Ranks of the rows of `x` and `y`, row by row, in the chosen columns, of which each has its scale.
    pub(super) fn pooled(x: &[f64], y: &[f64], scales: &[Scale], columns: &[usize]) -> Self {
        let column = |column: &usize| {
            let of = |rows: &[f64]| -> Vec<f64> {
                rows.iter().skip(*column).step_by(scales.len()).copied().collect()
            };
            // Equal values alone have one mid-rank, so it tells classes apart as well.
            (scales[*column], mid_ranks(&[of(x), of(y)].concat()))
        };
        Self(columns.iter().map(column).collect())
    }

    /// The ranks of each column.
    pub(super) fn columns(&self) -> Vec<Ranked<'_>> {
        (0..self.0.len()).map(|column| self.column(column)).collect()
    }

    /// The ranks of two columns.
    pub(super) fn pair(&self, pair: [usize; 2]) -> [Ranked<'_>; 2] {
        pair.map(|column| self.column(column))
    }

    fn column(&self, column: usize) -> Ranked<'_> {
        let (scale, values) = &self.0[column];
        Ranked { scale: *scale, values }
    }
}

/// Value that sorts: what is no number counts as the largest, and −0 as 0.
pub(super) fn sortable(value: f64) -> f64 {
    if value.is_nan() { f64::INFINITY } else { value + 0.0 }
}

/// Numbers of the values in ascending order, and where each group of equal values ends.
pub(super) fn sorted_groups(values: &[f64]) -> (Vec<u32>, Vec<usize>) {
    let mut order: Vec<u32> = (0..).take(values.len()).collect();
    let value = |number: &u32| sortable(values[*number as usize]);
    order.sort_unstable_by(|a, b| value(a).total_cmp(&value(b)).then(a.cmp(b)));
    let is_end = |place: &usize| match order.get(*place) {
        Some(next) => value(next) != value(&order[place - 1]),
        None => true,
    };
    let ends = (1..=order.len()).filter(is_end).collect();
    (order, ends)
}

/// The mid-rank of each value, from 0 to 1: `(values below + half of the equal ones, itself among them) / all`.
/// Of a constant column it is ½ everywhere.
fn mid_ranks(values: &[f64]) -> Vec<f32> {
    let (order, ends) = sorted_groups(values);
    let (mut ranks, mut start) = (vec![0.0; values.len()], 0);
    for end in ends {
        let rank = (start + end) as f32 / (2 * values.len()) as f32;
        order[start..end].iter().for_each(|number| ranks[*number as usize] = rank);
        start = end;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_even_and_ties_have_their_mean() {
        assert_eq!(mid_ranks(&[3.0, 1.0, 2.0, 4.0]), [0.625, 0.125, 0.375, 0.875]);
        assert_eq!(mid_ranks(&[5.0, 0.0, -0.0, 9.0]), [0.625, 0.25, 0.25, 0.875]);
        assert_eq!(mid_ranks(&[7.0; 6]), [0.5; 6]);
    }

    #[test]
    fn nothing_stretches_the_ranks() {
        let ranks = mid_ranks(&[1e300, f64::NAN, f64::NEG_INFINITY, 2.0, f64::INFINITY, -1e27]);
        let sixths = |sixths: [f32; 6]| sixths.map(|sixth| sixth / 12.0);
        assert_eq!(ranks, sixths([7.0, 10.0, 1.0, 5.0, 10.0, 3.0]));
    }

    #[test]
    fn the_first_set_s_rows_come_first() {
        let scales = [Scale::Ranks; 2];
        let ranks = Ranks::pooled(&[1.0, 9.0, 2.0, 8.0], &[3.0, 7.0], &scales, &[1]);
        assert_eq!(ranks.columns()[0].values, [5.0_f32 / 6.0, 0.5, 1.0 / 6.0]);
    }
}
