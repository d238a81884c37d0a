//! `langevin evaluate` and `langevin report`: how good a run's samples are, as numbers and as a page.

use langevin_data::measure::{
    ColumnFound, Conditionals, Evaluation, GroupFound, Metric, ModeFound,
    verdict::{Counts, OutsideFound, Verdict},
};
use langevin_train::{
    MeasureTable, Problem, denoising_text, evaluate_run, filled_lines, number, report_run,
    single_cell_rows, table_measures, verdict_lines,
};
use serde_json::json;

use super::{Needs, config_of, on_trained, or_moved, with_settings};
use crate::{
    args::{Args, EvaluateArgs, RunArgs},
    failure::Failure,
    output::{print, print_json},
    progress::Display,
    table::table,
};

/// Draws a run's samples, measures them and writes evaluation.json.
pub fn run(args: &Args, evaluate: &EvaluateArgs) -> Result<u8, Failure> {
    let mut config = config_of(&evaluate.run, evaluate.data.as_deref())?;
    if let Some(count) = evaluate.count {
        config = with_settings(&config, &[format!("sample.count={count}")])?;
    }
    config.report.target = evaluate.target.clone().or(config.report.target);
    let (run, problem) = (&evaluate.run, Problem::new(config)?);
    let needs = ("evaluate", Needs::Rows);
    let found =
        on_trained(args, run, problem, needs, |problem, network, data, options, display| {
            evaluate_run(run, problem, network, data, options, display)
        })?;
    match found {
        Ok((display, _, evaluation)) => {
            show(&display, &evaluation);
            Ok(0)
        }
        Err(stopped) => Ok(stopped),
    }
}

fn show(display: &Display, evaluation: &Evaluation) {
    display.json(&json!({ "event": "evaluation", "evaluation": evaluation }));
    if let Some(verdict) = &evaluation.verdict {
        show_verdict(display, verdict);
    }
    let baselines = evaluation.metrics.first().map(|metric| &metric.distance.baselines);
    let baselines = baselines.into_iter().flat_map(|baselines| baselines.keys());
    let header: Vec<&str> =
        ["distance to held-out rows, scaled", "samples", "± standard error", "floor"]
            .into_iter()
            .chain(baselines.map(String::as_str))
            .collect();
    let row = |metric: &Metric| {
        let found = &metric.distance;
        let values = [found.samples, found.standard_error, found.floor];
        let values = values.into_iter().chain(found.baselines.values().copied()).map(number);
        [metric.name.replace('_', " ")].into_iter().chain(values).collect()
    };
    let rows: Vec<Vec<String>> = evaluation.metrics.iter().map(row).collect();
    display.result_lines(table(&header, &rows));
    let header = ["column", "Wasserstein-1", "floor", "Kolmogorov–Smirnov", "p"];
    let row = |column: &ColumnFound| {
        let found = &column.wasserstein_1;
        let values = [found.samples, found.floor, column.kolmogorov_smirnov, column.p_value];
        [column.name.clone()].into_iter().chain(values.map(number)).collect()
    };
    let rows: Vec<Vec<String>> = evaluation.columns.iter().map(row).collect();
    display.result("");
    display.result_lines(table(&header, &rows));
    let copying = &evaluation.copying;
    let ratio = copying.ratio.map_or(String::new(), |ratio| format!(", {ratio:.3} times as far"));
    display.result("");
    display.result(&format!(
        "nearest training row: {} away in the median, a held-out row's {}{ratio}",
        number(copying.samples_median),
        number(copying.held_out_median)
    ));
    table_measures(evaluation).iter().for_each(|measures| show_measures(display, measures));
    if let Some(found) = &evaluation.conditionals {
        show_conditionals(display, found);
    }
    if let Some(text) = evaluation.denoising.as_ref().and_then(denoising_text) {
        display.result("");
        display.result(&text);
    }
    if let Some(modes) = &evaluation.modes {
        let header = ["mode", "share", "expected", "spread by axis", "expected"];
        let list = |values: &[f64]| {
            values.iter().map(|value| number(*value)).collect::<Vec<_>>().join(" ")
        };
        let row = |mode: &ModeFound| {
            vec![
                list(&mode.center),
                number(mode.share),
                number(mode.expected_share),
                mode.std.as_deref().map_or("–".to_owned(), list),
                number(mode.expected_std),
            ]
        };
        let rows: Vec<Vec<String>> = modes.modes.iter().map(row).collect();
        display.result("");
        display.result_lines(table(&header, &rows));
    }
    evaluation.remarks.iter().for_each(|remark| display.result(remark));
}

/// Prints a table of measures and its notes.
fn show_measures(display: &Display, measures: &MeasureTable) {
    let header: Vec<&str> = measures.header.iter().map(String::as_str).collect();
    display.result("");
    display.result_lines(table(&header, &measures.rows));
    measures.notes.iter().for_each(|note| display.result(note));
}

/// Prints how the samples follow what they are told.
fn show_conditionals(display: &Display, found: &Conditionals) {
    if !found.groups.is_empty() {
        let header = ["told", "samples", "held-out rows", "energy distance", "floor"];
        let distance = |distance: Option<f64>| distance.map_or("–".to_owned(), number);
        let row = |group: &GroupFound| {
            vec![
                format!("{} {}", group.column, group.group),
                group.samples.to_string(),
                group.held_out.to_string(),
                distance(group.energy_distance),
                distance(group.floor),
            ]
        };
        let rows: Vec<Vec<String>> = found.groups.iter().map(row).collect();
        display.result("");
        display.result_lines(table(&header, &rows));
    }
    if let Some(filled) = &found.filled {
        display.result("");
        display.result_lines(filled_lines(filled));
    }
    if !found.single_cells.is_empty() {
        let (heads, rows) = single_cell_rows(&found.single_cells);
        display.result("");
        display.result_lines(table(heads, &rows));
    }
}

/// Prints the verdict, and which columns have values beyond the range of the training rows.
fn show_verdict(display: &Display, verdict: &Verdict) {
    display.result_lines(verdict_lines(verdict));
    display.result("");
    if verdict.outside.is_empty() {
        return;
    }
    let header = ["outside the range seen", "below", "above", "not finite", "held-out rows"];
    let share = |[samples, _]: [f64; 2]| format!("{} %", number(100.0 * samples));
    let row = |found: &OutsideFound| {
        let outside = &found.outside;
        let parts = [outside.below, outside.above, outside.not_finite];
        let [_, held_out] = outside.all().shares();
        let parts = parts.iter().map(Counts::shares).map(share);
        [found.column.clone()].into_iter().chain(parts).chain([share([held_out; 2])]).collect()
    };
    let rows: Vec<Vec<String>> = verdict.outside.iter().map(row).collect();
    display.result_lines(table(&header, &rows));
    display.result("");
}

/// Writes the page of a run from the files in its folder.
pub fn report(args: &Args, report: &RunArgs) -> Result<(), Failure> {
    let problem = Problem::new(config_of(&report.run, report.data.as_deref())?)?;
    let config = problem.config();
    let data = or_moved(config.data.build(config.seed), &report.run, config, "report")?;
    let path = report_run(&report.run, &problem, data.as_ref());
    let path = or_moved(path, &report.run, config, "report")?.display().to_string();
    match args.json {
        true => print_json(&json!({ "event": "wrote", "path": path })),
        false => print(&path),
    }
    Ok(())
}
