//! `langevin sample`: more samples of a trained run, to a file of their own.

use std::path::{Path, PathBuf};

use langevin_train::{
    FillFile, Given, GivenFile, Guide, Problem, SamplesFormat, ToldValues, Tones, TrainError,
    check_samples, number, sample_run_given, write_samples,
};
use serde_json::{Map, json};

use super::{Needs, check_folder_of, config_of, on_trained, with_settings};
use crate::{
    args::{Args, SampleArgs},
    failure::Failure,
};

/// Draws samples and writes them.
pub fn run(args: &Args, sample: &SampleArgs) -> Result<u8, Failure> {
    let mut config = config_of(&sample.run, sample.data.as_deref())?;
    let seed = sample.seed.unwrap_or(config.seed);
    let mut settings = Vec::new();
    let samples = sample.count.filter(|count| sample.fill.is_none() || *count == 0);
    settings.extend(samples.map(|count| format!("sample.count={count}")));
    if let Some(name) = sample.sampler.as_ref().filter(|name| *name != config.sample.sampler.name())
    {
        let steps = config.sample.sampler.steps();
        settings.push(format!("sample.sampler={}", json!({ "kind": name, "steps": steps })));
    }
    settings.extend(sample.steps.map(|steps| format!("sample.sampler.steps={steps}")));
    settings.extend(told(sample, &config.sample.condition)?);
    let mut own = config.sample.clone();
    if !settings.is_empty() {
        config = with_settings(&config, &settings)?;
    }
    let file = sample.given_file.as_deref();
    let file = file.map(|path| GivenFile::read(path, &config.data)).transpose()?;
    let each = config.sample.count;
    if let Some(file) = &file {
        let count = each.checked_mul(file.sets());
        config.sample.count = count.ok_or_else(|| {
            Failure::usage(format!("--count: {each} for each of {} rows are too many", file.sets()))
        })?;
    }
    let table = sample.fill.as_deref();
    let table = table.map(|path| FillFile::read(path, &config.data)).transpose()?;
    let count = config.sample.count;
    own.count = count;
    let is_own = seed == config.seed
        && config.sample == own
        && file.is_none()
        && table.is_none()
        && sample.guide.is_none()
        && sample.run.join("samples.csv").exists();
    let problem = Problem::new(config)?;
    let format = sample.out.as_deref().map(check_out).transpose()?.unwrap_or(SamplesFormat::Csv);
    if let (Some(out), Some(_)) =
        (&sample.out, table.as_ref().filter(|_| format != SamplesFormat::Csv))
    {
        let out = out.display();
        return Err(Failure::usage(format!(
            "--out: must end in .csv where --fill names a table, got {out}"
        )));
    }
    let run = &sample.run;
    // A table that is named is held against the run; else the run keeps what its samples need.
    let needs = if sample.data.is_some() { Needs::Rows } else { Needs::Samples };
    let needs = ("sample", needs);
    let mut filling = None;
    let drawn =
        on_trained(args, run, problem, needs, |mut problem, network, data, options, display| {
            if let Some(path) = &sample.out {
                check_samples(path, format, data, count)?;
            }
            let given = match (&file, &table) {
                (Some(file), _) => file.given(data, each)?,
                (None, Some(table)) => {
                    let own = table.filling(data, sample.count.unwrap_or(1))?;
                    let mut config = problem.config().clone();
                    config.sample.count = own.samples().max(1);
                    problem = Problem::new(config)?;
                    filling.insert(own).given()
                }
                (None, None) => Given::of_config(&problem.config().sample.condition, data)?,
            };
            let guide = sample.guide.as_deref().map(|guide| {
                let (run, step) = guide_of(guide);
                Guide::open(&run, step, data, options.device, display)
            });
            let guide = guide.transpose()?;
            let told = (&given, guide.as_ref());
            sample_run_given(run, problem, seed, network, data, told, options, display)
        })?;
    let (display, data, samples) = match drawn {
        Ok(drawn) => drawn,
        Err(stopped) => return Ok(stopped),
    };
    if is_own {
        // The first rows of one seed are the same for any number of them.
        display.warn(&format!(
            "the run's own seed draws the rows of {} again; --seed {} draws others",
            run.join("samples.csv").display(),
            seed.wrapping_add(1)
        ));
    }
    let write = |path: &Path| match (&table, &filling) {
        (Some(table), Some(filling)) => table.write(path, filling, data.as_ref(), &samples),
        _ => write_samples(path, format, data.as_ref(), &samples),
    };
    let path = match &sample.out {
        Some(path) => write(path).map(|()| path.clone())?,
        None => write_next(run, write).map_err(Failure::writing_to(None))?,
    };
    let tones = matches!(format, SamplesFormat::Sheet | SamplesFormat::Folder).then(|| {
        let Tones { black, white } = Tones::of_data(data.as_ref());
        format!(", black at {} and white at {}", number(black), number(white))
    });
    let written = path.display().to_string();
    if let Some(filling) = &filling {
        let ([cells, rows], copies) = (filling.filled(), sample.count.unwrap_or(1));
        let times = if copies == 1 { String::new() } else { format!(" {copies} times") };
        display.result(&format!("{cells} cells of {rows} rows filled{times} in {written}"));
        display.json(&json!({ "event": "wrote", "path": written, "cells": cells, "rows": rows, "copies": copies }));
        return Ok(0);
    }
    display.result(&format!("{count} samples in {written}{}", tones.unwrap_or_default()));
    display.json(&json!({ "event": "wrote", "path": written, "samples": count }));
    Ok(0)
}

/// A run that guides, and the step of its checkpoint, of `RUN[@STEP]`.
fn guide_of(guide: &str) -> (PathBuf, Option<u64>) {
    if Path::new(guide).is_dir() {
        return (guide.into(), None);
    }
    let step = guide.rsplit_once('@').and_then(|(run, step)| Some((run, step.parse().ok()?)));
    step.map_or_else(|| (guide.into(), None), |(run, step)| (run.into(), Some(step)))
}

/// Settings of what samples are told.
fn told(sample: &SampleArgs, of_run: &ToldValues) -> Result<Vec<String>, Failure> {
    let mut settings = Vec::new();
    let mut given = Map::new();
    let is_told = !sample.given.is_empty() || sample.given_file.is_some() || sample.fill.is_some();
    if sample.inpaint.is_some() && !is_told {
        return Err(Failure::usage(
            "--inpaint: fills in what --given, --given-file or --fill leaves open; name one of them",
        ));
    }
    for pair in &sample.given {
        let Some((column, value)) = pair.split_once('=') else {
            return Err(Failure::usage(format!("--given: must be COLUMN=VALUE, got {pair:?}")));
        };
        if given.insert(column.to_owned(), json!(value)).is_some() {
            return Err(Failure::usage(format!("--given: `{column}` is given twice")));
        }
    }
    if !given.is_empty() {
        // What the run file says of other columns holds.
        if let ToldValues::Values(others) = of_run {
            let others = others.iter().filter(|(name, _)| !given.contains_key(*name));
            let others: Vec<_> =
                others.map(|(name, value)| (name.clone(), value.clone())).collect();
            given.extend(others);
        }
        settings.push(format!("sample.condition={}", json!(given)));
    }
    settings.extend(sample.guidance.map(|weight| format!("sample.guidance.weight={weight}")));
    if let Some(inpaint) = &sample.inpaint {
        let numbers = inpaint.split_once('x').and_then(|(jump, repeats)| {
            Some((jump.parse::<usize>().ok()?, repeats.parse::<usize>().ok()?))
        });
        let Some((jump, repeats)) = numbers else {
            return Err(Failure::usage(format!(
                "--inpaint: must be two numbers as 10x10, levels that are gone back and how many times they are gone \
                 through, got {inpaint:?}"
            )));
        };
        settings.push(format!("sample.inpaint={}", json!({ "jump": jump, "repeats": repeats })));
    }
    Ok(settings)
}

/// The format of the file `path`; fails early where the samples could not be written to it later.
fn check_out(path: &Path) -> Result<SamplesFormat, Failure> {
    let format = SamplesFormat::of(path)?;
    if path.exists() && format != SamplesFormat::Folder {
        return Err(TrainError::Exists(path.to_owned()).into());
    }
    check_folder_of(path)?;
    Ok(format)
}

/// Writes the samples to the first of samples-2.csv, samples-3.csv, … that the run does not have.
fn write_next(
    run: &Path,
    write: impl Fn(&Path) -> Result<(), TrainError>,
) -> Result<PathBuf, TrainError> {
    let mut number = 2_u64;
    loop {
        let path = run.join(format!("samples-{number}.csv"));
        if path.exists() {
            number += 1;
            continue;
        }
        match write(&path) {
            // Another process may take the same number at the same time.
            Err(TrainError::Exists(_)) => number += 1,
            written => return written.map(|()| path),
        }
    }
}
