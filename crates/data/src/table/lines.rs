//! [`Lines`]: the bytes of a text file without its comments, and with aligned columns drawn together.

use std::io::{self, Read};

/// Bytes taken from the file at a time.
const CHUNK: usize = 1 << 14;

/// What is left out of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Omitted {
    /// Number of lines that are left out from the start.
    pub lines: u64,
    /// Character that opens a comment at a line's start.
    pub comment: Option<u8>,
    /// Whether blanks in a row are one space, and those at a line's ends nothing.
    pub aligned: bool,
    /// Delimiter, after which a quote opens a field.
    pub delimiter: u8,
}

/// Reader that leaves comments and blanks out. Line ends stay, so that lines are counted right.
pub(super) struct Lines<R> {
    pub inner: R,
    omitted: Omitted,
    /// Lines that are still to be left out.
    lines: u64,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were given.
    given: usize,
    is_line_start: bool,
    /// Whether a quote opens a quoted field here.
    is_field_start: bool,
    is_quoted: bool,
    is_comment: bool,
    /// Whether blanks came after a field.
    is_blank_due: bool,
}

impl<R: Read> Lines<R> {
    pub fn new(inner: R, omitted: Omitted) -> Self {
        Self {
            inner,
            omitted,
            lines: omitted.lines,
            buffer: Vec::new(),
            given: 0,
            is_line_start: true,
            is_field_start: true,
            is_quoted: false,
            is_comment: false,
            is_blank_due: false,
        }
    }

    fn take(&mut self, byte: u8) {
        if self.lines > 0 {
            if byte == b'\n' {
                self.lines -= 1;
                self.buffer.push(byte);
            }
            return;
        }
        if self.is_comment && byte != b'\n' {
            return;
        }
        if self.is_quoted {
            // After a closing quote another one reopens: `""` stands for a quote.
            (self.is_quoted, self.is_field_start) = (byte != b'"', true);
            self.buffer.push(byte);
            return;
        }
        if byte == b'\n' {
            (self.is_comment, self.is_blank_due) = (false, false);
            (self.is_line_start, self.is_field_start) = (true, true);
            self.buffer.push(byte);
            return;
        }
        if self.is_line_start && self.omitted.comment == Some(byte) {
            self.is_comment = true;
            return;
        }
        if self.omitted.aligned && b" \t\r".contains(&byte) {
            self.is_blank_due |= !self.is_line_start;
            return;
        }
        if self.is_blank_due {
            self.buffer.push(b' ');
            (self.is_blank_due, self.is_field_start) = (false, true);
        }
        self.is_quoted = byte == b'"' && self.is_field_start;
        self.is_field_start = byte == self.omitted.delimiter;
        self.is_line_start = false;
        self.buffer.push(byte);
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let is_plain = self.omitted.comment.is_none() && !self.omitted.aligned && self.lines == 0;
        if is_plain && self.given == self.buffer.len() {
            return self.inner.read(out);
        }
        let mut chunk = [0; CHUNK];
        while self.given == self.buffer.len() {
            self.buffer.clear();
            self.given = 0;
            let count = self.inner.read(&mut chunk)?;
            if count == 0 {
                return Ok(0);
            }
            chunk[..count].iter().for_each(|byte| self.take(*byte));
        }
        let count = out.len().min(self.buffer.len() - self.given);
        out[..count].copy_from_slice(&self.buffer[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, aligned: bool, delimiter: u8) -> String {
        let omitted = Omitted { lines: 0, comment: Some(b'#'), aligned, delimiter };
        read(text, omitted)
    }

    fn read(text: &str, omitted: Omitted) -> String {
        let mut read = String::new();
        // One byte at a time, as a slow source gives them.
        let slow = text
            .as_bytes()
            .chunks(1)
            .fold(Box::new(io::empty()) as Box<dyn Read>, |all, part| Box::new(all.chain(part)));
        Lines::new(slow, omitted).read_to_string(&mut read).expect("text");
        read
    }

    #[test]
    fn comments_go_and_line_ends_stay() {
        assert_eq!(lines("# a, \"b\nx,y\n#\n1,2#3\n", false, b','), "\nx,y\n\n1,2#3\n");
        assert_eq!(lines("x\n\"a\n# b\"\n", false, b','), "x\n\"a\n# b\"\n");
    }

    #[test]
    fn lines_from_the_start_go_whatever_they_hold() {
        let omitted = Omitted { lines: 2, comment: None, aligned: false, delimiter: b',' };
        assert_eq!(read("a \"title\n# b\nx,y\n#1,2", omitted), "\n\nx,y\n#1,2");
        assert_eq!(read("one line", omitted), "");
    }

    #[test]
    fn aligned_columns_are_drawn_together() {
        let text = "  x \t y\r\n  1.5    -2  \n   # note\n\"a  b\"   3";
        assert_eq!(lines(text, true, b' '), "x y\n1.5 -2\n\n\"a  b\" 3");
    }
}
