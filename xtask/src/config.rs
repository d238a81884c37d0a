//! `cargo xtask config`: docs/config.md, every field of a run file, from the program's JSON Schema.
//!
//! The schema is made from the types in crates/train/src/config and the parts in langevin-core and
//! langevin-data that they hold, so their doc comments are the words of the page. A type is described where it first occurs; later fields of that type link there.

mod schema;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

use self::schema::{Schema, alternatives, values};
use crate::cargo::Workspace;

const PAGE: &str = "docs/config.md";
const EXAMPLE: &str = include_str!("../../configs/default.json");

const HEAD: &str = "\
# The run file

Made from the program's JSON Schema by `cargo xtask config`; edit the doc comments in
[crates/train/src/config](../crates/train/src/config), and of the types of core and data that it
holds, not this page.

One JSON file describes a run: what is learned, how noise is added to it, which network learns it, how
that is trained, and how samples are drawn. Symbols are those of [notation.md](notation.md).

- `langevin train my.json` trains what `my.json` describes. With `--dry-run` it checks the file, takes
  one step and writes nothing.
- `langevin train my.json --set train.batch=512` changes one field, by its path in the tables below.
- `langevin configs show default` prints a file to start from; `langevin schema` prints the schema, with
  which editors complete and check.
- A field that is not *required* may be left out. The run's own copy, `config.json` in its folder, has
  every default written out.
- Where a part can be one of several things, its `kind` says which, and which other fields it has.
- A field that is unknown, out of its range, or does not fit another is refused by its path before
  anything is written.
";

const FIELDS: &str = "\n| field | type | default | meaning |\n|---|---|---|---|\n";

/// Writes the page.
pub fn write(workspace: &Workspace) -> Result<(), String> {
    let page = generate(workspace)?;
    std::fs::write(workspace.root.join(PAGE), page).map_err(|error| format!("{PAGE}: {error}"))
}

/// Fails where the page is not what the schema gives.
pub fn check(workspace: &Workspace) -> Result<(), String> {
    let page = generate(workspace)?;
    match std::fs::read_to_string(workspace.root.join(PAGE)) {
        Ok(kept) if kept == page => Ok(()),
        _ => Err(format!("{PAGE} is not what the schema gives; run `cargo xtask config`")),
    }
}

fn generate(workspace: &Workspace) -> Result<String, String> {
    let schema = workspace.cargo_output(&["run", "-q", "-p", "cli", "--locked", "--", "schema"])?;
    let schema = serde_json::from_str(&schema).map_err(|error| format!("schema: {error}"))?;
    page(&schema)
}

/// The page of a run file's schema.
fn page(schema: &Value) -> Result<String, String> {
    let example = EXAMPLE.trim_end();
    let text = format!(
        "{HEAD}\n## Example\n\nThe built-in config `default`:\n\n```json\n{example}\n```\n\n## Fields\n"
    );
    let schema = Schema(schema);
    let mut page = Page { schema, text, described: BTreeMap::new(), pending: Vec::new() };
    page.text += FIELDS;
    page.rows("", schema.0)?;
    page.describe_pending()?;
    Ok(page.text)
}

struct Page<'a> {
    schema: Schema<'a>,
    text: String,
    /// The path under which each named type is described.
    described: BTreeMap<&'a str, String>,
    /// What the tables so far link to and the page does not describe yet, by path.
    pending: Vec<(String, &'a Value)>,
}

impl<'a> Page<'a> {
    /// Describes what tables link to, each part followed by what its own tables link to.
    fn describe_pending(&mut self) -> Result<(), String> {
        for (path, schema) in std::mem::take(&mut self.pending) {
            let level = if path.contains('.') { "###" } else { "##" };
            self.text += &format!("\n{level} `{path}`\n\n{}\n", self.schema.words(schema)?);
            if let Some(values) = values(schema) {
                self.text += "\n| value | meaning |\n|---|---|\n";
                for (value, meaning) in values {
                    self.text += &row(&[&code(value), &meaning]);
                }
            } else if let Some(kinds) = self.schema.kinds(schema) {
                self.text +=
                    "\n| `kind` and its fields | type | default | meaning |\n|---|---|---|---|\n";
                for (kind, variant) in kinds {
                    let words = self.schema.words(variant)?;
                    self.text += &row(&[&format!("**`{kind}`**"), "", "", &words]);
                    self.rows(&path, variant)?;
                }
            } else {
                self.text += FIELDS;
                self.rows(&path, schema)?;
            }
            self.describe_pending()?;
        }
        Ok(())
    }

    /// The fields of an object, a row each.
    fn rows(&mut self, path: &str, object: &'a Value) -> Result<(), String> {
        for field in self.schema.fields(object)? {
            let path = if path.is_empty() { field.name } else { &format!("{path}.{}", field.name) };
            let words = self.schema.words(field.schema)?;
            let default = match &field.schema["default"] {
                _ if field.required => "*required*".to_owned(),
                Value::Null => "none".to_owned(),
                default => code(default),
            };
            let form = self.form(path, field.schema, Count::One)?;
            self.text += &row(&[&format!("`{path}`"), &form, &default, &words]);
        }
        Ok(())
    }

    /// What a value looks like, with a link to where more is said.
    fn form(&mut self, path: &str, schema: &'a Value, count: Count) -> Result<String, String> {
        let (name, schema) = self.schema.resolve(schema)?;
        if let Some(values) = values(schema) {
            let names: Vec<String> = values.iter().map(|(value, _)| code(value)).collect();
            let names = names.join(", ");
            let explained = values.iter().any(|(_, meaning)| !meaning.is_empty());
            return Ok(if explained { self.link(name, path, schema, &names) } else { names });
        }
        if self.schema.kinds(schema).is_some() {
            return Ok(self.link(name, path, schema, "object by `kind`"));
        }
        if let Some(alternatives) = alternatives(schema) {
            let forms: Result<Vec<_>, _> =
                alternatives.iter().map(|schema| self.form(path, schema, count)).collect();
            return Ok(forms?.join(" or "));
        }
        if schema["properties"].is_object() {
            return Ok(self.link(name, path, schema, "object"));
        }
        let types = match &schema["type"] {
            Value::Array(types) => types.iter().collect(),
            one => vec![one],
        };
        let forms: Result<Vec<_>, _> = types
            .into_iter()
            .map(|one| self.plain_form(path, one.as_str().unwrap_or_default(), schema, count))
            .collect();
        Ok(forms?.join(" or "))
    }

    /// The form of a value of one JSON type.
    fn plain_form(
        &mut self,
        path: &str,
        json_type: &str,
        schema: &'a Value,
        count: Count,
    ) -> Result<String, String> {
        let s = if matches!(count, Count::Many) { "s" } else { "" };
        Ok(match json_type {
            "null" => "`null`".to_owned(),
            "boolean" => format!("boolean{s}"),
            "string" => format!("string{s}"),
            "integer" | "number" => format!("{json_type}{s}{}", range(schema)),
            "array" => {
                let items = self.form(path, &schema["items"], Count::Many)?;
                let (least, most) = (schema["minItems"].as_u64(), schema["maxItems"].as_u64());
                match (least, most) {
                    (Some(least), Some(most)) if least == most => {
                        format!("list{s} of {least} {items}")
                    }
                    (Some(least), _) => format!("list{s} of at least {least} {items}"),
                    _ => format!("list{s} of {items}"),
                }
            }
            "object" => {
                let entries = self.form(path, &schema["additionalProperties"], Count::Many)?;
                format!("object{s} of {entries} by name")
            }
            _ => return Err(format!("{path}: no words for this schema: {schema}")),
        })
    }

    /// A link to where a part is described: where its type first occurs, else at its own path.
    fn link(
        &mut self,
        name: Option<&'a str>,
        path: &str,
        schema: &'a Value,
        label: &str,
    ) -> String {
        let known = name.and_then(|name| self.described.get(name));
        let place = known.cloned().unwrap_or_else(|| path.to_owned());
        if known.is_none() {
            self.described.extend(name.map(|name| (name, place.clone())));
            self.pending.push((place.clone(), schema));
        }
        format!("[{label}](#{})", anchor(&place))
    }
}

/// Whether words are about one value or many.
#[derive(Clone, Copy)]
enum Count {
    One,
    Many,
}

/// ` ≥ 0`, ` > 0 and < 1`, or nothing.
fn range(schema: &Value) -> String {
    let bounds =
        [("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<")];
    let bounds = bounds.iter().filter_map(|(name, sign)| {
        Some(format!("{sign} {}", schema.get(name).filter(|bound| bound.is_number())?))
    });
    let bounds = bounds.collect::<Vec<_>>().join(" and ");
    if bounds.is_empty() { bounds } else { format!(" {bounds}") }
}

fn code(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// The anchor that GitHub and others give a heading.
fn anchor(heading: &str) -> String {
    let kept = |c: char| c.is_alphanumeric() || "-_ ".contains(c);
    heading.to_lowercase().chars().filter(|c| kept(*c)).collect::<String>().replace(' ', "-")
}
