//! Parser from a run file's text to a [`RunConfig`], with `--set` overrides and errors that name the
//! field.

use std::path::Path;

use serde_json::{Map, Value};

use super::{
    RunConfig,
    mend::{Kinds, mend, pointer},
    repeated::repeated_key,
    versions::{check_version, fill_defaults, version_of},
    wording::in_words,
};
use crate::TrainError;

/// The most bytes of a run file. Each may take fifty bytes of memory once the file is parsed.
pub const CONFIG_LIMIT: u64 = 4 << 20;

/// Reads a run file's text, applies `key=value` overrides, and checks what each section says by itself.
/// Parts are checked where they are made, by [`Problem::new`](crate::Problem::new).
///
/// `name` stands for the file in messages. An override's key is a path (`train.batch`, `data.means.0`),
/// and its value is JSON, or else a string.
///
/// # Errors
/// Text that is not JSON; a field that is unknown, missing, of a wrong type or out of range, by its
/// path, with the nearest known name where one is near.
pub fn parse_config(name: &str, text: &str, overrides: &[String]) -> Result<RunConfig, TrainError> {
    if text.len() as u64 > CONFIG_LIMIT {
        let (name, bytes) = (name.to_owned(), text.len());
        return Err(TrainError::ConfigTooLarge { name, bytes, most: CONFIG_LIMIT });
    }
    let text = without_comments(text);
    let document: Value = serde_json::from_str(&text)
        .map_err(|source| TrainError::Json { name: name.to_owned(), source })?;
    if let Some((path, lines)) = repeated_key(&text) {
        let message = format!("stands twice in {name}, in lines {} and {}", lines[0], lines[1]);
        return Err(TrainError::config(path, message));
    }
    // Overrides alone ask what the user wrote.
    let written = if overrides.is_empty() { Value::Null } else { document.clone() };
    let mut kinds = Kinds::new(written);
    let (mut config, mut resolved) = deserialize(name, document, &kinds)?;
    if !overrides.is_empty() {
        // Overrides apply to the resolved document, so that a default can be overridden in part.
        for setting in overrides {
            apply(&mut resolved, setting, &mut kinds)?;
        }
        (config, _) = deserialize(name, resolved, &kinds)?;
    }
    config.validate()?;
    Ok(config)
}

/// Reads a run file as [`parse_config`] does. Paths in the file are relative to `folder`, where it lies.
///
/// # Errors
/// As [`parse_config`].
pub fn read_config(
    name: &str,
    folder: &Path,
    text: &str,
    overrides: &[String],
) -> Result<RunConfig, TrainError> {
    let mut config = parse_config(name, text, overrides)?;
    config.data.point_from(folder);
    Ok(config)
}

/// The JSON Schema of run files.
pub fn schema() -> Value {
    schemars::schema_for!(RunConfig).into()
}

/// The text with comments (`// …` and `/* … */` outside strings) replaced by blanks, so that everything
/// after a comment keeps its line and column.
fn without_comments(text: &str) -> String {
    let mut stripped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '"' => {
                let mut escaped = false;
                let end = rest[1..].find(|c| {
                    let ends = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    ends
                });
                end.map_or(rest.len(), |end| end + 2)
            }
            '/' if rest.starts_with("//") => {
                let length = rest.find('\n').unwrap_or(rest.len());
                stripped.extend(rest[..length].chars().map(|_| ' '));
                rest = &rest[length..];
                continue;
            }
            '/' if rest.starts_with("/*") => {
                let length = rest[2..].find("*/").map_or(rest.len(), |end| end + 4);
                let blank = |c: char| if c == '\n' { '\n' } else { ' ' };
                stripped.extend(rest[..length].chars().map(blank));
                rest = &rest[length..];
                continue;
            }
            c => c.len_utf8(),
        };
        stripped.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    stripped
}

/// The most fields of an object in which `locate` looks for the wrong one.
const MOST_FIELDS: usize = 32;

/// The most values of a document that are mended: after each all is parsed again.
const MOST_MENDED: usize = 64;

/// The config that a document describes, and the resolved document, which is the config with every
/// default in it.
fn deserialize(
    name: &str,
    mut document: Value,
    kinds: &Kinds,
) -> Result<(RunConfig, Value), TrainError> {
    // A file of a later version may have fields that would be refused by another word.
    let version = version_of(&document);
    check_version(version)?;
    fill_defaults(version, "", &mut document);
    let mut mended = 0;
    loop {
        let (path, message) = match try_deserialize(&document) {
            Ok(config) => {
                let resolved = serde_json::to_value(&config)
                    .map_err(|source| TrainError::Json { name: name.to_owned(), source })?;
                match lost(&document, &resolved, "") {
                    None => return Ok((config, resolved)),
                    Some((path, field)) => {
                        (path, format!("unknown field `{field}`, there are no fields"))
                    }
                }
            }
            Err((path, message)) => (locate(&document, path, &message), message),
        };
        mended += 1;
        if mended > MOST_MENDED || !mend(&mut document, &path, &message, kinds) {
            let path = if path.is_empty() { name.to_owned() } else { path };
            return Err(TrainError::config(path, in_words(&message)));
        }
    }
}

/// Path and name of a field of the document that the resolved one lacks. Beside the `kind` of a variant without
/// fields serde accepts any field, even where it is told to deny unknown ones.
fn lost(document: &Value, resolved: &Value, path: &str) -> Option<(String, String)> {
    document.as_object()?.iter().find_map(|(key, value)| {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match resolved.get(key) {
            Some(known) => lost(value, known, &path),
            // A field that is written only where it has a value.
            None if value.is_null() && path == "noise.schedule.steps" => None,
            None => Some((path, key.clone())),
        }
    })
}

fn try_deserialize(document: &Value) -> Result<RunConfig, (String, String)> {
    serde_path_to_error::deserialize(document).map_err(|error| {
        let path = error.path().to_string();
        (if path == "." { String::new() } else { path }, error.inner().to_string())
    })
}

/// The full path of an error inside an enum, of which serde knows the enum's path alone. The wrong field
/// is the one that gives the same error when the object holds only that field and its `kind`.
fn locate(document: &Value, path: String, message: &str) -> String {
    let pointer = pointer(&path);
    let Some(Value::Object(object)) = document.pointer(&pointer) else { return path };
    if message.starts_with("missing field") {
        return path;
    }
    if let Some(value) = message.strip_prefix("unknown variant `") {
        let value = value.split('`').next();
        let mut fields = object.iter().filter(|(_, field)| field.as_str() == value);
        return match (fields.next(), fields.next()) {
            (Some((field, _)), None) => format!("{path}.{field}"),
            _ => path,
        };
    }
    // No section has as many fields, and trying each would take a time that grows with their number
    // squared.
    if object.len() > MOST_FIELDS {
        return path;
    }
    let mut reduced = document.clone();
    for (key, value) in object.iter().filter(|(key, _)| *key != "kind") {
        let mut alone = Map::new();
        alone.extend(object.get("kind").map(|kind| ("kind".to_owned(), kind.clone())));
        alone.insert(key.clone(), value.clone());
        if let Some(place) = reduced.pointer_mut(&pointer) {
            *place = Value::Object(alone);
        }
        let same = |(p, m): &(String, String)| *p == path && m == message;
        if try_deserialize(&reduced).err().as_ref().is_some_and(same) {
            return format!("{path}.{key}");
        }
    }
    path
}

/// The most parts of an override's key; run files are less deep.
const DEEPEST_KEY: usize = 16;

/// Why an override cannot be applied to a run file.
#[derive(Debug, thiserror::Error)]
enum SettingError {
    #[error("must be KEY=VALUE, as train.batch=64")]
    NoValue,
    #[error("the key has an empty part")]
    EmptyPart,
    #[error("the key has more than {DEEPEST_KEY} parts")]
    TooDeep,
    /// A part of the key that is no place in the list that it leads to.
    #[error("`{part}` must be a position from 0 to {last}")]
    NoPosition { part: String, last: usize },
    #[error("cannot be set")]
    NoSection,
    #[error("`{field}` stands twice in it")]
    Twice { field: String },
}

/// Applies one `key=value`.
fn apply(document: &mut Value, setting: &str, kinds: &mut Kinds) -> Result<(), TrainError> {
    let fault = |why: SettingError| TrainError::Setting {
        setting: setting.to_owned(),
        source: Box::new(why),
    };
    let (path, value) = setting.split_once('=').ok_or_else(|| fault(SettingError::NoValue))?;
    if path.split('.').any(str::is_empty) {
        return Err(fault(SettingError::EmptyPart));
    }
    if path.split('.').count() > DEEPEST_KEY {
        let start: String = path.chars().take(60).collect();
        let source = Box::new(SettingError::TooDeep);
        return Err(TrainError::Setting { setting: format!("{start}…"), source });
    }
    let text = value;
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    if !value.is_string()
        && let Some((field, _)) = repeated_key(text)
    {
        return Err(fault(SettingError::Twice { field }));
    }
    kinds.set(document, path, &value);
    // Where it cannot be put, it cannot below, which says so.
    let _ = put(kinds.written(), path, value.clone());
    put(document, path, value).map_err(fault)
}

/// Puts a value at a path, and what is missing on the way to it.
fn put(document: &mut Value, path: &str, value: Value) -> Result<(), SettingError> {
    let mut place = document;
    for part in path.split('.') {
        place = match place {
            Value::Array(items) => {
                let len = items.len();
                let index = part.parse::<usize>().ok().filter(|i| *i < len);
                let index = index.ok_or_else(|| {
                    let (part, last) = (part.to_owned(), len.saturating_sub(1));
                    SettingError::NoPosition { part, last }
                })?;
                &mut items[index]
            }
            Value::Object(fields) => fields.entry(part).or_insert(Value::Null),
            // A null or a plain value becomes a section with fields. Deserializing it fails later where
            // it must not be a section.
            other => {
                *other = Value::Object(Map::new());
                match other {
                    Value::Object(fields) => fields.entry(part).or_insert(Value::Null),
                    _ => return Err(SettingError::NoSection),
                }
            }
        };
    }
    *place = value;
    Ok(())
}

#[cfg(test)]
mod tests;
