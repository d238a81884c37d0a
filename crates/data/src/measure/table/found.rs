//! [`measure_table`]: the measures by which samples of tables are compared in the literature, each beside that of real rows and of
//! independent columns.

use super::{
    Bins, CellCounts, ClosestRecords, Quality, TableRows, TableSets, cell_counts, closest_records,
    detection, quality::qualities,
};
use crate::measure::MeasureError;

/// Most columns of a table that is measured: their pairs are counted one by one.
pub const MOST_COLUMNS: usize = 100;

/// Fewest rows of each kind that a classifier is trained on.
const FEWEST: usize = 50;

/// What samples of a table are like, beside real rows and independent columns.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TableFound {
    /// Scores of the samples.
    pub samples: TableScores,
    /// Scores of the held-out rows: what real rows get. Fewer rows than there are samples get larger errors.
    pub held_out: TableScores,
    /// Scores of rows whose every column is drawn on its own.
    pub independent: TableScores,
    /// How near samples lie to training rows, beside held-out ones.
    pub closest: ClosestRecords,
    /// Missing cells, values beyond those seen, and values never made.
    pub cells: CellCounts,
}

/// Scores of rows beside the training rows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TableScores {
    /// Error of the columns' shapes: 1 less the mean of [`quality`](super::quality())'s; `None` where none is defined.
    pub shape_error: Option<f64>,
    /// Error of the trends of all pairs of columns: 1 less their mean.
    pub trend_error: Option<f64>,
    /// [Detection](super::Detection::score) by boosted trees: 1 where they cannot be told from training rows, 0 where
    /// always; `None` of fewer than 50 rows.
    pub detection: Option<f64>,
    /// Error of the shape of each column; none where version 0.2 or older measured.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub column_errors: Vec<Option<f64>>,
    /// Error of the trend of each pair: the first column with the second, with the third and so on.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub pair_errors: Vec<Option<f64>>,
}

/// Measures the samples of a table beside its training rows, and beside them held-out rows and independent columns.
///
/// # Errors
/// A classifier that cannot learn from such rows.
pub fn measure_table(sets: &TableSets, seed: u64) -> Result<TableFound, MeasureError> {
    let (samples, training) = (sets.samples(), sets.training());
    let (held_out, independent) = (sets.held_out(), sets.independent());
    let made = [samples, held_out, independent];
    let [by_samples, by_held_out, by_independent] = qualities(training, made, Bins::OfReal)?;
    let scores = |made: TableRows<'_>, found: Quality| -> Result<TableScores, MeasureError> {
        let error = |score: Option<f64>| score.map(|score| 1.0 - score);
        let is_enough = made.count().min(training.count()) >= FEWEST;
        let detection = is_enough.then(|| detection(training, made, seed)).transpose()?;
        Ok(TableScores {
            shape_error: error(found.shape),
            trend_error: error(found.trend),
            detection: detection.map(|found| found.score),
            column_errors: found.shapes.into_iter().map(error).collect(),
            pair_errors: found.pairs.iter().map(|pair| error(pair.score)).collect(),
        })
    };
    Ok(TableFound {
        samples: scores(samples, by_samples)?,
        held_out: scores(held_out, by_held_out)?,
        independent: scores(independent, by_independent)?,
        closest: closest_records(training, held_out, samples, seed)?,
        cells: cell_counts(training, samples)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, ColumnValues, Purpose, Streams};

    /// A category, a number that hangs on it, and is missing in a tenth of one class.
    fn rows(count: usize, seed: u64) -> Vec<f64> {
        let mut stream = Streams::new(seed).at(Purpose::Reference, 0, 0);
        let mut row = |_| {
            let class = (3.0 * stream.uniform()).floor();
            let number = class + stream.uniform();
            let is_missing = class == 1.0 && stream.uniform() < 0.1;
            [class, if is_missing { f64::NAN } else { number }]
        };
        (0..count).flat_map(&mut row).collect()
    }

    #[test]
    fn perfect_samples_are_as_real_rows_and_independent_columns_are_told_apart() {
        let mut columns = ["kind", "size"].map(Column::number).to_vec();
        columns[0].values = ColumnValues::Category(["a", "b", "c"].map(str::to_owned).to_vec());
        columns[1].may_miss = true;
        let (training, held_out, samples) = (rows(2000, 1), rows(1000, 2), rows(2000, 3));
        let sets = TableSets::new(&columns, [&samples, &training, &held_out], 5).expect("rows");
        let found = measure_table(&sets, 5).expect("sound");
        let [own, real, apart] = [&found.samples, &found.held_out, &found.independent]
            .map(|scores| (scores.trend_error.expect("a pair"), scores.detection.expect("rows")));
        assert!(own.0 < 2.0 * real.0 && own.0 < 0.05 && own.1 > 0.9, "{found:?}");
        assert!(apart.0 > 5.0 * own.0 && apart.1 < 0.6, "{found:?}");
        // One pair and two columns, whose means the errors are.
        assert_eq!(found.samples.pair_errors, [found.samples.trend_error]);
        let shapes = found.samples.column_errors.iter().flatten().sum::<f64>() / 2.0;
        assert!((shapes - found.samples.shape_error.expect("columns")).abs() < 1e-12);
        // A third of a tenth is missing.
        let cells = found.cells.columns[1];
        assert!((cells.missing_made - 1.0 / 30.0).abs() < 0.015, "{cells:?}");
        assert!((found.closest.share - 0.5).abs() < 0.1, "{:?}", found.closest);
    }
}
