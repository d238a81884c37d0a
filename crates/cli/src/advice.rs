//! What an argument that is unknown stands for here: the options and commands of other programs, and slips.

use clap::{
    CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};
use langevin_train::field_elsewhere;

use crate::args::Args;

/// Commands of other programs, and ours.
const COMMANDS: [(&str, &str); 6] = [
    ("fit", "langevin train"),
    ("resume", "langevin train --resume RUN"),
    ("generate", "langevin sample RUN"),
    ("eval", "langevin evaluate RUN"),
    ("list", "langevin runs"),
    ("version", "langevin --version"),
];

/// Options of other programs, without their hyphens, and the option of those commands that have it.
const OPTIONS: [(&str, &str); 16] = [
    ("sep", "delimiter"),
    ("separator", "delimiter"),
    ("output", "out"),
    ("output_dir", "out"),
    ("save_dir", "out"),
    ("n", "count"),
    ("num", "count"),
    ("num_samples", "count"),
    ("n_samples", "count"),
    ("samples", "count"),
    ("iterations", "steps"),
    ("max_steps", "steps"),
    ("num_steps", "steps"),
    ("random_seed", "seed"),
    ("random_state", "seed"),
    ("manual_seed", "seed"),
];

/// Options that `train` has as fields of the config, where [`field_elsewhere`] does not lead.
const FIELDS: [(&str, &str); 5] = [
    ("count", "sample.count=N"),
    ("num_samples", "sample.count=N"),
    ("test_size", "data.holdout=SHARE"),
    ("exclude", "'data.exclude=[\"COLUMN\"]'"),
    ("columns", "'data.columns=[\"COLUMN\"]'"),
];

/// Options of `init` elsewhere that choose columns.
const LEFT_OUT: [&str; 4] = ["exclude", "columns", "usecols", "drop"];

/// Fields that are objects with a kind.
const WITH_KIND: [&str; 7] = [
    "denoiser.embedding",
    "denoiser.network",
    "denoiser.prediction",
    "noise.levels",
    "noise.schedule",
    "sample.sampler",
    "train.optimizer",
];

/// A message on arguments that the parser refused, where more can be said than it knows.
pub fn on(error: &clap::Error, arguments: &[String]) -> Option<String> {
    let of = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    if let Some(command) = of(ContextKind::InvalidSubcommand) {
        let ours = COMMANDS.iter().find(|(theirs, _)| *theirs == command);
        return ours.map(|(_, ours)| format!("{command} is no command of langevin; use {ours}"));
    }
    let invalid = of(ContextKind::InvalidArg)?;
    match error.kind() {
        ErrorKind::UnknownArgument => on_unknown(invalid, arguments),
        ErrorKind::ValueValidation if invalid.contains("--device") => {
            let value = of(ContextKind::InvalidValue)?;
            let backend = field_elsewhere(value).filter(|ours| ours.starts_with("--backend"))?;
            Some(format!(
                "--device {value}: a whole number is required, which of the backend's adapters; where to compute is \
                 {backend}"
            ))
        }
        ErrorKind::ArgumentConflict if invalid.contains("CONFIG") => Some(
            "a run file and --resume: one or the other. A run that is there goes on by its folder, with the config \
             that it keeps: langevin train --resume RUN (`langevin runs` lists them)"
                .to_owned(),
        ),
        _ => None,
    }
}

fn on_unknown(invalid: &str, arguments: &[String]) -> Option<String> {
    let args = Args::command();
    let command = arguments.iter().find_map(|name| args.find_subcommand(name))?;
    let is_train = command.get_name() == "train";
    let option = invalid.split('=').next()?;
    let Some(name) = option.strip_prefix("--") else {
        return on_word(invalid, arguments).filter(|_| is_train);
    };
    let name = name.replace('-', "_");
    let meant = OPTIONS.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours);
    let has =
        |long: &str| command.get_arguments().find(|argument| argument.get_long() == Some(long));
    let ours = match meant.and_then(has) {
        Some(argument) => {
            let value = argument.get_value_names().and_then(<[_]>::first);
            format!("--{} {}", argument.get_long()?, value.map_or("VALUE", |value| value))
        }
        None if is_train => on_field(&name)?,
        None if command.get_name() == "init" && LEFT_OUT.contains(&&*name) => {
            "\"columns\" in the config that it writes, or --set 'data.exclude=[\"COLUMN\"]' of train".to_owned()
        }
        None => field_elsewhere(&name).filter(|ours| ours.starts_with("--backend"))?.to_owned(),
    };
    Some(format!("{option} is no option of `langevin {}`; use {ours}", command.get_name()))
}

/// A word that stands alone: `--set KEY VALUE` or `KEY=VALUE`, where it is `--set KEY=VALUE`.
fn on_word(invalid: &str, arguments: &[String]) -> Option<String> {
    let is_value =
        |three: &&[String]| three[0] == "--set" && !three[1].contains('=') && three[2] == invalid;
    if let Some(three) = arguments.windows(3).find(is_value) {
        return Some(format!("--set takes KEY=VALUE: --set {}={invalid}", three[1]));
    }
    let is_field = invalid.contains('=') && !invalid.starts_with('-');
    is_field.then(|| format!("a field of the config is changed by --set {invalid}"))
}

/// What changes the field of a config that an option of another program means.
fn on_field(name: &str) -> Option<String> {
    if let Some((_, field)) = FIELDS.iter().find(|(theirs, _)| *theirs == name) {
        return Some(format!("--set {field}"));
    }
    Some(match field_elsewhere(name)? {
        "train.learning_rate" => {
            "--set train.learning_rate.peak=VALUE, or .value of one that is constant".to_owned()
        }
        // A length in passes is none of ours.
        "train.steps" if name.contains("epoch") => {
            "--steps N; a pass over the rows has as many steps as there are rows over train.batch"
                .to_owned()
        }
        "train.steps" => "--steps N".to_owned(),
        "train.ema" => "--set train.ema.decay=VALUE".to_owned(),
        "sample.count" => "--set sample.count=N".to_owned(),
        option if option.starts_with("--") => option.to_owned(),
        path if path.contains('=') => format!("--set {path}"),
        path if WITH_KIND.contains(&path) => format!("--set {path}.kind=KIND"),
        path => format!("--set {path}=VALUE"),
    })
}
