//! [`Place`]: where a row stands in a file.

use std::fmt;

/// Place of a row in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Line of a text file on which the row starts, from 1.
    Line(u64),
    /// Row of a sheet, from 1.
    SheetRow(u64),
    /// Index of the row in an array, from 0.
    Row(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::SheetRow(row) => write!(f, "row {row}"),
            Self::Row(row) => write!(f, "row {row} (counted from 0)"),
        }
    }
}
