//! What an evaluation finds, as it stands in a run's files.

use std::collections::BTreeMap;

use super::{Copying, Modes};

/// How near samples are to held-out rows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Evaluation {
    /// Distances over all columns: `energy_distance`, `sliced_wasserstein_2` and, of two columns or
    /// more, `correlation_root_mean_square` and `correlation_largest`.
    pub metrics: Vec<Metric>,
    /// Column by column.
    pub columns: Vec<ColumnFound>,
    /// Whether samples are copies of training rows.
    pub copying: Copying,
    /// Where the samples are among the modes, where these are known.
    pub modes: Option<Modes>,
    /// The rows that were used.
    pub rows: RowCounts,
}

impl Evaluation {
    /// A metric by its name.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }
}

/// A distance over all columns.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// The space that it is measured in.
    pub space: Space,
    /// Its values.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub distance: Distance,
}

/// What a distance is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Space {
    /// The user's columns and units.
    User,
    /// The standardised columns that the model sees.
    Model,
}

/// A distance to the held-out rows, of the samples and of what they are to be judged by.
///
/// Each is the mean over chunks of [`RowCounts::chunk`] rows, so that all are of samples of one size.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Distance {
    /// Of the samples.
    pub samples: f64,
    /// The standard error of `samples`, by bootstrap of samples and held-out rows together. Right
    /// within a tenth well above the floor. At the floor it is too large, the energy distance's by √3:
    /// a resample's distance from its own sample and that sample's distance from the truth add up.
    pub standard_error: f64,
    /// Of training rows: what samples that follow the data perfectly would have.
    pub floor: f64,
    /// Of each baseline, by its name.
    pub baselines: BTreeMap<String, f64>,
}

/// One column, in the user's unit.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ColumnFound {
    /// Its name.
    pub name: String,
    /// The Wasserstein-1 distance to the held-out rows.
    pub wasserstein_1: Distance,
    /// The Kolmogorov–Smirnov distance of all samples to all held-out rows, 0 to 1.
    pub kolmogorov_smirnov: f64,
    /// The chance of at least that distance, if the samples followed the data.
    pub p_value: f64,
}

/// How many rows stand behind the numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RowCounts {
    /// Samples given.
    pub samples: usize,
    /// Training rows given.
    pub training: usize,
    /// Held-out rows given.
    pub held_out: usize,
    /// Held-out rows that distances are measured to.
    pub held_out_compared: usize,
    /// Rows of a chunk of samples or of a baseline.
    pub chunk: usize,
    /// Chunks of samples.
    pub chunks: usize,
    /// Training rows of a subset for the floor: as `chunk`, or all where there are fewer. Fewer make
    /// the floor too high.
    pub floor_chunk: usize,
    /// Random subsets of training rows for the floor.
    pub floor_chunks: usize,
    /// Samples that the copying check looked at.
    pub copying_samples: usize,
    /// Held-out rows that the copying check looked at.
    pub copying_held_out: usize,
    /// Model columns that correlations were compared of.
    pub correlated_columns: usize,
}
