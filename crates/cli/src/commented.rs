//! A config with every default written out and a comment on every field, from the JSON Schema.

use langevin_train::{RunConfig, schema};
use serde_json::Value;

/// The config as JSON with `//` comments, which run files may have.
pub fn commented(config: &RunConfig) -> Result<String, serde_json::Error> {
    let (schema, value) = (schema(), serde_json::to_value(config)?);
    let pretty = serde_json::to_string_pretty(config)?;
    let mut text = String::new();
    // Names of the sections around the current line; lists count as sections without a name.
    let mut path: Vec<String> = Vec::new();
    for (number, line) in pretty.lines().enumerate() {
        let content = line.trim_start();
        let blanks = &line[..line.len() - content.len()];
        if let Some(key) = content.strip_prefix('"').and_then(|rest| rest.split_once("\": ")) {
            path.push(key.0.to_owned());
            if let Some(comment) = description(&schema, &value, &path).filter(|_| key.0 != "kind") {
                text += &format!("{blanks}// {comment}\n");
            }
            text += &format!("{line}\n");
            if !content.ends_with(['{', '[']) {
                path.pop();
            }
            continue;
        }
        if content.ends_with(['{', '[']) {
            // The document itself is no section.
            path.extend((number > 0).then(String::new));
        } else if content.starts_with(['}', ']']) {
            path.pop();
        }
        text += &format!("{line}\n");
    }
    Ok(text)
}

/// The schema's description of the field at `path`: its first paragraph, as one line.
fn description(schema: &Value, value: &Value, path: &[String]) -> Option<String> {
    let (mut part, mut value) = (schema, value);
    let mut field = part;
    for name in path {
        field = properties(schema, part, value)?.get(name)?;
        value = value.get(name)?;
        part = resolve(schema, field);
    }
    let text = field.get("description").or_else(|| part.get("description"))?.as_str()?;
    Some(text.split("\n\n").next()?.replace('\n', " "))
}

/// The fields of a section. Where the section has variants, they are those of the variant that its `kind`
/// names.
fn properties<'a>(schema: &'a Value, part: &'a Value, value: &Value) -> Option<&'a Value> {
    let part = resolve(schema, part);
    let Some(variants) = part.get("oneOf").or_else(|| part.get("anyOf")) else {
        return part.get("properties");
    };
    let kind = value.get("kind");
    variants.as_array()?.iter().map(|variant| (variant, resolve(schema, variant))).find_map(
        |(own, resolved)| {
            let named = |part: &'a Value| part.pointer("/properties/kind/const");
            let is_it = kind.is_none() || named(own).or_else(|| named(resolved)) == kind;
            is_it.then(|| resolved.get("properties").or_else(|| own.get("properties"))).flatten()
        },
    )
}

fn resolve<'a>(schema: &'a Value, part: &'a Value) -> &'a Value {
    let reference = part.get("$ref").and_then(Value::as_str);
    let target = reference.and_then(|path| schema.pointer(path.trim_start_matches('#')));
    target.unwrap_or(part)
}
