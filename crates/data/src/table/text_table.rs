//! [`TextTable`]: a file's cells as they are written, to be filled in and written again.

use std::{borrow::Cow, collections::HashMap, path::Path};

use super::{
    ColumnSpec, Decimal, Place, TableError, TableOptions, ToldError,
    cell::CellReader,
    field::{Field, shown},
    layout::Cells,
    records::Records,
    source::Source,
};
use crate::{Column, ColumnValues};

/// Cells of a text file or a sheet of a workbook, as they are written.
#[derive(Clone, Debug)]
pub struct TextTable {
    file: String,
    names: Vec<String>,
    rows: Vec<(Place, Vec<String>)>,
    has_header: bool,
    delimiter: u8,
    decimal: Option<Decimal>,
    cells: Cells,
    readers: Vec<CellReader>,
}

impl TextTable {
    /// Reads all cells of a file, which `options` describe. Columns may come in any order, and others than those that they say
    /// something of; which are chosen is of no account.
    ///
    /// # Errors
    /// A file that cannot be read, an array, a text that is not UTF-8.
    pub fn read(path: &Path, options: &TableOptions) -> Result<Self, TableError> {
        Self::of(Source::open(path, options)?, options)
    }

    /// Reads the bytes of a file named `name`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_bytes(
        name: &str,
        bytes: &[u8],
        options: &TableOptions,
    ) -> Result<Self, TableError> {
        Self::of(Source::from_bytes(name, bytes, options)?, options)
    }

    fn of(source: Source<'_>, options: &TableOptions) -> Result<Self, TableError> {
        if source.is_npy() {
            let reason = "an array has no empty cells: write it as CSV".to_owned();
            return Err(TableError::CannotRead { file: source.file, reason });
        }
        let mut records = Records::open(source, options)?;
        let names = records.names().to_vec();
        let said: HashMap<&str, &ColumnSpec> =
            options.columns.iter().flatten().map(|spec| (spec.name.as_str(), spec)).collect();
        let spec = |name: &String| said.get(name.as_str()).copied().or(options.each.as_ref());
        let reader =
            |name: &String| CellReader::new(spec(name).unwrap_or(&ColumnSpec::named(name)));
        let mut table = Self {
            file: records.file().to_owned(),
            readers: names.iter().map(reader).collect(),
            has_header: records.has_header(),
            delimiter: records.delimiter(),
            decimal: options.layout.decimal,
            cells: records.cells().clone(),
            rows: Vec::new(),
            names,
        };
        while records.next()? {
            let text = |column: usize| match str::from_utf8(records.field(column)) {
                Ok(text) => Ok(text.to_owned()),
                Err(_) => {
                    let (file, line) = (table.file.clone(), records.line_of(column));
                    Err(TableError::NotUtf8 { file, line, column: column + 1 })
                }
            };
            let row = (0..table.names.len()).map(text).collect::<Result<_, _>>()?;
            table.rows.push((records.place(), row));
        }
        match table.rows.is_empty() {
            true => Err(TableError::HeaderOnly { file: table.file }),
            false => Ok(table),
        }
    }

    /// The names of the columns.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of rows, at least one.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Reads a cell as one of `of`'s, the column of that name: NaN where it is missing.
    ///
    /// # Errors
    /// A text that is no value of the column.
    ///
    /// # Panics
    /// Beyond the last row or column.
    pub fn value(&self, row: usize, column: usize, of: &Column) -> Result<f64, ToldError> {
        let (place, cells) = &self.rows[row];
        let (text, reader) = (&cells[column], &self.readers[column]);
        let required = match (reader.read(&self.cells, text.as_bytes()), &of.values) {
            (Field::Missing, _) => return Ok(f64::NAN),
            (_, ColumnValues::Category(names)) => match of.value(text) {
                Some(value) => return Ok(value),
                None => format!("one of the {} values that the training rows have", names.len()),
            },
            (Field::Number(number), _) if number.is_finite() => return Ok(number),
            _ => reader.required(),
        };
        Err(ToldError::Cell {
            file: self.file.clone(),
            place: *place,
            column: self.names[column].clone(),
            text: shown(text.as_bytes()),
            required,
        })
    }

    /// The table as text in the file's own spelling; in the place of a row come its copies, each with the values that
    /// `filled` has for some of its cells, by their columns in the file.
    ///
    /// # Errors
    /// Whatever the writer says.
    pub fn write<R: IntoIterator<Item = Vec<(usize, String)>>>(
        &self,
        mut filled: impl FnMut(usize) -> R,
    ) -> std::io::Result<Vec<u8>> {
        let mut writer =
            csv::WriterBuilder::new().delimiter(self.delimiter).from_writer(Vec::new());
        if self.has_header {
            writer.write_record(&self.names)?;
        }
        for (row, (_, cells)) in self.rows.iter().enumerate() {
            for own in filled(row) {
                let mut texts: Vec<Cow<'_, str>> = cells.iter().map(Cow::from).collect();
                own.into_iter().for_each(|(column, text)| texts[column] = text.into());
                writer.write_record(texts.iter().map(|text| text.as_bytes()))?;
            }
        }
        writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))
    }

    /// The text of a value of a column in the file's spelling, which may have a decimal comma.
    #[must_use]
    pub fn spell(&self, of: &Column, value: f64) -> String {
        let text = of.text(value);
        let is_number = matches!(of.values, ColumnValues::Number | ColumnValues::Constant(_));
        match self.decimal {
            Some(Decimal::Comma) if is_number && of.spelling.is_none() => text.replace('.', ","),
            _ => text,
        }
    }
}
