//! `cargo xtask config`: writes docs/config.md, every field of a run file, from the program's JSON Schema.
//!
//! The schema is made from the types in crates/train/src/config, and those of langevin-core and
//! langevin-data that they hold, so their doc comments are the words of the page. A type is described
//! where it first occurs. Later fields of that type link there.

mod schema;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use minijinja::{context, value::Serde};
use serde::Serialize;
use serde_json::Value;

use self::schema::{Schema, alternatives, values};
use crate::cargo::Workspace;
use crate::markdown::{anchor, environment, fill};

const PAGE: &str = "docs/config.md";
const EXAMPLE: &str = include_str!("../../configs/default.json");

const TEMPLATE: &str = include_str!("../templates/config.md.jinja");

/// Writes the page.
pub fn write(workspace: &Workspace) -> Result<(), String> {
    let page = generate(workspace)?;
    std::fs::write(workspace.root.join(PAGE), page).map_err(|error| format!("{PAGE}: {error}"))
}

/// Compares the page with the schema; fails where they differ.
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

/// Text of the page of a schema.
fn page(schema: &Value) -> Result<String, String> {
    let mut page = Page { schema: Schema(schema), described: BTreeMap::new(), pending: Vec::new() };
    let fields = page.rows("", schema)?;
    let parts = page.parts()?;
    let values = context! { example => EXAMPLE.trim_end(), fields, parts => Serde(parts) };
    fill(&environment()?, "config.md", TEMPLATE, values)
}

/// Part of the page on a type: a heading, and a table of values, of kinds or of fields.
#[derive(Serialize)]
struct Part {
    path: String,
    words: String,
    of: &'static str,
    rows: Vec<Vec<String>>,
}

/// Page while the schema is walked through.
struct Page<'a> {
    schema: Schema<'a>,
    /// Path under which each named type is described.
    described: BTreeMap<&'a str, String>,
    /// Types that a table links to and no part describes yet, with their paths.
    pending: Vec<(String, &'a Value)>,
}

impl<'a> Page<'a> {
    /// Parts on the pending types. Each is followed by the parts on the types that its own table links to.
    fn parts(&mut self) -> Result<Vec<Part>, String> {
        let mut parts = Vec::new();
        for (path, schema) in std::mem::take(&mut self.pending) {
            let (of, rows) = if let Some(values) = values(schema) {
                let row = |(value, meaning)| vec![code(value), meaning];
                ("values", values.into_iter().map(row).collect())
            } else if let Some(kinds) = self.schema.kinds(schema) {
                let mut rows = Vec::new();
                for (kind, variant) in kinds {
                    let (kind, words) = (format!("**`{kind}`**"), self.schema.words(variant)?);
                    rows.push(vec![kind, String::new(), String::new(), words]);
                    rows.extend(self.rows(&path, variant)?);
                }
                ("kinds", rows)
            } else {
                ("fields", self.rows(&path, schema)?)
            };
            let words = self.schema.words(schema)?;
            parts.push(Part { path, words, of, rows });
            parts.extend(self.parts()?);
        }
        Ok(parts)
    }

    /// Rows of an object's fields.
    fn rows(&mut self, path: &str, object: &'a Value) -> Result<Vec<Vec<String>>, String> {
        let fields = self.schema.fields(object)?.into_iter().map(|field| {
            let path = if path.is_empty() { field.name } else { &format!("{path}.{}", field.name) };
            let words = self.schema.words(field.schema)?;
            let default = match &field.schema["default"] {
                _ if field.required => "*required*".to_owned(),
                Value::Null => "none".to_owned(),
                default => code(default),
            };
            let form = self.form(path, field.schema, Count::One)?;
            Ok(vec![format!("`{path}`"), form, default, words])
        });
        fields.collect()
    }

    /// Form of a value in words, with a link to the part that says more.
    fn form(&mut self, path: &str, schema: &'a Value, count: Count) -> Result<String, String> {
        let (name, schema) = self.schema.resolve(schema)?;
        if let Some(values) = values(schema) {
            let names: Vec<String> = values.iter().map(|(value, _)| code(value)).collect();
            let names = names.join(", ");
            // The words of the field say what its one alternative value means.
            let explained =
                values.len() > 1 && values.iter().any(|(_, meaning)| !meaning.is_empty());
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

    /// Form of a value of one JSON type.
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
            "object" if schema["additionalProperties"] == true => format!("object{s}"),
            "object" => {
                let entries = self.form(path, &schema["additionalProperties"], Count::Many)?;
                format!("object{s} of {entries} by name")
            }
            _ => return Err(format!("{path}: no words for this schema: {schema}")),
        })
    }

    /// Link to the part on a type: where the type first occurs, or at this path.
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

/// Number of values that words are about.
#[derive(Clone, Copy)]
enum Count {
    One,
    Many,
}

/// Bounds of a number, as ` ≥ 0` or ` > 0 and < 1`; empty where there are none.
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
