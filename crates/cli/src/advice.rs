//! What an argument that is unknown stands for here: the options of other programs, and slips.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use langevin_train::field_elsewhere;

/// Options of other programs, without their hyphens, and ours.
const OPTIONS: [(&str, &str); 14] = [
    ("config", "the file or the name alone: langevin train my.json"),
    ("sep", "--delimiter CHARACTER"),
    ("separator", "--delimiter CHARACTER"),
    ("exclude", "--set 'data.exclude=[\"COLUMN\"]' of langevin train"),
    ("columns", "\"columns\" under data in the config that init writes"),
    ("usecols", "\"columns\" under data in the config that init writes"),
    ("output", "--out DIR"),
    ("output_dir", "--out DIR"),
    ("save_dir", "--out DIR"),
    ("num_samples", "--count N"),
    ("samples", "--count N"),
    ("n_samples", "--count N"),
    ("iterations", "--steps N"),
    ("max_steps", "--steps N"),
];

/// A message on arguments that the parser refused, where more can be said than it knows.
pub fn on(error: &clap::Error, arguments: &[String]) -> Option<String> {
    let invalid = match error.get(ContextKind::InvalidArg)? {
        ContextValue::String(argument) => argument.as_str(),
        _ => return None,
    };
    match error.kind() {
        ErrorKind::UnknownArgument => on_unknown(invalid, arguments),
        ErrorKind::ValueValidation if invalid.contains("--device") => {
            let ContextValue::String(value) = error.get(ContextKind::InvalidValue)? else { return None };
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
    let option = invalid.split('=').next()?;
    let Some(name) = option.strip_prefix("--") else {
        // `--set KEY VALUE`, where it is `--set KEY=VALUE`.
        let before = arguments.windows(3).find(|three| three[0] == "--set" && three[2] == invalid);
        return before.map(|three| format!("--set takes KEY=VALUE: --set {}={invalid}", three[1]));
    };
    let name = name.replace('-', "_");
    let ours = OPTIONS.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours);
    let ours = match ours.or_else(|| field_elsewhere(&name))? {
        "train.learning_rate" => "--set train.learning_rate.peak=VALUE".to_owned(),
        // A length in passes is none of ours.
        "train.steps" if name.contains("epoch") => {
            "--steps N; a pass over the rows has as many steps as there are rows over train.batch"
                .to_owned()
        }
        "train.steps" => "--steps N".to_owned(),
        "sample.count" => "--count N".to_owned(),
        // Only `train` takes fields of the config.
        path if path.contains('.') && !path.contains(' ') => {
            let takes_fields = arguments.iter().any(|it| it == "train");
            takes_fields.then(|| format!("--set {path}=VALUE"))?
        }
        other => other.to_owned(),
    };
    Some(format!("{option} is no option of langevin; use {ours}"))
}
