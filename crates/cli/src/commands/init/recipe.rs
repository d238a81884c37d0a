//! The recipe: the network, levels and steps that fit a table, and the text of its config.

use std::path::Path;

use langevin_data::{Decimal, TableOptions};
use serde_json::json;

/// Fewest rows that show more of a column than themselves.
const FEWEST_TO_RESOLVE: u64 = 200;

/// What a config says of its table.
pub struct Described<'a> {
    /// Name of the run.
    pub name: &'a str,
    /// Path of the table from the config's folder.
    pub path: &'a Path,
    /// How the file is read.
    pub options: &'a TableOptions,
    /// The columns to learn, each as JSON.
    pub columns: &'a [String],
    /// Number of rows.
    pub rows: u64,
}

/// The config's text. The network's width grows with the number of columns, the number of steps with the
/// number of rows.
pub fn config(table: &Described<'_>) -> String {
    let (columns, rows) = (table.columns, table.rows);
    let width = match columns.len() {
        0..=8 => 128,
        9..=32 => 256,
        _ => 512,
    };
    // They resolve narrow modes: 64 shared among the columns, at most 16 each. A wide row would have too few, and of
    // few rows they would learn the rows themselves.
    let position = match columns.len() {
        count @ 1..=16 if rows >= FEWEST_TO_RESOLVE => {
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
    "kind": "table", "path": {path},{reading}
    "columns": [{columns}],
    // Rows that lack a value are left out; "refuse" makes them an error.
    "missing": "drop",{missing}
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
        name = json!(table.name),
        path = json!(table.path.display().to_string()),
        reading = reading(table.options),
        missing = missing(table.options),
        columns = list(columns),
    )
}

/// The columns in one line while they are names alone, else each in its own.
fn list(columns: &[String]) -> String {
    match columns.iter().any(|column| column.starts_with('{')) {
        false => columns.join(", "),
        true => format!("\n      {}\n    ", columns.join(",\n      ")),
    }
}

/// How the file is read: all that was found or asked for, so that training asks the file nothing.
fn reading(options: &TableOptions) -> String {
    let layout = &options.layout;
    let character = |byte: u8| json!(char::from(byte).to_string()).to_string();
    let decimal = |decimal| if decimal == Decimal::Comma { "\",\"" } else { "\".\"" }.to_owned();
    let yes = |is_it: bool| is_it.then(|| "true".to_owned());
    let fields = [
        ("sheet", layout.sheet.as_ref().map(|sheet| json!(sheet).to_string())),
        ("skip_lines", layout.skip_lines.filter(|lines| *lines > 0).map(|lines| lines.to_string())),
        ("header", options.header.map(|header| header.to_string())),
        ("delimiter", options.delimiter.map(character)),
        ("aligned", yes(layout.aligned)),
        ("decimal", layout.decimal.map(decimal)),
        ("comment", layout.comment.map(character)),
        ("header_in_comment", yes(layout.header_in_comment)),
        ("units_row", yes(layout.units_row)),
        ("row_names", yes(layout.row_names)),
        ("trailing_delimiter", yes(layout.trailing_delimiter)),
        ("unique_names", yes(layout.unique_names)),
    ];
    let said: Vec<_> = fields
        .into_iter()
        .filter_map(|(name, value)| Some(format!("\"{name}\": {}", value?)))
        .collect();
    if said.is_empty() { String::new() } else { format!("\n    {},", said.join(", ")) }
}

/// The fields that stand for a missing value.
fn missing(options: &TableOptions) -> String {
    let values = &options.layout.missing_values;
    let values: Vec<_> = values.iter().map(|value| json!(value).to_string()).collect();
    if values.is_empty() {
        String::new()
    } else {
        format!(" \"missing_values\": [{}],", values.join(", "))
    }
}
