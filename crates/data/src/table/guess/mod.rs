//! [`Guess`]: how a file of text lays out its table, told by its first lines.

mod cell;
mod delimiter;
mod header;
mod spelling;
mod titles;

use std::{borrow::Cow, io::Read, path::Path};

use self::cell::Line;
use super::{
    TableError, TableOptions,
    dialect::BYTE_ORDER_MARK,
    lines::{Lines, Omitted},
    records::reader_of,
    source::{Opened, Source, failure, of_text},
};

/// Bytes of a file that are looked at.
const SAMPLE: usize = 1 << 20;
/// Sheets that a sentence lists.
const SHEETS: usize = 8;
/// Largest number of records that are looked at.
const RECORDS: usize = 2000;

/// How a file is to be read, with all that was asked for and all that its first lines tell; a table that is read
/// with these options asks the file nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// How to read the file.
    pub options: TableOptions,
    /// What was found, in sentences for the user.
    pub said: Vec<String>,
}

impl Guess {
    /// Guesses how to read a file. What `asked` gives stays as it is.
    ///
    /// # Errors
    /// A file that cannot be read, or is no table.
    pub fn read(path: &Path, asked: &TableOptions) -> Result<Self, TableError> {
        Self::of(Source::open(path, asked)?, asked)
    }

    /// Guesses how to read the bytes of a file named `name`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// ```
    /// use langevin_data::{Guess, Table, TableOptions};
    ///
    /// let text = b"# x     y\n  1.5   2\n -0.5   3\n";
    /// let guess = Guess::from_bytes("a.txt", text, &TableOptions::default())?;
    /// let table = Table::from_bytes("a.txt", text, &guess.options)?;
    /// assert_eq!((table.columns(), table.row(1)), (&["x".to_owned(), "y".to_owned()][..], &[-0.5, 3.0][..]));
    /// # Ok::<(), langevin_data::TableError>(())
    /// ```
    pub fn from_bytes(name: &str, bytes: &[u8], asked: &TableOptions) -> Result<Self, TableError> {
        Self::of(Source::from_bytes(name, bytes, asked)?, asked)
    }

    fn of(source: Source<'_>, asked: &TableOptions) -> Result<Self, TableError> {
        let mut guess = Self { options: asked.clone(), said: Vec::new() };
        if source.is_npy() {
            return guess.of_array(source.file, asked);
        }
        if let Some(sheet) = &source.sheet {
            guess.options.layout.sheet = Some(sheet.name.clone());
            guess.said.extend(said_of(sheet, asked.layout.sheet.is_some()));
        }
        let is_sheet = source.sheet.is_some();
        let file = source.file.clone();
        let mut sample = Vec::new();
        let read = source.reader.take(SAMPLE as u64).read_to_end(&mut sample);
        read.map_err(|error| failure(&file, error))?;
        let sample = whole_lines(&sample);
        let sample = &without(sample, asked.layout.skip_lines.unwrap_or(0))[..];
        // Lines that end in carriage returns alone are one record here; reading the table says so.
        if is_sheet {
            // Its cells are known: only what they mean is to be found.
            let mut read = guess.records(sample);
            if read.len() > 1 {
                titles::find(&mut guess, &mut read);
                header::find(&mut guess, &read, sample);
            }
            return Ok(guess);
        }
        guess.find_comment(sample);
        guess.find_delimiter(sample);
        guess.find_layout(sample, asked);
        Ok(guess)
    }

    /// The guess of an array, which has no text to guess from: what is asked of text is refused.
    fn of_array(self, file: String, asked: &TableOptions) -> Result<Self, TableError> {
        let of_lines = [
            ("data.header", asked.header.is_some()),
            ("data.skip_lines", asked.layout.skip_lines.is_some()),
        ];
        let of_lines = of_lines.into_iter().find(|(_, is_said)| *is_said).map(|(field, _)| field);
        match of_text(asked).or(of_lines) {
            Some(field) => Err(TableError::OfText { file, what: "an array (NPY)", field }),
            None => Ok(self),
        }
    }

    /// What a line of the file is called.
    fn line(&self) -> &'static str {
        if self.options.layout.sheet.is_some() { "row" } else { "line" }
    }

    /// A comment's opening, where the first line that isn't blank, or one that fits no table, starts with it.
    fn find_comment(&mut self, sample: &[u8]) {
        if self.options.layout.comment.is_some() {
            return;
        }
        let first = lines(sample).find(|line| !line.trim_ascii().is_empty());
        let opening = first.and_then(|line| line.trim_ascii_start().first().copied());
        self.options.layout.comment = opening.filter(|opening| b"#%".contains(opening));
    }

    /// The delimiter, unless it was asked for.
    fn find_delimiter(&mut self, sample: &[u8]) {
        if let Some(delimiter) = self.options.delimiter {
            // Single spaces that part empty fields are not to be met.
            self.options.layout.aligned |= delimiter == b' ';
        } else {
            let comment = self.options.layout.comment;
            let found = delimiter::find(sample, comment, self.options.layout.aligned);
            self.options.delimiter = Some(found.delimiter);
            self.options.layout.aligned = found.aligned;
            if found.is_one {
                self.said.push(
                    "the commas are decimal ones of one column; if they part two: --delimiter ,"
                        .to_owned(),
                );
            }
        }
        if self.options.layout.aligned {
            self.said.push("columns are told apart by blanks".to_owned());
        }
    }

    /// Comments among the rows, the header, units, names of rows, and the spelling of numbers.
    fn find_layout(&mut self, sample: &[u8], asked: &TableOptions) {
        let (asked_comment, is_asked) = (asked.layout.comment, asked.delimiter.is_some());
        let mut read = self.records(sample);
        if self.options.layout.comment.is_none() && cell::has_comments(&read) {
            self.options.layout.comment = Some(b'#');
            read = self.records(sample);
        }
        if let Some(opening) = self.options.layout.comment
            && asked_comment.is_none()
            && !self.is_comment_needed(sample, opening)
        {
            self.options.layout.comment = None;
            read = self.records(sample);
        }
        if let (Some(opening), None) = (self.options.layout.comment, asked_comment) {
            let opening = char::from(opening);
            let count = cell::comments(sample, opening as u8);
            let lines = if count == 1 { "line that starts" } else { "lines that start" };
            self.said.push(format!("{count} {lines} with {opening} skipped as comments"));
        }
        if read.len() < 2 {
            return;
        }
        titles::find(self, &mut read);
        self.find_trailing(&mut read);
        header::find(self, &read, sample);
        if !is_asked && self.is_pair_of_digits(&read) {
            self.said.push(
                "two columns of whole numbers; if the commas are decimal ones of one: --delimiter ';' --decimal ,"
                    .to_owned(),
            );
        }
        spelling::find(self, &read);
    }

    /// Whether every line is two runs of digits around a comma, which may as well be one number.
    fn is_pair_of_digits(&self, read: &[Line]) -> bool {
        let is_digits = |field: &Vec<u8>| {
            let digits = field.strip_prefix(b"-").unwrap_or(field);
            !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
        };
        let is_pair = |line: &Line| {
            line.fields.len() == 2
                && line.fields.iter().all(is_digits)
                && !line.fields[1].starts_with(b"-")
        };
        self.options.delimiter == Some(b',')
            && self.options.header == Some(false)
            && self.options.layout.decimal.is_none()
            && read.iter().all(is_pair)
    }

    /// Whether lines that start with `opening` are comments, and not a header whose first name starts so.
    fn is_comment_needed(&self, sample: &[u8], opening: u8) -> bool {
        let layout = &self.options.layout;
        if layout.aligned {
            return true;
        }
        let plain = self.with_comment(sample, None);
        let [first, rest @ ..] = &plain[..] else { return true };
        let width = cell::width(rest);
        let starts = first.fields.first().is_some_and(|field| field.starts_with(&[opening]));
        let is_header = starts && first.fields.len() == width && width > 1;
        !(is_header && cell::comments(sample, opening) == 1 && self.is_names(first, rest))
    }

    /// Whether a line's fields are names: none is a number.
    fn is_names(&self, line: &Line, rest: &[Line]) -> bool {
        let decimal = self.options.layout.decimal;
        let is_number = |field: &Vec<u8>| cell::kind(field, decimal).is_number();
        let second = rest.first().is_some_and(|line| line.fields.iter().any(is_number));
        second && !line.fields.iter().any(is_number)
    }

    /// A delimiter at the end of lines.
    fn find_trailing(&mut self, read: &mut [Line]) {
        let width = read.iter().skip(1).map(|line| line.fields.len()).max().unwrap_or(0);
        let is_trailed = |line: &Line| line.fields.last().is_some_and(|field| field.is_empty());
        let [first, rest @ ..] = &*read else { return };
        let full = || rest.iter().filter(|line| line.fields.len() == width);
        let is_body = width > 1 && full().all(is_trailed);
        let by_header = first.fields.len() == width + 1 && is_trailed(first);
        let by_rows = is_body
            && (first.fields.len() + 1 == width
                || first.fields.len() == width && is_trailed(first))
            && rest.iter().all(|line| line.fields.len() + 1 >= width);
        if by_header || by_rows {
            self.options.layout.trailing_delimiter = true;
            let delimiter = char::from(self.options.delimiter.unwrap_or(b','));
            self.said.push(format!("the {delimiter:?} at line ends is no column"));
        }
        if self.options.layout.trailing_delimiter {
            let columns = if by_header { width } else { width - 1 };
            read.iter_mut()
                .filter(|line| line.fields.len() == columns + 1 && is_trailed(line))
                .for_each(|line| {
                    line.fields.pop();
                });
        }
    }

    fn records(&self, sample: &[u8]) -> Vec<Line> {
        self.with_comment(sample, self.options.layout.comment)
    }

    fn with_comment(&self, sample: &[u8], comment: Option<u8>) -> Vec<Line> {
        let delimiter = self.options.delimiter.unwrap_or(b',');
        let aligned = self.options.layout.aligned;
        split(sample, Omitted { lines: 0, comment, aligned, delimiter }, RECORDS)
    }
}

/// The records of a text that aren't blank, up to a number of them.
fn split(text: &[u8], omitted: Omitted, most: usize) -> Vec<Line> {
    let mut reader = reader_of(Lines::new(text, omitted), omitted.delimiter);
    let mut records = Vec::new();
    let mut record = csv::ByteRecord::new();
    while records.len() < most && matches!(reader.read_byte_record(&mut record), Ok(true)) {
        let fields: Vec<_> = record.iter().map(|field| field.trim_ascii().to_vec()).collect();
        if fields.len() > 1 || fields.first().is_some_and(|field| !field.is_empty()) {
            let inside = record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
            let line = reader.position().line().saturating_sub(inside + 1).max(1);
            records.push(Line { line, fields });
        }
    }
    records
}

/// The sample without a byte order mark and without the line that it cuts.
fn whole_lines(sample: &[u8]) -> &[u8] {
    let text = sample.strip_prefix(BYTE_ORDER_MARK).unwrap_or(sample);
    match text.iter().rposition(|byte| *byte == b'\n') {
        Some(last) if sample.len() == SAMPLE => &text[..=last],
        _ => text,
    }
}

/// Which sheet of a workbook is read, if it has others and none was asked for.
fn said_of(sheet: &Opened, was_asked: bool) -> Option<String> {
    let others: Vec<_> = sheet.others.iter().take(SHEETS).map(|name| format!("{name:?}")).collect();
    let more = if sheet.others.len() > SHEETS { ", …" } else { "" };
    (!others.is_empty() && !was_asked).then(|| {
        format!(
            "the sheet {:?} is read; the workbook has {}{more} too: --sheet NAME reads another",
            sheet.name,
            others.join(", ")
        )
    })
}

/// A text with its first lines empty.
fn without(text: &[u8], lines: u64) -> Cow<'_, [u8]> {
    let mut ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    match lines.checked_sub(1) {
        None => Cow::Borrowed(text),
        Some(before) => {
            let last = usize::try_from(before).ok().and_then(|before| ends.nth(before));
            let rest = last.map_or(&[][..], |(end, _)| text.get(end + 1..).unwrap_or_default());
            let count = usize::try_from(lines).unwrap_or(0).min(text.len());
            Cow::Owned([&vec![b'\n'; count][..], rest].concat())
        }
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
}
