//! [`find`]: lines above the header that are a title.

use super::{
    Guess,
    cell::{Line, width},
    header,
};

/// Most lines of a title that are looked at.
const LINES: usize = 20;
/// Share of the lines below a header that have as many fields.
const ALIKE: f64 = 0.8;
/// Characters of a title that a sentence shows.
const SHOWN: usize = 30;

/// Takes the lines of a title out: those with fewer fields, or half of them empty, above a header that fits.
pub(super) fn find(guess: &mut Guess, lines: &mut Vec<Line>) {
    let width = width(lines);
    if guess.options.layout.skip_lines.is_some() || width < 2 {
        return;
    }
    let is_short = |line: &Line| {
        let filled = filled(line);
        filled < width && (line.fields.len() < width || 2 * filled <= width)
    };
    let titles = lines.iter().take(LINES + 1).take_while(|line| is_short(line)).count();
    let (above, [header, body @ ..]) = lines.split_at(titles) else { return };
    if above.is_empty() || above.len() > LINES {
        return;
    }
    let is_full = header.fields.len() == width && filled(header) + 1 >= width;
    let alike = body.iter().filter(|line| line.fields.len() == width).count();
    let is_table = !body.is_empty() && alike as f64 >= ALIKE * body.len() as f64;
    let fits = is_full
        && is_table
        && guess.options.header != Some(false)
        && header::names_columns(header, body, guess.options.layout.decimal);
    let line = guess.line();
    let (Some(first), Some(last)) = (above.first(), above.last()) else { return };
    let title = first.fields.iter().find(|field| !field.is_empty());
    let title = String::from_utf8_lossy(title.map_or(&b""[..], |field| field));
    let title: String = title.chars().take(SHOWN).collect();
    // Those between the title and the header are empty, or comments.
    let count = header.line - 1;
    if fits {
        guess.options.layout.skip_lines = Some(count);
        let (first, last) = (first.line, last.line);
        guess.said.push(match first == last {
            true => format!("{line} {first} is a title ({title}), and is skipped; if not: --skip-lines 0"),
            false => format!(
                "{line}s {first} to {last} are a title ({title}), and are skipped; if not: --skip-lines 0"
            ),
        });
        lines.drain(..titles);
    } else if is_table && above.iter().all(|line| line.fields.len() == width) && width > 2 {
        let (filled, first) = (filled(first), first.line);
        guess.said.push(format!(
            "{line} {first} fills {filled} of {width} columns; if it is a title: --skip-lines {count}"
        ));
    }
}

/// The number of fields that are not empty.
fn filled(line: &Line) -> usize {
    line.fields.iter().filter(|field| !field.is_empty()).count()
}
