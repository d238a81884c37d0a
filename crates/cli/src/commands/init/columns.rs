//! [`choose`]: the columns to learn, what is said of each, and those left out.

use langevin_data::{ColumnKind, ColumnSurvey, Survey};
use serde_json::{Map, Value, json};

use super::{listing::number, reasons};

/// Name of a column that is left out, and why.
pub type LeftOut = (String, String);

/// The columns to learn, and those left out.
pub fn choose(survey: &Survey) -> (Vec<&ColumnSurvey>, Vec<LeftOut>) {
    let (mut chosen, mut left_out) = (Vec::<&ColumnSurvey>::new(), Vec::new());
    for column in &survey.columns {
        let doubled = chosen.iter().any(|other| other.name == column.name);
        let twice = || "is the name of a column before it too".to_owned();
        match reasons::why_not(column, survey.rows).or_else(|| doubled.then(twice)) {
            None => chosen.push(column),
            Some(why) => left_out.push((column.name.clone(), why)),
        }
    }
    (chosen, left_out)
}

/// Whether a column holds one value alone.
pub fn is_constant(column: &ColumnSurvey) -> bool {
    column.range.is_some_and(|(low, high)| low == high)
}

/// What the config says of a column, as JSON.
pub fn spec(column: &ColumnSurvey) -> String {
    json!(column.name).to_string()
}

/// What is printed of a column: its kind and range, how it is read, and what it lacks.
pub fn described(column: &ColumnSurvey) -> String {
    let range = column.range.map_or(String::new(), |(low, high)| {
        if low == high { number(low) } else { format!("{} to {}", number(low), number(high)) }
    });
    let what = match column.kind {
        ColumnKind::Integer => format!("{range}, whole"),
        _ => match column.decimals {
            Some(1) => format!("{range}, 1 decimal"),
            Some(decimals) if decimals > 0 => format!("{range}, {decimals} decimals"),
            _ => range,
        },
    };
    let missing = match column.missing {
        0 => String::new(),
        count => format!(", {count} missing{}", marks(column)),
    };
    format!("{}: {what}{missing}", column.name)
}

fn marks(column: &ColumnSurvey) -> String {
    if column.marks.is_empty() { String::new() } else { format!(" ({})", column.marks.join(" ")) }
}

/// Fields of a column as a JSON object, for programs.
pub fn as_json(column: &ColumnSurvey) -> Value {
    let mut object = Map::new();
    object.insert("name".to_owned(), json!(column.name));
    object.insert("missing".to_owned(), json!(column.missing));
    Value::Object(object)
}
