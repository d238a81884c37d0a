//! [`ToldError`]: what of a table cannot be told.

use super::Place;

/// Reason why a model cannot be told what it should be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ToldError {
    /// A column that is told has one value in all training rows.
    #[error(
        "{file}: data.condition.columns: column `{column}` has one value in all {rows} training rows, which tells \
         nothing; leave it out"
    )]
    Constant {
        /// The file.
        file: String,
        /// Its name.
        column: String,
        /// The number of training rows.
        rows: usize,
    },
    /// A column has too many values for a category.
    #[error(
        "{file}: {field}: column `{column}` holds {values} different texts, and a category at most {most}; \
         leave it out, or tell the column that it stands for"
    )]
    ManyValues {
        /// The file.
        file: String,
        /// The field that makes it one.
        field: &'static str,
        /// Its name.
        column: String,
        /// The number of different texts.
        values: usize,
        /// The most values of a category.
        most: usize,
    },
    /// A column that is told holds numbers, and a text among them.
    #[error(
        "{file}: data.condition.columns: column `{column}` holds numbers, and {text:?}, which is none; mend or leave out that \
         row, or say {{\"name\": {column:?}, \"kind\": \"category\"}} in data.columns where they are names"
    )]
    OddText {
        /// The file.
        file: String,
        /// Its name.
        column: String,
        /// The text.
        text: String,
    },
    /// A cell of a file of rows that are given is none of its column's.
    #[error("{file}, {place}, column `{column}`: {text:?} is not {required}")]
    Cell {
        /// The file.
        file: String,
        /// Where its row stands.
        place: Place,
        /// The column's name.
        column: String,
        /// The text, cut where it is long.
        text: String,
        /// What it must be.
        required: String,
    },
    /// All columns are told.
    #[error(
        "{file}: data.condition.columns: must leave a column that the model draws, got all of them: `{}`",
        told.join("`, `")
    )]
    All {
        /// The file.
        file: String,
        /// Their names.
        told: Vec<String>,
    },
}
