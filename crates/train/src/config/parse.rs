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
    if let Some((key, lines)) = repeated_key(&text) {
        let message = format!("stands twice in {name}, in lines {} and {}", lines[0], lines[1]);
        return Err(TrainError::config(key, message));
    }
    let (mut config, mut resolved) = deserialize(name, document, &Kinds::default())?;
    if !overrides.is_empty() {
        // Overrides apply to the resolved document, so that a default can be overridden in part.
        let mut kinds = Kinds::default();
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
            let path = if path.is_empty() { "the run file".to_owned() } else { path };
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
    if message.starts_with("missing field") || message.starts_with("unknown variant") {
        return path;
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
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    kinds.set(document, path, &value);
    let mut place = document;
    for part in path.split('.') {
        place = match place {
            Value::Array(items) => {
                let len = items.len();
                let index = part.parse::<usize>().ok().filter(|i| *i < len);
                let index = index.ok_or_else(|| {
                    let (part, last) = (part.to_owned(), len.saturating_sub(1));
                    fault(SettingError::NoPosition { part, last })
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
                    _ => return Err(fault(SettingError::NoSection)),
                }
            }
        };
    }
    *place = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Problem;

    const RUN: &str = r#"{
        "name": "t",
        "data": { "kind": "gaussian_mixture", "means": [[-1, 0], [1, 0]], "std": 0.1 },
        "noise": { "schedule": { "kind": "karras", "sigma_min": 0.01, "sigma_max": 20 } },
        "denoiser": { "network": { "kind": "mlp", "width": 8 }, "prediction": { "kind": "edm" } },
        "train": { "steps": 10, "batch": 4, "optimizer": { "kind": "adam" },
                   "learning_rate": { "kind": "constant", "value": 1e-3 } },
        "sample": { "sampler": { "kind": "heun", "steps": 5 } }
    }"#;

    fn message(from: &str, to: &str) -> String {
        assert!(RUN.contains(from), "{from}");
        let read = parse_config("t.json", &RUN.replace(from, to), &[]);
        read.and_then(|config| Problem::new(config).map(drop)).expect_err("refused").to_string()
    }

    #[test]
    fn the_resolved_copy_gives_the_same_run() {
        let config = parse_config("t.json", RUN, &[]).expect("valid");
        let resolved = serde_json::to_string(&config).expect("serializes");
        assert!(
            resolved.contains("\"epsilon\":1e-8") || resolved.contains("\"epsilon\":1e-08"),
            "{resolved}"
        );
        assert_eq!(parse_config("config.json", &resolved, &[]).expect("valid"), config);
    }

    #[test]
    fn errors_name_the_field_inside_a_tagged_section() {
        assert_eq!(
            message("\"std\": 0.1", "\"std\": \"wide\""),
            "data.std: must be a number, got \"wide\""
        );
        assert_eq!(
            message("\"width\": 8", "\"width\": -8"),
            "denoiser.network.width: must be a whole number, at least 0, got -8"
        );
        assert_eq!(
            message("\"std\": 0.1", "\"std\": -0.1"),
            "data.std: must be finite and above 0, got -0.1"
        );
        assert_eq!(
            message("\"batch\": 4", "\"batch\": 0"),
            "train.batch: must be at least 1, got 0"
        );
    }

    #[test]
    fn an_unknown_field_or_kind_gets_the_nearest_name() {
        let field = message("\"batch\": 4", "\"batchsize\": 4");
        assert!(field.starts_with("train.batchsize: unknown field `batchsize`"), "{field}");
        assert!(field.ends_with("did you mean `batch`?"), "{field}");
        let inner = message("\"std\": 0.1", "\"st\": 0.1");
        assert!(inner.starts_with("data.st: unknown field `st`"), "{inner}");
        assert!(inner.ends_with("did you mean `std`?"), "{inner}");
        let kind = message("\"kind\": \"heun\"", "\"kind\": \"hein\"");
        assert!(kind.starts_with("sample.sampler"), "{kind}");
        assert!(kind.ends_with("did you mean `heun`?"), "{kind}");
    }

    #[test]
    fn a_field_of_a_kind_that_has_none_is_unknown() {
        for (from, to, path) in [
            ("\"edm\"", "\"noise\", \"sigma_data\": 1", "denoiser.prediction.sigma_data"),
            (
                "\"batch\": 4",
                "\"batch\": 4, \"ema\": { \"kind\": \"none\", \"x\": {} }",
                "train.ema.x",
            ),
            (
                "20 } }",
                "20 }, \"levels\": { \"x\": 1, \"kind\": \"stratified\" } }",
                "noise.levels.x",
            ),
        ] {
            let (_, field) = path.rsplit_once('.').expect("a path");
            let want = format!("{path}: unknown field `{field}`, there are no fields");
            assert_eq!(message(from, to), want);
        }
    }

    #[test]
    fn a_whole_number_may_be_written_as_a_float() {
        let text = RUN.replace("\"steps\": 10", "\"steps\": 1e3");
        let config = parse_config("t.json", &text, &["train.batch=2e1".to_owned()]).expect("valid");
        assert_eq!((config.train.steps, config.train.batch), (1000, 20));
        assert_eq!(
            message("\"steps\": 10", "\"steps\": 1.5"),
            "train.steps: must be a whole number, at least 0, got 1.5"
        );
        assert_eq!(
            message("\"steps\": 10", "\"steps\": \"10k\""),
            "train.steps: must be a whole number, at least 0, got \"10k\"; write 10000"
        );
    }

    #[test]
    fn another_kind_drops_the_fields_of_the_old_one() {
        let set = |settings: &[&str]| {
            let settings: Vec<_> = settings.iter().map(|s| (*s).to_owned()).collect();
            parse_config("t.json", RUN, &settings)
        };
        let config = set(&["train.optimizer.kind=sgd"]).expect("valid");
        let given = set(&[r#"train.optimizer={"kind":"sgd"}"#]).expect("valid");
        assert_eq!(config.train.optimizer, given.train.optimizer);
        // A kind without fields, and one that has a field of the same name.
        let config = set(&["denoiser.prediction.kind=noise"]).expect("valid");
        assert!(config.validate().is_ok());
        assert_eq!(set(&["sample.sampler.kind=euler"]).expect("valid").sample.sampler.steps(), 5);
        // What was set for the new kind is not dropped.
        for settings in [
            ["train.optimizer.kind=sgd", "train.optimizer.betas=[0.9,0.99]"],
            ["train.optimizer.betas=[0.9,0.99]", "train.optimizer.kind=sgd"],
        ] {
            let message = set(&settings).expect_err("unknown").to_string();
            assert!(message.starts_with("train.optimizer.betas: unknown field"), "{message}");
        }
        // Nor is what the file itself has wrong.
        let file = RUN.replace("\"kind\": \"adam\"", "\"kind\": \"sgd\", \"betas\": [0.9, 0.99]");
        assert!(parse_config("t.json", &file, &[]).is_err());
    }

    #[test]
    fn a_field_that_stands_twice_is_refused_with_both_lines() {
        let twice = message("\"batch\": 4,", "\"batch\": 4,\n \"batch\": 8,");
        assert_eq!(twice, "batch: stands twice in t.json, in lines 6 and 7");
    }

    #[test]
    fn a_missing_field_is_named() {
        let message = message("\"batch\": 4,", "");
        assert_eq!(message, "train: missing field `batch`");
    }

    #[test]
    fn text_that_is_not_json_is_named_with_its_line() {
        let message =
            parse_config("t.json", "{\n  \"name\": }", &[]).expect_err("refused").to_string();
        assert!(message.starts_with("t.json is not valid JSON"), "{message}");
        assert!(message.contains("line 2"), "{message}");
    }

    #[test]
    fn a_run_file_larger_than_any_is_refused_before_it_is_parsed() {
        let text = format!("[{}0]", "0,".repeat(CONFIG_LIMIT as usize / 2));
        let message = parse_config("t.json", &text, &[]).expect_err("refused").to_string();
        assert_eq!(message, "t.json has 4194307 bytes, and a run file at most 4194304");
    }

    #[test]
    fn a_message_repeats_no_more_of_a_value_than_is_read() {
        let long = "x".repeat(1 << 20);
        for (from, to) in [
            ("\"batch\": 4", format!("\"batch\": \"{long}\"")),
            ("\"batch\": 4", format!("\"{long}\": 4")),
            ("\"name\": \"t\"", format!("\"name\": \"{long}\"")),
        ] {
            let message = message(from, &to);
            assert!(message.chars().count() < 2100 && message.ends_with('…'), "{}", message.len());
        }
    }

    #[test]
    fn a_hundred_thousand_unknown_fields_take_no_time() {
        let fields: String = (0..100_000).map(|i| format!("\"f{i}\":{{}},")).collect();
        let start = std::time::Instant::now();
        let message = message("\"network\": {", &format!("\"network\": {{{fields}"));
        assert!(message.starts_with("denoiser.network"), "{message}");
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }

    #[test]
    fn comments_are_blanks() {
        let commented =
            RUN.replace("\"name\": \"t\",", "// a run\n \"name\": \"t\", /* its\n name */");
        let config = parse_config("t.json", &commented, &[]).expect("valid");
        assert_eq!(config, parse_config("t.json", RUN, &[]).expect("valid"));
        assert_eq!(
            without_comments(r#"{"a//b": "\"/*", "c": 1} // d"#),
            r#"{"a//b": "\"/*", "c": 1}     "#
        );
        let broken = "{ // one\n /* two */ x }";
        let message = parse_config("t.json", broken, &[]).expect_err("refused").to_string();
        assert!(message.contains("line 2 column 12"), "{message}");
        for cut in ["/", "\"", "\"\\", "/*", "//", "é\"é//"] {
            assert_eq!(without_comments(cut).chars().count(), cut.chars().count(), "{cut}");
        }
    }

    #[test]
    fn overrides_reach_every_field() {
        let set = |settings: &[&str]| {
            let settings: Vec<_> = settings.iter().map(|s| (*s).to_owned()).collect();
            parse_config("t.json", RUN, &settings)
        };
        let config = set(&["train.batch=64", "data.means.0=[-2,0]", "name=other"]).expect("valid");
        assert_eq!(config.train.batch, 64);
        assert_eq!(config.name, "other");
        let clipped = set(&["train.clip_norm=1.5"]).expect("valid");
        assert_eq!(clipped.train.clip_norm, Some(1.5));
        let ema =
            set(&[r#"train.ema={"kind":"exponential"}"#, "train.ema.decay=0.9"]).expect("valid");
        assert_eq!(ema.train.ema.decay(10_000), Some(0.9));
        let deep = format!("{}=1", vec!["x"; 60_000].join("."));
        let start = format!("--set {}…: the key has more than 16 parts", "x.".repeat(30));
        for (bad, why) in [
            (&*deep, &*start),
            ("train..batch=1", "--set train..batch=1: the key has an empty part"),
            ("train.batch", "--set train.batch: must be KEY=VALUE, as train.batch=64"),
            ("data.means.7=[0,0]", "--set data.means.7=[0,0]: `7` must be a position from 0 to 1"),
            ("train.bach=1", "train.bach: unknown field `bach`"),
        ] {
            let message = set(&[bad]).expect_err(bad).to_string();
            assert!(message.starts_with(why), "{message}");
        }
    }
}
