//! Each command, from its arguments to an exit code.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use langevin_train::{
    MemoryEstimate, Program, RunConfig, RunOptions, RunReport, SamplesFormat, TrainError, built_in,
    parse_config, read_run_config, write_samples,
};
use serde_json::json;

use crate::{
    args::{Args, Command, ConfigsAction, SampleArgs, TrainArgs},
    backend::{self, Opened},
    configs, doctor,
    failure::Failure,
    progress::{Display, note, print},
    signals::Signals,
};

/// Runs what was typed.
pub fn run(args: &Args) -> ExitCode {
    match dispatch(args) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            note(&format!("error: {}", failure.message()));
            ExitCode::from(failure.code())
        }
    }
}

fn dispatch(args: &Args) -> Result<u8, Failure> {
    match &args.command {
        Command::Train(train) => run_train(args, train),
        Command::Sample(sample) => run_sample(args, sample).map(|()| 0),
        Command::Configs { action } => show_configs(action.as_ref()).map(|()| 0),
        Command::Schema => {
            print(&format!("{:#}", langevin_train::schema()));
            Ok(0)
        }
        Command::Doctor => {
            doctor::run(args.json);
            Ok(0)
        }
    }
}

fn run_train(args: &Args, train: &TrainArgs) -> Result<u8, Failure> {
    if let Some(run) = &train.resume {
        return run_resume(args, train, run.as_deref());
    }
    let config = config(train)?;
    let opened = open_device(args, None)?;
    let (network, data) = built_in(&config, &opened.device)?;
    if train.dry_run {
        return dry_run(args, config, &opened);
    }
    let signals = Signals::listen();
    let mut display = Display::new(args, Some(signals.clone()));
    announce(&display, &opened);
    let options = options(&opened, train.stop_after);
    let out = train.out.as_deref();
    let report = langevin_train::train(config, network, data, out, &options, &mut display);
    display.clear();
    conclude(&display, &report?, &signals)
}

fn run_resume(args: &Args, train: &TrainArgs, run: Option<&Path>) -> Result<u8, Failure> {
    let run = match run {
        Some(run) => run.to_owned(),
        None => langevin_train::newest_run(Path::new("runs"))?,
    };
    let opened = open_device(args, Some(&run))?;
    let signals = Signals::listen();
    let mut display = Display::new(args, Some(signals.clone()));
    announce(&display, &opened);
    let options = options(&opened, train.stop_after);
    let report = langevin_train::resume(&run, train.steps, built_in, &options, &mut display);
    display.clear();
    conclude(&display, &report?, &signals)
}

fn run_sample(args: &Args, sample: &SampleArgs) -> Result<(), Failure> {
    let mut config = read_run_config(&sample.run)?;
    let seed = sample.seed.unwrap_or(config.seed);
    let mut settings = Vec::new();
    if let Some(count) = sample.count {
        settings.push(format!("sample.count={count}"));
    }
    if let Some(name) = &sample.sampler {
        let steps = sample.steps.unwrap_or(config.sample.sampler.steps());
        settings.push(format!("sample.sampler={}", json!({ "kind": name, "steps": steps })));
    } else if let Some(steps) = sample.steps {
        settings.push(format!("sample.sampler.steps={steps}"));
    }
    if !settings.is_empty() {
        config = with_settings(&config, &settings)?;
    }
    let path = match &sample.out {
        Some(path) => path.clone(),
        None => next_samples_file(&sample.run),
    };
    let format = SamplesFormat::of(&path)?;
    if path.exists() {
        return Err(Failure::usage(format!("{} exists already", path.display())));
    }
    let opened = open_device(args, Some(&sample.run))?;
    let (network, data) = built_in(&config, &opened.device)?;
    let mut display = Display::new(args, None);
    announce(&display, &opened);
    let options = options(&opened, None);
    let samples = langevin_train::sample_run(
        &sample.run,
        &config,
        seed,
        network,
        data.as_ref(),
        &options,
        &mut display,
    );
    display.clear();
    write_samples(&path, format, &data.columns(), &samples?.values)?;
    display.result(&format!("{} samples in {}", config.sample.count, path.display()));
    display.json(&json!({ "event": "wrote", "path": path, "samples": config.sample.count }));
    Ok(())
}

/// The first of samples-2.csv, samples-3.csv, … that the run does not have.
fn next_samples_file(run: &Path) -> PathBuf {
    let mut number = 2_u64;
    loop {
        let path = run.join(format!("samples-{number}.csv"));
        if !path.exists() {
            return path;
        }
        number += 1;
    }
}

fn show_configs(action: Option<&ConfigsAction>) -> Result<(), Failure> {
    match action {
        Some(ConfigsAction::Show { name }) => print(configs::built_in(name)?.trim_end()),
        Some(ConfigsAction::List) | None => configs::names().into_iter().for_each(print),
    }
    Ok(())
}

/// The config that the arguments describe.
fn config(train: &TrainArgs) -> Result<RunConfig, Failure> {
    let (name, text) = configs::load(train.config.as_deref())?;
    let mut settings = train.set.clone();
    settings.extend(train.steps.map(|steps| format!("train.steps={steps}")));
    settings.extend(train.seed.map(|seed| format!("seed={seed}")));
    Ok(parse_config(&name, &text, &settings)?)
}

fn with_settings(config: &RunConfig, settings: &[String]) -> Result<RunConfig, Failure> {
    let text = serde_json::to_string(config)
        .map_err(|source| TrainError::Json { name: "the run's config".to_owned(), source })?;
    Ok(parse_config("the run's config", &text, settings)?)
}

/// The device asked for, or else the backend that made `run`, or else the default.
fn open_device(args: &Args, run: Option<&Path>) -> Result<Opened, Failure> {
    let made_by = run.and_then(|run| langevin_train::Manifest::read(run).ok());
    let made_by = made_by.map(|manifest| manifest.program.backend);
    let asked = args.backend.as_deref().or(made_by.as_deref());
    backend::open(backend::resolve(asked)?, args.device)
}

fn announce(display: &Display, opened: &Opened) {
    display.say(&format!("backend {}: {}", opened.backend, opened.description));
    if opened.software {
        display.warn("this adapter is software: correct, and much slower than --backend flex");
    }
}

fn options(opened: &Opened, stop_after: Option<u64>) -> RunOptions<'_> {
    let program = Program {
        langevin: env!("CARGO_PKG_VERSION").to_owned(),
        burn: doctor::BURN_VERSION.to_owned(),
        backend: opened.backend.to_owned(),
        device: opened.description.clone(),
        features: backend::compiled().into_iter().map(str::to_owned).collect(),
    };
    RunOptions { device: &opened.device, program, stop_after }
}

fn dry_run(args: &Args, config: RunConfig, opened: &Opened) -> Result<u8, Failure> {
    let display = Display::new(args, None);
    announce(&display, opened);
    let (network, data) = built_in(&config, &opened.device)?;
    let level_features = langevin_train::Diffusion::new(&config)?.embedding.features();
    let estimate = MemoryEstimate::of(&config, data.features(), level_features);
    let metrics = langevin_train::dry_run(config, network, data, &opened.device)?;
    let (parameters, bytes) = estimate.map_or((0, 0), |e| (e.parameters, e.bytes));
    display.result(&format!(
        "the config is sound: {parameters} parameters, about {:.0} MiB of memory, first loss {:.5}; \
         nothing was written",
        bytes as f64 / f64::from(1 << 20),
        metrics.loss
    ));
    display.json(&json!({
        "event": "dry_run", "parameters": parameters, "bytes": bytes, "metrics": metrics
    }));
    Ok(0)
}

/// Says what a run did and where it lies.
fn conclude(display: &Display, report: &RunReport, signals: &Signals) -> Result<u8, Failure> {
    let run = report.run.display();
    display.json(&json!({
        "event": "ended", "run": report.run, "step": report.step, "finished": report.finished,
        "training_seconds": report.training_seconds,
    }));
    if !report.finished {
        display.result(&format!(
            "stopped after step {}; go on with `langevin train --resume {run}`",
            report.step
        ));
        return Ok(signals.exit_code().unwrap_or(0));
    }
    let count = report.samples.as_ref().map_or(0, |s| s.values.len() / s.features);
    let held_out = report.metrics.as_ref().and_then(|metrics| metrics.held_out_loss);
    let held_out = held_out.map_or(String::new(), |loss| format!(", held-out loss {loss:.5}"));
    display.result(&format!(
        "trained {} steps in {:.1} s{held_out}, drew {count} samples",
        report.step, report.training_seconds
    ));
    display.result(&format!("  {run}/samples.csv"));
    display.result(&format!("  {run}/figures/  (scatter.png first)"));
    display.result(&format!("  more samples: langevin sample {run} --count 10000"));
    Ok(0)
}
