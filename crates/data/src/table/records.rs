//! [`Records`]: the records of a CSV file, one after the other, and the names of its columns.

use std::io::{self, Chain, Cursor, Read};

use csv::{ByteRecord, ReaderBuilder, Terminator};

use super::{
    COLUMN_LIMIT, TableError,
    dialect::{RECORD_LIMIT, Start},
    source::{Source, failure},
};

/// Largest number of characters of a text that a message shows.
const SHOWN: usize = 40;

/// Field of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field {
    /// Number, which may be infinite.
    Number(f64),
    /// Missing value: nothing, NA, N/A, NaN or null.
    Missing,
    /// Text: anything else.
    Text,
}

impl Field {
    /// Reads a trimmed field.
    pub fn parse(bytes: &[u8]) -> Self {
        let parsed = str::from_utf8(bytes).ok().and_then(|text| text.parse::<f64>().ok());
        match parsed {
            Some(number) if number.is_nan() => Self::Missing,
            Some(number) => Self::Number(number),
            None if is_missing(bytes) => Self::Missing,
            None => Self::Text,
        }
    }
}

fn is_missing(bytes: &[u8]) -> bool {
    bytes.is_empty()
        || ["NA", "N/A", "null"].iter().any(|word| bytes.eq_ignore_ascii_case(word.as_bytes()))
}

/// The text of a field, cut where it is long.
pub(super) fn shown(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    let mut cut: String = text.chars().take(SHOWN).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

/// Records of a CSV file, read one after the other. A record of one blank field is a blank line, and
/// skipped.
pub(super) struct Records<'a> {
    file: String,
    reader: csv::Reader<Bytes<'a>>,
    record: ByteRecord,
    names: Vec<String>,
    /// Whether the first record is data that `next` has not given yet.
    is_first_due: bool,
}

/// Bytes of the file and a line end after them, so that every record ends with one.
type Whole<'a> = Chain<Chain<Cursor<Vec<u8>>, Box<dyn io::BufRead + 'a>>, &'static [u8]>;

impl<'a> Records<'a> {
    /// Opens a file and reads its first record.
    ///
    /// Where `header` or `delimiter` is not given, the first record tells it: it is a header if one of
    /// its fields is text.
    pub fn open(
        source: Source<'a>,
        header: Option<bool>,
        delimiter: Option<u8>,
    ) -> Result<Self, TableError> {
        let Source { file, mut reader, .. } = source;
        let start = Start::read(&file, reader.as_mut())?;
        let whole = Cursor::new(start.bytes).chain(reader).chain(b"\n".as_slice());
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter.unwrap_or(start.delimiter))
            // A carriage return before the line end is trimmed with the field. So lines are counted right.
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(1 << 16)
            .from_reader(Bytes { whole, read: 0 });
        let record = ByteRecord::new();
        let mut records = Self { file, reader, record, names: Vec::new(), is_first_due: true };
        if !records.advance()? {
            return Err(TableError::Empty { file: records.file });
        }
        let columns = records.record.len();
        if columns > COLUMN_LIMIT {
            let (file, columns) = (records.file, columns as u64);
            return Err(TableError::TooManyColumns { file, columns });
        }
        let is_header = header.unwrap_or_else(|| {
            (0..columns).any(|column| Field::parse(records.field(column)) == Field::Text)
        });
        records.is_first_due = !is_header;
        records.names = (0..columns)
            .map(|column| if is_header { records.name(column) } else { Ok(format!("x{column}")) })
            .collect::<Result<_, _>>()?;
        Ok(records)
    }

    /// The names of all columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The file's name.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Whether the first record is a header. To be asked before the first call of `next`.
    pub fn has_header(&self) -> bool {
        !self.is_first_due
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
        if fields != expected {
            let (file, line) = (self.file.clone(), self.line());
            return Err(TableError::Ragged { file, line, fields, expected });
        }
        Ok(true)
    }

    /// The field of a column in the record, trimmed. Beyond the last column it is empty.
    pub fn field(&self, column: usize) -> &[u8] {
        self.record.get(column).unwrap_or_default().trim_ascii()
    }

    /// The line on which the record starts, from 1.
    pub fn line(&self) -> u64 {
        let inside = self.record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        let by_end = self.reader.position().line().saturating_sub(inside + 1);
        // Blank lines before the record come after its position; a quote that the file's end closes
        // takes in the line end.
        by_end.max(self.record.position().map_or(1, csv::Position::line))
    }

    fn advance(&mut self) -> Result<bool, TableError> {
        // Blank lines count too: gzip packs millions of them into a few bytes.
        self.reader.get_mut().read = 0;
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

    fn name(&self, column: usize) -> Result<String, TableError> {
        match str::from_utf8(self.field(column)) {
            Ok("") => Ok(format!("x{column}")),
            Ok(name) => Ok(name.to_owned()),
            Err(_) => {
                let (file, line) = (self.file.clone(), self.line());
                Err(TableError::NotUtf8 { file, line, column: column + 1 })
            }
        }
    }
}

/// Reader that counts the bytes of a record, so that a record without an end does not fill the memory.
struct Bytes<'a> {
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
