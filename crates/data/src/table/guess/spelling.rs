//! [`find`]: which sign stands before decimals.

use super::{Guess, cell::Line};
use crate::table::Decimal;

/// Share of a column's fields that must be spelled one way.
const MOST: f64 = 0.8;

/// How a column's numbers are spelled.
#[derive(Clone, Copy, Default)]
struct Counts {
    fields: usize,
    /// With a comma that can only stand before decimals, as 1,63 or 1.299,99.
    comma: usize,
    /// With a point that can only stand before decimals, as 1.63 or 1,299.99.
    point: usize,
    /// As 1.016, where the point may group digits.
    point_of_three: usize,
    /// As 1,016, where the comma may group digits.
    comma_of_three: usize,
    whole: usize,
}

/// Finds the sign before decimals, unless it was asked for: a comma where columns are spelled so and none has a
/// point.
pub(super) fn find(guess: &mut Guess, lines: &[Line]) {
    if guess.options.layout.decimal.is_some() {
        return;
    }
    let body = &lines[1..];
    let columns = body.first().map_or(0, |line| line.fields.len());
    let counts: Vec<_> = (0..columns).map(|column| count(body, column)).collect();
    let most = |part: usize, counts: &Counts| {
        counts.fields > 0 && part as f64 >= MOST * counts.fields as f64
    };
    let is_comma = |counts: &&Counts| {
        counts.comma > 0
            && most(
                counts.comma + counts.comma_of_three + counts.point_of_three + counts.whole,
                counts,
            )
    };
    let is_point = |counts: &&Counts| {
        counts.point > 0 && most(counts.point + counts.whole + counts.point_of_three, counts)
    };
    let commas = counts.iter().filter(is_comma).count();
    let points = counts.iter().filter(is_point).count();
    if commas > 0 && points == 0 {
        guess.options.layout.decimal = Some(Decimal::Comma);
        guess.said.push("numbers have decimal commas".to_owned());
        return;
    }
    if commas > 0 {
        guess.said.push(
            "some columns have decimal commas and others decimal points: --decimal , reads the one, --decimal . the other"
                .to_owned(),
        );
    }
    // In a file with semicolons, which stand where the comma is a decimal sign.
    if guess.options.delimiter != Some(b';') {
        return;
    }
    for (column, counts) in counts.iter().enumerate() {
        let is_either = counts.point_of_three >= 3
            && counts.point == 0
            && most(counts.point_of_three + counts.whole, counts);
        let example = body
            .iter()
            .filter_map(|line| line.fields.get(column))
            .find(|field| field.contains(&b'.'));
        if let Some(example) = example.filter(|_| is_either) {
            let text = String::from_utf8_lossy(example);
            // Names of rows have none themselves.
            let place = column.checked_sub(usize::from(guess.options.layout.row_names));
            let names = lines.first().filter(|_| guess.options.header == Some(true));
            let name = names.zip(place).and_then(|(line, place)| line.fields.get(place));
            let name = name
                .map_or(format!("x{column}"), |name| String::from_utf8_lossy(name).into_owned());
            let whole = text.replace('.', "");
            guess.said.push(format!(
                "{name}: {text} is read as {text} (--decimal .); if it means {whole}: --decimal ,"
            ));
            break;
        }
    }
}

fn count(body: &[Line], column: usize) -> Counts {
    let mut counts = Counts::default();
    for field in
        body.iter().filter_map(|line| line.fields.get(column)).filter(|field| !field.is_empty())
    {
        counts.fields += 1;
        let digits = field.strip_prefix(b"-").or_else(|| field.strip_prefix(b"+")).unwrap_or(field);
        let is_known = |byte: &u8| byte.is_ascii_digit() || b".,".contains(byte);
        if digits.is_empty()
            || !digits.iter().all(is_known)
            || !digits.iter().any(u8::is_ascii_digit)
        {
            continue;
        }
        let last = digits.iter().rposition(|byte| b".,".contains(byte));
        let signs = |sign: u8| digits.iter().filter(|byte| **byte == sign).count();
        let Some(last) = last else {
            counts.whole += 1;
            continue;
        };
        let (sign, other) = if digits[last] == b'.' { (b'.', b',') } else { (b',', b'.') };
        let decimals = digits.len() - last - 1;
        let first = digits.iter().position(|byte| b".,".contains(byte)).unwrap_or(last);
        // Groups of three after one to three digits, the first of which is no 0.
        let may_group =
            decimals == 3 && (1..=3).contains(&first) && digits[0] != b'0' && signs(other) == 0;
        match (sign, may_group) {
            (b'.', true) => counts.point_of_three += 1,
            (_, true) => counts.comma_of_three += 1,
            (b'.', false) if signs(b'.') == 1 => counts.point += 1,
            (b',', false) if signs(b',') == 1 => counts.comma += 1,
            _ => {}
        }
    }
    counts
}
