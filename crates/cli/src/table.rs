//! Tables in plain text, with columns as wide as they need to be.

/// The text of a table: a header and rows, the first column aligned left and the others right.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let length = |text: &str| text.chars().count();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| length(cell));
        cells.chain([length(header[column])]).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..header.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cell = |(i, text): (usize, &str)| {
            let blank = " ".repeat(widths[i].saturating_sub(length(text)));
            if i == 0 { format!("{text}{blank}") } else { format!("{blank}{text}") }
        };
        cells.enumerate().map(cell).collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let head = line(&mut header.iter().copied());
    let body = rows.iter().map(|row| line(&mut row.iter().map(String::as_str)));
    [head].into_iter().chain(body).collect::<Vec<_>>().join("\n")
}
