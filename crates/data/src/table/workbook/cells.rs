//! [`Cells`]: the cells of a sheet, and their text as that of a CSV file, a line for each row.

use std::io::{self, Read};

use super::{Fault, spelling::Moment};

/// Most places of a sheet, from its first cell to the last row and column that have one.
const PLACES: u64 = 1 << 30;
/// Largest number of rows and of columns: those of Excel's sheets.
pub(super) const ROWS: u32 = 1 << 20;
pub(super) const COLUMNS: u32 = 1 << 14;

/// Cells of a sheet that hold something.
#[derive(Debug, Default)]
pub(super) struct Cells {
    cells: Vec<Cell>,
    texts: String,
    columns: Vec<Column>,
    /// Number of the last row that has a cell.
    rows: u64,
    /// Most bytes that all may take.
    limit: u64,
}

#[derive(Debug)]
struct Cell {
    row: u32,
    column: u32,
    value: Value,
}

#[derive(Debug)]
enum Value {
    /// Text: its end among all texts. It starts where the one before ends.
    Text(usize, usize),
    Moment(Moment),
}

/// How the moments of a column are spelled: all alike.
#[derive(Clone, Copy, Debug, Default)]
struct Column {
    has_time: bool,
    has_fraction: bool,
}

impl Cells {
    pub fn new(limit: u64) -> Self {
        Self { limit, ..Self::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Adds a cell with a text; an empty one is none.
    pub fn text(&mut self, row: u32, column: u32, text: &str) -> Result<(), Fault> {
        if text.is_empty() {
            return Ok(());
        }
        let start = self.texts.len();
        self.texts.push_str(text);
        self.add(row, column, Value::Text(start, self.texts.len()))
    }

    /// Adds a cell with a moment.
    pub fn moment(&mut self, row: u32, column: u32, moment: Moment) -> Result<(), Fault> {
        self.add(row, column, Value::Moment(moment))?;
        let Some(spelling) = self.columns.get_mut(column as usize) else { return Ok(()) };
        // A length of time says nothing of days.
        spelling.has_time |= moment.time() != 0 && !matches!(moment, Moment::Time(_));
        spelling.has_fraction |= moment.time() % 1000 != 0;
        Ok(())
    }

    fn add(&mut self, row: u32, column: u32, value: Value) -> Result<(), Fault> {
        if row >= ROWS || column >= COLUMNS {
            return Err(Fault::Damaged("it has a cell beyond the last row or column".to_owned()));
        }
        if self.columns.len() <= column as usize {
            self.columns.resize(column as usize + 1, Column::default());
        }
        self.cells.push(Cell { row, column, value });
        let bytes = self.texts.len() + self.cells.len() * size_of::<Cell>();
        self.rows = self.rows.max(u64::from(row) + 1);
        let is_too_large =
            bytes as u64 > self.limit || self.rows * self.columns.len() as u64 > PLACES;
        if is_too_large { Err(Fault::TooLarge(self.limit)) } else { Ok(()) }
    }

    /// The text of the sheet. Line N is row N; a row without cells is an empty line.
    pub fn into_text(mut self) -> Text {
        // Programs write them in order; the last of two in one place counts.
        self.cells.sort_by_key(|cell| (cell.row, cell.column));
        Text { cells: self, next: 0, row: 0, line: Vec::new(), given: 0 }
    }
}

/// Text of a sheet, made row by row as it is read.
pub(super) struct Text {
    cells: Cells,
    /// The next cell.
    next: usize,
    row: u32,
    line: Vec<u8>,
    /// Bytes of the line that were given.
    given: usize,
}

impl Text {
    /// Makes the line of the next row; false where no cell is left.
    fn make_line(&mut self) -> bool {
        self.line.clear();
        self.given = 0;
        let Cells { cells, texts, columns, .. } = &self.cells;
        let rest = cells.get(self.next..).unwrap_or_default();
        if rest.is_empty() {
            return false;
        }
        let own = rest.iter().take_while(|cell| cell.row == self.row).count();
        let mut column = 0;
        for (i, cell) in rest.iter().take(own).enumerate() {
            let is_last = rest
                .get(i + 1)
                .is_none_or(|next| (next.row, next.column) != (cell.row, cell.column));
            if !is_last {
                continue;
            }
            self.line.resize(self.line.len() + (cell.column - column) as usize, b',');
            column = cell.column;
            match cell.value {
                Value::Text(start, end) => {
                    write_field(&mut self.line, texts.get(start..end).unwrap_or_default())
                }
                Value::Moment(moment) => {
                    let spelling = columns.get(column as usize).copied().unwrap_or_default();
                    let text = moment.text(spelling.has_time, spelling.has_fraction);
                    self.line.extend(text.as_bytes());
                }
            }
        }
        if own > 0 {
            let after = columns.len().saturating_sub(column as usize + 1);
            self.line.resize(self.line.len() + after, b',');
        }
        self.line.push(b'\n');
        self.next += own;
        self.row += 1;
        true
    }
}

/// Writes a text as a field in one line: a line break inside becomes a blank.
fn write_field(line: &mut Vec<u8>, text: &str) {
    let text = text.replace("\r\n", " ").replace(['\r', '\n'], " ");
    if text.contains([',', '"']) {
        line.push(b'"');
        line.extend(text.replace('"', "\"\"").as_bytes());
        line.push(b'"');
    } else {
        line.extend(text.as_bytes());
    }
}

impl Read for Text {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.line.len() && !self.make_line() {
            return Ok(0);
        }
        let count = out.len().min(self.line.len() - self.given);
        out[..count].copy_from_slice(&self.line[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_the_lines_of_their_rows() {
        let mut cells = Cells::new(1 << 20);
        let day = |day, time| Moment::At(day, time);
        cells.text(1, 1, "a, \"b\"").expect("room");
        cells.text(1, 0, "two\r\nlines").expect("room");
        cells.text(3, 2, "3").expect("room");
        cells.moment(3, 0, day(0, 0)).expect("room");
        cells.moment(4, 0, day(1, 3_600_000)).expect("room");
        cells.text(4, 1, "").expect("room");
        cells.text(4, 2, "first").expect("room");
        cells.text(4, 2, "last").expect("room");
        let mut text = String::new();
        cells.into_text().read_to_string(&mut text).expect("text");
        assert_eq!(
            text,
            "\ntwo lines,\"a, \"\"b\"\"\",\n\n1970-01-01T00:00:00,,3\n1970-01-02T01:00:00,,last\n"
        );
    }

    #[test]
    fn a_length_of_time_among_days_gives_them_no_time() {
        let mut cells = Cells::new(1 << 20);
        cells.moment(0, 0, Moment::At(0, 0)).expect("room");
        cells.moment(1, 0, Moment::Time(90_000_000)).expect("room");
        let mut text = String::new();
        cells.into_text().read_to_string(&mut text).expect("text");
        assert_eq!(text, "1970-01-01\n25:00:00\n");
    }

    #[test]
    fn cells_that_take_too_much_room_are_refused() {
        let mut cells = Cells::new(100);
        assert!(matches!(cells.text(0, 0, &"x".repeat(101)), Err(Fault::TooLarge(100))));
        let mut cells = Cells::new(1 << 20);
        assert!(cells.text(ROWS - 1, 0, "x").is_ok());
        assert!(matches!(cells.text(ROWS - 1, COLUMNS - 1, "x"), Err(Fault::TooLarge(_))));
        assert!(matches!(cells.text(ROWS, 0, "x"), Err(Fault::Damaged(_))));
    }
}
