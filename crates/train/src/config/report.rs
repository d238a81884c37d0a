//! `report`: what is drawn of a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::film::{Course, FilmConfig, FilmFault};
use crate::TrainError;

/// The most samples whose trajectory through the levels is kept, where a film or figure shows it.
pub const TRAJECTORY_ROWS: usize = 2000;

/// What is drawn of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReportConfig {
    /// The figures, each as SVG and PNG under `figures/`.
    pub figures: Vec<FigureKind>,
    /// The film of the samples moving through the levels, `film.gif` and `film.mp4`; none where left
    /// out.
    pub film: Option<FilmConfig>,
    /// Whether samples are measured against held-out rows: evaluation.json.
    pub evaluation: bool,
    /// The column that boosted trees learn to predict, from samples and from training rows, to be tested on held-out rows:
    /// what the samples are worth to who needs that column. None where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Whether the run is shown on a page: report.html.
    pub page: bool,
}

impl Default for ReportConfig {
    fn default() -> Self {
        let figures = vec![FigureKind::Loss, FigureKind::Scatter, FigureKind::Levels];
        Self { figures, film: None, evaluation: true, target: None, page: true }
    }
}

impl ReportConfig {
    /// Checks the section by itself.
    ///
    /// # Errors
    /// A field out of its range, by its path.
    pub(crate) fn validate(&self) -> Result<(), TrainError> {
        let Some(film) = &self.film else { return Ok(()) };
        let course = if film.there_and_back { Course::ThereAndBack } else { Course::OneWay };
        film.validate(course).map_err(|FilmFault { field, required, got }| {
            let message = format!("must be {required}, got {got}");
            TrainError::config(format!("report.film.{field}"), message)
        })
    }

    /// The figures, each once.
    pub(crate) fn distinct_figures(&self) -> Vec<FigureKind> {
        let mut distinct = Vec::new();
        for kind in &self.figures {
            if !distinct.contains(kind) {
                distinct.push(*kind);
            }
        }
        distinct
    }

    /// Checks what an old run's file may hold and a new one's may not.
    ///
    /// # Errors
    /// A figure that is named twice.
    pub(crate) fn check_new(&self) -> Result<(), TrainError> {
        let distinct = self.distinct_figures();
        if distinct.len() == self.figures.len() {
            return Ok(());
        }
        let is_twice =
            |kind: &&FigureKind| self.figures.iter().filter(|it| it == kind).nth(1).is_some();
        let kind = json!(distinct.iter().find(is_twice));
        let message = format!("must name each figure once, got {kind} twice");
        Err(TrainError::config("report.figures", message))
    }

    /// Whether a film or figure shows the samples' trajectory through the levels.
    pub(crate) fn needs_trajectory(&self) -> bool {
        let along = [FigureKind::Trajectory, FigureKind::Density, FigureKind::Cumulative];
        self.film.is_some() || self.figures.iter().any(|kind| along.contains(kind))
    }
}

/// A figure of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FigureKind {
    /// Training and held-out loss against the step.
    Loss,
    /// Samples over data.
    Scatter,
    /// Mean and standard deviation along the sampling against the exact goal.
    Levels,
    /// The distribution of each column of numbers, samples over data.
    Marginals,
    /// The shares of each category's values, and of missing cells, samples over data.
    Shares,
    /// The errors of the trends of all pairs of a table's columns, beside those of held-out rows; of over 40 columns the worst
    /// pairs. It needs `evaluation`.
    Pairs,
    /// The pair of a table's columns with the largest error: the shares of one column's values given the other's, data and
    /// samples side by side. It needs `evaluation`.
    WorstPair,
    /// Samples as images beside data.
    Images,
    /// The signal and noise scales of the sampling's levels.
    Noise,
    /// Samples at each level of the sampling.
    Trajectory,
    /// Mean squared distance to the nearest mode at each level.
    Convergence,
    /// Share and spread of the samples by mode.
    Modes,
    /// The exact density of each level with the samples' histogram; filled contours in two dimensions.
    Density,
    /// The denoiser's error at each level of the sampling: its regret beside the optimum's error where that
    /// is known, else its held-out error beside those of a constant and of independent features. It needs
    /// `evaluation`.
    Denoising,
    /// The exact cumulative distribution of each level with the samples', in one dimension.
    Cumulative,
}
