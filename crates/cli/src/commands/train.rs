//! `langevin train`: trains a new run, goes on with a stopped one, or only tries a config.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use langevin_data::{
    CellKind, ColumnRange, DateFormat,
    measure::verdict::{OutsideFound, Verdict},
};
use langevin_train::{
    DataConfig, Event, LevelSummary, Manifest, MemoryEstimate, Observer, Problem, RunConfig,
    RunReport, RunState, built_in, built_in_trainer, free_memory, number, read_config,
    read_run_config, shell_word, verdict_lines,
};
use serde_json::json;

use super::{announce, config_of, open_device, options, or_moved};
use crate::{
    args::{Args, TrainArgs},
    article::{self, Ending},
    backend::Opened,
    configs,
    failure::Failure,
    progress::Display,
    signals::Signals,
};

/// Trains the run that the arguments describe.
pub fn run(args: &Args, train: &TrainArgs) -> Result<u8, Failure> {
    if let Some(run) = &train.resume {
        return resume(args, train, run.as_deref());
    }
    if train.data.is_some() {
        let message = "--data: is where the table of a run to go on with lies now, and needs --resume; \
                       a new run's is data.path, as --set data.path=FILE";
        return Err(Failure::usage(message));
    }
    let problem = problem(train)?;
    let opened = open_device(args, None)?;
    if train.dry_run {
        return dry_run(args, train, problem, &opened);
    }
    let (network, data) = built_in(&problem, &opened.device)?;
    let signals = Signals::listen();
    let mut display = Display::new(args, Some(signals.clone()));
    announce(&display, &opened);
    let options = options(args, &opened, train.stop_after);
    let out = train.out.as_deref();
    let report = langevin_train::train(problem, network, data, out, &options, &mut display);
    display.clear();
    conclude(&display, &report?, &signals)
}

fn resume(args: &Args, train: &TrainArgs, run: Option<&Path>) -> Result<u8, Failure> {
    let run = match run {
        Some(run) => run.to_owned(),
        None => run_to_resume(train)?,
    };
    let config = config_of(&run, train.data.as_deref())?;
    let opened = open_device(args, Some(&run))?;
    let signals = Signals::listen();
    let mut display = Display::new(args, Some(signals.clone()));
    announce(&display, &opened);
    let options = options(args, &opened, train.stop_after);
    let data = config.data.clone();
    let build = |config, device: &_| built_in_trainer(RunConfig { data, ..config }, device);
    let report = langevin_train::resume(&run, train.steps, build, &options, &mut display);
    display.clear();
    let report = or_moved(report, &run, &config, "train --resume")?;
    conclude(&display, &report, &signals)
}

/// The run to go on with where none is named: to be made longer, the newest, else the newest that was stopped.
fn run_to_resume(train: &TrainArgs) -> Result<PathBuf, Failure> {
    let runs = Path::new("runs");
    let newest = langevin_train::newest_run(runs)?;
    if train.steps.is_some() {
        return Ok(newest);
    }
    if let Some(run) = langevin_train::newest_unfinished_run(runs)? {
        return Ok(run);
    }
    if Manifest::read(&newest)?.state != RunState::Finished {
        return Ok(newest);
    }
    // A learning rate that depends on the run's length makes a longer run another one.
    let longer = match read_run_config(&newest)?.train.learning_rate.depends_on_length() {
        true => shell_word(&newest.join("config.json")),
        false => format!("--resume {}", shell_word(&newest)),
    };
    Err(Failure::usage(format!(
        "--resume: no run under runs was stopped before its end; to train the newest one for longer: langevin train \
         {longer} --steps N"
    )))
}

/// The run that the arguments describe.
fn problem(train: &TrainArgs) -> Result<Problem, Failure> {
    let source = configs::load(train.config.as_deref())?;
    let mut settings = train.set.clone();
    settings.extend(train.steps.map(|steps| format!("train.steps={steps}")));
    settings.extend(train.seed.map(|seed| format!("seed={seed}")));
    // Its one step has a log line.
    settings.extend(train.dry_run.then(|| "train.log_every=1".to_owned()));
    let config = read_config(&source.name, &source.folder, &source.text, &settings)?;
    Ok(Problem::new(config)?)
}

fn dry_run(
    args: &Args,
    train: &TrainArgs,
    problem: Problem,
    opened: &Opened,
) -> Result<u8, Failure> {
    let mut display = Display::new(args, Some(Signals::listen()));
    announce(&display, opened);
    let (network, data) = built_in(&problem, &opened.device)?;
    let estimate = MemoryEstimate::of(&problem, data.as_ref());
    let remarks = problem.remarks(data.as_ref());
    remarks.iter().for_each(|it| display.event(Event::Remark(it)));
    let pace = langevin_train::pace(&problem, data.as_ref(), &opened.device, 0);
    pace.iter().for_each(|it| display.event(Event::Remark(it)));
    let start = Instant::now();
    let report =
        langevin_train::dry_run(problem, network, data, train.out.as_deref(), &opened.device)?;
    let seconds = start.elapsed().as_secs_f64();
    display.clear();
    let loss = report.metrics.as_ref().map(|line| format!(", first loss {:.5}", line.loss));
    let loss = loss.unwrap_or_default();
    let (parameters, bytes) = estimate.map_or((0, 0), |e| (e.parameters, e.bytes));
    display.result(&format!(
        "the config is sound: {parameters} parameters, about {:.0} MiB of memory{loss}; \
         nothing was written",
        bytes as f64 / f64::from(1 << 20)
    ));
    let free = free_memory();
    display.json(&json!({
        "event": "dry_run", "parameters": parameters, "bytes": bytes, "metrics": report.metrics,
        "free_bytes": free.map(|free| free.bytes), "free_within": free.map(|free| free.bound.to_string()),
        "seconds": seconds, "pace": pace
    }));
    Ok(0)
}

/// A line with the samples' mean and standard deviation, in the first columns where there are many. The mean of dates
/// is one.
fn end_of_sampling(data: &DataConfig, moments: &[(f64, f64)], end: &LevelSummary) -> String {
    let columns = match data {
        DataConfig::Table(table) => table.columns.as_deref().unwrap_or_default(),
        _ => &[],
    };
    let format = |column: usize| {
        let spec = columns.get(column).filter(|_| columns.len() == moments.len())?;
        let format = spec.format.as_deref().filter(|_| spec.kind == CellKind::Date);
        format.and_then(DateFormat::new)
    };
    let mean = |column: usize| {
        let mean = moments[column].0;
        format(column).map_or_else(|| number(mean), |format| format.write(mean))
    };
    let std = |column: usize| {
        let (std, unit) = (moments[column].1, format(column).map(|format| format.unit()));
        unit.map_or_else(|| number(std), |(name, size)| format!("{} {name}", number(std / size)))
    };
    // The places of a category's values have no mean.
    let is_number = |column: &usize| {
        let spec = columns.get(*column).filter(|_| columns.len() == moments.len());
        spec.is_none_or(|spec| spec.kind != CellKind::Category)
    };
    let numbers: Vec<usize> = (0..moments.len()).filter(is_number).collect();
    let list = |value: &dyn Fn(usize) -> String| {
        let shown: Vec<_> = numbers.iter().take(NAMED).map(|column| value(*column)).collect();
        format!("{}{}", shown.join(", "), if numbers.len() > NAMED { ", …" } else { "" })
    };
    let nearest = end.convergence.map_or(String::new(), |square| {
        format!(", mean squared distance to the nearest mode {}", number(square))
    });
    if numbers.is_empty() {
        return "samples: categories alone".to_owned();
    }
    format!("samples: mean {}, standard deviation {}{nearest}", list(&mean), list(&std))
}

/// Columns that are named one by one.
const NAMED: usize = 4;

/// A line that names the columns in which over a hundredth of the samples lay beyond the range seen, and were set to its
/// end.
fn set_to_an_end(data: &DataConfig, verdict: &Verdict) -> Option<String> {
    let DataConfig::Table(table) = data else { return None };
    let is_seen = |name: &str| match table.columns.iter().flatten().find(|it| it.name == name) {
        Some(column) => column.range == ColumnRange::Seen,
        None => table.each_column.as_ref().is_some_and(|each| each.range == ColumnRange::Seen),
    };
    let share = |it: &OutsideFound| it.outside.below.shares()[0] + it.outside.above.shares()[0];
    let beyond = verdict.outside.iter().filter(|it| share(it) > 0.01 && is_seen(&it.column));
    let mut beyond: Vec<&OutsideFound> = beyond.collect();
    beyond.sort_by(|a, b| share(b).total_cmp(&share(a)));
    let named = beyond.iter().take(NAMED);
    let named: Vec<String> =
        named.map(|it| format!("{} {:.1} %", it.column, 100.0 * share(it))).collect();
    let more = match beyond.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and so in {more} more columns"),
    };
    (!named.is_empty()).then(|| {
        format!(
            "beyond the range seen, and set to its end: {} of the samples{more}",
            named.join(", ")
        )
    })
}

/// The end of a run of one of the article's systems.
fn ending(config: &RunConfig, report: &RunReport) -> Result<Option<Ending>, Failure> {
    let Some(samples) = &report.samples else { return Ok(None) };
    let is_own = matches!(config.data, DataConfig::Table(_) | DataConfig::Custom { .. });
    if is_own || !article::is_system(&config.name) {
        return Ok(None);
    }
    let data = config.data.build(config.seed)?;
    Ok(article::ending(&config.name, data.as_ref(), samples, report.evaluation.as_ref()))
}

/// Prints what a run did and where its files are; gives the exit code.
fn conclude(display: &Display, report: &RunReport, signals: &Signals) -> Result<u8, Failure> {
    let run = report.run.display();
    let verdict = report.evaluation.as_ref().and_then(|evaluation| evaluation.verdict.as_ref());
    let config = read_run_config(&report.run)?;
    let ending = ending(&config, report)?;
    let mut ended = json!({
        "event": "ended", "run": run.to_string(), "step": report.step, "finished": report.finished,
        "training_seconds": report.training_seconds, "verdict": verdict,
    });
    if let Some(ending) = &ending {
        ended["goal_met"] = json!(ending.met);
    }
    display.json(&ended);
    if !report.finished {
        display.result(&format!(
            "stopped after step {}; go on with `langevin train --resume {}`",
            report.step,
            shell_word(&report.run)
        ));
        return Ok(signals.exit_code().unwrap_or(0));
    }
    let count = report.samples.as_ref().map_or(0, |s| s.values.len() / s.features);
    let held_out = report.metrics.as_ref().and_then(|metrics| metrics.held_out_loss);
    let held_out = held_out.map_or(String::new(), |loss| match loss.abs() < 1e5 {
        true => format!(", held-out loss {loss:.5}"),
        false => format!(", held-out loss {}", number(loss)),
    });
    display.result(&format!(
        "trained {} steps in {:.1} s{held_out}, drew {count} samples",
        report.steps_here, report.training_seconds
    ));
    if let Some(ending) = &ending {
        ending.lines.iter().for_each(|line| display.result(line));
    } else if let Some(end) = report.samples.as_ref().and_then(|samples| samples.levels.last()) {
        display.result(&end_of_sampling(&config.data, &report.moments, end));
    }
    if let Some(verdict) = verdict {
        display.result_lines(verdict_lines(verdict));
        if let Some(line) = set_to_an_end(&config.data, verdict) {
            display.result(&line);
        }
    }
    // SVG files are left out: each repeats a figure that is listed.
    let shown = report.written.iter().filter(|path| path.extension().is_none_or(|e| e != "svg"));
    for path in shown {
        display.result(&format!("  {}", path.display()));
    }
    // The run's own seed would draw its own samples again.
    let seed = config.seed.wrapping_add(1);
    let run = shell_word(&report.run);
    display.result(&format!("  more samples: langevin sample {run} --count 10000 --seed {seed}"));
    Ok(0)
}
