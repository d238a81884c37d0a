//! `data`: what the model learns.

use std::path::Path;

use langevin_data::{
    CategoricalMixture, Checkerboard, DataError, Dataset, EightGaussians, Gaussian,
    GaussianMixture, LabelledMixture, ProductComponent, Rings, Spiral, SwissRoll, TwoMoons,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{BUILT_IN, ConditionConfig, CustomPart, TableConfig};
use crate::{TrainError, error::in_section};

/// What the model learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DataConfig {
    /// One Gaussian with the same standard deviation along every axis.
    Gaussian {
        /// Mean of the Gaussian, one number per feature.
        mean: Vec<f64>,
        /// Standard deviation along every axis.
        std: f64,
        /// What the model is told about a row; nothing where left out.
        #[serde(default)]
        condition: Option<ConditionConfig>,
    },
    /// Gaussians of one standard deviation, or with a covariance each.
    GaussianMixture {
        /// Means of the Gaussians, one list of features each.
        means: Vec<Vec<f64>>,
        /// Standard deviation of each Gaussian along every axis.
        #[serde(default)]
        std: Option<f64>,
        /// Covariance of each Gaussian, a symmetric matrix as a list of rows; in place of `std`.
        #[serde(default)]
        covariances: Option<Vec<Vec<Vec<f64>>>>,
        /// Shares of the Gaussians; equal where left out.
        #[serde(default)]
        weights: Option<Vec<f64>>,
        /// Whether training rows come from each Gaussian in turn, so that a batch holds equally many of
        /// each; needs equal shares.
        #[serde(default)]
        balanced: bool,
        /// What the model is told about a row; nothing where left out.
        #[serde(default)]
        condition: Option<ConditionConfig>,
    },
    /// A table of numbers and categories that is known exactly: products of independent columns, mixed.
    CategoricalMixture {
        /// Products that are mixed: all of as many numbers, and as many categories of as many values. Shares are
        /// scaled to sum 1.
        components: Vec<ProductComponent>,
        /// Shares of the products; equal where left out.
        #[serde(default)]
        weights: Option<Vec<f64>>,
        /// Names of the columns, first the numbers, then the categories: x0, x1, … and c0, c1, … where left out.
        #[serde(default)]
        names: Option<Vec<String>>,
        /// Texts of the values of each category: 0, 1, … where left out.
        #[serde(default)]
        values: Option<Vec<Vec<String>>>,
        /// What the model is told about a row; nothing where left out.
        #[serde(default)]
        condition: Option<ConditionConfig>,
    },
    /// Eight Gaussians on a circle.
    EightGaussians {
        /// Radius of the circle.
        #[serde(default = "two")]
        radius: f64,
        /// Standard deviation of each Gaussian.
        #[serde(default = "twentieth")]
        std: f64,
        /// What the model is told about a row; nothing where left out.
        #[serde(default)]
        condition: Option<ConditionConfig>,
    },
    /// Two interleaved half circles.
    TwoMoons {
        /// Standard deviation of the noise around the half circles.
        #[serde(default = "twentieth")]
        noise: f64,
        /// What the model is told about a row; nothing where left out.
        #[serde(default)]
        condition: Option<ConditionConfig>,
    },
    /// An Archimedean spiral.
    Spiral {
        /// Number of turns.
        #[serde(default = "two")]
        turns: f64,
        /// Standard deviation of the noise around the curve.
        #[serde(default = "fiftieth")]
        noise: f64,
        /// What the model is told about a row; nothing where left out.
        #[serde(default)]
        condition: Option<ConditionConfig>,
    },
    /// Uniform on every other cell of a board over [-2, 2]².
    Checkerboard {
        /// Cells along each side, even.
        #[serde(default = "four")]
        cells: usize,
        /// What the model is told about a row; nothing where left out.
        #[serde(default)]
        condition: Option<ConditionConfig>,
    },
    /// Concentric circles.
    Rings {
        /// Radii of the circles.
        radii: Vec<f64>,
        /// Standard deviation of the noise around the circles.
        #[serde(default = "fiftieth")]
        noise: f64,
        /// What the model is told about a row; nothing where left out.
        #[serde(default)]
        condition: Option<ConditionConfig>,
    },
    /// The swiss roll in two dimensions.
    SwissRoll {
        /// Standard deviation of the noise around the curve.
        #[serde(default = "fiftieth")]
        noise: f64,
        /// What the model is told about a row; nothing where left out.
        #[serde(default)]
        condition: Option<ConditionConfig>,
    },
    /// Columns of a CSV or NPY file, or of a sheet of a workbook.
    Table(Box<TableConfig>),
    /// A user's own `Dataset`, given to the trainer by a program of theirs.
    Custom {
        /// Name of the data.
        name: String,
        /// Settings that the program reads.
        #[serde(default)]
        settings: Map<String, Value>,
        /// What the model is told about a row, where the data does not say so by itself.
        #[serde(default)]
        condition: Option<ConditionConfig>,
    },
}

fn two() -> f64 {
    2.0
}
fn twentieth() -> f64 {
    0.05
}
fn fiftieth() -> f64 {
    0.02
}
fn four() -> usize {
    4
}

fn categorical_mixture(
    components: Vec<ProductComponent>,
    weights: Option<Vec<f64>>,
    names: Option<Vec<String>>,
    values: Option<Vec<Vec<String>>>,
) -> Result<CategoricalMixture, DataError> {
    let mut mixture = CategoricalMixture::new(components, weights)?;
    if let Some(names) = names {
        mixture = mixture.with_names(names)?;
    }
    match values {
        Some(values) => mixture.with_values(values),
        None => Ok(mixture),
    }
}

impl DataConfig {
    /// Checks the section by itself, without a file.
    ///
    /// # Errors
    /// A field out of its range, by its path.
    pub(crate) fn validate(&self) -> Result<(), TrainError> {
        if let Some(condition) = self.condition() {
            condition.validate(matches!(self, Self::Custom { .. }))?;
        }
        match self {
            Self::Table(table) => table.validate(),
            _ if self.condition().is_some_and(|condition| condition.past.is_some()) => {
                let message = "needs data.window, which tables have";
                Err(TrainError::config("data.condition.past", message))
            }
            // The constructor of a formula checks its parameters.
            _ => Ok(()),
        }
    }

    /// What the model is told about a row.
    pub const fn condition(&self) -> Option<&ConditionConfig> {
        match self {
            Self::Gaussian { condition, .. }
            | Self::GaussianMixture { condition, .. }
            | Self::CategoricalMixture { condition, .. }
            | Self::EightGaussians { condition, .. }
            | Self::TwoMoons { condition, .. }
            | Self::Spiral { condition, .. }
            | Self::Checkerboard { condition, .. }
            | Self::Rings { condition, .. }
            | Self::SwissRoll { condition, .. }
            | Self::Custom { condition, .. } => condition.as_ref(),
            Self::Table(table) => table.condition.as_ref(),
        }
    }

    /// The user's own data; `None` for ours.
    pub(crate) fn custom(&self) -> Option<CustomPart> {
        let Self::Custom { name, settings, .. } = self else { return None };
        Some(CustomPart { name: name.clone(), settings: settings.clone() })
    }

    /// The data where it is a formula, which costs nothing to make. Returns `None` for a table and for a
    /// user's own data.
    ///
    /// # Errors
    /// A parameter out of its range.
    pub(crate) fn distribution(&self) -> Result<Option<Box<dyn Dataset>>, TrainError> {
        if let Some(mixture) = self.mixture()?.filter(|_| self.tells_component()) {
            return Ok(Some(Box::new(LabelledMixture::new(mixture))));
        }
        let boxed: Result<Box<dyn Dataset>, _> = match self.clone() {
            Self::Gaussian { mean, std, .. } => Gaussian::new(mean, std).map(|d| Box::new(d) as _),
            Self::GaussianMixture { .. } => {
                return Ok(self.mixture()?.map(|mixture| Box::new(mixture) as _));
            }
            Self::CategoricalMixture { components, weights, names, values, .. } => {
                categorical_mixture(components, weights, names, values).map(|d| Box::new(d) as _)
            }
            Self::EightGaussians { radius, std, .. } => {
                EightGaussians::new(radius, std).map(|d| Box::new(d) as _)
            }
            Self::TwoMoons { noise, .. } => TwoMoons::new(noise).map(|d| Box::new(d) as _),
            Self::Spiral { turns, noise, .. } => {
                Spiral::new(turns, noise).map(|d| Box::new(d) as _)
            }
            Self::Checkerboard { cells, .. } => Checkerboard::new(cells).map(|d| Box::new(d) as _),
            Self::Rings { radii, noise, .. } => Rings::new(radii, noise).map(|d| Box::new(d) as _),
            Self::SwissRoll { noise, .. } => SwissRoll::new(noise).map(|d| Box::new(d) as _),
            Self::Table(_) | Self::Custom { .. } => return Ok(None),
        };
        boxed.map(Some).map_err(in_section("data"))
    }

    /// The Gaussians of data that is a mixture of some.
    fn mixture(&self) -> Result<Option<GaussianMixture>, TrainError> {
        let mixture = match self.clone() {
            Self::GaussianMixture { means, std, covariances, weights, balanced, .. } => {
                let mixture = match (std, covariances) {
                    (Some(std), None) => GaussianMixture::new(means, std, weights),
                    (None, Some(own)) => GaussianMixture::with_covariances(means, own, weights),
                    _ => {
                        let message =
                            "must say `std`, or `covariances` in its place: one of the two";
                        return Err(TrainError::config("data", message));
                    }
                };
                if balanced { mixture.and_then(|m| m.balanced()) } else { mixture }
            }
            Self::EightGaussians { radius, std, .. } => {
                EightGaussians::new(radius, std).map(EightGaussians::into_mixture)
            }
            _ => return Ok(None),
        };
        mixture.map(Some).map_err(in_section("data"))
    }

    /// Whether the model is told which Gaussian a row comes from.
    fn tells_component(&self) -> bool {
        self.condition().is_some_and(|condition| condition.columns == ["component"])
    }

    /// Puts the run file's folder before a table's path, which is relative to it.
    pub(crate) fn point_from(&mut self, folder: &Path) {
        if let Self::Table(table) = self {
            table.point_from(folder);
        }
    }

    /// File of a table; `None` of a built-in table, and of data that is no table.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Table(table) if !table.is_built_in() => Some(Path::new(&table.path)),
            _ => None,
        }
    }

    /// Says where the file of a table lies now.
    ///
    /// # Errors
    /// The data is no file.
    pub fn move_to(&mut self, file: &Path) -> Result<(), TrainError> {
        match self {
            Self::Table(table) if !table.is_built_in() => {
                let path = file.to_str().filter(|path| !path.starts_with(BUILT_IN));
                let refuse = || {
                    let message = format!("must be a file whose path is UTF-8, got {file:?}");
                    TrainError::config("data.path", message)
                };
                path.ok_or_else(refuse)?.clone_into(&mut table.path);
                Ok(())
            }
            _ => Err(TrainError::config("data", "comes from no file, and none can be named")),
        }
    }

    /// Takes over the path of another table; returns whether it is another path.
    pub(crate) fn move_to_place_of(&mut self, other: &Self) -> bool {
        match (self, other) {
            (Self::Table(own), Self::Table(other)) if own.path != other.path => {
                own.path.clone_from(&other.path);
                true
            }
            _ => false,
        }
    }

    /// Makes a table's path absolute, where the file exists.
    pub(crate) fn canonicalise(&mut self) {
        if let Self::Table(table) = self
            && let Ok(path) = Path::new(&table.path).canonicalize()
        {
            table.path = path.display().to_string();
        }
    }

    /// Makes a table's path relative to `folder`, where a copy of the run file will lie.
    pub(crate) fn point_into(&mut self, folder: &Path) {
        if let Self::Table(table) = self {
            table.point_into(folder);
        }
    }
}
