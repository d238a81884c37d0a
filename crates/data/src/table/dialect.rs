//! [`Start`]: the first record of a CSV file, which tells how its fields are separated.

use std::io::BufRead;

use super::{Layout, TableError, source::failure};

/// Largest number of bytes in a record. A quote that is never closed ends here.
pub(super) const RECORD_LIMIT: u64 = 4 << 20;

pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
pub(super) const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Start of a file, read to the end of its first record or beyond.
pub(super) struct Start {
    /// Bytes of the start, without a byte order mark.
    pub bytes: Vec<u8>,
    /// Delimiter that occurs most in the first record, outside quotes; the comma where none occurs.
    pub delimiter: u8,
}

impl Start {
    /// Reads the start of a file. Where the layout says that the header is a comment, the last one before
    /// the first record becomes a record.
    pub fn read(file: &str, reader: &mut dyn BufRead, layout: &Layout) -> Result<Self, TableError> {
        let mut bytes = Vec::new();
        let comments = layout.comment.map(|opening| Comments::new(opening, layout.aligned));
        let skipped = layout.skip_lines.unwrap_or(0);
        let mut scan = Scan { at_start: true, comments, skipped, ..Scan::default() };
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
        if let Some(last) = scan.comments.and_then(|comments| comments.last)
            && layout.header_in_comment
            && let Some(opening) = bytes.get_mut(last)
        {
            *opening = b' ';
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
    /// Lines that are still to be skipped.
    skipped: u64,
    comments: Option<Comments>,
    after_carriage_return: bool,
    has_lone_carriage_return: bool,
}

impl Scan {
    /// Takes one byte. Returns true if it ends the record.
    fn ends(&mut self, byte: u8) -> bool {
        if self.skipped > 0 {
            self.skipped -= u64::from(byte == b'\n');
            if let Some(comments) = &mut self.comments {
                comments.taken += 1;
            }
            return false;
        }
        let quoted = self.quoted;
        if self.comments.as_mut().is_some_and(|comments| comments.take(byte, quoted)) {
            return false;
        }
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

/// Comments before the first record.
struct Comments {
    opening: u8,
    /// Whether blanks may stand before the opening.
    indented: bool,
    /// Number of bytes so far.
    taken: usize,
    /// Where the last comment starts.
    last: Option<usize>,
    is_inside: bool,
    is_line_start: bool,
}

impl Comments {
    fn new(opening: u8, indented: bool) -> Self {
        Self { opening, indented, taken: 0, last: None, is_inside: false, is_line_start: true }
    }

    /// Takes one byte. Returns true if it is part of a comment or ends one.
    fn take(&mut self, byte: u8, quoted: bool) -> bool {
        let place = self.taken;
        self.taken += 1;
        if self.is_inside {
            (self.is_inside, self.is_line_start) = (byte != b'\n', byte == b'\n');
            return true;
        }
        if self.is_line_start && !quoted && byte == self.opening {
            (self.is_inside, self.last) = (true, Some(place));
            return true;
        }
        let is_mark = BYTE_ORDER_MARK.get(place) == Some(&byte);
        let is_before = is_mark || self.indented && b" \t".contains(&byte);
        self.is_line_start = byte == b'\n' || self.is_line_start && is_before;
        false
    }
}
