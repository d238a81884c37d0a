//! [`find`]: whether the first line names the columns, whether units follow, and whether rows have names.

use super::{
    Guess,
    cell::{Kind, Line, kind, width},
};
use crate::table::{Decimal, marks};

/// Share of a column's fields that must be of one kind to say what it holds.
const MOST: f64 = 0.8;
/// Share of whole names among columns of decimals.
const DECIMALS: f64 = 0.9;
/// Fewest numbers that ascend above others of more decimals to be names: two may be a first row of whole numbers.
const NAMES: usize = 3;
/// Fields that a sentence lists.
const LISTED: usize = 3;

/// What the fields of the first line say, each against its column.
#[derive(Default)]
struct Evidence {
    /// Text over numbers, dates or words for no and yes.
    names: Vec<usize>,
    /// Fields that are as those below: a date over dates, a word that occurs again.
    same: usize,
    /// Numbers over numbers.
    numbers: Vec<usize>,
    /// Those of them that are unlike the numbers below.
    unlike: usize,
    /// Those of them that are far outside the numbers below.
    far: usize,
    values: Vec<f64>,
}

impl Evidence {
    /// Whether names outnumber the fields that are as those below. Whole numbers that ascend may be names too, as
    /// those of years.
    fn is_of_names(&self) -> bool {
        let are_years = self.values.iter().all(|value| value.fract() == 0.0)
            && self.values.windows(2).all(|pair| pair[0] < pair[1]);
        let alike = if are_years { 0 } else { self.numbers.len() - self.unlike };
        !self.names.is_empty() && self.names.len() > self.same + alike
    }
}

/// Says whether the first line is a header, and what else belongs to one.
pub(super) fn find(guess: &mut Guess, lines: &[Line], sample: &[u8]) {
    let [first, body @ ..] = lines else { return };
    let columns = width(body);
    find_row_names(guess, first, body, columns);
    let header = match guess.options.header {
        Some(header) => header,
        None => {
            let header = match first.fields.len() == columns {
                true => decide(guess, first, body),
                false => guess.options.layout.row_names || is_text(guess, first),
            };
            header || find_header_in_comment(guess, first, sample, columns)
        }
    };
    guess.options.header = Some(header);
    if header {
        find_units(guess, body);
        find_names(guess, first);
    }
}

fn is_text(guess: &Guess, line: &Line) -> bool {
    line.fields.iter().any(|field| kind(field, guess.options.layout.decimal).is_name())
}

/// One more field in each row than names: the first names the row.
fn find_row_names(guess: &mut Guess, first: &Line, body: &[Line], columns: usize) {
    let is_one_more =
        columns == first.fields.len() + 1 && body.iter().all(|line| line.fields.len() == columns);
    if is_one_more && guess.options.header != Some(false) && is_text(guess, first) {
        guess.options.layout.row_names = true;
        guess.said.push(format!(
            "{} {}: {} names for {columns} fields: each row starts with a name, in a column called row",
            guess.line(),
            first.line,
            first.fields.len()
        ));
    }
}

/// A last comment that has a name for each column, above a first line of data.
fn find_header_in_comment(guess: &mut Guess, first: &Line, sample: &[u8], columns: usize) -> bool {
    let Some(opening) = guess.options.layout.comment else { return false };
    let above = sample.split(|byte| *byte == b'\n').take(first.line.saturating_sub(1) as usize);
    let comments = above.filter(|line| line.trim_ascii_start().first() == Some(&opening));
    let Some(last) = comments.last() else { return false };
    let mut text = last.trim_ascii_start().to_vec();
    text[0] = b' ';
    let named = guess.with_comment(&text, None);
    let [line] = &named[..] else { return false };
    let is_names =
        line.fields.len() == columns && line.fields.iter().all(|field| kind(field, None).is_name());
    if is_names {
        find_names(guess, line);
        guess.options.layout.header_in_comment = true;
        let above = format!("line {} ", first.line);
        guess.said.retain(|said| !said.starts_with(&above));
        guess.said.push(format!("the comment above line {} names the columns", first.line));
    }
    is_names
}

/// Whether a line has names above values of other kinds, and more of them than fields that are as below.
pub(super) fn names_columns(first: &Line, body: &[Line], decimal: Option<Decimal>) -> bool {
    evidence(first, body, decimal).is_of_names()
}

/// Whether the first of equally long lines is a header.
fn decide(guess: &mut Guess, first: &Line, body: &[Line]) -> bool {
    let decimal = guess.options.layout.decimal;
    let evidence = evidence(first, body, decimal);
    let shown = |columns: &mut dyn Iterator<Item = usize>| {
        let fields: Vec<_> = columns
            .map(|column| String::from_utf8_lossy(&first.fields[column]).into_owned())
            .collect();
        match fields.len() > LISTED {
            true => format!("{}, …", fields[..LISTED].join(", ")),
            false => fields.join(", "),
        }
    };
    let alike = evidence.numbers.len() - evidence.unlike;
    let line = format!("{} {}", guess.line(), first.line);
    let all = evidence.numbers.len();
    let is_ascending = evidence.values.windows(2).all(|pair| pair[0] < pair[1]);
    let steps: Vec<_> = evidence.values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let is_regular = all >= 2
        && is_ascending
        && steps.iter().all(|step| (step - steps[0]).abs() <= 1e-9 * steps[0].abs());
    let counts_columns = is_regular && steps[0] == 1.0 && evidence.values[0].abs() <= 1.0;
    let has_index = first.fields[0].is_empty() && all >= 1 && numbers_rows(body);
    let numbers = shown(&mut evidence.numbers.iter().copied());
    if evidence.is_of_names() {
        let names = shown(&mut evidence.names.iter().copied());
        let else_data = match evidence.numbers.is_empty() {
            true => "",
            false => "; if it is data: --header no",
        };
        guess.said.push(format!("{line} names the columns: {names} above other values{else_data}"));
        return true;
    }
    if evidence.names.is_empty() && evidence.same == 0 {
        if all == 0 {
            let is_named =
                |field: &Vec<u8>| field.iter().any(u8::is_ascii_alphabetic) || !field.is_ascii();
            let is_header = first.fields.iter().any(is_named);
            let what = if is_header { "names the columns" } else { "is data" };
            guess.said.push(format!("{line} {what}, as far as can be told"));
            return is_header;
        }
        let is_header =
            (alike == 0 && is_ascending && all >= 2 && (all >= NAMES || evidence.far == all))
                || (has_index && (is_regular || all == 1))
                || (counts_columns && all >= 4 && all == first.fields.len());
        if is_header {
            guess.said.push(format!(
                "{line} names the columns: {numbers} {}; if it is data: --header no",
                if alike == 0 { "are unlike the numbers below" } else { "count them" }
            ));
            return true;
        }
    }
    let why = match (evidence.names.is_empty(), all) {
        (false, _) => {
            let names = shown(&mut evidence.names.iter().copied());
            format!("{names} above numbers, yet the other fields are as below")
        }
        (true, 0) => "its fields are as below".to_owned(),
        (true, _) if evidence.unlike > 0 => {
            format!("{numbers}, though {} of {all} are unlike the numbers below", evidence.unlike)
        }
        (true, _) if is_regular => {
            format!("{numbers} ascend as names may, and are as the numbers below")
        }
        _ => format!("{numbers} are as below"),
    };
    guess.said.push(format!("{line} is data: {why}; if it names the columns: --header yes"));
    false
}

fn evidence(first: &Line, body: &[Line], decimal: Option<Decimal>) -> Evidence {
    let mut evidence = Evidence::default();
    for (column, field) in first.fields.iter().enumerate() {
        let fields = || body.iter().filter_map(|line| line.fields.get(column));
        let kinds: Vec<_> = fields().map(|field| kind(field, decimal)).collect();
        let there = kinds.iter().filter(|kind| **kind != Kind::Missing).count();
        let mostly = |is_it: fn(&Kind) -> bool| {
            there > 0
                && kinds.iter().filter(|kind| is_it(kind)).count() as f64 >= MOST * there as f64
        };
        let own = kind(field, decimal);
        let is_numbers = mostly(|kind| kind.is_number());
        let is_known = is_numbers || mostly(|k| *k == Kind::Date) || mostly(|k| *k == Kind::Word);
        match own {
            // A name begins with a letter; a mark of an error or an amount of money is a value.
            Kind::Text if is_known && looks_like_name(field) => evidence.names.push(column),
            Kind::Date | Kind::Word if is_numbers => evidence.names.push(column),
            Kind::Text if there > 0 && fields().any(|other| other == field) => evidence.same += 1,
            Kind::Date if mostly(|k| *k == Kind::Date) => evidence.same += 1,
            Kind::Word if fields().any(|other| other.eq_ignore_ascii_case(field)) => {
                evidence.same += 1;
            }
            Kind::Number { value, is_whole } if is_numbers && value.is_finite() => {
                evidence.numbers.push(column);
                evidence.values.push(value);
                evidence.unlike += usize::from(is_unlike(value, is_whole, &kinds));
                evidence.far += usize::from(is_unlike(value, false, &kinds));
            }
            _ => {}
        }
    }
    evidence
}

fn looks_like_name(field: &[u8]) -> bool {
    let text = String::from_utf8_lossy(field);
    let starts = text.trim_start_matches(['"', '\'', '_', '#', '%', '(', '[', '$', '@', ' ']);
    let money = text.starts_with('$') && text.bytes().any(|byte| byte.is_ascii_digit());
    let error = text.starts_with('#') && text.ends_with(['!', '?']);
    starts.starts_with(char::is_alphabetic) && !money && !error && !marks::is_missing_mark(&text)
}

/// Whether a number is far outside those below, or has no decimals where nearly all of them do.
fn is_unlike(value: f64, is_whole: bool, kinds: &[Kind]) -> bool {
    let numbers = || {
        kinds.iter().filter_map(|kind| match kind {
            Kind::Number { value, is_whole } if value.is_finite() => Some((*value, *is_whole)),
            _ => None,
        })
    };
    let count = numbers().count();
    if count < 3 {
        return false;
    }
    let low = numbers().map(|(value, _)| value).fold(f64::INFINITY, f64::min);
    let high = numbers().map(|(value, _)| value).fold(f64::NEG_INFINITY, f64::max);
    let range = high - low;
    let decimals = numbers().filter(|(_, is_whole)| !is_whole).count();
    value < low - range
        || value > high + range
        || is_whole && decimals as f64 >= DECIMALS * count as f64
}

/// Whether the first column is 0, 1, 2, … or 1, 2, 3, ….
fn numbers_rows(body: &[Line]) -> bool {
    let first = |line: &Line| match line.fields.first().map(|field| kind(field, None)) {
        Some(Kind::Number { value, is_whole: true }) => Some(value),
        _ => None,
    };
    let start = body.first().and_then(first);
    start.is_some_and(|start| {
        (start == 0.0 || start == 1.0)
            && body.iter().enumerate().all(|(i, line)| first(line) == Some(start + i as f64))
    })
}

/// A line below the header whose fields are text or nothing, in columns that hold something else.
fn find_units(guess: &mut Guess, body: &[Line]) {
    let ([second, rest @ ..], false) = (body, guess.options.layout.units_row) else { return };
    if rest.is_empty() {
        return;
    }
    let decimal = guess.options.layout.decimal;
    let evidence = evidence(second, rest, decimal);
    let is_unit =
        |field: &Vec<u8>| matches!(kind(field, decimal), Kind::Text | Kind::Missing | Kind::Word);
    let over_numbers = |column: usize| {
        let kinds: Vec<_> = rest.iter().filter_map(|line| line.fields.get(column)).collect();
        let numbers = kinds.iter().filter(|field| kind(field, decimal).is_number()).count();
        numbers as f64 >= MOST * kinds.len().max(1) as f64
    };
    let texts = (0..second.fields.len()).filter(|column| {
        !matches!(kind(&second.fields[*column], decimal), Kind::Missing | Kind::Number { .. })
    });
    let units = texts.filter(|column| over_numbers(*column)).count();
    let numbers = (0..second.fields.len()).filter(|column| over_numbers(*column)).count();
    if second.fields.iter().all(is_unit) && evidence.same == 0 && units > 0 && 2 * units >= numbers
    {
        guess.options.layout.units_row = true;
        let line = second.line;
        let shown: Vec<_> =
            second.fields.iter().take(LISTED).map(|f| String::from_utf8_lossy(f)).collect();
        guess.said.push(format!(
            "{} {line} holds units ({}), and is skipped; if it names the columns: --skip-lines {}",
            guess.line(),
            shown.join(", "),
            line - 1
        ));
    }
}

/// Names that are empty or that another column has.
fn find_names(guess: &mut Guess, first: &Line) {
    let layout = &guess.options.layout;
    // Those of a comment were looked at with it.
    if layout.unique_names || layout.header_in_comment {
        return;
    }
    let named = |field: &Vec<u8>| {
        Some(String::from_utf8_lossy(field).into_owned()).filter(|n| !n.is_empty())
    };
    let row = layout.row_names.then(|| Some("row".to_owned()));
    let names: Vec<_> = row.into_iter().chain(first.fields.iter().map(named)).collect();
    let mut unique = layout.clone();
    unique.unique_names = true;
    let (was, now) = (layout.names(names.clone()), unique.names(names));
    let new: Vec<_> =
        was.iter().zip(&now).enumerate().filter(|(_, (was, now))| was != now).collect();
    if new.is_empty() {
        return;
    }
    let shown: Vec<_> = new
        .iter()
        .take(LISTED)
        .map(|(i, (was, now))| format!("column {} ({was}) is called {now}", i + 1))
        .collect();
    let more = if new.len() > LISTED {
        format!(", and {} more", new.len() - LISTED)
    } else {
        String::new()
    };
    guess.said.push(format!("names that occur twice: {}{more}", shown.join(", ")));
    guess.options.layout.unique_names = true;
}
