//! Sections of a run file that the arrays of a checkpoint belong to, compared by what they mean.
//!
//! A field that a checkpoint lacks was added since, and has its default. Format 2 keeps the sections as
//! they are. Format 1, which Langevin 0.1 wrote, keeps the blake3 of their JSON.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::config::{RunConfig, fill_defaults};

/// Sections by their path in the run file.
pub(super) type Sections = BTreeMap<String, Value>;

/// The sections of a run file that weights, and the state of an optimizer, depend on.
pub(super) fn sections(config: &RunConfig) -> Sections {
    let RunConfig { denoiser, noise, train, .. } = config;
    let pairs = [
        (NETWORK, json(&denoiser.network)),
        (EMBEDDING, json(&denoiser.embedding)),
        (PREDICTION, json(&denoiser.prediction)),
        (SCHEDULE, json(&noise.schedule)),
        (OPTIMIZER, json(&train.optimizer)),
    ];
    pairs.into_iter().map(|(path, value)| (path.to_owned(), value)).collect()
}

const NETWORK: &str = "denoiser.network";
const EMBEDDING: &str = "denoiser.embedding";
const PREDICTION: &str = "denoiser.prediction";
const SCHEDULE: &str = "noise.schedule";
pub(super) const OPTIMIZER: &str = "train.optimizer";

/// The paths of the sections that mean something else in `config`, the optimizer's last.
pub(super) fn others(
    format: u32,
    saved: &Sections,
    config: &RunConfig,
) -> impl Iterator<Item = &'static str> + use<> {
    let RunConfig { denoiser, noise, train, version, .. } = config;
    let saved = |path| Saved { format, version: *version, path, value: saved.get(path) };
    let sections = [
        (NETWORK, saved(NETWORK).means(&denoiser.network)),
        (EMBEDDING, saved(EMBEDDING).means(&denoiser.embedding)),
        (PREDICTION, saved(PREDICTION).means(&denoiser.prediction)),
        (SCHEDULE, saved(SCHEDULE).means(&noise.schedule)),
        (OPTIMIZER, saved(OPTIMIZER).means(&train.optimizer)),
    ];
    sections.into_iter().filter(|(_, same)| !same).map(|(path, _)| path)
}

/// A section as a checkpoint keeps it.
struct Saved<'a> {
    format: u32,
    /// Version of the run file, which decides the defaults of fields that are left out.
    version: u32,
    path: &'static str,
    value: Option<&'a Value>,
}

impl Saved<'_> {
    /// Whether the section means the same as `now`.
    fn means<T: Serialize + DeserializeOwned + PartialEq>(&self, now: &T) -> bool {
        let Some(saved) = self.value else { return false };
        if self.format > 1 {
            return self.parsed(saved.clone()).is_some_and(|then: T| then == *now);
        }
        let known = known_to_format_1(self.path, json(now));
        let digest = blake3::hash(known.to_string().as_bytes()).to_string();
        *saved == digest && self.parsed(known).is_some_and(|then: T| then == *now)
    }

    fn parsed<T: DeserializeOwned>(&self, mut section: Value) -> Option<T> {
        fill_defaults(self.version, self.path, &mut section);
        serde_json::from_value(section).ok()
    }
}

/// A section as JSON.
fn json(section: &impl Serialize) -> Value {
    // Serialising our own types to memory cannot fail.
    serde_json::to_value(section).unwrap_or_default()
}

/// Fields that format 1 knew, by section and kind. The table is frozen, as the digests of format 1 are.
const FORMAT_1: &[(&str, &str, &[&str])] = &[
    (
        NETWORK,
        "mlp",
        &["width", "depth", "activation", "residual", "position_features", "position_scale"],
    ),
    (NETWORK, "custom", &["name"]),
    (EMBEDDING, "column", &["of"]),
    (EMBEDDING, "sinusoidal", &["of", "features"]),
    (EMBEDDING, "fourier", &["of", "features", "scale"]),
    (PREDICTION, "edm", &["sigma_data"]),
    (PREDICTION, "level_step", &["share"]),
    (SCHEDULE, "karras", &["sigma_min", "sigma_max", "rho", "steps"]),
    (SCHEDULE, "betas", &["betas"]),
    (SCHEDULE, "linear_betas", &["steps", "beta_start", "beta_end"]),
    (SCHEDULE, "karras_betas", &["steps", "beta_start", "beta_end", "rho"]),
    (SCHEDULE, "cosine", &["steps"]),
    (SCHEDULE, "rectified_flow", &["t_min", "t_max"]),
    (OPTIMIZER, "sgd", &["momentum", "dampening", "nesterov", "weight_decay"]),
    (OPTIMIZER, "adam", &["betas", "epsilon", "weight_decay"]),
    (OPTIMIZER, "adamw", &["betas", "epsilon", "weight_decay"]),
];

/// A section with only the fields that format 1 knew.
fn known_to_format_1(path: &str, mut section: Value) -> Value {
    let kind = section["kind"].as_str().unwrap_or_default().to_owned();
    let known = FORMAT_1.iter().find(|(own, of, _)| *own == path && *of == kind);
    let fields = known.map_or(&[][..], |(.., fields)| fields);
    if let Some(object) = section.as_object_mut() {
        object.retain(|name, _| name == "kind" || fields.contains(&name.as_str()));
    }
    section
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::config::parse_config;

    /// A section of a later version, which has gained a field with a default.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Later {
        #[serde(flatten)]
        known: BTreeMap<String, Value>,
        #[serde(default = "usual")]
        gained: f64,
    }

    fn usual() -> f64 {
        1.0
    }

    #[test]
    fn a_field_that_any_section_gains_leaves_old_checkpoints_what_they_were() {
        let text = include_str!("../../../../../configs/default.json");
        let config = parse_config("default", text, &[]).expect("valid");
        let today = sections(&config);
        assert_eq!(today.len(), 5);
        for (path, section) in &today {
            let path = [NETWORK, EMBEDDING, PREDICTION, SCHEDULE, OPTIMIZER]
                .into_iter()
                .find(|own| own == path)
                .expect("a path of ours");
            // What format 1 knew, which is all that a checkpoint of it holds.
            let section = &known_to_format_1(path, section.clone());
            let digest = Value::from(blake3::hash(section.to_string().as_bytes()).to_string());
            for (format, value) in [(1, &digest), (2, section)] {
                let saved = Saved { format, version: 1, path, value: Some(value) };
                let later = |gained| {
                    let known = serde_json::from_value(section.clone()).expect("an object");
                    Later { known, gained }
                };
                assert!(saved.means(&later(usual())), "{path} of format {format}");
                assert!(!saved.means(&later(2.0)), "{path} of format {format}, another meaning");
            }
        }
    }
}
