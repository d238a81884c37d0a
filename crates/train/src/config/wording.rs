//! Messages of the parser in the words of who writes a run file: they know JSON and the fields, not serde.

use super::synonyms::ours;
use crate::error::SHOWN;

/// The parser's message in plain words: what is required, and what was given.
pub(super) fn in_words(message: &str) -> String {
    if message.starts_with("unknown ") {
        let message = message.replacen("unknown variant", "unknown value", 1);
        return with_suggestion(&message.replace("there are no fields", "its kind has none"));
    }
    if message.starts_with("missing field") {
        return format!("{message}, which is required; `langevin schema` says what it holds");
    }
    let parts = ["invalid type: ", "invalid value: ", "invalid length "]
        .into_iter()
        .find_map(|start| message.strip_prefix(start)?.rsplit_once(", expected "));
    let Some((given, required)) = parts else { return message.to_owned() };
    let given = match message.starts_with("invalid length") {
        true => format!("{given} of them"),
        false => given_in_words(given),
    };
    let spelled = match required_in_words(required) {
        words if words.starts_with("a whole number") => {
            given.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(spelled_out)
        }
        _ => None,
    };
    let is_large = message.starts_with("invalid type: floating point")
        && given.parse::<f64>().is_ok_and(|x| x.abs() >= 9e15);
    let hint = match spelled {
        Some(number) => format!("; write {number}"),
        None if is_large => "; write all of its digits".to_owned(),
        None if required == "a sequence" && given.starts_with('"') && !given.starts_with("\"[") => {
            let names: Vec<&str> = given.trim_matches('"').split(',').map(str::trim).collect();
            format!("; write {}", serde_json::json!(names))
        }
        None if required.contains("tagged enum") && given.starts_with('"') => {
            format!("; a kind stands as {{\"kind\": {given}}}, with its fields")
        }
        None if required.ends_with("LearningRateConfig") && given.parse::<f64>().is_ok() => {
            format!(
                "; a constant one is {{\"kind\": \"constant\", \"value\": {given}}}, and the height of one that changes is `peak`"
            )
        }
        None => String::new(),
    };
    format!("must be {}, got {given}{hint}", required_in_words(required))
}

/// What the parser expected.
fn required_in_words(required: &str) -> String {
    let of_length = |start: &str| required.strip_prefix(start);
    match required {
        "usize" | "u64" | "u32" | "u16" | "u8" => "a whole number, at least 0".to_owned(),
        "isize" | "i64" | "i32" | "i16" | "i8" => "a whole number".to_owned(),
        "f64" | "f32" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        _ if required.starts_with("struct ") => "an object".to_owned(),
        _ if required.contains("tagged enum") => "an object with a `kind`".to_owned(),
        _ if required.ends_with("identifier") || required.starts_with("enum ") => {
            "one of its names, a string".to_owned()
        }
        _ => match of_length("an array of length ").or_else(|| of_length("a tuple of size ")) {
            Some(count) => format!("a list of {count}"),
            None => required.to_owned(),
        },
    }
}

/// What the parser met.
fn given_in_words(given: &str) -> String {
    match given {
        "null" | "unit value" => return "null".to_owned(),
        "map" => return "an object".to_owned(),
        "sequence" => return "a list".to_owned(),
        _ => {}
    }
    let kinds = ["string ", "integer ", "floating point ", "boolean "];
    let value = kinds.into_iter().find_map(|kind| given.strip_prefix(kind)).unwrap_or(given);
    value.trim_matches('`').to_owned()
}

/// The whole number that a text spells in another way than JSON does: `10k`, `1_000`, `1,000`.
pub fn spelled_out(text: &str) -> Option<u64> {
    let text = text.trim().replace('_', "");
    let groups: Vec<&str> = text.split([',', ' ', '\'']).collect();
    if groups.iter().skip(1).any(|group| group.len() != 3) {
        return None;
    }
    let text = groups.concat();
    let (digits, unit) = match text.to_ascii_lowercase().chars().last()? {
        'k' => (&text[..text.len() - 1], 1e3),
        'm' => (&text[..text.len() - 1], 1e6),
        _ => (text.as_str(), 1.0),
    };
    let value = digits.parse::<f64>().ok()? * unit;
    (value.fract() == 0.0 && (0.0..=2_f64.powi(53)).contains(&value)).then_some(value as u64)
}

/// Adds to a message about an unknown name the one that is meant: a synonym, or the nearest of those that are known.
fn with_suggestion(message: &str) -> String {
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let Some((given, known)) = names.split_first() else { return message.to_owned() };
    if message.len() > SHOWN {
        return message.to_owned();
    }
    let lower = given.to_ascii_lowercase();
    match ours(given, known).or_else(|| nearest(&lower, known)) {
        Some(name) => format!("{message}; did you mean `{name}`?"),
        None => message.to_owned(),
    }
}

/// The name in `known` that is nearest to `given`, or `None` where no name is near.
pub fn nearest<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = |name: &&&str| (strsim::jaro_winkler(given, name) * 1e6) as u64;
    known
        .iter()
        .max_by_key(likeness)
        .filter(|name| strsim::jaro_winkler(given, name) > 0.75)
        .copied()
}

/// Message about a name that is none of the data's columns: the nearest, or those that there are.
pub(crate) fn no_column(given: &str, columns: &[&str]) -> String {
    let meant = match nearest(given, columns) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("there are {}", list(columns)),
    };
    format!("names no column of the data, got {given:?}; {meant}")
}

/// Most names that a message lists.
const LISTED: usize = 20;

/// Names as a message lists them.
pub(crate) fn list(names: &[&str]) -> String {
    let more = if names.len() > LISTED { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(LISTED)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_in_words_of_json() {
        for (serde, words) in [
            (
                "invalid type: string \"10k\", expected usize",
                "must be a whole number, at least 0, got \"10k\"; write 10000",
            ),
            (
                "invalid type: string \"1_000\", expected u64",
                "must be a whole number, at least 0, got \"1_000\"; write 1000",
            ),
            (
                "invalid type: string \"many\", expected usize",
                "must be a whole number, at least 0, got \"many\"",
            ),
            (
                "invalid type: floating point `1.5`, expected u64",
                "must be a whole number, at least 0, got 1.5",
            ),
            (
                "invalid value: integer `-8`, expected usize",
                "must be a whole number, at least 0, got -8",
            ),
            (
                "invalid type: string \"a, expected b\", expected f64",
                "must be a number, got \"a, expected b\"",
            ),
            (
                "invalid type: string \"exponential\", expected internally tagged enum EmaConfig",
                "must be an object with a `kind`, got \"exponential\"; a kind stands as {\"kind\": \"exponential\"}, with \
                 its fields",
            ),
            ("invalid type: integer `5`, expected struct TrainConfig", "must be an object, got 5"),
            ("invalid type: map, expected a string", "must be a string, got an object"),
            ("invalid type: null, expected a sequence", "must be a list, got null"),
            (
                "invalid type: string \"city\", expected a sequence",
                "must be a list, got \"city\"; write [\"city\"]",
            ),
            (
                "invalid type: string \"a, b\", expected a sequence",
                "must be a list, got \"a, b\"; write [\"a\",\"b\"]",
            ),
            (
                "invalid type: floating point `0.01`, expected internally tagged enum LearningRateConfig",
                "must be an object with a `kind`, got 0.01; a constant one is {\"kind\": \"constant\", \"value\": 0.01}, \
                 and the height of one that changes is `peak`",
            ),
            ("invalid type: boolean `true`, expected f64", "must be a number, got true"),
            (
                "invalid length 3, expected an array of length 2",
                "must be a list of 2, got 3 of them",
            ),
            (
                "missing field `batch`",
                "missing field `batch`, which is required; `langevin schema` says what it holds",
            ),
        ] {
            assert_eq!(in_words(serde), words);
        }
    }

    #[test]
    fn names_of_other_programs_lead_to_ours() {
        let unknown = |name: &str, known: &str| {
            in_words(&format!("unknown field `{name}`, expected one of {known}"))
        };
        assert!(
            unknown("lr", "`steps`, `learning_rate`").ends_with("did you mean `learning_rate`?")
        );
        assert!(unknown("LR", "`data`, `train`").ends_with("did you mean `train.learning_rate`?"));
        assert!(unknown("epochs", "`steps`, `batch`").ends_with("did you mean `steps`?"));
        assert!(unknown("batch_size", "`steps`, `batch`").ends_with("did you mean `batch`?"));
        assert!(unknown("stepz", "`steps`, `batch`").ends_with("did you mean `steps`?"));
        assert!(unknown("xyz", "`steps`, `batch`").ends_with("`batch`"));
        for (given, hint) in [("1,5", ""), ("1,500", "; write 1500"), ("64", "; write 64")] {
            let words = in_words(&format!("invalid type: string \"{given}\", expected usize"));
            assert!(words.ends_with(&format!("got \"{given}\"{hint}")), "{words}");
        }
        let value = in_words("unknown variant `lognormal`, expected `stratified` or `log_normal`");
        assert!(value.starts_with("unknown value `lognormal`") && value.ends_with("`log_normal`?"));
    }
}
