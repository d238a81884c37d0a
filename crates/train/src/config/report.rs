//! `report`: what is drawn of a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::TrainError;

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
    /// Whether the run is shown on a page: report.html.
    pub page: bool,
}

impl Default for ReportConfig {
    fn default() -> Self {
        let figures = vec![FigureKind::Loss, FigureKind::Scatter, FigureKind::Levels];
        Self { figures, film: None, evaluation: true, page: true }
    }
}

impl ReportConfig {
    /// Checks the section by itself, where films are part of the build.
    ///
    /// # Errors
    /// A field out of its range, by its path.
    pub(crate) fn validate(&self) -> Result<(), TrainError> {
        #[cfg(feature = "figures")]
        if let Some(film) = &self.film {
            use crate::film::{Course, FilmError};
            let course = if film.there_and_back { Course::ThereAndBack } else { Course::OneWay };
            film.validate(course).map_err(|error| match error {
                FilmError::Setting { field, required, got } => TrainError::config(
                    format!("report.film.{field}"),
                    format!("must be {required}, got {got}"),
                ),
                other => TrainError::config("report.film", other.to_string()),
            })?;
        }
        Ok(())
    }

    /// Whether something is drawn of the samples' way through the levels.
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
    /// The distribution of each column, samples over data.
    Marginals,
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
    /// The exact cumulative distribution of each level with the samples', in one dimension.
    Cumulative,
}

/// A film of the samples moving through the levels, interpolated between them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FilmConfig {
    /// Seconds from the noise to the samples, at most 60.
    pub seconds: f64,
    /// Frames a second, 1 to 100. A GIF has no more than 50.
    pub fps: u32,
    /// Width and height in pixels, an even number from 64 to 2000.
    pub size: u32,
    /// End of the axes, which go from minus to plus this. Where left out, they go to where the samples
    /// are, and one sample in a hundred may lie outside.
    pub extent: Option<f64>,
    /// What the film shows.
    pub picture: FilmPicture,
    /// Whether there is also a GIF that goes back to its beginning: `film-loop.gif`.
    pub there_and_back: bool,
}

impl Default for FilmConfig {
    fn default() -> Self {
        Self {
            seconds: 2.0,
            fps: 24,
            size: 480,
            extent: None,
            picture: FilmPicture::Points,
            there_and_back: false,
        }
    }
}

/// What a film shows of the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FilmPicture {
    /// Each as a dot, without axes: the first two features, or the value over the sample's number.
    #[default]
    Points,
    /// The histogram of the first feature, over the exact density where data of one feature states it.
    Density,
}
