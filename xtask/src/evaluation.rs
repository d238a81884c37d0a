//! `cargo xtask evaluation`: trains the configs on real data over several seeds, and writes what
//! evaluation.json says of them into docs/evaluation.md.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use crate::cargo::Workspace;
use crate::program::{Program, Scratch};

const PAGE: &str = "docs/evaluation.md";
const CONFIGS: [&str; 2] = ["penguins", "digits"];

/// Trains and writes; `seeds` runs of each config.
pub fn run(workspace: &Workspace, seeds: u64) -> Result<(), String> {
    let scratch = Scratch::new("evaluation")?;
    let program = Program::build(workspace, &scratch)?;
    let mut page = format!(
        "# How near the samples are\n\n\
         `cargo xtask evaluation` made this page: {seeds} seeds of each config on real data, each with another\n\
         split, mean ± standard deviation over the seeds. A distance is of as many samples as rows are held out,\n\
         to these; the floor is the same of training rows, and what perfect samples would have. The distances are\n\
         those of `langevin evaluate`, in standardised columns, and explained in the documentation of\n\
         `langevin_data::measure`.\n"
    );
    for config in CONFIGS {
        let mut runs = Vec::new();
        for seed in 0..seeds {
            let out = scratch.folder().join(format!("{config}-{seed}"));
            println!("{config}, seed {seed}");
            let seed_text = seed.to_string();
            let train = ["--quiet", "train", config, "--seed", &seed_text, "--out"];
            let mut command = program.command(&train);
            let status =
                command.arg(&out).status().map_err(|error| format!("langevin: {error}"))?;
            if !status.success() {
                return Err(format!("training {config} with seed {seed} failed ({status})"));
            }
            runs.push(read(&out)?);
        }
        page += &section(config, &runs)?;
    }
    let path = workspace.root.join(PAGE);
    fs::write(&path, page).map_err(|error| format!("{PAGE}: {error}"))?;
    println!("wrote {PAGE}");
    Ok(())
}

fn read(run: &Path) -> Result<Value, String> {
    let path = run.join("evaluation.json");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// A config's tables.
fn section(config: &str, runs: &[Value]) -> Result<String, String> {
    let first = runs.first().ok_or("no seeds")?;
    let rows = &first["rows"];
    let mut text = format!(
        "\n## {config}\n\n{} training rows, {} held out, {} samples.\n\n\
         | distance | samples | floor | samples over floor | Gaussian | untrained |\n|---|---|---|---|---|---|\n",
        rows["training"], rows["held_out"], rows["samples"]
    );
    let metrics = first["metrics"].as_array().ok_or("no metrics")?;
    for (i, metric) in metrics.iter().enumerate() {
        let of = |pointer: &str| values(runs, &format!("/metrics/{i}/{pointer}"));
        let (samples, floor) = (of("samples")?, of("floor")?);
        let ratio: Vec<f64> = samples.iter().zip(&floor).map(|(s, f)| s / f).collect();
        let name = metric["name"].as_str().unwrap_or_default().replace('_', " ");
        let cells = [samples, floor, ratio, of("baselines/gaussian")?, of("baselines/untrained")?];
        text += &format!("| {name} | {} |\n", cells.map(|cell| spread(&cell)).join(" | "));
    }
    let ratio = values(runs, "/copying/ratio")?;
    let columns = first["columns"].as_array().ok_or("no columns")?;
    let mut least: BTreeMap<String, f64> = BTreeMap::new();
    for (i, column) in columns.iter().enumerate() {
        let p = values(runs, &format!("/columns/{i}/p_value"))?;
        let name = column["name"].as_str().unwrap_or_default().to_owned();
        least.insert(name, p.into_iter().fold(1.0, f64::min));
    }
    text += &format!(
        "\nA sample's nearest training row is {} times as far as a held-out row's (median over median): 1 is \
         neither a copy\nnor a blur.",
        spread(&ratio)
    );
    let smallest = least.values().copied().fold(1.0, f64::min);
    text += &match columns.len() {
        0..=8 => {
            let each = least.iter().map(|(name, p)| format!("{name} {p:.4}"));
            let each = each.collect::<Vec<_>>().join(", ");
            format!(" The smallest Kolmogorov–Smirnov p of any seed, by column: {each}.\n")
        }
        count => {
            format!(
                " The smallest Kolmogorov–Smirnov p of {count} columns in any seed: {smallest:.2e}.\n"
            )
        }
    };
    Ok(text)
}

fn values(runs: &[Value], pointer: &str) -> Result<Vec<f64>, String> {
    let of = |run: &Value| run.pointer(pointer).and_then(Value::as_f64);
    runs.iter()
        .map(|run| of(run).ok_or_else(|| format!("evaluation.json lacks {pointer}")))
        .collect()
}

/// Mean ± standard deviation.
fn spread(values: &[f64]) -> String {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    format!("{mean:.4} ± {:.4}", (square / (count - 1.0).max(1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_become_means_and_ratios() {
        let run = |samples: f64, p: f64| {
            serde_json::json!({
                "rows": { "training": 8, "held_out": 2, "samples": 20 },
                "metrics": [{ "name": "energy_distance", "samples": samples, "floor": 0.5,
                              "baselines": { "gaussian": 2.0, "untrained": 3.0 } }],
                "columns": [{ "name": "mass", "p_value": p }],
                "copying": { "ratio": 0.9 }
            })
        };
        let text = section("t", &[run(0.5, 0.7), run(0.7, 0.2)]).expect("complete");
        assert!(
            text.contains(
                "| energy distance | 0.6000 ± 0.1414 | 0.5000 ± 0.0000 | 1.2000 ± 0.2828 |"
            )
        );
        assert!(text.contains("mass 0.2000"), "{text}");
        assert!(section("t", &[serde_json::json!({ "metrics": [{}] })]).is_err());
    }
}
