//! [`Window`]: how rows are windows of a series, and what can be wrong with them.

/// Windows of a series: each is a row of the data.
///
/// The rows of the file are the steps of the series, the oldest first and as far apart as one another. Step s of a column
/// t is the column t.s, s from 1. A row that lacks a value ends a stretch: no window reaches across it. Of `rows`
/// steps the last are held out, by their number or share, so that what is held out is later than all training rows; windows
/// across the border are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields)
)]
pub struct Window {
    /// Steps of a window, at least 2.
    pub length: usize,
    /// Steps from the start of a window to that of the next, at least 1: 1 where left out.
    #[cfg_attr(feature = "serde", serde(default = "one"))]
    pub stride: usize,
}

#[cfg(feature = "serde")]
const fn one() -> usize {
    1
}

impl Window {
    /// Checks it and the number of first steps that are told, without a file.
    ///
    /// # Errors
    /// A length below 2, no stride, or no step that is drawn.
    pub const fn check(self, past: usize) -> Result<(), WindowError> {
        if self.length < 2 || self.stride == 0 {
            return Err(WindowError::Parameters { window: self });
        }
        if past >= self.length {
            return Err(WindowError::Past { length: self.length, past });
        }
        Ok(())
    }
}

/// Reason why a series has no windows to train on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// A length or a stride that makes no window.
    #[error(
        "data.window: must have a length of 2 at least and a stride of 1 at least, got {} and {}",
        window.length, window.stride
    )]
    Parameters {
        /// The window.
        window: Window,
    },
    /// The told steps leave none to draw.
    #[error("data.condition.past: must be below data.window.length, {length}, got {past}")]
    Past {
        /// Steps of a window.
        length: usize,
        /// Steps that are told.
        past: usize,
    },
    /// No stretch of rows is as long as a window.
    #[error(
        "{file}: data.window.length: must be at most the longest stretch of rows without a missing value, {longest}, got \
         {length}"
    )]
    TooLong {
        /// The file.
        file: String,
        /// Steps of a window.
        length: usize,
        /// Rows of the longest stretch.
        longest: usize,
    },
    /// A window holds too many numbers.
    #[error(
        "{file}: data.window.length: {columns} columns at {length} steps must be at most {most} numbers"
    )]
    TooWide {
        /// The file.
        file: String,
        /// Columns of the file that are taken.
        columns: usize,
        /// Steps of a window.
        length: usize,
        /// The most numbers of a window.
        most: usize,
    },
    /// Too few windows are left on one side of the border.
    #[error(
        "{file}: data.holdout: with the last {held_out} of {rows} rows held out, {training} windows of {length} rows are left \
         before and {later} after: 2 and 1 are required at least"
    )]
    Holdout {
        /// The file.
        file: String,
        /// Rows that are held out.
        held_out: usize,
        /// Rows of the series.
        rows: usize,
        /// Steps of a window.
        length: usize,
        /// Windows that end before the held-out rows.
        training: usize,
        /// Windows within the held-out rows.
        later: usize,
    },
}
