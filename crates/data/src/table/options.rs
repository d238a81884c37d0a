//! How a file is read, and what becomes of rows with gaps.

use super::{ColumnSpec, Layout, Place, Window};

/// How a file is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableOptions {
    /// The columns to take, in this order; all, of which nothing else is said, if `None`.
    pub columns: Option<Vec<ColumnSpec>>,
    /// What is said of each column of which `columns` says nothing but its name, or, without it, of all; its own
    /// name is of no account.
    pub each: Option<ColumnSpec>,
    /// The axes that a row of an array must have, where it has two or more; any if `None`.
    pub axes: Option<Vec<usize>>,
    /// Columns to leave out.
    pub exclude: Vec<String>,
    /// Columns that are told, beside those to take. One with a text in it is a category.
    pub told: Vec<String>,
    /// Column of what rows weigh, which is not among those to take; they weigh alike if `None`.
    pub weight: Option<String>,
    /// Windows that its rows become, as steps of a series; its rows themselves if `None`.
    pub window: Option<Window>,
    /// First steps of a window that are told.
    pub past: usize,
    /// Whether a CSV file's first record names the columns; if `None`, it does where one of its
    /// fields is text. Without a header, and in an array, columns are called x0, x1, …
    pub header: Option<bool>,
    /// The ASCII character between a CSV file's fields; if `None`, the one of comma, semicolon and
    /// tab that occurs most in the first record outside quotes.
    pub delimiter: Option<u8>,
    /// What becomes of rows that lack a value.
    pub missing: Missing,
    /// The most bytes that its numbers may take, 8 each; no limit if `None`.
    pub memory: Option<u64>,
    /// How the file lays out its table otherwise.
    pub layout: Layout,
}

/// What becomes of rows that lack a value: an empty field, NA, N/A, NaN or null in any case of
/// letters, NaN in an array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum Missing {
    /// They are left out and reported.
    #[default]
    Drop,
    /// They are an error.
    Refuse,
    /// They are learnt, and samples lack values as often and in the same company. A row that lacks a value of a column
    /// that the model is told is left out and reported.
    Model,
}

/// A row that was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Where it stands.
    pub place: Place,
    /// The first column in which it lacks a value.
    pub column: String,
}
