//! Statistics of the samples at each level of the sampling, as the file levels.json.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::LevelSummary;
use crate::{
    TrainError,
    store::{
        durable::write_durably,
        reading::{self, LEVELS_LIMIT},
    },
};

pub(crate) const LEVELS: &str = "levels.json";

/// Record of one level in levels.json, means and deviations by feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LevelRecord {
    pub(crate) alpha: f64,
    pub(crate) sigma: f64,
    pub(crate) mean: Vec<f64>,
    pub(crate) std: Vec<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) convergence: Option<f64>,
}

/// Writes levels.json. Means and standard deviations must be finite.
pub(crate) fn write_levels(run: &Path, levels: &[LevelSummary]) -> Result<(), TrainError> {
    let record = |level: &LevelSummary| LevelRecord {
        alpha: level.level.alpha(),
        sigma: level.level.sigma(),
        mean: level.mean.clone(),
        std: level.std.clone(),
        convergence: level.convergence.filter(|value| value.is_finite()),
    };
    let path = run.join(LEVELS);
    let levels: Vec<_> = levels.iter().map(record).collect();
    let text = serde_json::to_string(&levels)
        .map_err(|source| TrainError::Json { name: path.display().to_string(), source })?;
    write_durably(&path, format!("{text}\n").as_bytes())
}

/// Reads levels.json. The list is empty where the file is missing.
pub(crate) fn read_levels(run: &Path) -> Result<Vec<LevelRecord>, TrainError> {
    Ok(reading::read_json(&run.join(LEVELS), LEVELS_LIMIT)?.unwrap_or_default())
}
