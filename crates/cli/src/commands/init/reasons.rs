//! [`why_not`]: why a column is not learnt, with a value, its line and a way out.

use langevin_data::{CATEGORY_LIMIT, Cell, ColumnKind, ColumnSurvey, IdSign, TextKind};

use super::listing::number;

/// Fewest values of a column of which most are missing.
const FEWEST_VALUES: u64 = 20;
/// Fewest rows for each different text of a category.
const ROWS_A_TEXT: u64 = 2;
/// The same of a category that has numbers among its values.
const ROWS_A_VALUE: u64 = 5;
/// Numbers from which on samples are not measured.
const LARGEST: f64 = 1e150;
/// Characters of a field that are shown.
const SHOWN: usize = 40;

/// The reason why a column of a file, or of a sheet, is not learnt; `None` if it is.
pub fn why_not(column: &ColumnSurvey, rows: u64, is_sheet: bool) -> Option<String> {
    let present = rows.saturating_sub(column.missing);
    match column.kind {
        ColumnKind::Empty => Some("has no value".to_owned()),
        ColumnKind::Id => Some(id(column, is_sheet)),
        _ if present < FEWEST_VALUES && 2 * present < rows => {
            Some(format!("has {present} values in {rows} rows"))
        }
        ColumnKind::Text if is_category(column, present) => None,
        ColumnKind::Text => Some(text(column, rows, is_sheet)),
        _ if column.infinite > 0 => Some(format!("is infinite in {} rows", column.infinite)),
        ColumnKind::YesNo | ColumnKind::Date => None,
        // A constant column stays out of the network and comes back in the samples.
        ColumnKind::Constant | ColumnKind::Integer | ColumnKind::Number => {
            column.range.and_then(unscalable)
        }
    }
}

/// Whether texts are the values of a category: they repeat, are no numbers in another spelling, and are most of the column's, or few
/// with the numbers among them, as `4`, `f` and `r`.
fn is_category(column: &ColumnSurvey, present: u64) -> bool {
    let is_broken = column.example.as_ref().is_some_and(|cell| cell.text.starts_with(['=', '#']));
    // As `1st class` and `30B`, which repeat.
    let may_be_names = column.text.is_none_or(|kind| kind == TextKind::Unit);
    let few = |texts: u64| texts <= CATEGORY_LIMIT as u64 && texts * ROWS_A_TEXT <= column.texts;
    let are_few = match (&column.distinct, column.range) {
        (_, None) => column.different_texts.is_some_and(few),
        (Some(distinct), Some(_)) => distinct.len() as u64 * ROWS_A_VALUE <= present,
        (None, Some(_)) => 2 * column.texts > present && column.different_texts.is_some_and(few),
    };
    may_be_names && !is_broken && are_few
}

/// Numbers whose squares 64 bits cannot hold.
fn unscalable((low, high): (f64, f64)) -> Option<String> {
    let range = high - low;
    let square = range * range;
    let holds =
        square.is_normal() && (square * 1e6).is_finite() && square * 1e-16 > f64::MIN_POSITIVE;
    let is_beyond = low.abs().max(high.abs()) >= LARGEST;
    (is_beyond || range != 0.0 && !holds).then(|| {
        format!(
            "its values from {} to {} cannot be scaled in 64 bits; write it in another unit",
            number(low),
            number(high)
        )
    })
}

fn id(column: &ColumnSurvey, is_sheet: bool) -> String {
    let at = |cell: &Option<Cell>| cell.as_ref().map(|it| place(it, is_sheet)).unwrap_or_default();
    match column.id {
        Some(IdSign::LeadingZeros) => {
            format!(
                "holds ids: {} has a leading zero, which a number would lose",
                at(&column.example)
            )
        }
        Some(IdSign::TooLong) => {
            format!("holds ids: {} is above 2^53, where numbers are rounded", at(&column.example))
        }
        Some(IdSign::Unique) => {
            "holds ids: long whole numbers, no two equal, in no order".to_owned()
        }
        Some(IdSign::Name) => "is an id by its name".to_owned(),
        Some(IdSign::Ascending) | None => "numbers the rows".to_owned(),
    }
}

/// How many texts a column holds, and one of them.
pub fn texts(column: &ColumnSurvey) -> String {
    let example = column.example.as_ref().map(|cell| cut(&cell.text)).unwrap_or_default();
    let texts = match column.different_texts {
        Some(1) => return format!("holds one text, \"{example}\""),
        Some(texts) => texts.to_string(),
        None => "over 100000".to_owned(),
    };
    format!("holds {texts} different texts in {} rows, as \"{example}\"", column.texts)
}

fn text(column: &ColumnSurvey, rows: u64, is_sheet: bool) -> String {
    let example = column.example.as_ref().map(|cell| place(cell, is_sheet)).unwrap_or_default();
    let bare = "write bare numbers";
    if is_sheet && column.example.as_ref().is_some_and(|cell| cell.text.starts_with('=')) {
        return format!(
            "holds formulas without their values, as {example}; calculate and save it in a spreadsheet program"
        );
    }
    let Some(kind) = column.text else {
        if column.range.is_some() {
            return format!(
                "holds text in {} of {rows} rows, as {example}; correct it, or say --missing for what means no value",
                column.texts
            );
        }
        return texts(column);
    };
    match kind {
        TextKind::EitherComma | TextKind::DecimalComma | TextKind::Thousands if is_sheet => {
            format!("holds numbers as text, as {example}; make them numbers")
        }
        TextKind::Currency => format!("holds amounts of money, as {example}; {bare}"),
        TextKind::Percent => format!("holds per cent, as {example}; {bare}"),
        TextKind::EitherComma => {
            let field = column.example.as_ref().map_or("", |cell| &cell.text);
            let (whole, decimal) = (field.replace(',', ""), field.replace(',', "."));
            format!("holds {example}: --decimal . reads it as {whole}, --decimal , as {decimal}")
        }
        TextKind::DecimalComma => format!("holds decimal commas, as {example}: --decimal ,"),
        TextKind::Thousands => format!("holds commas between digits, as {example}: --decimal ."),
        TextKind::Blanks => format!("holds digits grouped by blanks, as {example}; {bare}"),
        TextKind::Unit => format!("holds numbers with units, as {example}; {bare}"),
        TextKind::Brackets => format!("holds numbers in brackets, as {example}; {bare}"),
        TextKind::Comparison => format!("holds limits, as {example}; {bare}"),
        TextKind::Dates => {
            format!("holds dates in more than one spelling, as {example}; write them alike")
        }
        TextKind::UnclearDates => {
            let formats =
                [&column.format, &column.other_format].map(|f| f.as_deref().unwrap_or(""));
            format!(
                "holds dates, as {example}, that can be read as {}; write four digits of the year",
                formats.join(" and as ")
            )
        }
    }
}

/// A field in quotes, and its line, or its row in a sheet.
fn place(cell: &Cell, is_sheet: bool) -> String {
    let line = if is_sheet { "row" } else { "line" };
    format!("\"{}\" ({line} {})", cut(&cell.text), cell.line)
}

/// A text without what is too long to be shown.
pub fn cut(text: &str) -> String {
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    let mut cut: String = text.chars().take(SHOWN).map(visible).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}
