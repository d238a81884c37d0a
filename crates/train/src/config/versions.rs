//! Versions of run files: a field that is left out has its default of the version that the file names.

use serde_json::{Map, Value};

use crate::TrainError;

/// The newest version, which is also that of a file that names no version.
pub(super) const NEWEST: u32 = 2;

/// The version that a run file names, or else the newest. Deserializing refuses a version that is no
/// number.
pub(super) fn version_of(document: &Value) -> u32 {
    let named = document.get("version").and_then(Value::as_u64);
    named.and_then(|version| u32::try_from(version).ok()).unwrap_or(NEWEST)
}

/// Fails on a version that this program does not read.
pub(super) fn check_version(version: u32) -> Result<(), TrainError> {
    if (1..=NEWEST).contains(&version) {
        return Ok(());
    }
    let message =
        format!("must be a version that this program reads, from 1 to {NEWEST}, got {version}");
    Err(TrainError::config("version", message))
}

/// A default that a version changed. That of a whole section is a change of the field that holds it.
struct Changed {
    /// The first version with the new default.
    in_version: u32,
    /// The path of the section that holds the field, and its kind where it has kinds.
    section: &'static str,
    kind: Option<&'static str>,
    field: &'static str,
    /// The old default, as JSON.
    before: &'static str,
}

/// The defaults that versions changed.
const CHANGED: &[Changed] = &[
    Changed {
        in_version: 2,
        section: "sample",
        kind: None,
        field: "start",
        before: r#"{ "kind": "noise" }"#,
    },
    Changed {
        in_version: 2,
        section: "sample",
        kind: None,
        field: "bound",
        before: r#"{ "kind": "none" }"#,
    },
];

/// Fills in those defaults of an older version that have changed since. `value` is the section at
/// `path`, or a whole run file where `path` is empty.
pub(crate) fn fill_defaults(version: u32, path: &str, value: &mut Value) {
    fill(CHANGED, version, path, value);
}

fn fill(changed: &[Changed], version: u32, path: &str, value: &mut Value) {
    for change in changed.iter().filter(|change| version < change.in_version) {
        let Some(below) = change.section.strip_prefix(path) else { continue };
        let mut parts = below.split('.').filter(|part| !part.is_empty());
        // A section that is left out and has no kinds is one whose fields are all left out.
        let section = parts.try_fold(&mut *value, |place, part| match change.kind {
            None => Some(
                place.as_object_mut()?.entry(part).or_insert_with(|| Value::Object(Map::new())),
            ),
            Some(_) => place.get_mut(part),
        });
        let Some(Value::Object(section)) = section else { continue };
        let kind = section.get("kind").and_then(Value::as_str);
        if change.kind == kind && !section.contains_key(change.field) {
            // The table is ours, and a test reads all of it.
            let before = serde_json::from_str(change.before).unwrap_or_default();
            section.insert(change.field.to_owned(), before);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MADE_UP: &[Changed] = &[
        Changed {
            in_version: 2,
            section: "train.ema",
            kind: Some("exponential"),
            field: "decay",
            before: "0.9",
        },
        Changed { in_version: 2, section: "train", kind: None, field: "batch", before: "64" },
        Changed { in_version: 2, section: "report", kind: None, field: "page", before: "false" },
    ];

    #[test]
    fn a_field_left_out_means_what_it_meant_in_the_file_s_version() {
        let file = json!({ "train": { "steps": 5, "ema": { "kind": "exponential" } } });
        let filled = |version, path, mut value: Value| {
            fill(MADE_UP, version, path, &mut value);
            value
        };
        assert_eq!(filled(2, "", file.clone()), file, "today's defaults are serde's");
        let then = json!({
            "train": { "steps": 5, "batch": 64, "ema": { "kind": "exponential", "decay": 0.9 } },
            "report": { "page": false }
        });
        assert_eq!(filled(1, "", file), then);
        let ema = filled(1, "train.ema", json!({ "kind": "exponential" }));
        assert_eq!(ema, json!({ "kind": "exponential", "decay": 0.9 }));
        for stated in [json!({ "kind": "exponential", "decay": 0.5 }), json!({ "kind": "none" })] {
            assert_eq!(filled(1, "train.ema", stated.clone()), stated);
        }
    }

    #[test]
    fn every_default_of_old_is_json() {
        for change in CHANGED.iter().chain(MADE_UP) {
            serde_json::from_str::<Value>(change.before).expect("JSON");
        }
    }
}
