//! [`Binary`]: workbooks of before 2007 (.xls) and binary ones since (.xlsb), read by calamine. With the feature `xls`
//! alone: calamine and what it needs take 17 s of processor time to build, and does not bound what damaged files make it do.

use std::{
    cell::Cell,
    io::{Cursor, Read, Seek},
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

use calamine::{
    Data, ExcelDateTime, ExcelDateTimeType, Reader, SheetType, SheetVisible, Xls, Xlsb,
};

use super::{
    Fault, Named,
    cells::Cells,
    spelling::{Moment, number},
};

type Bytes = Cursor<Vec<u8>>;

/// Workbook in one of the binary forms.
pub(super) struct Binary {
    book: Book,
    pub sheets: Vec<Named>,
}

enum Book {
    Xls(Box<Xls<Bytes>>),
    Xlsb(Box<Xlsb<Bytes>>),
}

impl Binary {
    pub fn xls(bytes: Vec<u8>) -> Result<Self, Fault> {
        let book: Xls<Bytes> = guarded(|| Xls::new(Cursor::new(bytes)))?;
        Ok(Self { sheets: named(&book), book: Book::Xls(Box::new(book)) })
    }

    pub fn xlsb(bytes: Vec<u8>) -> Result<Self, Fault> {
        let book: Xlsb<Bytes> = guarded(|| Xlsb::new(Cursor::new(bytes)))?;
        Ok(Self { sheets: named(&book), book: Book::Xlsb(Box::new(book)) })
    }

    /// The cells of a sheet.
    pub fn cells(&mut self, sheet: usize, limit: u64) -> Result<Cells, Fault> {
        let name = self.sheets.get(sheet).map_or("", |sheet| sheet.name.as_str());
        let range = match &mut self.book {
            Book::Xls(book) => guarded(|| book.worksheet_range(name))?,
            Book::Xlsb(book) => guarded(|| book.worksheet_range(name))?,
        };
        let (top, left) = range.start().unwrap_or_default();
        let mut cells = Cells::new(limit);
        for (row, column, value) in range.used_cells() {
            let (row, column) = (top + row as u32, left + column as u32);
            match value {
                Data::Empty => {}
                Data::Int(value) => cells.text(row, column, &value.to_string())?,
                Data::Float(value) => cells.text(row, column, &number(*value))?,
                Data::String(text) => cells.text(row, column, text)?,
                Data::Bool(yes) => cells.text(row, column, if *yes { "TRUE" } else { "FALSE" })?,
                Data::Error(error) => cells.text(row, column, &error.to_string())?,
                Data::DateTimeIso(text) | Data::DurationIso(text) => {
                    cells.text(row, column, text)?
                }
                Data::DateTime(date) => match moment(date) {
                    Some(moment) => cells.moment(row, column, moment)?,
                    None => cells.text(row, column, &number(date.as_f64()))?,
                },
            }
        }
        Ok(cells)
    }
}

fn moment(date: &ExcelDateTime) -> Option<Moment> {
    let serial = date.as_f64();
    if date.is_duration() {
        return Moment::of_length(serial);
    }
    let is_1904 = *date == ExcelDateTime::new(serial, ExcelDateTimeType::DateTime, true);
    Moment::of_serial(serial, is_1904)
}

/// The sheets of a workbook that may have cells.
fn named<R: Read + Seek>(book: &impl Reader<R>) -> Vec<Named> {
    let sheets = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let named = sheets.map(|sheet| Named {
        name: sheet.name.clone(),
        is_hidden: sheet.visible != SheetVisible::Visible,
    });
    named.collect()
}

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Reads a workbook. Where calamine panics on a damaged one, nothing is printed, and it is a fault.
fn guarded<T, E: std::fmt::Display>(read: impl FnOnce() -> Result<T, E>) -> Result<T, Fault> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |said| {
            if !IS_QUIET.get() {
                before(said);
            }
        }));
    });
    IS_QUIET.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(read));
    IS_QUIET.set(false);
    match outcome {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) => {
            let reason = error.to_string();
            let is_locked = reason.contains("password");
            Err(if is_locked { Fault::Locked } else { Fault::Damaged(reason) })
        }
        Err(_) => Err(Fault::Damaged("it holds what no workbook does".to_owned())),
    }
}
