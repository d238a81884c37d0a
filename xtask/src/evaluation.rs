//! `cargo xtask evaluation`: trains the built-in configs over several seeds, and writes docs/evaluation.md from
//! the evaluation.json of each run.

use std::{collections::BTreeMap, fs};

use minijinja::{context, value::Serde};
use serde_json::Value;

use crate::cargo::Workspace;
use crate::files::read_json;
use crate::markdown::{environment, fill, with_section};
use crate::program::{Program, Scratch};
use crate::statistics::mean;
use crate::verdicts::{HEADING, kept_section};

const PAGE: &str = "docs/evaluation.md";
const TEMPLATE: &str = include_str!("../templates/evaluation.md.jinja");
/// Configs on real data.
const CONFIGS: [&str; 2] = ["penguins", "digits"];
/// Configs whose data is a formula.
const FORMULAS: [&str; 5] = ["four-modes", "gaussian-1d", "two-moons", "spiral", "checkerboard"];
/// Other data for the config `two-moons`, with its spread.
const OTHERS: [(&str, &str, &str); 3] = [
    ("rings", r#"data={"kind":"rings","radii":[0.5,1.0],"noise":0.05}"#, "0.6"),
    ("swiss roll", r#"data={"kind":"swiss_roll"}"#, "0.6"),
    ("eight Gaussians", r#"data={"kind":"eight_gaussians"}"#, "1.0"),
];

/// Trains each config with this number of seeds and writes the page.
pub fn run(workspace: &Workspace, seeds: u64) -> Result<(), String> {
    let scratch = Scratch::new("evaluation")?;
    let program = Program::build(workspace, &scratch)?;
    let train = |name: &str, config: &str, settings: &[String]| -> Result<Vec<Value>, String> {
        let mut runs = Vec::new();
        for seed in 0..seeds {
            println!("{name}, seed {seed}");
            let out = scratch.folder().join(format!("{name}-{seed}"));
            let mut command = program.command(&["--quiet", "train", config, "--seed"]);
            command.arg(seed.to_string()).arg("--out").arg(&out).args(settings);
            let status = command.status().map_err(|error| format!("langevin: {error}"))?;
            if !status.success() {
                return Err(format!("training {name} with seed {seed} failed ({status})"));
            }
            runs.push(read_json(&out.join("evaluation.json"))?);
        }
        Ok(runs)
    };
    let section = |config| section(config, &train(config, config, &[])?);
    let configs = CONFIGS.into_iter().map(section).collect::<Result<Vec<_>, String>>()?;
    let formula = |config| line(config, &train(config, config, &[])?);
    let other = |(name, data, spread): (&str, &str, &str)| {
        let spread = format!("denoiser.prediction.sigma_data={spread}");
        let settings = ["--set", data, "--set", &spread].map(str::to_owned);
        line(name, &train(name, "two-moons", &settings)?)
    };
    let formulas = FORMULAS.into_iter().map(formula).chain(OTHERS.into_iter().map(other));
    let formulas = formulas.collect::<Result<Vec<_>, String>>()?;
    let path = workspace.root.join(PAGE);
    let page = page(seeds, configs, formulas)?;
    let page = kept_section(&path).map_or(page.clone(), |kept| with_section(&page, HEADING, &kept));
    fs::write(&path, page).map_err(|error| format!("{PAGE}: {error}"))?;
    println!("wrote {PAGE}");
    Ok(())
}

/// Text of the page of some configs.
fn page(
    seeds: u64,
    configs: Vec<minijinja::Value>,
    formulas: Vec<minijinja::Value>,
) -> Result<String, String> {
    let mut environment = environment()?;
    environment.add_filter("spread", |values: Vec<f64>| spread(&values));
    fill(&environment, "evaluation.md", TEMPLATE, context! { seeds, configs, formulas })
}

/// Values of a line of the page on formulas, seed by seed. The regret is known where the optimum is.
fn line(config: &str, runs: &[Value]) -> Result<minijinja::Value, String> {
    let energy = |of: &str| values(runs, &format!("/metrics/0/{of}"));
    let (samples, floor) = (energy("samples")?, energy("floor")?);
    let ratio: Vec<f64> = samples.iter().zip(&floor).map(|(s, f)| s / f).collect();
    let known = runs.iter().all(|run| run.pointer("/denoising/regret/nats").is_some());
    let regret = known.then(|| values(runs, "/denoising/regret/nats")).transpose()?;
    Ok(context! { name => config, samples, floor, ratio, regret })
}

/// Values of a config's section of the page, seed by seed.
fn section(config: &str, runs: &[Value]) -> Result<minijinja::Value, String> {
    let first = runs.first().ok_or("no seeds")?;
    let metrics = first["metrics"].as_array().ok_or("no metrics")?.iter().enumerate();
    let metrics = metrics.map(|(i, metric)| {
        let of = |pointer: &str| values(runs, &format!("/metrics/{i}/{pointer}"));
        let (samples, floor) = (of("samples")?, of("floor")?);
        let ratio: Vec<f64> = samples.iter().zip(&floor).map(|(s, f)| s / f).collect();
        let (gaussian, untrained) = (of("baselines/gaussian")?, of("baselines/untrained")?);
        let distances = [samples, floor, ratio, gaussian, untrained];
        Ok(context! { name => metric["name"].as_str(), distances })
    });
    let columns = first["columns"].as_array().ok_or("no columns")?;
    let least = columns.iter().enumerate().map(|(i, column)| {
        let p = values(runs, &format!("/columns/{i}/p_value"))?;
        Ok((column["name"].as_str().unwrap_or_default(), p.into_iter().fold(1.0, f64::min)))
    });
    let least = least.collect::<Result<BTreeMap<_, f64>, String>>()?;
    Ok(context! {
        name => config,
        rows => Serde(&first["rows"]),
        metrics => metrics.collect::<Result<Vec<_>, String>>()?,
        ratio => values(runs, "/copying/ratio")?,
        columns => columns.len(),
        smallest => least.values().copied().fold(1.0, f64::min),
        least,
    })
}

/// Numbers at one place of evaluation.json, seed by seed.
fn values(runs: &[Value], pointer: &str) -> Result<Vec<f64>, String> {
    let of = |run: &Value| run.pointer(pointer).and_then(Value::as_f64);
    runs.iter()
        .map(|run| of(run).ok_or_else(|| format!("evaluation.json lacks {pointer}")))
        .collect()
}

/// Mean ± standard deviation of some numbers.
fn spread(values: &[f64]) -> String {
    let (count, mean) = (values.len() as f64, mean(values));
    let square = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    let std = (square / (count - 1.0).max(1.0)).sqrt();
    match mean.abs() < 0.001 && mean != 0.0 {
        true => format!("{mean:.1e} ± {std:.1e}"),
        false => format!("{mean:.4} ± {std:.4}"),
    }
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
        let mut known = [run(0.5, 0.7), run(0.7, 0.2)];
        for run in &mut known {
            run["denoising"] = serde_json::json!({ "regret": { "nats": 0.1 } });
        }
        let line_of = line("f", &known).expect("complete");
        let unknown = line("u", &[run(0.5, 0.7)]).expect("complete");
        let section_of = section("t", &[run(0.5, 0.7), run(0.7, 0.2)]).expect("complete");
        let text = page(2, vec![section_of], vec![line_of, unknown]).expect("complete");
        assert!(
            text.contains(
                "| energy distance | 0.6000 ± 0.1414 | 0.5000 ± 0.0000 | 1.2000 ± 0.2828 |"
            )
        );
        assert!(text.contains("mass 0.2000"), "{text}");
        let line = "| f | 0.6000 ± 0.1414 | 0.5000 ± 0.0000 | 1.2000 ± 0.2828 | 0.1000 ± 0.0000 |";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("| u | 0.5000 ± 0.0000 | 0.5000 ± 0.0000 | 1.0000 ± 0.0000 | – |"));
        assert!(section("t", &[serde_json::json!({ "metrics": [{}] })]).is_err());
    }
}
