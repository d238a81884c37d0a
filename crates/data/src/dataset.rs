//! What a model is trained on: the trait that a user's own data implements.

use crate::Stream;

/// Which rows of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Those that train.
    Training,
    /// Those that are held out to measure by.
    HeldOut,
}

/// A mode of a distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct Mode {
    /// Its centre.
    pub center: Vec<f64>,
    /// Its share of the rows.
    pub share: f64,
    /// Its standard deviation along each axis.
    pub std: f64,
}

/// Rows that a model is trained on.
///
/// A distribution draws from its density and ignores the part, since the stream is another, unless
/// it balances its training rows; a table draws from its rows of that part. What it knows exactly beyond that, it may say.
pub trait Dataset: Send + Sync {
    /// Numbers in a row.
    fn features(&self) -> usize;

    /// 64-bit words of the stream that one row uses: the same for each, so that a row's place is
    /// known without drawing those before it.
    fn words_per_row(&self) -> u64;

    /// Fills `rows`, row by row; row i uses exactly [`words_per_row`](Self::words_per_row) words.
    fn draw(&self, part: Part, stream: &mut Stream, rows: &mut [f64]);

    /// The names of the user's columns: those of what [`restore`](Self::restore) gives, which may be
    /// more than the features.
    fn columns(&self) -> Vec<String> {
        (0..self.features()).map(|i| format!("x{i}")).collect()
    }

    /// How many rows a finite data set has of a part; none for a distribution, which has no end.
    fn len(&self, _part: Part) -> Option<usize> {
        None
    }

    /// Fills `out`, of [`features`](Self::features) numbers, with a row of a finite data set, counted
    /// from 0; leaves it as it is where there is no such row.
    fn row(&self, _part: Part, _index: usize, _out: &mut [f64]) {}

    /// Appends a row of the model's features in the user's columns and units.
    fn restore(&self, row: &[f64], out: &mut Vec<f64>) {
        out.extend_from_slice(row);
    }

    /// Appends a row in the user's columns and units as the model's features: the inverse of
    /// [`restore`](Self::restore).
    fn scale(&self, row: &[f64], out: &mut Vec<f64>) {
        out.extend_from_slice(row);
    }

    /// What a user should be told of the data.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whose data it is, where that must be said.
    fn attribution(&self) -> Option<&str> {
        None
    }

    /// The exact mean.
    fn mean(&self) -> Option<Vec<f64>> {
        None
    }

    /// The exact covariance, row by row.
    fn covariance(&self) -> Option<Vec<Vec<f64>>> {
        None
    }

    /// The exact variance of each number: the diagonal of the covariance, which may be too large to
    /// write down.
    fn variance(&self) -> Option<Vec<f64>> {
        Some(self.covariance()?.iter().enumerate().map(|(i, row)| row[i]).collect())
    }

    /// The logarithm of the density at a row.
    fn log_density(&self, _x: &[f64]) -> Option<f64> {
        None
    }

    /// The logarithm of the density of the level `alpha · x_0 + sigma · eps` at a row, where it is a
    /// closed formula; none where alpha and sigma are both 0. In one dimension
    /// [`LevelDensity`](crate::LevelDensity) needs no closed formula.
    fn diffused_log_density(&self, _alpha: f64, _sigma: f64, _x: &[f64]) -> Option<f64> {
        None
    }

    /// The gradient of the log density at a row.
    fn score(&self, _x: &[f64]) -> Option<Vec<f64>> {
        None
    }

    /// The modes, where there are any.
    fn modes(&self) -> Option<Vec<Mode>> {
        None
    }
}
