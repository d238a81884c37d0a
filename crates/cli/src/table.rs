//! Tables in plain text, with columns as wide as they need to be.

use crate::output::shown;

/// The lines of a table: a header and rows, the first column aligned left and the others right.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let written = |cells: &mut dyn Iterator<Item = &str>| -> Vec<String> {
        cells.map(|cell| shown(cell).into_owned()).collect()
    };
    let header = written(&mut header.iter().copied());
    let rows: Vec<_> =
        rows.iter().map(|row| written(&mut row.iter().map(String::as_str))).collect();
    let length = |text: &str| text.chars().count();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| length(cell));
        cells.chain([length(&header[column])]).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..header.len()).map(width).collect();
    let line = |cells: &Vec<String>| {
        let cell = |(i, text): (usize, &String)| {
            let blank = " ".repeat(widths[i].saturating_sub(length(text)));
            if i == 0 { format!("{text}{blank}") } else { format!("{blank}{text}") }
        };
        cells.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    [&header].into_iter().chain(&rows).map(line).collect()
}
