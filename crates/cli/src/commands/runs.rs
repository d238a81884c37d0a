//! `langevin runs`: a line for every run under a folder.

use std::path::Path;

use langevin_data::measure::verdict::EnergyFound;
use langevin_train::{RunRecords, runs_under};
use serde_json::json;

use crate::{
    args::Args,
    failure::Failure,
    output::{note, print_json, print_lines},
    table::table,
};

/// Lists the runs under a folder.
pub fn run(args: &Args, folder: &Path) -> Result<(), Failure> {
    if !folder.is_dir() {
        return Err(Failure::usage(format!(
            "there is no folder {}; name the one that holds runs (`langevin train` makes them under runs)",
            folder.display()
        )));
    }
    let mut rows = Vec::new();
    for run in runs_under(folder)? {
        let records = match RunRecords::read(&run) {
            Ok(records) => records,
            Err(error) => {
                note(&format!("warning: {} is left out: {error}", run.display()));
                continue;
            }
        };
        let step = records.step();
        let metric = records.evaluation.as_ref().and_then(|e| e.metric("energy_distance"));
        let distance = metric.map(|metric| (metric.distance.samples, metric.distance.floor));
        let verdict = records.verdict();
        // An evaluation of version 0.1 has no verdict.
        let over_floor = match verdict {
            Some(verdict) => verdict.energy.as_ref().and_then(EnergyFound::ratio),
            None => {
                distance.filter(|(_, floor)| *floor > 0.0).map(|(samples, floor)| samples / floor)
            }
        };
        if args.json {
            let line = json!({
                "run": run.display().to_string(), "state": records.manifest.state, "step": step,
                "steps": records.config.train.steps, "held_out_loss": records.held_out_loss(),
                "energy_distance": distance.map(|d| d.0), "floor": distance.map(|d| d.1),
                "verdict": verdict.map(|verdict| verdict.word),
                "energy": verdict.and_then(|verdict| verdict.energy),
                "backend": records.manifest.program.backend,
            });
            print_json(&line);
            continue;
        }
        let number =
            |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.5}"));
        rows.push(vec![
            run.display().to_string(),
            records.manifest.state.name().to_owned(),
            format!("{step}/{}", records.config.train.steps),
            number(records.metrics.last().map(|line| line.mean_loss)),
            number(records.held_out_loss()),
            verdict.map_or("–", |verdict| verdict.word.text()).to_owned(),
            over_floor.map_or("–".to_owned(), |ratio| format!("{ratio:.1}")),
            records.manifest.program.backend.clone(),
        ]);
    }
    if !args.json {
        let header =
            ["run", "state", "steps", "loss", "held out", "verdict", "energy / floor", "backend"];
        print_lines(table(&header, &rows));
    }
    Ok(())
}
