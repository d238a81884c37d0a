//! Measures of tables as people read them: small tables of text, and lines.

use langevin_data::measure::{
    Evaluation,
    table::{
        CellsFound, ColumnCells, TableFound, TableScores, TargetFound, TargetScore, Usefulness,
    },
};
use serde::Serialize;

use super::number;

/// Most columns of which missing cells and odd values are listed.
const LISTED: usize = 20;

/// A table of text: a header and rows, the first column naming each.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct MeasureTable {
    /// Names of its columns.
    pub header: Vec<String>,
    /// Cells, row by row.
    pub rows: Vec<Vec<String>>,
    /// Lines below it.
    pub notes: Vec<String>,
}

impl MeasureTable {
    fn new(header: &[&str], rows: Vec<Vec<String>>) -> Self {
        let header = header.iter().map(|name| (*name).to_owned()).collect();
        Self { header, rows, notes: Vec::new() }
    }
}

/// The measures of tables of an evaluation: scores beside real rows and independent columns, what the samples are worth to who
/// predicts a column, and cells that are missing, beyond the range or never made. Empty where none were made.
#[must_use]
pub fn table_measures(evaluation: &Evaluation) -> Vec<MeasureTable> {
    let mut tables = Vec::new();
    if let Some(found) = &evaluation.table {
        tables.push(scores(found));
    }
    if let Some(found) = &evaluation.target {
        tables.push(target(found));
    }
    if let Some(found) = &evaluation.table {
        let names = evaluation.columns.iter().map(|column| column.name.as_str());
        tables.extend(cells(names, &found.cells.columns));
    }
    tables
}

fn percent(share: f64) -> String {
    format!("{} %", number(100.0 * share))
}

fn known(value: Option<String>) -> String {
    value.unwrap_or_else(|| "–".to_owned())
}

/// Scores of the samples, real rows and independent columns.
fn scores(found: &TableFound) -> MeasureTable {
    let sets = [&found.samples, &found.held_out, &found.independent];
    let row = |name: &str, value: &dyn Fn(&TableScores) -> Option<String>| {
        let values = sets.map(|scores| known(value(scores)));
        [name.to_owned()].into_iter().chain(values).collect::<Vec<_>>()
    };
    let header = ["beside training rows", "samples", "held-out rows", "independent columns"];
    let rows = vec![
        row("error of columns' shapes", &|scores| scores.shape_error.map(percent)),
        row("error of pairs' trends", &|scores| scores.trend_error.map(percent)),
        row("not told apart by trees, 0 to 1", &|scores| scores.detection.map(number)),
    ];
    let mut table = MeasureTable::new(&header, rows);
    let closest = &found.closest;
    table.notes.push(format!(
        "nearer to a training row than to a held-out one: {} ± {} of {} samples (of new rows a half), with {} rows of either kind; \
         copies {}, of held-out rows {}",
        percent(closest.share),
        number(100.0 * closest.standard_error),
        closest.compared,
        closest.each,
        percent(closest.copies),
        percent(closest.held_out_copies)
    ));
    table.notes.extend(found.cells.rare_kept.map(|kept| {
        format!("rare values, below 1 %: made {} times as often as they are", number(kept))
    }));
    table
}

/// How well trees predict the target in held-out rows, by what they learn from.
fn target(found: &TargetFound) -> MeasureTable {
    let sets = [&found.samples, &found.training, &found.independent];
    let first = format!("{}, predicted in held-out rows", found.column);
    let header = [&first[..], "from samples", "from training rows", "from independent columns"];
    let row = |(i, name): (usize, &&str)| {
        let value = |of: &Option<Usefulness>| {
            known(of.as_ref().and_then(|of| values(of.quality)[i]).map(number))
        };
        [(*name).to_owned()].into_iter().chain(sets.map(value)).collect()
    };
    let quality = sets.into_iter().flatten().next().map(|found| found.quality);
    let names = match quality {
        Some(TargetScore::TwoValues { .. }) => ["area under the curve", "log loss"],
        Some(TargetScore::Values { .. }) => {
            ["accuracy", "area under the curve, mean of the values'"]
        }
        _ => ["R²", "root mean square error"],
    };
    let rows = |of: &Option<Usefulness>| known(of.as_ref().map(|of| of.training_rows.to_string()));
    let learnt = ["rows learnt from".to_owned()].into_iter().chain(sets.map(rows)).collect();
    MeasureTable::new(&header, names.iter().enumerate().map(row).chain([learnt]).collect())
}

fn values(score: TargetScore) -> [Option<f64>; 2] {
    match score {
        TargetScore::TwoValues { auc, log_loss } => [auc, Some(log_loss)],
        TargetScore::Values { auc, accuracy } => [Some(accuracy), auc],
        TargetScore::Number { r_squared, root_mean_square_error } => {
            [r_squared, Some(root_mean_square_error)]
        }
    }
}

/// Columns with missing cells, numbers beyond the range or values never made; `None` where there are none.
fn cells<'a>(names: impl Iterator<Item = &'a str>, cells: &[ColumnCells]) -> Option<MeasureTable> {
    let row = |(name, cells): (&str, &ColumnCells)| {
        let odd = match cells.found {
            CellsFound::Numbers { beyond_real: 0 } => String::new(),
            CellsFound::Numbers { beyond_real } => format!("{beyond_real} beyond the range"),
            CellsFound::Category { never_made: 0, .. } => String::new(),
            CellsFound::Category { values, never_made } => {
                format!("{never_made} of {values} values never made")
            }
        };
        let missing = [cells.missing_made, cells.missing_real];
        let is_odd = !odd.is_empty() || missing.iter().any(|share| *share > 0.0);
        let [made, real] = missing.map(percent);
        is_odd.then(|| {
            vec![name.to_owned(), made, real, if odd.is_empty() { "–".to_owned() } else { odd }]
        })
    };
    let mut rows: Vec<Vec<String>> = names.zip(cells).filter_map(row).collect();
    let more = rows.len().saturating_sub(LISTED);
    rows.truncate(LISTED);
    let header = ["cells", "missing in samples", "in training rows", "odd values"];
    let mut table = MeasureTable::new(&header, rows);
    table.notes.extend((more > 0).then(|| format!("and {more} more columns, in evaluation.json")));
    (!table.rows.is_empty()).then_some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_with_nothing_odd_are_left_out() {
        let column = |missing_made, found| ColumnCells { missing_real: 0.0, missing_made, found };
        let plain = column(0.0, CellsFound::Numbers { beyond_real: 0 });
        let beyond = column(0.25, CellsFound::Numbers { beyond_real: 3 });
        let never = column(0.0, CellsFound::Category { values: 5, never_made: 2 });
        let found = cells(["a", "b", "c"].into_iter(), &[plain, beyond, never]).expect("odd ones");
        assert_eq!(found.rows[0], ["b", "25.0 %", "0 %", "3 beyond the range"]);
        assert_eq!(found.rows[1], ["c", "0 %", "0 %", "2 of 5 values never made"]);
        assert_eq!(cells(["a"].into_iter(), &[plain]), None);
        let many = vec![beyond; 23];
        let found = cells(std::iter::repeat_n("b", 23), &many).expect("odd ones");
        assert_eq!((found.rows.len(), &found.notes[0][..12]), (20, "and 3 more c"));
    }

    #[test]
    fn a_target_has_the_scores_of_its_kind_and_a_dash_where_one_is_left_out() {
        let useful = |quality| Some(Usefulness { training_rows: 7, test_rows: 5, quality });
        let found = TargetFound {
            column: "income".to_owned(),
            samples: None,
            training: useful(TargetScore::TwoValues { auc: Some(0.927), log_loss: 0.28 }),
            independent: useful(TargetScore::TwoValues { auc: None, log_loss: 0.55 }),
            remarks: Vec::new(),
        };
        let table = target(&found);
        assert_eq!(table.rows[0], ["area under the curve", "–", "0.927", "–"]);
        assert_eq!(table.rows[1], ["log loss", "–", "0.280", "0.550"]);
        assert_eq!(table.rows[2], ["rows learnt from", "–", "7", "7"]);
        let quality = TargetScore::Number { r_squared: Some(0.5), root_mean_square_error: 2.0 };
        let found = TargetFound { samples: useful(quality), ..found };
        assert_eq!(target(&found).rows[0][..2], ["R²", "0.500"]);
    }
}
