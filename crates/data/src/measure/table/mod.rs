//! Measures of samples of a table in the user's columns, where cells may be categories or missing: by column, by pair of
//! columns, and jointly.

mod area_under_curve;
mod cell_counts;
mod closest;
mod detection;
mod found;
mod independent;
mod quality;
mod rows;
mod sets;
mod target;
mod trees;
mod trends;
mod usefulness;

pub use area_under_curve::area_under_curve;
pub use cell_counts::{CellCounts, CellsFound, ColumnCells, cell_counts};
pub use closest::{ClosestRecords, RecordDistances, closest_records};
pub use detection::{Detection, detection};
pub use found::{MOST_COLUMNS, TableFound, TableScores, measure_table};
pub use independent::independent_columns;
pub use quality::{Quality, quality};
pub use rows::{Cells, MOST_ROWS, TableRows};
pub use sets::TableSets;
pub use target::{TargetFound, measure_target};
pub use trees::{BoostOptions, BoostedTrees, LabelledRows, Targets};
pub use trends::{Bins, PairTrend};
pub use usefulness::{TargetScore, Usefulness, usefulness};
