//! [`find`]: what stands between fields.

use super::{
    cell::{Kind, Line, kind, width},
    split,
};
use crate::table::lines::Omitted;

/// Records that are looked at.
const RECORDS: usize = 200;
/// Share of records that must have one number of fields.
const ALIKE: f64 = 0.8;
/// Share of fields that must be numbers or the like where blanks part them: blanks part words too.
const NUMBERS: f64 = 0.3;

/// A delimiter that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    pub delimiter: u8,
    pub aligned: bool,
    /// Whether commas part no fields, but are decimal ones of the one column that is named.
    pub is_one: bool,
}

/// The delimiter by which most records have one number of fields, and most of these are numbers, dates or
/// words for no and yes. Of equals, the one that the first record has most of.
pub(super) fn find(sample: &[u8], comment: Option<u8>, aligned: bool) -> Found {
    let blanks = Found { delimiter: b' ', aligned: true, is_one: false };
    if aligned {
        return blanks;
    }
    let plain = [b',', b';', b'\t', b'|'].map(|delimiter| Found {
        delimiter,
        aligned: false,
        is_one: false,
    });
    let scored =
        plain.into_iter().chain([blanks]).map(|found| (found, score(sample, comment, found)));
    let scored: Vec<_> = scored.collect();
    // The first of equals, which max_by is not.
    let better = |best: &(Found, Score), next: &(Found, Score)| next.1 > best.1;
    let best = scored
        .iter()
        .skip(1)
        .fold(scored[0], |best, next| if better(&best, next) { *next } else { best });
    // Blanks part what is inside a field as well: so commas and the like that part the first line too win over them.
    let is_even = |found: &&(Found, Score)| found.1.0 && found.1.3;
    let best = match best.0 == blanks && !best.1.3 {
        true => scored.iter().find(is_even).copied().unwrap_or(best),
        false => best,
    };
    if best.0.delimiter == b',' && is_one_of_decimal_commas(sample, comment) {
        return Found { delimiter: b';', aligned: false, is_one: true };
    }
    match best.1.0 {
        true => best.0,
        // No delimiter fits: the most frequent of the first record.
        false => {
            plain
                .into_iter()
                .zip(&scored)
                .fold(
                    (plain[0], 0),
                    |best, (found, (_, score))| {
                        if score.2 > best.1 { (found, score.2) } else { best }
                    },
                )
                .0
        }
    }
}

/// One name above numbers with decimal commas: nearly all lines are digits around one comma, and those before it do not
/// ascend, as names of rows do.
fn is_one_of_decimal_commas(sample: &[u8], comment: Option<u8>) -> bool {
    let omitted = Omitted { lines: 0, comment, aligned: false, delimiter: b',' };
    let lines = split(sample, omitted, RECORDS);
    let [first, body @ ..] = &lines[..] else { return false };
    let number = |line: &Line| {
        let [whole, decimals] = &line.fields[..] else { return None };
        let digits = whole.strip_prefix(b"-").or(whole.strip_prefix(b"+")).unwrap_or(whole);
        let is_number = [digits, decimals]
            .iter()
            .all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit));
        is_number.then(|| str::from_utf8(whole).ok()?.parse::<i64>().ok()).flatten()
    };
    let numbers: Vec<_> = body.iter().filter_map(number).collect();
    let is_bare = |line: &&Line| line.fields.len() == 1;
    let odd = body.len() - numbers.len();
    first.fields.len() == 1
        && kind(&first.fields[0], None).is_name()
        && !numbers.is_empty()
        && body.iter().filter(is_bare).count() == odd
        && numbers.len() as f64 >= ALIKE * body.len() as f64
        && !numbers.windows(2).all(|pair| pair[0] < pair[1])
}

/// Whether it fits, the share of fields that are something, the delimiters in the first record, and whether that has as
/// many fields as the others.
type Score = (bool, u32, usize, bool);

fn score(sample: &[u8], comment: Option<u8>, found: Found) -> Score {
    let omitted = Omitted { lines: 0, comment, aligned: found.aligned, delimiter: found.delimiter };
    let lines = split(sample, omitted, RECORDS);
    let first = lines.first().map_or(0, |line| line.fields.len() - 1);
    let body = if lines.len() > 1 { &lines[1..] } else { &lines[..] };
    let width = width(body);
    // A title has fewer.
    let titles = body.iter().take_while(|line| line.fields.len() < width).count();
    let body = &body[titles..];
    let alike: Vec<_> = body.iter().filter(|line| line.fields.len() == width).collect();
    let fields = || alike.iter().flat_map(|line| &line.fields);
    let known = fields().filter(|field| kind(field, None) != Kind::Text).count();
    let share = known as f64 / fields().count().max(1) as f64;
    let mut fits = width > 1 && alike.len() as f64 >= ALIKE * body.len() as f64;
    if found.aligned {
        // A day and a time are one field.
        let whole = Omitted { lines: 0, comment, aligned: false, delimiter: 0 };
        let whole = split(sample, whole, RECORDS);
        let is_date = whole.iter().skip(1).all(|line| kind(&line.fields[0], None) == Kind::Date);
        fits &= share >= NUMBERS && !(is_date && whole.len() > 1);
    }
    (fits, (share * 1e6) as u32, first, first + 1 == width)
}
