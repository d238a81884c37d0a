//! [`open`]: a sheet of a workbook as the text of a CSV file, so that all that reads such a file reads it too.

#[cfg(feature = "xls")]
mod binary;
mod cells;
mod number_format;
mod ods;
mod package;
mod spelling;
mod xlsx;
mod xml;

use std::io::Read;

use self::{cells::Cells, ods::Ods, package::Package, xlsx::Xlsx};
use super::{
    TableError,
    field::{cut, shown},
    format::LOOKED_AT,
};

/// Most bytes that the parts of a workbook, or the cells of a sheet, may take: 1 GiB.
pub(super) const LIMIT: u64 = 1 << 30;
/// Characters of a reason that a message shows, and names of sheets that it lists.
const SHOWN: usize = 200;
const LISTED: usize = 20;
/// Signature of files of Office before 2007, and of encrypted ones since.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Sheet that was opened.
pub(super) struct Sheet {
    pub name: String,
    /// Names of the other sheets, in their order.
    pub others: Vec<String>,
    /// Its text, a line for each row.
    pub text: Box<dyn Read>,
}

/// Sheet by its name.
struct Named {
    name: String,
    is_hidden: bool,
}

/// Reason why a workbook cannot be read.
#[derive(Debug)]
enum Fault {
    Damaged(String),
    Locked,
    /// It takes more than so many bytes.
    TooLarge(u64),
}

enum Book {
    Xlsx(Xlsx),
    Ods(Ods),
    #[cfg(feature = "xls")]
    Binary(binary::Binary),
}

/// What a file is, of those that may hold sheets.
pub(super) enum Kind {
    /// Its sheet is read.
    Sheet(Sheet),
    /// A zip archive or a file of Office without sheets that are read: what it is, and what to do with it.
    Other(&'static str, &'static str),
}

/// Whether a file may be a workbook, by its first bytes.
pub(super) fn may_be(start: &[u8]) -> bool {
    [&b"PK\x03\x04"[..], b"PK\x05\x06", COMPOUND].iter().any(|magic| start.starts_with(magic))
}

/// Opens the bytes of a file that [may be](may_be) a workbook, and the sheet that is wanted, or the first one that has
/// cells: hidden ones come last.
pub(super) fn open(
    file: &str,
    bytes: Vec<u8>,
    wanted: Option<&str>,
    limit: u64,
) -> Result<Kind, TableError> {
    let error = |fault| match fault {
        Fault::Damaged(reason) => {
            TableError::BadWorkbook { file: file.to_owned(), reason: cut(reason.as_bytes(), SHOWN) }
        }
        Fault::Locked => TableError::LockedWorkbook { file: file.to_owned() },
        Fault::TooLarge(limit) => TableError::LargeWorkbook { file: file.to_owned(), limit },
    };
    let mut book = match told(file, bytes, limit).map_err(error)? {
        Told::Book(book) => book,
        Told::Other((what, way)) => return Ok(Kind::Other(what, way)),
    };
    let (name, cells) = book.choose(file, wanted, limit, &error)?;
    let known = book.sheets().iter().map(|sheet| sheet.name.clone());
    let others = known.filter(|other| *other != name).collect();
    Ok(Kind::Sheet(Sheet { name, others, text: Box::new(cells.into_text()) }))
}

/// What a file is: a workbook, or something else, with what to do with it.
enum Told {
    Book(Book),
    Other((&'static str, &'static str)),
}

/// Tells a file by its parts.
fn told(file: &str, bytes: Vec<u8>, limit: u64) -> Result<Told, Fault> {
    if bytes.starts_with(COMPOUND) {
        return compound(bytes);
    }
    let archive = archive_of(&bytes, file);
    let package = match (Package::new(bytes, limit), archive) {
        (Ok(package), _) => package,
        (Err(_), Some(other)) => return Ok(Told::Other(other)),
        (Err(fault), None) => return Err(fault),
    };
    Ok(if package.has("word/") {
        Told::Other(("a document of Word", "save its table as CSV"))
    } else if package.has("ppt/") {
        Told::Other(("a presentation", "save its table as CSV"))
    } else if package.has("xl/workbook.bin") {
        xlsb(package)?
    } else if package.has("xl/") || package.has_ending("workbook.xml") {
        Told::Book(Book::Xlsx(Xlsx::open(package)?))
    } else if package.has("content.xml") && package.has("META-INF/") {
        Told::Book(Book::Ods(Ods::open(package)?))
    } else {
        Told::Other(if package.has_ending(".npy") { ARRAYS } else { ARCHIVE })
    })
}

/// What a zip archive without sheets is, and what to do with it.
const ARCHIVE: (&str, &str) =
    ("a zip archive and no workbook", "unpack it (a CSV file may be packed by gzip)");
const ARRAYS: (&str, &str) = (
    "a NumPy archive (npz)",
    "save one of its arrays: numpy.save(\"table.npy\", numpy.load(file)[\"name\"])",
);

/// What an archive that cannot be opened is, by its name and the names of its first files, if it is no workbook.
fn archive_of(bytes: &[u8], name: &str) -> Option<(&'static str, &'static str)> {
    let start = bytes.get(..LOOKED_AT.min(bytes.len())).unwrap_or_default();
    let has = |text: &[u8]| start.windows(text.len()).any(|window| window == text);
    let name = name.to_ascii_lowercase();
    let is_called = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let is_book =
        [&b"[Content_Types].xml"[..], b"_rels/.rels", b"xl/", b"opendocument.spreadsheet"];
    if is_book.iter().any(|text| has(text)) || is_called(&[".xlsx", ".xlsm", ".xlsb", ".ods"]) {
        return None;
    }
    Some(if has(b".npy") || is_called(&[".npz"]) { ARRAYS } else { ARCHIVE })
}

#[cfg(not(feature = "xls"))]
const SAVE: &str = "open it in a spreadsheet program and save it as .xlsx, or its sheet as CSV, or build Langevin with it: \
                    cargo build -p cli --features xls";
/// What binary workbooks are, and what to do with them where they are not read.
#[cfg(not(feature = "xls"))]
const XLSB: (&str, &str) = ("a binary Excel workbook (.xlsb)", SAVE);
#[cfg(not(feature = "xls"))]
const XLS: (&str, &str) = ("an Excel workbook of before 2007 (.xls)", SAVE);

/// Tells a file of the old Office by the names of its streams, in UTF-16.
fn compound(bytes: Vec<u8>) -> Result<Told, Fault> {
    let has = |name: &str| {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.windows(name.len()).any(|window| window == name)
    };
    if has("EncryptedPackage") {
        return Err(Fault::Locked);
    }
    match has("Workbook") || has("Book") || has("WORKBOOK") {
        true => xls(bytes),
        false => Ok(Told::Other(("an old Office file", "save its table as CSV"))),
    }
}

#[cfg(not(feature = "xls"))]
fn xls(_: Vec<u8>) -> Result<Told, Fault> {
    Ok(Told::Other(XLS))
}

#[cfg(not(feature = "xls"))]
fn xlsb(_: Package) -> Result<Told, Fault> {
    Ok(Told::Other(XLSB))
}

#[cfg(feature = "xls")]
fn xls(bytes: Vec<u8>) -> Result<Told, Fault> {
    Ok(Told::Book(Book::Binary(binary::Binary::xls(bytes)?)))
}

#[cfg(feature = "xls")]
fn xlsb(mut package: Package) -> Result<Told, Fault> {
    // Another reader will unpack it.
    package.unpack_all()?;
    Ok(Told::Book(Book::Binary(binary::Binary::xlsb(package.into_bytes())?)))
}

impl Book {
    fn sheets(&self) -> &[Named] {
        match self {
            Self::Xlsx(book) => &book.sheets,
            Self::Ods(book) => &book.sheets,
            #[cfg(feature = "xls")]
            Self::Binary(book) => &book.sheets,
        }
    }

    fn cells(&mut self, sheet: usize, limit: u64) -> Result<Cells, Fault> {
        match self {
            Self::Xlsx(book) => book.cells(sheet, limit),
            Self::Ods(book) => book.cells(sheet, limit),
            #[cfg(feature = "xls")]
            Self::Binary(book) => book.cells(sheet, limit),
        }
    }

    /// The name of the sheet that is wanted, or of the first one with cells, and its cells.
    fn choose(
        &mut self,
        file: &str,
        wanted: Option<&str>,
        limit: u64,
        error: &impl Fn(Fault) -> TableError,
    ) -> Result<(String, Cells), TableError> {
        let name = |book: &Self, place: usize| {
            book.sheets().get(place).map(|sheet| sheet.name.clone()).unwrap_or_default()
        };
        if let Some(wanted) = wanted {
            let place = self.find(wanted).ok_or_else(|| TableError::NoSheet {
                file: file.to_owned(),
                name: wanted.to_owned(),
                known: self
                    .sheets()
                    .iter()
                    .take(LISTED)
                    .map(|sheet| shown(sheet.name.as_bytes()))
                    .collect(),
            })?;
            let (name, cells) = (name(self, place), self.cells(place, limit).map_err(error)?);
            return match cells.is_empty() {
                true => Err(TableError::NoCells { file: file.to_owned(), sheet: Some(name) }),
                false => Ok((name, cells)),
            };
        }
        let mut places: Vec<_> = (0..self.sheets().len()).collect();
        places.sort_by_key(|place| self.sheets().get(*place).is_some_and(|sheet| sheet.is_hidden));
        for place in places {
            let cells = self.cells(place, limit).map_err(error)?;
            if !cells.is_empty() {
                return Ok((name(self, place), cells));
            }
        }
        Err(TableError::NoCells { file: file.to_owned(), sheet: None })
    }

    /// The place of a sheet by its name, in any case of letters, or by its number from 1.
    fn find(&self, wanted: &str) -> Option<usize> {
        let sheets = self.sheets();
        let exact = sheets.iter().position(|sheet| sheet.name == wanted);
        let alike =
            || sheets.iter().position(|sheet| sheet.name.to_lowercase() == wanted.to_lowercase());
        let number =
            || wanted.parse::<usize>().ok()?.checked_sub(1).filter(|place| *place < sheets.len());
        exact.or_else(alike).or_else(number)
    }
}
