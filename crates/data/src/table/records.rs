//! [`Records`]: the records of a CSV file, one after the other, and the names of its columns.

use std::io::{self, Chain, Cursor, Read};

use csv::{ByteRecord, ReaderBuilder, Terminator};

use super::{
    COLUMN_LIMIT, Layout, Place, TableError, TableOptions,
    dialect::{RECORD_LIMIT, Start},
    field::Field,
    layout::Cells,
    lines::{Lines, Omitted},
    source::{Source, failure},
};

/// Last line that may follow a title.
const TITLE: u64 = 20;
/// Records of a CSV file, read one after the other. A record of one blank field is a blank line, and
/// skipped.
pub(super) struct Records<'a> {
    file: String,
    reader: csv::Reader<Lines<Bytes<'a>>>,
    record: ByteRecord,
    names: Vec<String>,
    /// Whether the first record is data that `next` has not given yet.
    is_first_due: bool,
    has_header: bool,
    trailing_delimiter: bool,
    /// Whether each single blank parts two fields.
    parted_by_blanks: bool,
    /// Whether lines are rows of a sheet.
    is_sheet: bool,
    delimiter: u8,
    cells: Cells,
}

/// Bytes of the file and a line end after them, so that every record ends with one.
type Whole<'a> = Chain<Chain<Cursor<Vec<u8>>, Box<dyn io::BufRead + 'a>>, &'static [u8]>;

impl<'a> Records<'a> {
    /// Opens a file and reads its first record.
    ///
    /// Where header or delimiter are not given, the first record tells them: it is a header if one of its
    /// fields is text.
    pub fn open(source: Source<'a>, options: &TableOptions) -> Result<Self, TableError> {
        let layout = &options.layout;
        let Source { file, mut reader, sheet, .. } = source;
        let start = Start::read(&file, reader.as_mut(), layout)?;
        let delimiter = match options.delimiter {
            Some(delimiter) => delimiter,
            None if sheet.is_some() => b',',
            None if layout.aligned => b' ',
            None => start.delimiter,
        };
        let whole = Cursor::new(start.bytes).chain(reader).chain(b"\n".as_slice());
        let omitted = Omitted {
            lines: layout.skip_lines.unwrap_or(0),
            comment: layout.comment,
            aligned: layout.aligned,
            delimiter,
        };
        let reader = reader_of(Lines::new(Bytes { whole, read: 0 }, omitted), delimiter);
        let mut records = Self {
            file,
            reader,
            record: ByteRecord::new(),
            names: Vec::new(),
            is_first_due: true,
            has_header: false,
            trailing_delimiter: layout.trailing_delimiter,
            parted_by_blanks: delimiter == b' ' && !layout.aligned,
            is_sheet: sheet.is_some(),
            delimiter,
            cells: Cells::new(layout),
        };
        if !records.advance()? {
            return Err(match layout.skip_lines {
                Some(lines) if lines > 0 => TableError::AllSkipped { file: records.file, lines },
                _ => TableError::Empty { file: records.file },
            });
        }
        let fields = records.record.len();
        if fields > COLUMN_LIMIT {
            let (file, columns) = (records.file, fields as u64);
            return Err(TableError::TooManyColumns { file, columns });
        }
        records.has_header = options.header.unwrap_or_else(|| {
            (0..fields).any(|column| records.cells.number(records.field(column)) == Field::Text)
        });
        records.is_first_due = !records.has_header;
        records.names = records.read_names(layout)?;
        if layout.units_row && records.has_header {
            records.advance()?;
        }
        Ok(records)
    }

    /// The names that the first record gives, or makes necessary.
    fn read_names(&self, layout: &Layout) -> Result<Vec<String>, TableError> {
        let mut columns = self.record.len();
        if layout.trailing_delimiter && columns > 1 && self.field(columns - 1).is_empty() {
            columns -= 1;
        }
        if !self.has_header {
            return Ok((0..columns).map(|column| format!("x{column}")).collect());
        }
        let row_name = layout.row_names.then(|| Ok(Some("row".to_owned())));
        let names = row_name.into_iter().chain((0..columns).map(|column| self.name(column)));
        Ok(layout.names(names.collect::<Result<_, _>>()?))
    }

    /// The names of all columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The file's name.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Whether the first record is a header.
    pub fn has_header(&self) -> bool {
        self.has_header
    }

    /// The character between fields.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Reader of the fields.
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    /// Goes to the next record. Returns false at the end of the file.
    pub fn next(&mut self) -> Result<bool, TableError> {
        if self.is_first_due {
            self.is_first_due = false;
            return Ok(true);
        }
        if !self.advance()? {
            return Ok(false);
        }
        let (fields, expected) = (self.record.len(), self.names.len());
        let is_trailed =
            self.trailing_delimiter && fields == expected + 1 && self.field(expected).is_empty();
        if fields != expected && !is_trailed {
            let (file, line, hint) = (self.file.clone(), self.line(), self.hint(fields, expected));
            return Err(TableError::Ragged { file, line, fields, expected, hint });
        }
        Ok(true)
    }

    /// What may be the matter with a record of another length.
    fn hint(&self, fields: usize, expected: usize) -> Option<&'static str> {
        if self.field(0).starts_with(b"#") {
            Some("if it is a comment, set data.comment to \"#\"")
        } else if self.parted_by_blanks {
            Some("if blanks align the columns, set data.aligned to true")
        } else if expected == 1 || self.line() <= TITLE && fields > expected + 1 {
            Some(
                "if the lines above it are a title, set data.skip_lines to their number; if they are comments, name their \
                 first character by data.comment",
            )
        } else if fields == expected + 1 && self.field(expected).is_empty() {
            Some("if lines end in a delimiter, set data.trailing_delimiter to true")
        } else if fields == expected + 1 && self.has_header {
            Some(
                "one more than there are names: if each row starts with a name, set data.row_names to true",
            )
        } else {
            None
        }
    }

    /// The field of a column in the record, trimmed. Beyond the last column it is empty.
    pub fn field(&self, column: usize) -> &[u8] {
        self.record.get(column).unwrap_or_default().trim_ascii()
    }

    /// Where the record stands.
    pub fn place(&self) -> Place {
        if self.is_sheet { Place::SheetRow(self.line()) } else { Place::Line(self.line()) }
    }

    /// The line on which the record starts, from 1.
    pub fn line(&self) -> u64 {
        let inside = self.record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        let by_end = self.reader.position().line().saturating_sub(inside + 1);
        // Blank lines before the record come after its position; a quote that the file's end closes
        // takes in the line end.
        by_end.max(self.record.position().map_or(1, csv::Position::line))
    }

    /// The line on which a field of the record starts: a field before it may have line ends.
    pub fn line_of(&self, column: usize) -> u64 {
        let before = self.record.iter().take(column);
        let ends = |field: &[u8]| field.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.line() + before.map(ends).sum::<u64>()
    }

    fn advance(&mut self) -> Result<bool, TableError> {
        // Blank lines count too: gzip packs millions of them into a few bytes.
        self.reader.get_mut().inner.read = 0;
        loop {
            match self.reader.read_byte_record(&mut self.record) {
                Ok(true) if self.record.len() == 1 && self.field(0).is_empty() => {}
                Ok(is_there) => return Ok(is_there),
                Err(error) => return Err(self.failure(error)),
            }
        }
    }

    fn failure(&self, error: csv::Error) -> TableError {
        match error.into_kind() {
            csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                let line = self.record.position().map_or(1, csv::Position::line);
                TableError::LongRecord { file: self.file.clone(), line, limit: RECORD_LIMIT }
            }
            csv::ErrorKind::Io(error) => failure(&self.file, error),
            kind => {
                let reason = format!("{kind:?}");
                TableError::CannotRead { file: self.file.clone(), reason }
            }
        }
    }

    fn name(&self, column: usize) -> Result<Option<String>, TableError> {
        match str::from_utf8(self.field(column)) {
            Ok("") => Ok(None),
            Ok(name) => Ok(Some(name.to_owned())),
            Err(_) => {
                let (file, line) = (self.file.clone(), self.line());
                Err(TableError::NotUtf8 { file, line, column: column + 1 })
            }
        }
    }
}

/// Reader of CSV records of any length.
pub(super) fn reader_of<R: Read>(text: R, delimiter: u8) -> csv::Reader<R> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        // A carriage return before the line end is trimmed with the field. So lines are counted right.
        .terminator(Terminator::Any(b'\n'))
        .buffer_capacity(1 << 16)
        .from_reader(text)
}

/// Reader that counts the bytes of a record, so that a record without an end does not fill the memory.
pub(super) struct Bytes<'a> {
    whole: Whole<'a>,
    read: u64,
}

impl Read for Bytes<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.read > RECORD_LIMIT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.whole.read(out)?;
        self.read += read as u64;
        Ok(read)
    }
}
