//! Comparison of runs: the differences of their configs, and their results.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::number;
use crate::{TrainError, store::RunRecords};

/// Most characters of a value that are shown in a table.
const LONGEST: usize = 60;

/// Characters that are shown before the first difference of long values.
const BEFORE: usize = 16;

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

impl ComparedRow {
    /// Values that fit a table: a long one begins a little before the first place where they differ, and is cut.
    #[must_use]
    pub fn shown(&self) -> Vec<String> {
        let same = |at: &usize| {
            let mut all = self.values.iter().map(|value| value.chars().nth(*at));
            let first = all.next().flatten();
            first.is_some() && all.all(|other| other == first)
        };
        let is_long = self.values.iter().any(|value| value.chars().count() > LONGEST);
        let from = if is_long { (0..).take_while(same).count().saturating_sub(BEFORE) } else { 0 };
        let shown = |value: &String| -> String {
            let start = if from > 0 { "…" } else { "" };
            let end = if value.chars().count() > from + LONGEST { "…" } else { "" };
            let middle: String = value.chars().skip(from).take(LONGEST).collect();
            format!("{start}{middle}{end}")
        };
        self.values.iter().map(shown).collect()
    }
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
    Ok(names.into_iter().map(row).filter(differs).collect())
}

/// Collects the fields of a config by their paths. A list of things with names is their names, and has a path for
/// what is said of each; another list counts as one value.
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
            let names: Vec<_> = items.iter().filter_map(|it| it["name"].as_str()).collect();
            out.insert(path.to_owned(), names.join(", "));
            for (name, item) in names.iter().zip(items) {
                for (field, value) in item.as_object().into_iter().flatten() {
                    let is_said =
                        !value.is_null() && value.as_array().is_none_or(|it| !it.is_empty());
                    if is_said && field != "name" {
                        flatten(&format!("{path}.{name}.{field}"), value, out);
                    }
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_about_their_difference() {
        let row = |values: [&str; 2]| ComparedRow {
            name: "data.path".to_owned(),
            values: values.map(str::to_owned).to_vec(),
        };
        let long = "/a/folder".repeat(12);
        let [first, second] = ["first.csv", "second.csv"].map(|name| format!("{long}/{name}"));
        let [shown, other] = [0, 1].map(|i| row([&first, &second]).shown()[i].clone());
        assert!(shown.starts_with('…') && shown.ends_with("/first.csv"), "{shown}");
        assert!(other.ends_with("/second.csv") && other.chars().count() < 40, "{other}");
        let cut = &row([&long, "b"]).shown()[0];
        assert!(
            cut.starts_with("/a/folder") && cut.ends_with('…') && cut.chars().count() == 61,
            "{cut}"
        );
        assert_eq!(row(["1", "2"]).shown(), ["1", "2"]);
    }

    #[test]
    fn columns_are_compared_by_name_and_order() {
        let flat = |text: &str| {
            let mut out = BTreeMap::new();
            flatten("data.columns", &serde_json::from_str(text).expect("JSON"), &mut out);
            out
        };
        let a =
            flat(r#"[{"name": "a", "decimals": 2, "words": null, "missing": []}, {"name": "b"}]"#);
        let b = flat(r#"[{"name": "b"}, {"name": "a", "decimals": 3}]"#);
        assert_eq!((&a["data.columns"][..], &b["data.columns"][..]), ("a, b", "b, a"));
        assert_eq!((&a["data.columns.a.decimals"][..], a.len()), ("2", 2));
    }
}
