//! [`Evaluation`]: the outcome of an evaluation, as it stands in a run's evaluation.json.

use std::collections::BTreeMap;

use super::{
    Copying, Denoising, Filled, GroupFound, Modes, SingleCell,
    table::{TableFound, TargetFound},
    verdict::Verdict,
};

/// Evaluation of samples: how near they are to held-out rows.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Evaluation {
    /// Distances over all columns: `energy_distance`, `sliced_wasserstein_2` and, for two columns or
    /// more, `correlation_root_mean_square` and `correlation_largest`.
    pub metrics: Vec<Metric>,
    /// Distances of each column.
    pub columns: Vec<ColumnFound>,
    /// Check whether samples are copies of training rows.
    pub copying: Copying,
    /// Shares of the samples near each mode, where the modes are known.
    pub modes: Option<Modes>,
    /// Measures of what the model makes of what it is told; none of a model that is told nothing.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub conditionals: Option<Conditionals>,
    /// Measures of a table by which samples are compared in the literature; none where rows are no table's, or wider than it
    /// is measured.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub table: Option<TableFound>,
    /// How well trees that learn from samples predict the column that `report.target` names; none where it names none.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub target: Option<TargetFound>,
    /// What was left out, and why.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub remarks: Vec<String>,
    /// Errors of the denoiser by noise level; none where they were not measured, as by
    /// version 0.1.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub denoising: Option<Denoising>,
    /// Verdict on the samples; none where they were not judged, as by version 0.1.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub verdict: Option<Verdict>,
    /// Numbers of the rows that were used.
    pub rows: RowCounts,
}

impl Evaluation {
    /// The metric with a name, if there is one.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }
}

/// Measures of what a model makes of what it is told.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Conditionals {
    /// Distances of the samples by what they were told, where columns are told that are never drawn.
    pub groups: Vec<GroupFound>,
    /// How hidden columns of held-out rows are filled in, where any may be told.
    pub filled: Option<Filled>,
    /// How well each category is told from all other cells of held-out rows, where any may be told.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
    pub single_cells: Vec<SingleCell>,
}

/// Metric: a distance over all columns.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Metric {
    /// Name of the metric.
    pub name: String,
    /// Space that it is measured in.
    pub space: Space,
    /// Distances of the samples, the floor and the baselines.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub distance: Distance,
}

/// Space that a distance is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Space {
    /// Columns and units of the user.
    User,
    /// Scaled columns that the model sees.
    Model,
}

/// Distances to the held-out rows: that of the samples, and the floor and baselines to judge it by.
///
/// Each is the mean over chunks of [`RowCounts::chunk`] rows, so that all are distances of samples of one
/// size.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Distance {
    /// Distance of the samples.
    pub samples: f64,
    /// Standard error of `samples`, by bootstrap of samples and held-out rows together. Well above the
    /// floor it is right within a tenth. At the floor it is too large, for the energy distance by √3: the
    /// distance of a resample from its own sample is added to the distance of that sample from the truth.
    pub standard_error: f64,
    /// Distance of training rows: the one that samples would have which follow the data perfectly.
    pub floor: f64,
    /// Distance of each baseline, by name.
    pub baselines: BTreeMap<String, f64>,
}

/// Distances of one column, in the user's unit.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ColumnFound {
    /// Name of the column.
    pub name: String,
    /// Wasserstein-1 distance to the held-out rows, of the values that are there. Of a category, of which any two values are 1
    /// apart, it is the [total variation](super::total_variation()).
    pub wasserstein_1: Distance,
    /// Kolmogorov–Smirnov distance of all samples to all held-out rows, 0 to 1, of the values that are there; of a category their
    /// total variation.
    pub kolmogorov_smirnov: f64,
    /// Probability of at least that distance, if the samples follow the data; of a category that of its χ² test.
    pub p_value: f64,
    /// Shares of the samples and of the held-out rows that lack a value, where any may.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub missing: Option<[f64; 2]>,
}

/// Numbers of the rows that an evaluation used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RowCounts {
    /// Samples that were given.
    pub samples: usize,
    /// Training rows that were given.
    pub training: usize,
    /// Held-out rows that were given.
    pub held_out: usize,
    /// Held-out rows that distances are measured to.
    pub held_out_compared: usize,
    /// Rows in a chunk of samples or of a baseline.
    pub chunk: usize,
    /// Chunks of samples.
    pub chunks: usize,
    /// Training rows in a subset for the floor: `chunk`, or all where there are fewer. With fewer rows the
    /// floor is too high.
    pub floor_chunk: usize,
    /// Random subsets of training rows for the floor.
    pub floor_chunks: usize,
    /// Samples that the copying check looked at.
    pub copying_samples: usize,
    /// Held-out rows that the copying check looked at.
    pub copying_held_out: usize,
    /// Model columns whose correlations were compared.
    pub correlated_columns: usize,
}
