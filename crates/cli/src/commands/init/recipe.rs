//! The recipe: the network, levels and steps that fit a table, and the text of its config.

use std::path::Path;

use langevin_data::{ChannelAxis, Decimal, Missing, Picture, TableOptions};
use serde_json::json;

/// Rows from which on a network has more to learn.
const MANY_ROWS: u64 = 20_000;

/// Columns from which on a table of [`MANY_ROWS`] with categories takes a wider network.
const MANY_COLUMNS: usize = 13;

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
    /// The columns to learn.
    pub columns: Columns<'a>,
    /// Axes of a row, where the file is an array of three axes or four.
    pub axes: &'a [usize],
    /// Number of rows.
    pub rows: u64,
}

/// What a config says of the columns to learn.
pub enum Columns<'a> {
    /// Each as JSON, and whether categories are among them.
    Each(&'a [String], bool),
    /// Pixels of pictures, and what is said of all, as JSON.
    Pixels(Picture, &'a str),
}

impl Columns<'_> {
    fn count(&self) -> usize {
        match self {
            Self::Each(columns, _) => columns.len(),
            Self::Pixels(picture, _) => picture.columns(),
        }
    }
}

/// Most numbers that the samples of pictures have together, as far as they are a few hundred.
const SAMPLED: usize = 4_000_000;

/// The config's text. The network's width grows with the number of columns, the number of steps with the
/// number of rows. Tables with categories take fewer and larger steps. Pictures are scaled together and learnt at fewer levels, as the built-in digits.
pub fn config(table: &Described<'_>) -> String {
    let (columns, rows) = (table.columns.count(), table.rows);
    // They resolve narrow modes: 64 shared among the columns, at most 16 each. A wide row would have too few, and of
    // few rows they would learn the rows themselves.
    let is_pictures = matches!(table.columns, Columns::Pixels(..));
    let is_mixed = matches!(table.columns, Columns::Each(_, true));
    let width = match (columns, is_mixed) {
        (0..=4, true) => 128,
        (MANY_COLUMNS.., true) if rows > MANY_ROWS => 384,
        (5..=32, true) => 256,
        (0..=8, false) => 128,
        (9..=32, false) => 256,
        _ => 512,
    };
    let depth = if is_mixed && rows > MANY_ROWS { 4 } else { 3 };
    let position = match columns {
        count @ 1..=16 if rows >= FEWEST_TO_RESOLVE && !is_pictures && !is_mixed => {
            let features = count * (64 / count).min(16);
            format!(
                r#",
      // They resolve modes as narrow as 0.003 of a column's standard deviation.
      "position_features": {features}, "position_resolution": 0.003"#
            )
        }
        _ => String::new(),
    };
    let steps = match rows {
        _ if is_mixed => 4_000,
        0..=2_000 => 4_000,
        2_001..=MANY_ROWS => 8_000,
        _ => 16_000,
    };
    let peak = if is_mixed { 0.002 } else { 0.001 };
    // 25 steps measure no better from a sigma of 20 on.
    let drawn_at = if is_mixed { 18 } else { 25 };
    let (transform, levels, batch, count, figures) = match is_pictures {
        // More noise than a number's own spread tells classes apart, and less than a hundredth of it is rounded off.
        _ if is_mixed => (
            r#""standardise""#,
            r#""schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 20, "rho": 7 },
    "levels": { "kind": "log_normal", "mean": -0.5, "std": 1.5 }"#,
            if rows > MANY_ROWS { 512 } else { 256 },
            4000,
            r#""loss", "marginals", "shares", "pairs""#,
        ),
        true => (
            r#""standardise_together""#,
            r#""schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 80, "rho": 7 },
    "levels": { "kind": "log_normal", "mean": -0.4, "std": 1.2 }"#,
            128,
            (SAMPLED / columns).clamp(256, 4000),
            r#""loss", "images""#,
        ),
        false => (
            r#""standardise""#,
            r#""schedule": { "kind": "karras", "sigma_min": 0.002, "sigma_max": 80, "rho": 7 },
    "levels": { "kind": "log_normal", "mean": -1.2, "std": 1.2 }"#,
            256,
            4000,
            r#""loss", "scatter", "marginals""#,
        ),
    };
    let advice = match is_pictures {
        true => "A share of the rows, or their number, to measure by; all pixels are scaled alike.",
        false => {
            "A share of the rows, or their number, to measure by; \"quantile\" suits columns with long tails."
        }
    };
    format!(
        r#"{{
  "version": 2,
  "name": {name},
  "seed": 0,
  "data": {{
    "kind": "table", "path": {path},{reading}
    {columns},
    {gaps}{missing}
    // {advice}
    "holdout": 0.2, "transform": {transform}, "round_integers": true
  }},
  "noise": {{
    {levels}
  }},
  "denoiser": {{
    "network": {{
      "kind": "mlp", "width": {width}, "depth": {depth}, "activation": "silu", "residual": true{position}
    }},
    "embedding": {{ "kind": "fourier", "features": 64 }},
    "prediction": {{ "kind": "edm", "sigma_data": 1.0 }}
  }},
  "train": {{
    "steps": {steps},
    "batch": {batch},
    "optimizer": {{ "kind": "adam" }},
    "learning_rate": {{ "kind": "cosine", "peak": {peak} }},
    "ema": {{ "kind": "exponential", "decay": 0.999 }},
    "log_every": 50, "validate_every": 250, "checkpoint_every": 1000
  }},
  "sample": {{ "sampler": {{ "kind": "heun", "steps": {drawn_at} }}, "count": {count} }},
  "report": {{ "figures": [{figures}] }}
}}
"#,
        name = json!(table.name),
        path = json!(table.path.display().to_string()),
        reading = reading(table.options),
        gaps = gaps(table.options.missing),
        missing = missing(table.options),
        columns = said_of_columns(table),
    )
}

/// The columns one by one, or the pictures that they are.
fn said_of_columns(table: &Described<'_>) -> String {
    let shape = match table.axes {
        [] => String::new(),
        axes => format!("\"shape\": {}, ", json!(axes)),
    };
    match &table.columns {
        Columns::Each(columns, _) => format!("{shape}\"columns\": [{}]", list(columns)),
        Columns::Pixels(picture, each) => {
            let axis = match picture.axis {
                ChannelAxis::First => "first",
                ChannelAxis::Last => "last",
            };
            let channels = match picture.channels {
                1 => String::new(),
                count => {
                    format!(r#", "image_channels": {{ "count": {count}, "axis": "{axis}" }}"#)
                }
            };
            format!(
                "// Each row is a picture, each column a pixel of it.\n    {shape}\"image_width\": {}{channels},\n    \
                 \"each_column\": {each}",
                picture.width
            )
        }
    }
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
        ("weight", options.weight.as_ref().map(|name| json!(name).to_string())),
    ];
    let said: Vec<_> = fields
        .into_iter()
        .filter_map(|(name, value)| Some(format!("\"{name}\": {}", value?)))
        .collect();
    if said.is_empty() { String::new() } else { format!("\n    {},", said.join(", ")) }
}

/// What becomes of rows that lack a value, and what else can.
fn gaps(missing: Missing) -> &'static str {
    match missing {
        Missing::Model => {
            r#"// Missing values are learnt, and samples lack as many; "drop" leaves such rows out.
    "missing": "model","#
        }
        _ => {
            r#"// Rows that lack a value are left out; "model" learns them, "refuse" makes them an error.
    "missing": "drop","#
        }
    }
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
