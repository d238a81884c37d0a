//! Commands: each takes its arguments and gives an exit code.

mod compare;
mod evaluate;
mod export;
mod film;
mod init;
mod reproduce;
mod runs;
mod sample;
mod train;
mod verify;

use std::{path::Path, process::ExitCode};

use clap::CommandFactory;
use langevin_core::OwnNetwork;
use langevin_data::Dataset;
use langevin_train::{
    Locking, Problem, Program, RunConfig, RunOptions, TrainError, built_in, built_in_for_samples,
    parse_config, read_run_config, relative_path, shell_word,
};
use serde_json::json;

use crate::{
    args::{Args, Command, ConfigsAction},
    backend::{self, Opened},
    configs, doctor,
    failure::Failure,
    output::{self, note, print, print_json, print_lines},
    progress::Display,
    signals::Signals,
    threads::start_pool,
};

/// The environment variable that names the processor's vector instructions to use.
const INSTRUCTIONS: &str = "LANGEVIN_INSTRUCTIONS";

/// Runs the command that was typed.
pub fn run(args: &Args) -> ExitCode {
    let done = use_instructions().and_then(|()| match args.command {
        Command::Configs { .. }
        | Command::Schema
        | Command::Completions { .. }
        | Command::Doctor => dispatch(args),
        _ => start_pool().and_then(|()| dispatch(args)),
    });
    // What training gives stands in the run's folder.
    let done = match &args.command {
        Command::Train(_) => done,
        _ => done.and_then(output::whole),
    };
    end(args.json, done)
}

/// Says what failed, if anything did; gives the exit code.
pub fn end(json: bool, done: Result<u8, Failure>) -> ExitCode {
    let failure = match done {
        Ok(code) => return ExitCode::from(code),
        Err(failure) => failure,
    };
    output::print_failure(&failure, json);
    ExitCode::from(failure.code())
}

/// Selects the processor's vector instructions that the environment asks for, if any.
fn use_instructions() -> Result<(), Failure> {
    let Some(name) = std::env::var_os(INSTRUCTIONS).filter(|name| !name.is_empty()) else {
        return Ok(());
    };
    langevin_train::use_instructions(&name.to_string_lossy())
        .map_err(|error| Failure::usage(format!("{INSTRUCTIONS}: {error}")))
}

fn dispatch(args: &Args) -> Result<u8, Failure> {
    match &args.command {
        Command::Train(train) => train::run(args, train),
        Command::Sample(sample) => sample::run(args, sample),
        Command::Evaluate(evaluate) => evaluate::run(args, evaluate),
        Command::Report(report) => evaluate::report(args, report).map(|()| 0),
        Command::Runs { folder } => runs::run(args, folder).map(|()| 0),
        Command::Compare(compare) => compare::run(args, compare).map(|()| 0),
        Command::Export(export) => export::run(args, export).map(|()| 0),
        Command::Reproduce(reproduce) => reproduce::run(args, reproduce),
        Command::Verify(verify) => verify::run(args, verify),
        Command::Film(film) => film::run(args, film),
        Command::Init(init) => init::run(args, init).map(|()| 0),
        Command::Completions { shell } => {
            completions(*shell);
            Ok(0)
        }
        Command::Configs { action } => show_configs(args, action.as_ref()).map(|()| 0),
        Command::Schema => {
            let schema = langevin_train::schema();
            match args.json {
                true => print_json(&schema),
                false => print_lines(format!("{schema:#}").lines()),
            }
            Ok(0)
        }
        Command::Doctor => {
            doctor::run(args.json);
            Ok(0)
        }
    }
}

fn show_configs(args: &Args, action: Option<&ConfigsAction>) -> Result<(), Failure> {
    match action {
        Some(ConfigsAction::Show { name: Some(name), .. }) => {
            print_lines(configs::built_in(name)?.trim_end().lines());
            if let Some(attribution) = configs::attribution(name) {
                note(&format!("data: {attribution}"));
            }
        }
        Some(ConfigsAction::Show { .. }) => print_lines(configs::with_comments()?.lines()),
        Some(ConfigsAction::List) | None if args.json => {
            for config in configs::BUILT_IN {
                print_json(&json!({ "name": config.name, "about": config.about }));
            }
        }
        Some(ConfigsAction::List) | None => {
            let width = configs::names().iter().map(|name| name.len()).max().unwrap_or(0);
            for config in configs::BUILT_IN {
                print(&format!("{:width$}  {}", config.name, config.about));
            }
        }
    }
    Ok(())
}

fn completions(shell: clap_complete::Shell) {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "langevin", &mut text);
    print_lines(String::from_utf8_lossy(&text).trim_end().lines());
}

/// Fails where the folder is not there into which a file that `--out` names is to be written.
fn check_folder_of(out: &Path) -> Result<(), Failure> {
    match out.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        None => Ok(()),
        Some(folder) => Err(Failure::usage(format!(
            "--out: there is no folder {}; make it, or name another",
            folder.display()
        ))),
    }
}

/// Config of a run, whose table lies at `data` now where that is said.
fn config_of(run: &Path, data: Option<&Path>) -> Result<RunConfig, Failure> {
    let mut config = read_run_config(run)?;
    if let Some(file) = data {
        config.data.move_to(file).map_err(|error| Failure::usage(format!("--data: {error}")))?;
    }
    Ok(config)
}

/// What could be made of a run's data; where its table is not there, or holds other rows now, how to say where it is.
/// `command` is what the user asked for.
fn or_moved<T>(
    made: Result<T, TrainError>,
    run: &Path,
    config: &RunConfig,
    command: &str,
) -> Result<T, Failure> {
    made.map_err(|error| {
        let why = match config.data.file() {
            Some(file) if matches!(error, TrainError::Table(_)) && !file.exists() => {
                format!("{}: the run's table is not there; say where it is now", file.display())
            }
            Some(file) if matches!(error, TrainError::OtherTable(_)) => format!(
                "{}: these are not the rows that {} was trained on: the file has changed since, or is another. Train a \
                 run of its own on it, or say where the rows are",
                relative_path(file, Path::new(".")).display(),
                run.display()
            ),
            _ => return error.into(),
        };
        Failure::usage(format!("{why}: langevin {command} {} --data FILE", shell_word(run)))
    })
}

/// Whether a run was trained on this data.
fn is_data_of(run: &Path, data: &dyn Dataset) -> bool {
    let manifest = langevin_train::Manifest::read(run);
    manifest.is_ok_and(|manifest| manifest.data == langevin_train::fingerprint(data))
}

/// What work on a trained run needs of its data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// What samples need, which the run's folder keeps.
    Samples,
    /// The rows.
    Rows,
    /// The rows where they can be had and are those that the run was trained on, else what samples need.
    RowsIfSame,
}

/// A run's config with some fields changed.
fn with_settings(config: &RunConfig, settings: &[String]) -> Result<RunConfig, Failure> {
    let text = serde_json::to_string(config)
        .map_err(|source| TrainError::Json { name: "the run's config".to_owned(), source })?;
    Ok(parse_config("the run's config", &text, settings)?)
}

/// Opens the device to compute on. Its backend is the one that the arguments ask for, else the one that
/// made `run`, else the one in the environment, else the first that this build has.
fn open_device(args: &Args, run: Option<&Path>) -> Result<Opened, Failure> {
    let made_by = run.and_then(|run| langevin_train::Manifest::read(run).ok());
    let made_by = made_by.map(|manifest| manifest.program.backend);
    let environment = std::env::var_os("LANGEVIN_BACKEND").filter(|name| !name.is_empty());
    let environment = environment.map(|name| name.to_string_lossy().into_owned());
    let asked = args.backend.as_ref().or(made_by.as_ref()).or(environment.as_ref());
    let resolved = backend::resolve(asked.map(String::as_str)).map_err(|failure| {
        match args.backend.is_none() && made_by.is_none() && environment.is_some() {
            true => Failure::usage(format!("LANGEVIN_BACKEND: {}", failure.message())),
            false => failure,
        }
    })?;
    let mut opened = backend::open(resolved, args.device)?;
    opened.other_than = made_by.filter(|made_by| made_by != opened.backend);
    Ok(opened)
}

/// Result of work on a trained run, with what it is shown by and the run's data.
type Done<T> = (Display, Box<dyn Dataset>, T);

/// Does `work` with the network and the data of a trained run, on the run's device. The exit code comes in
/// place of the result where the user stopped the work.
fn on_trained<T>(
    args: &Args,
    run: &Path,
    problem: Problem,
    (command, needs): (&str, Needs),
    work: impl FnOnce(
        Problem,
        OwnNetwork,
        &dyn Dataset,
        &RunOptions,
        &mut Display,
    ) -> Result<T, TrainError>,
) -> Result<Result<Done<T>, u8>, Failure> {
    let opened = open_device(args, Some(run))?;
    let made = match needs {
        Needs::Samples => built_in_for_samples(run, &problem, &opened.device),
        Needs::Rows => built_in(&problem, &opened.device),
        Needs::RowsIfSame => match built_in(&problem, &opened.device) {
            Ok(made) if is_data_of(run, made.1.as_ref()) => Ok(made),
            _ => built_in_for_samples(run, &problem, &opened.device),
        },
    };
    let config = problem.config().clone();
    let (network, data) = or_moved(made, run, &config, command)?;
    let signals = Signals::listen();
    let mut display = Display::new(args, Some(signals.clone()));
    announce(&display, &opened);
    let done = work(problem, network, data.as_ref(), &options(args, &opened, None), &mut display);
    display.clear();
    match done {
        Err(TrainError::Interrupted) => {
            display.stopped("nothing was written");
            Ok(Err(signals.exit_code().unwrap_or(1)))
        }
        done => Ok(Ok((display, data, or_moved(done, run, &config, command)?))),
    }
}

fn announce(display: &Display, opened: &Opened) {
    display.say(&format!("backend {}: {}", opened.backend, opened.description));
    if opened.software {
        display.warn("this adapter is software: correct, and much slower than --backend flex");
    }
    if let Some(made_by) = &opened.other_than {
        display.warn(&format!(
            "the run was made with --backend {made_by}: results agree within rounding, not bit for bit"
        ));
    }
}

fn options<'a>(args: &Args, opened: &'a Opened, stop_after: Option<u64>) -> RunOptions<'a> {
    let program = Program {
        features: backend::compiled().into_iter().map(str::to_owned).collect(),
        ..Program::new(opened.backend, &opened.description)
    };
    let locking = if args.no_lock { Locking::WhereThere } else { Locking::Required };
    RunOptions { stop_after, locking, ..RunOptions::new(&opened.device, program) }
}
