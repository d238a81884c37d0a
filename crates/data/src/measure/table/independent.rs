//! [`independent_columns`]: rows with every column right and nothing between columns. Their figures stand beside those of
//! made rows.

use super::TableRows;
use crate::{
    Purpose, Streams,
    measure::{Rows, verdict},
};

/// Stream of [`Purpose::Reference`] that the rows are drawn from.
const STREAM: u64 = (1 << 63) + 17;

/// Draws `count` rows, one after the other, every cell of them from a real row of its own, all equally likely. Missing cells
/// are drawn as the others are.
#[must_use]
pub fn independent_columns(real: TableRows<'_>, count: usize, seed: u64) -> Vec<f64> {
    let values: Vec<f64> = real.iter().flatten().copied().collect();
    let rows = Rows::checked(real.columns().len(), &values);
    let mut stream = Streams::new(seed).at(Purpose::Reference, STREAM, 0);
    verdict::independent_columns(rows, count, &mut stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::table::Cells;

    #[test]
    fn cells_keep_their_shares_missing_ones_too_and_columns_their_own() {
        let columns = [Cells::Numbers, Cells::Category(2)];
        // A quarter of the numbers is missing, exactly where the category is 0.
        let real: Vec<f64> = (0..4)
            .flat_map(|i| [if i == 0 { f64::NAN } else { f64::from(i) }, f64::from(i.min(1))])
            .collect();
        let rows = TableRows::new("rows", &columns, &real).expect("valid");
        let drawn = independent_columns(rows, 4000, 5);
        let drawn = TableRows::new("drawn", &columns, &drawn).expect("cells of the columns");
        let share = |is: &dyn Fn(&[f64]) -> bool| {
            drawn.iter().filter(|row| is(row)).count() as f64 / drawn.count() as f64
        };
        // Four standard errors of a share p of 4000 rows: 4 √(p (1 − p) / 4000).
        for (found, exact) in [
            (share(&|row| row[0].is_nan()), 0.25),
            (share(&|row| row[1] == 0.0), 0.25),
            (share(&|row| row[0].is_nan() && row[1] == 0.0), 0.0625),
        ] {
            let error = (exact * (1.0 - exact) / 4000.0_f64).sqrt();
            assert!((found - exact).abs() < 4.0 * error, "{found}, not {exact}");
        }
        let bits = |seed| {
            independent_columns(rows, 10, seed).iter().map(|v| v.to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(bits(5), bits(5));
        assert_ne!(bits(5), bits(6));
    }
}
