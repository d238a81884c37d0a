//! [`Source`]: the bytes of a table from a file or from memory, unpacked where gzip packed them, and the text of a
//! workbook's sheet.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Cursor, Read},
    path::Path,
};

use flate2::bufread::MultiGzDecoder;

use super::{
    TableError, TableOptions,
    field::shown,
    format::{LOOKED_AT, recognise},
    workbook,
};

/// Largest number of bytes that are unpacked from gzip: 16 GiB.
const UNPACKED_LIMIT: u64 = 16 << 30;
/// Largest number of bytes that deflate makes of one byte.
const LARGEST_RATIO: u64 = 1032;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const NPY_MAGIC: &[u8] = b"\x93NUMPY";

/// Source that a table is read from.
pub(super) struct Source<'a> {
    /// Name of the file in messages.
    pub file: String,
    /// Upper bound of the bytes that [`reader`](Self::reader) gives.
    pub size: u64,
    pub reader: Box<dyn BufRead + 'a>,
    is_npy: bool,
    /// The sheet, if the file is a workbook.
    pub sheet: Option<Opened>,
}

/// Sheet of a workbook.
pub(super) struct Opened {
    pub name: String,
    /// Names of the other sheets.
    pub others: Vec<String>,
}

impl Source<'static> {
    pub fn open(path: &Path, options: &TableOptions) -> Result<Self, TableError> {
        let file = path.display().to_string();
        let open = || {
            let metadata = fs::metadata(path)?;
            if metadata.is_dir() {
                return Err(io::Error::other("it is a folder"));
            }
            // A pipe would be waited for, and a device may have no end.
            if !metadata.is_file() {
                return Err(io::Error::other("it must be a regular file"));
            }
            let opened = File::open(path)?;
            Ok((opened.metadata()?.len(), opened))
        };
        let (size, opened) = open().map_err(|error| failure(&file, error))?;
        let reader = BufReader::with_capacity(1 << 16, opened);
        Source::new(file, size, reader, UNPACKED_LIMIT, options)
    }
}

impl<'a> Source<'a> {
    pub fn from_bytes(
        name: &str,
        bytes: &'a [u8],
        options: &TableOptions,
    ) -> Result<Self, TableError> {
        Source::new(name.to_owned(), bytes.len() as u64, bytes, UNPACKED_LIMIT, options)
    }

    fn new(
        file: String,
        size: u64,
        mut packed: impl BufRead + 'a,
        limit: u64,
        options: &TableOptions,
    ) -> Result<Self, TableError> {
        let mut magic = Vec::with_capacity(GZIP_MAGIC.len());
        let read = packed.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut magic);
        read.map_err(|error| failure(&file, error))?;
        let is_gzip = magic == GZIP_MAGIC;
        let whole = Cursor::new(magic).chain(packed);
        if !is_gzip {
            return Self::told(file, size, Box::new(whole), options);
        }
        let unpacked = Unpacked {
            file: file.clone(),
            decoder: MultiGzDecoder::new(whole),
            left: limit,
            limit,
        };
        let reader = Box::new(BufReader::with_capacity(1 << 16, unpacked));
        Self::told(file, size.saturating_mul(LARGEST_RATIO).min(limit), reader, options)
    }

    /// Tells the kind of an unpacked file, by its name or its first bytes.
    fn told(
        file: String,
        size: u64,
        mut reader: Box<dyn BufRead + 'a>,
        options: &TableOptions,
    ) -> Result<Self, TableError> {
        let mut start = Vec::with_capacity(LOOKED_AT);
        let read = reader.by_ref().take(LOOKED_AT as u64).read_to_end(&mut start);
        read.map_err(|error| failure(&file, error))?;
        let name = file.to_ascii_lowercase();
        let is_npy =
            name.ends_with(".npy") || name.ends_with(".npy.gz") || start.starts_with(NPY_MAGIC);
        if !is_npy && workbook::may_be(&start) {
            return Self::sheet(file, Box::new(Cursor::new(start).chain(reader)), options);
        }
        if !is_npy && let Some(format) = recognise(&file, &start) {
            return Err(TableError::OtherFormat { file, what: format.what, way: format.way });
        }
        if options.layout.sheet.is_some() {
            return Err(TableError::NotWorkbook { file });
        }
        let reader = Box::new(Cursor::new(start).chain(reader));
        Ok(Self { file, size, reader, is_npy, sheet: None })
    }

    /// Opens a sheet of a workbook.
    fn sheet(
        file: String,
        reader: Box<dyn BufRead + 'a>,
        options: &TableOptions,
    ) -> Result<Self, TableError> {
        let limit = options.memory.unwrap_or(workbook::LIMIT).min(workbook::LIMIT);
        let mut bytes = Vec::new();
        let read = reader.take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|error| failure(&file, error))?;
        if bytes.len() as u64 > limit {
            return Err(TableError::LargeWorkbook { file, limit });
        }
        let wanted = options.layout.sheet.as_deref();
        let sheet = match workbook::open(&file, bytes, wanted, limit)? {
            workbook::Kind::Sheet(sheet) => sheet,
            workbook::Kind::Other(what, way) => {
                return Err(TableError::OtherFormat { file, what, way });
            }
        };
        if let Some(field) = of_text(options) {
            return Err(TableError::OfText { file, what: "a workbook", field });
        }
        let file = format!("{file}, sheet `{}`", shown(sheet.name.as_bytes()));
        let reader = Box::new(BufReader::with_capacity(1 << 16, sheet.text));
        let sheet = Some(Opened { name: sheet.name, others: sheet.others });
        Ok(Self { file, size: u64::MAX, reader, is_npy: false, sheet })
    }

    /// Whether the file is NPY. Every other file is CSV.
    pub fn is_npy(&self) -> bool {
        self.is_npy
    }
}

/// The first field that is said of a file of text alone.
pub(super) fn of_text(options: &TableOptions) -> Option<&'static str> {
    let said = [
        ("data.delimiter", options.delimiter.is_some()),
        ("data.aligned", options.layout.aligned),
        ("data.decimal", options.layout.decimal.is_some()),
        ("data.comment", options.layout.comment.is_some()),
    ];
    said.into_iter().find(|(_, is_said)| *is_said).map(|(field, _)| field)
}

/// The [`TableError`] of a failed read from a [`Source`].
pub(super) fn failure(file: &str, error: io::Error) -> TableError {
    error.downcast().unwrap_or_else(|error| TableError::CannotRead {
        file: file.to_owned(),
        reason: error.to_string(),
    })
}

/// Reader that unpacks gzip up to a limit. Its errors carry a [`TableError`].
struct Unpacked<R> {
    file: String,
    decoder: MultiGzDecoder<R>,
    left: u64,
    limit: u64,
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(out).map_err(|error| {
            let reason = match error.kind() {
                io::ErrorKind::UnexpectedEof => "it ends early".to_owned(),
                _ => error.to_string(),
            };
            io::Error::other(TableError::DamagedGzip { file: self.file.clone(), reason })
        })?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other(TableError::TooLarge { file: self.file.clone(), limit: self.limit })
        })?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    #[test]
    fn gzip_is_read_up_to_its_limit() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&[b'1'; 100_000]).expect("memory");
        let packed = encoder.finish().expect("memory");
        let read = |limit| {
            let options = TableOptions::default();
            let mut source =
                Source::new("a.csv.gz".to_owned(), 1, packed.as_slice(), limit, &options)?;
            let mut all = Vec::new();
            let read = source.reader.read_to_end(&mut all);
            read.map_err(|error| failure("a.csv.gz", error))
        };
        assert_eq!(read(100_000), Ok(100_000));
        let error = read(99_999).expect_err("one byte too many");
        assert_eq!(
            error.to_string(),
            "a.csv.gz: unpacks to more than 99999 bytes, the most that is read from gzip; unpack it or split it"
        );
        assert_eq!(UNPACKED_LIMIT, 16 * 1024 * 1024 * 1024);
    }
}
