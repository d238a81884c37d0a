//! Comparison of runs: the differences of their configs, and their results.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::number;
use crate::{TrainError, store::RunRecords};

/// Most characters of a config's value that are shown.
const LONGEST: usize = 60;

/// Comparison of runs, field by field.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Comparison {
    /// Folders of the runs.
    pub runs: Vec<String>,
    /// State, steps, losses, times and distances. Each row has one value per run, "–" where a run
    /// has none.
    pub results: Vec<ComparedRow>,
    /// Fields of the configs that are not the same in all runs, one value per run.
    pub differences: Vec<ComparedRow>,
}

/// Row of a comparison: one quantity in all runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedRow {
    /// Name of the quantity, or path of the config's field.
    pub name: String,
    /// Values as text, one per run.
    pub values: Vec<String>,
}

impl Comparison {
    /// Compares runs.
    ///
    /// # Errors
    /// A config that cannot be written as JSON.
    pub fn of(records: &[RunRecords]) -> Result<Self, TrainError> {
        Ok(Self {
            runs: records.iter().map(|records| records.run.display().to_string()).collect(),
            results: results(records),
            differences: differences(records)?,
        })
    }
}

fn results(records: &[RunRecords]) -> Vec<ComparedRow> {
    let row = |name: &str, value: &dyn Fn(&RunRecords) -> Option<String>| ComparedRow {
        name: name.to_owned(),
        values: records.iter().map(|r| value(r).unwrap_or_else(|| "–".to_owned())).collect(),
    };
    let mut rows = vec![
        row("state", &|r| Some(r.manifest.state.name().to_owned())),
        row("backend", &|r| Some(r.manifest.program.backend.clone())),
        row("steps", &|r| Some(r.step().to_string())),
        row("training seconds", &|r| Some(format!("{:.1}", r.training_seconds()))),
        row("training loss", &|r| Some(format!("{:.5}", r.metrics.last()?.mean_loss))),
        row("held-out loss", &|r| Some(format!("{:.5}", r.held_out_loss()?))),
        row("verdict", &|r| Some(r.verdict()?.word.text().to_owned())),
        row("energy distance in rank space", &|r| Some(number(r.verdict()?.energy?.samples))),
        row("energy distance in rank space, floor", &|r| Some(number(r.verdict()?.energy?.floor))),
    ];
    for (name, title) in [
        ("energy_distance", "energy distance"),
        ("sliced_wasserstein_2", "sliced Wasserstein-2"),
        ("correlation_root_mean_square", "correlations, root mean square"),
    ] {
        let metric = |r: &RunRecords| Some(r.evaluation.as_ref()?.metric(name)?.distance.clone());
        rows.push(row(title, &|r| Some(format!("{:.5}", metric(r)?.samples))));
        let floor = format!("{title}, floor");
        rows.push(row(&floor, &|r| Some(format!("{:.5}", metric(r)?.floor))));
    }
    let ratio = |r: &RunRecords| r.evaluation.as_ref()?.copying.ratio;
    let regret = |r: &RunRecords| r.evaluation.as_ref()?.denoising.as_ref()?.regret;
    rows.push(row("regret, nats", &|r| Some(format!("{:.5}", regret(r)?.nats))));
    rows.push(row("nearest training row, ratio", &|r| Some(format!("{:.3}", ratio(r)?))));
    rows.retain(|row| row.values.iter().any(|value| value != "–"));
    rows
}

fn differences(records: &[RunRecords]) -> Result<Vec<ComparedRow>, TrainError> {
    let mut fields: Vec<BTreeMap<String, String>> = Vec::new();
    for records in records {
        // Paths that name the same file are no difference.
        let mut config = records.config.clone();
        config.data.canonicalise();
        let config = serde_json::to_value(&config)
            .map_err(|source| TrainError::Json { name: "config.json".to_owned(), source })?;
        let mut flat = BTreeMap::new();
        flatten("", &config, &mut flat);
        fields.push(flat);
    }
    let mut names: Vec<_> = fields.iter().flat_map(BTreeMap::keys).collect();
    names.sort();
    names.dedup();
    let row = |name: &String| {
        let of = |fields: &BTreeMap<String, String>| fields.get(name).cloned();
        let values = fields.iter().map(|fields| of(fields).unwrap_or_else(|| "–".to_owned()));
        ComparedRow { name: name.clone(), values: values.collect() }
    };
    let differs = |row: &ComparedRow| row.values.iter().any(|value| *value != row.values[0]);
    let mut rows: Vec<ComparedRow> = names.into_iter().map(row).filter(differs).collect();
    rows.iter_mut().flat_map(|row| &mut row.values).for_each(shorten);
    Ok(rows)
}

/// Cuts a long value, such as a list.
fn shorten(value: &mut String) {
    if let Some((end, _)) = value.char_indices().nth(LONGEST) {
        value.truncate(end);
        value.push('…');
    }
}

/// Collects the fields of a config by their paths. A list of things with names has a path for each of them; another
/// list counts as one value.
fn flatten(path: &str, value: &Value, out: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, out);
            }
        }
        Value::Array(items)
            if !items.is_empty() && items.iter().all(|it| it["name"].is_string()) =>
        {
            for item in items {
                let name = item["name"].as_str().unwrap_or_default();
                flatten(&format!("{path}.{name}"), item, out);
            }
        }
        Value::String(text) => {
            out.insert(path.to_owned(), text.clone());
        }
        other => {
            out.insert(path.to_owned(), other.to_string());
        }
    }
}
