//! [`choose`]: the columns to learn, what is said of each, and those left out.

use langevin_data::{
    CLASS_LIMIT, CellKind, ColumnKind, ColumnRange, ColumnSpec, ColumnSurvey, Encoding,
    NumberParts, SampleValues, Survey, Table,
};
use serde_json::{Value, json};

use super::{listing::number, reasons};

/// Rows for each distinct value from which on a column's few values are all that its samples may have.
const REPEATED: u64 = 5;

/// Name of a column that is left out, and why.
pub type LeftOut = (String, String);

/// The columns to learn, and those left out, the names of rows among them. Lines of a sheet are its rows.
pub fn choose(
    survey: &Survey,
    row_names: bool,
    is_sheet: bool,
) -> (Vec<&ColumnSurvey>, Vec<LeftOut>) {
    let (mut chosen, mut left_out) = (Vec::<&ColumnSurvey>::new(), Vec::new());
    if row_names && let Some(first) = survey.columns.first() {
        left_out.push((first.name.clone(), "names the rows".to_owned()));
    }
    for column in survey.columns.iter().skip(usize::from(row_names)) {
        let doubled = chosen.iter().any(|other| other.name == column.name);
        let twice = || "is the name of a column before it too".to_owned();
        match reasons::why_not(column, survey.rows, is_sheet).or_else(|| doubled.then(twice)) {
            None => chosen.push(column),
            Some(why) => left_out.push((column.name.clone(), why)),
        }
    }
    (chosen, left_out)
}

/// Whether a column holds one value alone, or none beside missing ones.
pub fn is_constant(column: &ColumnSurvey) -> bool {
    match column.kind {
        ColumnKind::Text => {
            column.different_texts == Some(1) && column.missing == 0 && column.range.is_none()
        }
        _ => column.range.is_some_and(|(low, high)| low == high),
    }
}

/// What the config says of a column.
pub fn spec(column: &ColumnSurvey, rows: u64) -> ColumnSpec {
    let mut spec = ColumnSpec { words: column.words.clone(), ..spelt(column) };
    spec.kind = match column.kind {
        ColumnKind::YesNo => CellKind::YesNo,
        ColumnKind::Date => CellKind::Date,
        ColumnKind::Integer => CellKind::Whole,
        ColumnKind::Text => CellKind::Category,
        _ => CellKind::Number,
    };
    if spec.kind == CellKind::Category {
        return spec;
    }
    spec.trailing_zeros = column.trailing_zeros;
    if column.trailing_zeros {
        spec.decimals = column.decimals;
    }
    if is_constant(column) {
        return spec;
    }
    if spec.kind == CellKind::Number {
        spec.decimals = column.decimals;
    }
    spec.range = ColumnRange::Seen;
    let present = rows.saturating_sub(column.missing);
    let is_few = |values: &Vec<String>| values.len() as u64 * REPEATED <= present;
    if column.words.is_none() && column.distinct.as_ref().is_some_and(is_few) {
        spec.values = SampleValues::Seen;
    }
    spec
}

/// How the numbers of a column are spelt, and what of it is missing.
pub fn spelt(column: &ColumnSurvey) -> ColumnSpec {
    ColumnSpec {
        format: column.format.clone(),
        missing: column.odd.iter().map(|cell| cell.text.clone()).collect(),
        ..ColumnSpec::named(column.name.as_str())
    }
}

/// Says how each column of a table is learnt, by its values: of numbers and dates as they lie, of yes and no as a category. Beside
/// categories numbers are learnt by rank, unless a gap divides them: what a column tells of a class is steeper than any line. Returns how, of
/// those learnt by rank or in parts.
pub fn encode(specs: &mut [ColumnSpec], table: &Table) -> Vec<Option<String>> {
    let derived = table.derived();
    let names: Vec<String> = specs.iter().map(|spec| spec.name.clone()).collect();
    let has_categories =
        specs.iter().any(|spec| matches!(spec.kind, CellKind::Category | CellKind::YesNo));
    let columns = specs.iter_mut().enumerate();
    let reason = |(column, spec): (usize, &mut ColumnSpec)| {
        if let Some(source) = derived[column] {
            spec.derived_from = Some(names[source].clone());
            return None;
        }
        let all = (0..table.rows()).map(|row| table.value(row, column));
        let values: Vec<_> = all.filter(|value| !value.is_nan()).collect();
        if spec.kind == CellKind::Category || values.iter().all(|value| *value == values[0]) {
            return None;
        }
        if spec.kind == CellKind::YesNo {
            spec.encoding = Some(Encoding::Category);
            spec.range = ColumnRange::Free;
            return None;
        }
        let (encoding, why) = Encoding::choose(&values);
        let found = NumberParts::of(&values).filter(|_| encoding == Encoding::Parts);
        let is_divided = found.as_ref().is_some_and(|found| found.ranges.len() > 1);
        let by_rank = has_categories && !is_divided;
        spec.encoding = Some(if by_rank { Encoding::Rank } else { encoding });
        match (encoding, found) {
            _ if by_rank => Some("by rank".to_owned()),
            (Encoding::Rank, _) => Some(format!("by rank ({why})")),
            (_, found) => found.map(|found| parts(&found, spec)),
        }
    };
    columns.map(reason).collect()
}

/// The parts that a column falls into, in words.
fn parts(found: &NumberParts, spec: &ColumnSpec) -> String {
    let ranges = match found.ranges.len() {
        1 => "1 range".to_owned(),
        count => format!("{count} ranges"),
    };
    let own = match found.levels.as_slice() {
        [] => String::new(),
        [level] => format!(" and {} on its own", written(*level, spec)),
        levels => {
            let levels: Vec<_> = levels.iter().map(|level| written(*level, spec)).collect();
            format!(" and {} on their own", levels.join(", "))
        }
    };
    format!("parts: {ranges}{own}")
}

/// A value as it is printed.
fn written(value: f64, spec: &ColumnSpec) -> String {
    match spec.kind {
        CellKind::Date => spec.write(value),
        _ => number(value),
    }
}

/// Whether categories are among the features of a column.
pub fn has_classes(spec: &ColumnSpec) -> bool {
    let encoded = matches!(spec.encoding, Some(Encoding::Category | Encoding::Parts));
    spec.kind == CellKind::Category || encoded
}

/// A spec as JSON, with what differs from a name alone.
pub fn as_json(spec: &ColumnSpec) -> String {
    as_json_of(spec, &["name"])
}

/// A spec as JSON without the name, for many columns alike.
pub fn each_as_json(spec: &ColumnSpec) -> String {
    as_json_of(spec, &[])
}

fn as_json_of(spec: &ColumnSpec, named: &[&str]) -> String {
    let plain = serde_json::to_value(ColumnSpec { decimals: Some(0), ..ColumnSpec::named("") });
    let (Ok(Value::Object(plain)), Ok(value)) = (plain, serde_json::to_value(spec)) else {
        return json!(spec.name).to_string();
    };
    let Value::Object(fields) = value else { return json!(spec.name).to_string() };
    let is_said = |name: &str, value: &Value| {
        !value.is_null() && (plain.get(name) != Some(value) || name == "decimals")
    };
    let order = [
        "kind",
        "words",
        "format",
        "missing",
        "decimals",
        "trailing_zeros",
        "range",
        "values",
        "encoding",
        "derived_from",
    ];
    let said =
        named.iter().chain(&order).filter_map(|name| fields.get(*name).map(|value| (*name, value)));
    let said: Vec<_> = said
        .filter(|(name, value)| is_said(name, value))
        .map(|(name, value)| format!("{}: {value}", json!(name)))
        .collect();
    format!("{{ {} }}", said.join(", "))
}

/// What is printed of a column: its kind and range, how it is read and learnt, and what it lacks.
pub fn described(column: &ColumnSurvey, spec: &ColumnSpec, learnt: Option<&str>) -> String {
    let written = |value: f64| written(value, spec);
    let range = column.range.map_or(String::new(), |(low, high)| match low == high {
        true if spec.kind == CellKind::YesNo => format!("{} alone", spec.write(low)),
        true => format!("{} alone", written(low)),
        false => format!("{} to {}", written(low), written(high)),
    });
    let what = match (spec.kind, &column.words, &column.format, column.decimals) {
        (CellKind::Category, ..) if is_constant(column) => {
            let text = column.example.as_ref().map_or("one text", |cell| &cell.text);
            format!("{} alone", reasons::cut(text))
        }
        (CellKind::Category, ..) if column.range.is_some() => {
            let values = column.distinct.as_ref().map(Vec::len);
            values.map_or("texts and numbers, a category".to_owned(), |count| {
                format!("{count} texts and numbers, a category")
            })
        }
        (CellKind::Category, ..) => {
            let texts = column.different_texts.unwrap_or_default();
            let rare = if texts > CLASS_LIMIT as u64 { ", rare ones pooled" } else { "" };
            format!("{texts} texts, a category{rare}")
        }
        (CellKind::YesNo, Some([no, yes]), ..) if range.ends_with("to 1") => {
            format!("{no} or {yes}, a category")
        }
        (CellKind::Date, _, Some(format), _) => format!("{range}, dates as {format}"),
        (CellKind::Whole, ..) => format!("{range}, whole"),
        _ if is_constant(column) => range,
        (.., Some(1)) => format!("{range}, 1 decimal"),
        (.., Some(decimals)) if decimals > 0 => format!("{range}, {decimals} decimals"),
        _ => range,
    };
    let spelling = match (spec.kind, &spec.format) {
        (CellKind::Whole, Some(_)) => format!(", written as {}", spec.write(1234.0)),
        (CellKind::Number, Some(_)) => format!(", written as {}", spec.write(1234.5)),
        _ => String::new(),
    };
    let learnt = learnt.map_or(String::new(), |learnt| format!(", {learnt}"));
    let seen = if spec.values == SampleValues::Seen { ", values as seen" } else { "" };
    let derived = spec.derived_from.as_ref();
    let derived = derived.map_or(String::new(), |from| format!(", a function of {from}"));
    let how = format!("{spelling}{learnt}{seen}{derived}");
    let missing = match column.missing {
        0 => String::new(),
        count if column.marks.is_empty() => format!(", {count} missing"),
        count => format!(", {count} missing ({} count as such)", column.marks.join(" ")),
    };
    format!("{}: {what}{how}{missing}", column.name)
}
