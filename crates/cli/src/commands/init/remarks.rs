//! [`remarks`]: what a user should know of a table before it is trained on.

use std::path::Path;

use langevin_data::{ColumnKind, ColumnSurvey, Missing, NumberSpelling, Survey, TableOptions};
use langevin_train::shell_word;

use super::{
    columns,
    listing::{UNBROKEN, number},
    reasons::cut,
};

/// Odd fields of a column that are named one by one.
const NAMED: usize = 3;

/// Words around the number of a line, or row, of a file.
pub struct Place {
    /// File, and what its lines are called.
    pub before: String,
    /// How they are counted, if not from 1.
    pub after: &'static str,
}

/// Remarks on odd fields, on numbers that may mean a missing value, on rows that lack values, and on the shape of what
/// is no picture.
pub fn remarks(
    place: &Place,
    survey: &Survey,
    chosen: &[&ColumnSurvey],
    options: &TableOptions,
    complete: u64,
    is_pictures: bool,
) -> Vec<String> {
    let mut remarks = Vec::new();
    let odd = |column: &&&ColumnSurvey| !column.odd.is_empty() || column.gap.is_some();
    let most = if is_pictures { NAMED } else { usize::MAX };
    if let Some(more) = chosen.iter().filter(odd).count().checked_sub(most).filter(|more| *more > 0)
    {
        remarks.push(format!(
            "{more} more columns have values that are no numbers than are named here"
        ));
    }
    let mut named_columns = 0;
    let is_learnt = options.missing == Missing::Model;
    let what_becomes = match is_learnt {
        true => "that counts as missing",
        false => "those rows are left out",
    };
    for column in chosen {
        named_columns += usize::from(odd(&column));
        let gap = column.gap.iter();
        let cells = column.odd.iter().chain(gap).filter(|_| named_columns <= most);
        let named = cells.take(NAMED).map(|cell| {
            let Place { before, after } = place;
            format!(
                "{before} {}{after}: \"{}\", {} of {}",
                cell.line,
                cut(&cell.text),
                cell.count,
                survey.rows
            )
        });
        let named: Vec<_> = named.collect();
        let more = match column.odd.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!("; and {more} other texts"),
        };
        if !named.is_empty() {
            remarks.push(format!("{}: {}{more}; {what_becomes}", column.name, named.join("; ")));
        }
        if let Some(sentinel) = column.sentinel {
            // A spelled number or a date is told by its text.
            let written = |value| match &column.format {
                Some(_) => columns::spec(column, survey.rows).write(value),
                None => number(value),
            };
            let (value, (low, high)) = (written(sentinel.value), sentinel.others);
            // Blanks inside an argument are no places to break the line.
            let argument = match value.contains(' ') {
                true => format!("'{}'", value.replace(' ', UNBROKEN)),
                false => value.clone(),
            };
            remarks.push(format!(
                "{}: {value} in {} of {} rows is far outside {} to {}; if it stands for a missing value: --missing {argument}",
                column.name,
                sentinel.count,
                survey.rows,
                written(low),
                written(high)
            ));
        }
        remarks.extend(readings(column));
    }
    if is_learnt {
        remarks.push(format!(
            "{complete} of {} rows are complete; what the others lack is learnt, and samples lack as much; to leave those \
             rows out: --set{UNBROKEN}data.missing=drop",
            survey.rows
        ));
    } else if complete < survey.rows {
        let lacking = |column: &&&ColumnSurvey| {
            column.missing + column.odd.iter().map(|cell| cell.count).sum::<u64>()
        };
        let most = chosen.iter().max_by_key(lacking);
        let most = most.map_or(String::new(), |column| {
            let without = format!("data.exclude={}", serde_json::json!([column.name]));
            let without = shell_word(Path::new(&without)).replace(' ', UNBROKEN);
            let way_out = match is_pictures || chosen.len() == 1 {
                true => String::new(),
                false => format!("; to train without that column: --set{UNBROKEN}{without}"),
            };
            format!("; {} costs most: {}{way_out}", column.name, lacking(&column))
        });
        remarks.push(format!(
            "{complete} of {} rows are complete, and the others left out{most}",
            survey.rows
        ));
    }
    if chosen.len() as u64 > survey.rows && !is_pictures {
        remarks.push(format!(
            "{} columns of {} rows: rows must be samples; is the table transposed?",
            chosen.len(),
            survey.rows
        ));
    }
    remarks
}

/// Other ways to read the dates or spelled numbers of a column.
fn readings(column: &ColumnSurvey) -> Vec<String> {
    let (name, mut remarks) = (&column.name, Vec::new());
    let is_date = column.kind == ColumnKind::Date;
    if is_date && column.format.as_ref().is_some_and(|format| format.contains("%y")) {
        remarks.push(format!(
            "{name}: two digits of a year are read as 1969 to 2068, and written so; write four where they mean others"
        ));
    }
    let (Some(format), Some(other)) = (&column.format, &column.other_format) else {
        return remarks;
    };
    if is_date {
        remarks.push(format!(
            "{name}: its dates are read as {format}, and can be {other} too; correct \"format\" in the config if so"
        ));
    }
    let cell = column.example.as_ref().map_or("", |cell| &cell.text);
    let read = |format| Some(number(NumberSpelling::new(format)?.parse(cell)?));
    if let (Some(value), Some(other)) = (read(format), read(other)) {
        remarks.push(format!(
            "{name}: {} is read as {value}; if it means {other}: --decimal ,",
            cut(cell)
        ));
    }
    remarks
}
