//! [`cell_counts`]: what made cells lack or have too much: missing ones, numbers beyond the real ones, values never made.

use super::{Cells, TableRows};
use crate::measure::MeasureError;

/// Share of the real rows below which a value of a category counts as rare.
const RARE: f64 = 0.01;

/// Counts of made cells beside real ones.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CellCounts {
    /// Counts of each column.
    pub columns: Vec<ColumnCells>,
    /// Share of the rare values among the made rows, over that among the real ones. A value of a category is rare if it occurs
    /// in less than 1 % of the real rows; the shares of all of them, in all columns, are summed. It is 1 where rare values
    /// are made as often as they occur, and `None` where there are none.
    pub rare_kept: Option<f64>,
}

/// Counts of one column.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ColumnCells {
    /// Share of the real cells that are missing.
    pub missing_real: f64,
    /// Share of the made cells that are missing.
    pub missing_made: f64,
    /// What else is found, by what the column holds.
    pub found: CellsFound,
}

/// Counts that depend on what a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum CellsFound {
    /// Numbers.
    Numbers {
        /// Made cells below the least or above the largest real one; all known ones where no real one is known.
        beyond_real: usize,
    },
    /// A category.
    Category {
        /// Values that occur in the real rows.
        values: usize,
        /// Those of them that no made row has.
        never_made: usize,
    },
}

/// Counts missing cells, numbers beyond the real range and values never made.
///
/// # Errors
/// Rows with other columns.
pub fn cell_counts(real: TableRows<'_>, made: TableRows<'_>) -> Result<CellCounts, MeasureError> {
    made.require_columns("made rows", real.columns())?;
    let (mut rare_real, mut rare_made) = (0.0, 0.0);
    let mut column = |(i, cells): (usize, &Cells)| {
        let (real, made) = (real.column(i), made.column(i));
        let found = match *cells {
            Cells::Numbers => CellsFound::Numbers { beyond_real: beyond(&real, &made) },
            Cells::Category(count) => {
                let [by_real, by_made] = [&real, &made].map(|set| shares(set, count));
                let pairs = || by_real.iter().zip(&by_made).filter(|(real, _)| **real > 0.0);
                for (real, made) in pairs().filter(|(real, _)| **real < RARE) {
                    (rare_real, rare_made) = (rare_real + real, rare_made + made);
                }
                let never_made = pairs().filter(|(_, made)| **made == 0.0).count();
                CellsFound::Category { values: pairs().count(), never_made }
            }
        };
        ColumnCells { missing_real: missing(&real), missing_made: missing(&made), found }
    };
    let columns = real.columns().iter().enumerate().map(&mut column).collect();
    Ok(CellCounts { columns, rare_kept: (rare_real > 0.0).then(|| rare_made / rare_real) })
}

/// The share of missing cells.
fn missing(cells: &[f64]) -> f64 {
    cells.iter().filter(|cell| cell.is_nan()).count() as f64 / cells.len() as f64
}

/// The number of made values outside the range of the real ones.
fn beyond(real: &[f64], made: &[f64]) -> usize {
    // `min` and `max` leave NaN out.
    let least = real.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = real.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    made.iter().filter(|value| **value < least || **value > largest).count()
}

/// The share of all cells that each value of a category has.
fn shares(cells: &[f64], values: usize) -> Vec<f64> {
    let mut counts = vec![0_usize; values];
    cells.iter().filter(|cell| !cell.is_nan()).for_each(|cell| counts[*cell as usize] += 1);
    counts.into_iter().map(|count| count as f64 / cells.len() as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f64 = f64::NAN;

    fn counts(columns: &[Cells], real: &[f64], made: &[f64]) -> CellCounts {
        let [real, made] =
            [real, made].map(|values| TableRows::new("rows", columns, values).expect("valid"));
        cell_counts(real, made).expect("same columns")
    }

    #[test]
    fn every_count_is_the_one_found_by_hand() {
        let columns = [Cells::Numbers, Cells::Category(4)];
        let real = [1.0, 0.0, NAN, 1.0, 5.0, 2.0, 3.0, NAN];
        let made = [1.0, 3.0, 5.0, 1.0, 0.9, 1.0, 5.1, 1.0, NAN, NAN];
        let found = counts(&columns, &real, &made);
        let number = CellsFound::Numbers { beyond_real: 2 };
        let category = CellsFound::Category { values: 3, never_made: 2 };
        let column = |missing_made, found| ColumnCells { missing_real: 0.25, missing_made, found };
        assert_eq!(found.columns, [column(0.2, number), column(0.2, category)]);
        // No value is rare among four rows.
        assert_eq!(found.rare_kept, None);
    }

    #[test]
    fn rare_values_of_all_columns_count_together() {
        // 1000 rows: 4 of the first column's value 1, 6 of its value 2; 10 of the second's value 1, which is not rare; 2 of
        // its value 2. One value never occurs.
        let rows = |counts: [[usize; 4]; 2]| -> Vec<f64> {
            let place = |counts: [usize; 4], row: usize| {
                let mut until = 0;
                let value = (1..4).find(|value| {
                    until += counts[*value];
                    row < until
                });
                value.unwrap_or(0) as f64
            };
            (0..1000).flat_map(|row| [place(counts[0], row), place(counts[1], row)]).collect()
        };
        let columns = [Cells::Category(4); 2];
        let real = rows([[0, 4, 6, 0], [0, 10, 2, 0]]);
        assert_eq!(counts(&columns, &real, &real).rare_kept, Some(1.0));
        let made = rows([[0, 0, 3, 500], [0, 100, 3, 1]]);
        // 3 + 3 of 4 + 6 + 2.
        let kept = counts(&columns, &real, &made).rare_kept.expect("rare values");
        assert!((kept - 0.5).abs() < 1e-12, "{kept}");
        // Twice as many rows with the same shares.
        let twice = [made.clone(), made].concat();
        let of_more = counts(&columns, &real, &twice).rare_kept.expect("rare values");
        assert!((of_more - 0.5).abs() < 1e-12, "{of_more}");
    }

    #[test]
    fn numbers_without_a_known_real_cell_are_all_beyond() {
        let found = counts(&[Cells::Numbers], &[NAN], &[3.0, NAN]).columns[0].found;
        assert_eq!(found, CellsFound::Numbers { beyond_real: 1 });
    }
}
