//! `langevin init`: a config for a table of the user's own, with columns chosen and sizes proposed.

use std::path::{Path, PathBuf};

use langevin_data::{ColumnKind, ColumnSurvey, Survey};
use langevin_train::{Problem, TrainError, parse_config, relative_path, write_new_file};
use serde_json::json;

use crate::{
    args::{Args, InitArgs},
    failure::Failure,
    progress::print,
};

/// Largest share of missing values in a column that is learnt. Each missing value costs its row, so that a
/// column with more would cost too many rows.
const MOST_MISSING: f64 = 0.2;

/// Writes the config and says what it chose.
pub fn run(args: &Args, init: &InitArgs) -> Result<(), Failure> {
    let survey = Survey::read(&init.data, None, None).map_err(TrainError::from)?;
    let (mut chosen, mut left_out) = (Vec::<&ColumnSurvey>::new(), Vec::new());
    for column in &survey.columns {
        let doubled = chosen.iter().any(|other| other.name == column.name);
        let twice = || "is the name of a column before it too".to_owned();
        match why_not(column, survey.rows).or_else(|| doubled.then(twice)) {
            None => chosen.push(column),
            Some(why) => left_out.push((column.name.as_str(), why)),
        }
    }
    if chosen.iter().all(|column| column.kind == ColumnKind::Constant) {
        let reasons: Vec<_> =
            left_out.iter().map(|(name, why)| format!("{name} ({why})")).collect();
        return Err(Failure::usage(format!(
            "{}: no column can be learnt: {}",
            init.data.display(),
            reasons.join(", ")
        )));
    }
    let name = run_name(&init.data);
    let path = init.out.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.json")));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(Failure::usage(format!("--out: there is no folder {}", folder.display())));
    }
    let data = relative_path(&init.data, folder.unwrap_or(Path::new(".")));
    let text = config(&name, &data, &chosen, survey.rows);
    // Only a config that `train` accepts is written.
    Problem::new(parse_config(&path.display().to_string(), &text, &[])?)?;
    write_new_file(&path, text.as_bytes())?;
    let path = path.display();
    if args.json {
        let names: Vec<_> = chosen.iter().map(|column| &column.name).collect();
        let left_out: Vec<_> =
            left_out.iter().map(|(name, why)| json!({ "name": name, "why": why })).collect();
        let event = json!({
            "event": "wrote", "path": path.to_string(), "columns": names, "left_out": left_out
        });
        print(&event.to_string());
        return Ok(());
    }
    let columns = if chosen.len() == 1 { "column" } else { "columns" };
    print(&format!("{path}: {} rows, {} {columns} to learn", survey.rows, chosen.len()));
    for column in &chosen {
        let range = column.range.map_or(String::new(), |(low, high)| format!("{low} to {high}"));
        let missing = match column.missing {
            0 => String::new(),
            count => format!(", {count} missing"),
        };
        print(&format!("  {}: {range}{missing}", column.name));
    }
    for (name, why) in &left_out {
        print(&format!("left out: {name} ({why})"));
    }
    print(&format!("next: langevin train {}", shown_as_path(&path.to_string())));
    Ok(())
}

/// The reason why a column is not learnt; `None` if it is.
fn why_not(column: &ColumnSurvey, rows: u64) -> Option<String> {
    let missing = column.missing as f64 / rows.max(1) as f64;
    match column.kind {
        ColumnKind::Empty => Some("has no value".to_owned()),
        ColumnKind::Id => Some("numbers the rows".to_owned()),
        ColumnKind::Date => Some("holds dates or times".to_owned()),
        ColumnKind::Text => Some(match &column.distinct {
            Some(values) if values.len() <= 4 => format!("holds text: {}", values.join(", ")),
            _ => "holds text; decimal commas are text too".to_owned(),
        }),
        _ if column.infinite > 0 => Some(format!("is infinite in {} rows", column.infinite)),
        _ if missing > MOST_MISSING => {
            Some(format!("lacks {:.0} % of its values, whose rows would be lost", 100.0 * missing))
        }
        // A constant column stays out of the network and comes back in the samples.
        ColumnKind::Constant | ColumnKind::Integer | ColumnKind::Number => None,
    }
}

/// The run's name: the file's name without its endings, with `-` for characters that it may not have.
fn run_name(data: &Path) -> String {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or_default();
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '-' };
    let name: String = stem.chars().map(allowed).take(60).collect();
    if name.is_empty() { "table".to_owned() } else { name }
}

/// The path as text that a shell takes for one word, and `train` for a path instead of a name or a flag.
fn shown_as_path(path: &str) -> String {
    let plain = path.contains('/') || (path.ends_with(".json") && !path.starts_with('-'));
    let path = if plain { path.to_owned() } else { format!("./{path}") };
    let safe = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if path.chars().all(safe) { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// The config's text. The network's width grows with the number of columns, the number of steps with the
/// number of rows.
fn config(name: &str, data: &Path, columns: &[&ColumnSurvey], rows: u64) -> String {
    let names: Vec<_> = columns.iter().map(|column| json!(column.name).to_string()).collect();
    let width = match columns.len() {
        0..=8 => 128,
        9..=32 => 256,
        _ => 512,
    };
    // They resolve narrow modes: 64 shared among the columns, at most 16 each. A wide row would have too few.
    let position = match columns.len() {
        count @ 1..=16 => {
            let features = count * (64 / count).min(16);
            format!(
                r#",
      // They resolve modes as narrow as 0.003 of a column's standard deviation.
      "position_features": {features}, "position_resolution": 0.003
    "#
            )
        }
        _ => " ".to_owned(),
    };
    let steps = match rows {
        0..=2_000 => 4_000,
        2_001..=20_000 => 8_000,
        _ => 16_000,
    };
    format!(
        r#"{{
  "version": 2,
  "name": {name},
  "seed": 0,
  "data": {{
    "kind": "table", "path": {path},
    "columns": [{columns}],
    // Rows that lack a value are left out; "refuse" makes them an error.
    "missing": "drop",
    // A share of the rows, or their number, to measure by; "quantile" suits columns with long tails.
    "holdout": 0.2, "transform": "standardise", "round_integers": true
  }},
  "noise": {{
    "schedule": {{ "kind": "karras", "sigma_min": 0.002, "sigma_max": 80, "rho": 7 }},
    "levels": {{ "kind": "log_normal", "mean": -1.2, "std": 1.2 }}
  }},
  "denoiser": {{
    "network": {{
      "kind": "mlp", "width": {width}, "depth": 3, "activation": "silu", "residual": true{position}
    }},
    "embedding": {{ "kind": "fourier", "features": 64 }},
    "prediction": {{ "kind": "edm", "sigma_data": 1.0 }}
  }},
  "train": {{
    "steps": {steps},
    "batch": 256,
    "optimizer": {{ "kind": "adam" }},
    "learning_rate": {{ "kind": "cosine", "peak": 0.001 }},
    "ema": {{ "kind": "exponential", "decay": 0.999 }},
    "log_every": 50, "validate_every": 250, "checkpoint_every": 1000
  }},
  "sample": {{ "sampler": {{ "kind": "heun", "steps": 25 }}, "count": 4000 }},
  "report": {{ "figures": ["loss", "scatter", "marginals"] }}
}}
"#,
        name = json!(name),
        path = json!(data.display().to_string()),
        columns = names.join(", "),
    )
}
