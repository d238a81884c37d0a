//! [`SplitOptions`]: which rows of a table are held out.

use super::{Table, TableError, Transform, rows::Rows};
use crate::{Purpose, Streams};

/// Number of rows that are held out, to measure by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Holdout {
    /// Share of all rows. The number of rows is rounded, and at least one unless the share is 0.
    Share(f64),
    /// Number of rows.
    Rows(usize),
}

/// Which rows are held out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum Split {
    /// Rows that the seed chooses.
    #[default]
    Random,
    /// The last rows of the file, whatever the seed: a split that others have published.
    Last,
}

/// Options of [`TableData`](super::TableData): how a table becomes training and held-out rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SplitOptions {
    /// Number of rows to hold out.
    pub holdout: Holdout,
    /// Which rows are held out; of windows always the last.
    pub split: Split,
    /// Seed of the run, which chooses the rows that are held out at random.
    pub seed: u64,
    /// Scaling of the columns for the model.
    pub transform: Transform,
    /// Whether samples are rounded in columns whose training values are all whole numbers.
    pub round_integers: bool,
}

impl Default for SplitOptions {
    /// A fifth of the rows is held out, by seed 0, columns are standardised, and nothing is rounded.
    fn default() -> Self {
        Self {
            holdout: Holdout::Share(0.2),
            split: Split::Random,
            seed: 0,
            transform: Transform::default(),
            round_integers: false,
        }
    }
}

/// Puts the rows that are held out before the others.
pub(super) fn put_first(rows: &mut Rows, held_out: usize, options: &SplitOptions) {
    match options.split {
        Split::Random => {
            let mut stream = Streams::new(options.seed).at(Purpose::Split, 0, 0);
            for front in 0..held_out {
                let other = front + stream.below((rows.len() - front) as u64) as usize;
                rows.swap(front, other);
            }
        }
        Split::Last => {
            let border = rows.len() - held_out;
            let mut ordered = Rows::new(rows.width());
            (border..rows.len()).chain(0..border).for_each(|row| ordered.push(rows.row(row)));
            *rows = ordered;
        }
    }
}

/// The number of rows to hold out.
pub(super) fn held_out_rows(table: &Table, holdout: Holdout) -> Result<usize, TableError> {
    let rows = table.series.as_ref().map_or_else(|| table.rows(), |series| series.rows);
    let (held_out, holdout) = match holdout {
        Holdout::Share(share) if !(0.0..1.0).contains(&share) => {
            return Err(TableError::HoldoutShare { share });
        }
        Holdout::Share(0.0) => (0, "0".to_owned()),
        Holdout::Share(share) => {
            (((share * rows as f64).round() as usize).max(1), format!("a share of {share}"))
        }
        Holdout::Rows(held_out) => (held_out, held_out.to_string()),
    };
    let required = if held_out == 0 { 2 } else { 3 };
    let file = table.file.clone();
    if rows < required {
        return Err(TableError::TooFewRows { file, rows, required });
    }
    let left = rows.saturating_sub(held_out);
    if left < 2 {
        return Err(TableError::Holdout { file, holdout, rows, left });
    }
    Ok(held_out)
}
