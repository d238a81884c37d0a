//! The verdict on samples: one word for people, by tests whose bands are exact, and the reasons for it.
//!
//! Samples and held-out rows, equally many and at most 1000 each, are pooled. In each column a value's mid-rank in the
//! pool stands for it, so that no outlier stretches a scale. If samples follow the data, all splits of the pool into
//! halves are equally likely: the observed one is held against 399 by chance for distances, and against 999 for measures
//! by column. A measure fails where its p value, the share of splits that are as large, is below .005: perfect samples
//! fail a test once in 400 times, or four times in 1000.
//!
//! - **good**: the energy distance over all columns and the largest measure of any column or pair's correlation do not
//!   fail, no pair of columns is lost, and there is no outlier among the samples.
//! - **poor**: a pair is lost; or a column fails whose distribution functions (or, of at most 20 values, shares of one)
//!   are over 0.4 apart; or the energy distance fails and lies more than half way from the floor to the nearer one of
//!   independent columns and the untrained network; or copies of training rows, or values beyond the training rows'
//!   range in one column, are over five points more frequent than among the held-out rows.
//! - **fair**: neither.
//! - **too few rows**: fewer than 50 held-out rows or samples.
//!
//! A pair of columns is lost where independent columns fail the same test, and the samples fail it too and are more
//! than half way from the floor to them or to the untrained network. Those two are a yardstick only where they fail
//! themselves. Where neither fails on all columns, samples that do are farther than both.

mod columns;
mod copies;
mod independent;
mod judge;
mod known_modes;
mod outliers;
mod outside;
mod pairs;
mod pooled_column;
mod ranks;
mod reasons;
mod shares;
mod split_energies;
mod splits;

pub use independent::independent_columns;
pub use judge::{Judge, Real};
pub use outside::{Outside, outside};
pub use shares::Counts;
pub use splits::LEVEL;

/// Verdict on samples.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Verdict {
    /// Word for it.
    pub word: Word,
    /// Reasons in words, the worst column first; none for good samples.
    pub reasons: Vec<String>,
    /// Rows of each side that were compared.
    pub rows: usize,
    /// Energy distance over all columns, in rank space; none where there are too few rows.
    pub energy: Option<EnergyFound>,
    /// Test over all columns, each alone; none where there are too few rows.
    pub columns: Option<ColumnsFound>,
    /// Test of pairs of columns; none where there are too few rows or columns.
    pub pairs: Option<PairsFound>,
    /// p value of the modes' shares against their exact ones, where these are known.
    pub modes_p_value: Option<f64>,
    /// Rows that are copies of training rows.
    pub copies: Counts,
    /// Values beyond the range of the training rows, by column, where there are any.
    pub outside: Vec<OutsideFound>,
}

/// Word of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Word {
    /// Nothing tells the samples from held-out rows.
    Good,
    /// Something does, but they are nearer to them than to what knows nothing.
    Fair,
    /// They are wrong in a way that matters.
    Poor,
    /// There are too few rows to judge.
    TooFewRows,
}

impl Word {
    /// The word as people read it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fair => "fair",
            Self::Poor => "poor",
            Self::TooFewRows => "too few rows to judge",
        }
    }
}

/// Energy distances to the held-out rows in rank space, over all columns.
///
/// Each is that of as many rows, ranked in one pool with the held-out ones.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EnergyFound {
    /// Energy distance of the samples.
    pub samples: f64,
    /// Mean of real rows against real rows: training and held-out rows, over all splits. Perfect samples have it
    /// too, and a distance below it is no merit.
    pub floor: f64,
    /// Energy distance of independent columns.
    pub independent: f64,
    /// Least p value of independent columns, of the energy, by column and by pair; none of one column.
    #[cfg_attr(feature = "serde", serde(default))]
    pub independent_p_value: Option<f64>,
    /// Energy distance of the untrained network, where there are rows of it.
    pub untrained: Option<f64>,
    /// p value of the samples.
    pub p_value: f64,
}

impl EnergyFound {
    /// The samples' distance over the floor; none where there is no floor, as where every column is constant.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        (self.floor > 0.0).then(|| self.samples / self.floor)
    }
}

/// Outcome of the test over all columns.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ColumnsFound {
    /// p value of the largest measure of any column, or of any pair's rank correlation.
    pub p_value: f64,
    /// Name of the column with the largest measure.
    pub worst: String,
    /// Its Kolmogorov–Smirnov statistic, or the largest difference of the shares of one value where it has at most
    /// twenty.
    pub difference: f64,
    /// Number of columns beyond the band.
    pub beyond: usize,
}

/// Outcome of the test of pairs of columns.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PairsFound {
    /// Number of pairs that were looked at.
    pub tested: usize,
    /// p value of independent columns: the largest energy distance of any pair, over its floor.
    pub independent_p_value: f64,
    /// Pairs that depend on each other: those by which independent columns fail.
    pub dependent: usize,
    /// Dependent pair whose dependence the samples have least of.
    pub worst: Option<PairFound>,
    /// Pairs that the samples have lost.
    pub lost: usize,
}

/// Energy distances to the held-out rows in the ranks of two columns.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PairFound {
    /// Names of the columns.
    pub columns: [String; 2],
    /// Energy distance of the samples.
    pub samples: f64,
    /// That of real rows.
    pub floor: f64,
    /// That of independent columns.
    pub independent: f64,
}

/// Values of one column beyond the range of the training rows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OutsideFound {
    /// Name of the column.
    pub column: String,
    /// Numbers of rows on either side of the range.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub outside: Outside,
}

#[cfg(test)]
mod tests;
