//! [`Start`]: the first record of a CSV file, which tells how its fields are separated.

use std::io::BufRead;

use super::{TableError, source::failure};

/// Largest number of bytes in a record. A quote that is never closed ends here.
pub(super) const RECORD_LIMIT: u64 = 4 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Start of a file, read to the end of its first record or beyond.
pub(super) struct Start {
    /// Bytes of the start, without a byte order mark.
    pub bytes: Vec<u8>,
    /// Delimiter that occurs most in the first record, outside quotes; the comma where none occurs.
    pub delimiter: u8,
}

impl Start {
    pub fn read(file: &str, reader: &mut dyn BufRead) -> Result<Self, TableError> {
        let (mut bytes, mut scan) = (Vec::new(), Scan { at_start: true, ..Scan::default() });
        loop {
            let available = reader.fill_buf().map_err(|error| failure(file, error))?;
            let ended = available.is_empty() || available.iter().any(|byte| scan.ends(*byte));
            let count = available.len();
            bytes.extend_from_slice(available);
            reader.consume(count);
            if ended {
                break;
            }
            if bytes.len() as u64 > RECORD_LIMIT {
                let (file, limit) = (file.to_owned(), RECORD_LIMIT);
                return Err(TableError::LongRecord { file, line: 1, limit });
            }
        }
        if scan.has_lone_carriage_return {
            return Err(TableError::LineEnds { file: file.to_owned() });
        }
        if bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        // Reversed, since max_by_key takes the last of equally frequent ones, and the first is wanted.
        let most = (0..DELIMITERS.len()).rev().max_by_key(|i| scan.counts[*i]).unwrap_or(0);
        Ok(Self { bytes, delimiter: DELIMITERS[most] })
    }
}

/// Scan through the first record that isn't blank.
#[derive(Default)]
struct Scan {
    counts: [usize; DELIMITERS.len()],
    quoted: bool,
    /// Whether a quote opens a quoted field here. It does after a closing quote too: `""` stands for a
    /// quote inside quotes.
    at_start: bool,
    has_content: bool,
    after_carriage_return: bool,
    has_lone_carriage_return: bool,
}

impl Scan {
    /// Takes one byte. Returns true if it ends the record.
    fn ends(&mut self, byte: u8) -> bool {
        if self.quoted {
            (self.quoted, self.at_start) = (byte != b'"', true);
            return false;
        }
        self.has_lone_carriage_return |= self.after_carriage_return && byte != b'\n';
        self.after_carriage_return = byte == b'\r';
        if byte == b'\n' {
            self.at_start = true;
            return self.has_content;
        }
        self.quoted = byte == b'"' && self.at_start;
        let delimiter = DELIMITERS.iter().position(|delimiter| *delimiter == byte);
        if let Some(i) = delimiter {
            self.counts[i] += 1;
        }
        self.at_start = delimiter.is_some();
        self.has_content |= !byte.is_ascii_whitespace();
        false
    }
}
