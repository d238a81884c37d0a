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
    let (first, count) = (above[0].line, header.line - 1);
    let title =
        String::from_utf8_lossy(above[0].fields.iter().find(|f| !f.is_empty()).map_or(b"", |f| f));
    let title: String = title.chars().take(SHOWN).collect();
    if fits {
        guess.options.layout.skip_lines = Some(count);
        guess.said.push(match count - first {
            0 => format!("{line} {first} is a title ({title}), and is skipped; if not: --skip-lines 0"),
            _ => format!(
                "{line}s {first} to {count} are a title ({title}), and are skipped; if not: --skip-lines 0"
            ),
        });
        lines.drain(..titles);
    } else if is_table && above.iter().all(|line| line.fields.len() == width) && width > 2 {
        let filled = filled(&above[0]);
        guess.said.push(format!(
            "{line} {first} fills {filled} of {width} columns; if it is a title: --skip-lines {count}"
        ));
    }
}

/// The number of fields that are not empty.
fn filled(line: &Line) -> usize {
    line.fields.iter().filter(|field| !field.is_empty()).count()
}
