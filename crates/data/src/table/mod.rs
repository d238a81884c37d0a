//! Tables: the numeric columns of CSV and NPY files and of workbooks, the survey of a file, and the data set that a table
//! becomes.

mod arrays;
mod built_in;
mod cell;
mod choice;
mod column_spec;
mod dataset;
mod date;
mod derived;
mod dialect;
mod drawn;
mod error;
mod field;
mod fit;
mod format;
mod gaps;
mod guess;
mod kept;
mod layout;
mod lines;
mod marks;
mod missing_numbers;
mod npy;
mod number_parts;
mod number_spelling;
#[cfg(feature = "serde")]
mod open_ends;
mod options;
mod parts;
mod place;
mod pooled;
mod quantile;
mod rank;
mod records;
mod remarks;
mod rounding;
mod rowless;
mod rows;
mod runs;
mod scale;
mod selection;
mod series;
mod simulations;
mod source;
mod space;
mod split;
mod statistics;
mod survey;
mod text_table;
mod texts;
mod told_error;
mod weights;
mod window;
mod workbook;

use std::{collections::HashMap, path::Path};

pub use built_in::{BUILT_IN_TABLES, BuiltInTable, built_in_table};
pub use column_spec::{CellKind, ColumnRange, ColumnSpec, Encoding, Ends, SampleValues, SpecError};
pub use dataset::TableData;
pub use date::DateFormat;
pub use error::{COLUMN_LIMIT, TableError};
pub use fit::CLASS_LIMIT;
pub use gaps::Gaps;
pub use guess::Guess;
pub use kept::{KeptRows, KeptTable};
pub use layout::{Decimal, Layout};
pub use npy::{FloatArray, FloatArrayError};
pub use number_parts::NumberParts;
pub use number_spelling::NumberSpelling;
pub use options::{Dropped, Missing, TableOptions};
pub use place::Place;
pub use scale::Transform;
pub use split::{Holdout, Split, SplitOptions};
pub use survey::{Cell, ColumnKind, ColumnSurvey, IdSign, Sentinel, Survey, TextKind};
pub use text_table::TextTable;
pub use texts::CATEGORY_LIMIT;
pub use told_error::ToldError;
pub use weights::WeightError;
pub use window::{Window, WindowError};

use cell::CellReader;
use field::{Field, shown};
use kept::ToldRows;
use missing_numbers::MissingNumbers;
use npy::Array;
use records::Records;
use rows::Rows;
use selection::{Selection, select};
use series::Series;
use source::Source;
use texts::{Texts, Unsettled};

/// Largest number of dropped rows whose places a table keeps.
const DROPPED_KEPT: usize = 10;

/// Table: the numeric columns of a file, in 8 bytes a value, and those that are told.
#[derive(Clone, Debug)]
pub struct Table {
    file: String,
    columns: Vec<String>,
    specs: Vec<ColumnSpec>,
    left_out: Vec<String>,
    /// Places of the columns that are told.
    told: Vec<usize>,
    /// Names of the values of the columns that are categories.
    categories: Vec<Option<Vec<String>>>,
    rows: Rows,
    missing: Missing,
    dropped: Vec<Dropped>,
    dropped_rows: u64,
    axes: Vec<usize>,
    /// What is said of the column that rows weigh by. It is none of the columns, and its numbers end the rows.
    weight: Option<ColumnSpec>,
    weightless_rows: u64,
    /// Numbers of rows before each stretch of dropped ones.
    breaks: Vec<usize>,
    /// What is known of rows that are windows.
    series: Option<Series>,
}

impl Table {
    /// Reads a file. It is NPY if its name ends in `.npy` or `.npy.gz`, a workbook by its content, and CSV otherwise. A file that
    /// starts with gzip's first bytes is unpacked.
    ///
    /// In CSV, fields may be quoted, lines end in LF or CRLF, and blank lines are skipped. White space
    /// around fields and a byte order mark are ignored. Arrays have the shape `[rows, features]`, or
    /// `[rows]` for one feature, or three or four axes, of which those behind the first are a row's, in C or Fortran order.
    ///
    /// # Errors
    /// A file or a choice of columns that is wrong; [`TableError`] lists the ways.
    pub fn read(path: &Path, options: &TableOptions) -> Result<Self, TableError> {
        Self::load(Source::open(path, options)?, options)
    }

    /// Reads the bytes of a file named `name`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// ```
    /// use langevin_data::{Table, TableOptions};
    ///
    /// let table = Table::from_bytes("a.csv", b"mass,length\n3.5,NA\n2,40e-1\n", &TableOptions::default())?;
    /// assert_eq!(table.columns(), ["mass", "length"]);
    /// assert_eq!((table.rows(), table.value(0, 1)), (1, 4.0));
    /// assert_eq!(table.dropped()[0].place.to_string(), "line 2");
    /// # Ok::<(), langevin_data::TableError>(())
    /// ```
    pub fn from_bytes(
        name: &str,
        bytes: &[u8],
        options: &TableOptions,
    ) -> Result<Self, TableError> {
        Self::load(Source::from_bytes(name, bytes, options)?, options)
    }

    /// The names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What is said of each column.
    #[must_use]
    pub fn specs(&self) -> &[ColumnSpec] {
        &self.specs
    }

    /// The names of the file's columns that the table leaves out.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// The axes of a row, where the file is an array of three axes or four; else none.
    #[must_use]
    pub fn axes(&self) -> &[usize] {
        &self.axes
    }

    /// The name of the file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The number of columns that are told, which are the last.
    #[must_use]
    pub const fn told(&self) -> usize {
        self.told.len()
    }

    /// The number of rows, at least one: of windows, where they are that.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The value in a row and a column.
    ///
    /// # Panics
    /// Beyond the last row or column.
    #[must_use]
    pub fn value(&self, row: usize, column: usize) -> f64 {
        self.row(row)[column]
    }

    /// The values of a row.
    ///
    /// # Panics
    /// Beyond the last row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f64] {
        &self.rows.row(row)[..self.columns.len()]
    }

    /// The number of rows that were dropped.
    #[must_use]
    pub const fn dropped_rows(&self) -> u64 {
        self.dropped_rows
    }

    /// The first ten of the dropped rows.
    #[must_use]
    pub fn dropped(&self) -> &[Dropped] {
        &self.dropped
    }

    fn load(source: Source<'_>, options: &TableOptions) -> Result<Self, TableError> {
        if options.weight.is_some() && options.window.is_some() {
            return Err(WeightError::Windows.into());
        }
        let table = if source.is_npy() {
            Self::from_array(Array::open(source)?, options)?
        } else {
            Self::from_records(Records::open(source, options)?, options)?
        };
        match table.dropped.first() {
            _ if table.rows() == 0 && table.weightless_rows > 0 => {
                let (file, column) = (table.file.clone(), table.name(table.columns.len()));
                Err(WeightError::Nothing { file, column }.into())
            }
            Some(first) if table.rows() == 0 => Err(TableError::NoRows {
                file: table.file.clone(),
                dropped: table.dropped_rows,
                place: first.place,
                column: first.column.clone(),
            }),
            // There was no row at all, so there was a header.
            None if table.rows() == 0 => Err(TableError::HeaderOnly { file: table.file }),
            _ => match options.window {
                Some(window) => table.into_windows(window, options),
                None => Ok(table),
            },
        }
    }

    /// A table of the chosen columns without rows, and their indices; at the end, that of the column by which rows weigh.
    fn empty(
        file: &str,
        names: &[String],
        options: &TableOptions,
    ) -> Result<(Self, Vec<usize>), TableError> {
        let Selection { columns: mut chosen, weight } = select(file, names, options)?;
        let mut is_left_out = vec![true; names.len()];
        chosen.iter().chain(&weight).for_each(|column| is_left_out[*column] = false);
        let left_out = names.iter().zip(is_left_out).filter(|(_, left_out)| *left_out);
        let said: HashMap<&str, &ColumnSpec> =
            options.columns.iter().flatten().map(|spec| (spec.name.as_str(), spec)).collect();
        let spec = |column: &usize| {
            let name = names[*column].as_str();
            let said = said.get(name).map_or_else(|| ColumnSpec::named(name), |it| (*it).clone());
            match &options.each {
                Some(each) if said == ColumnSpec::named(name) => {
                    ColumnSpec { name: name.to_owned(), ..each.clone() }
                }
                _ => said,
            }
        };
        let own = |column: &usize| {
            let name = names[*column].as_str();
            said.get(name).map_or_else(|| ColumnSpec::named(name), |said| (*said).clone())
        };
        let weight_spec = weight.as_ref().map(own);
        let table = Self {
            file: file.to_owned(),
            columns: chosen.iter().map(|column| names[*column].clone()).collect(),
            specs: chosen.iter().map(spec).collect(),
            left_out: left_out.map(|(name, _)| name.clone()).collect(),
            told: (chosen.len() - options.told.len()..chosen.len()).collect(),
            categories: vec![None; chosen.len()],
            rows: Rows::new(chosen.len() + usize::from(weight.is_some())),
            weight: weight_spec,
            weightless_rows: 0,
            missing: options.missing,
            dropped: Vec::new(),
            dropped_rows: 0,
            axes: Vec::new(),
            breaks: Vec::new(),
            series: None,
        };
        let is_number = |spec: &ColumnSpec| matches!(spec.kind, CellKind::Number | CellKind::Whole);
        if let Some(spec) = table.weight.as_ref().filter(|spec| !is_number(spec)) {
            let (file, column) = (file.to_owned(), spec.name.clone());
            return Err(WeightError::Kind { file, column }.into());
        }
        chosen.extend(weight);
        Ok((table, chosen))
    }

    fn from_records(mut records: Records<'_>, options: &TableOptions) -> Result<Self, TableError> {
        let (mut table, chosen) = Self::empty(records.file(), records.names(), options)?;
        let mut row = vec![0.0; chosen.len()];
        let readers: Vec<_> =
            table.specs.iter().chain(&table.weight).map(CellReader::new).collect();
        let mut texts = table.texts();
        while records.next()? {
            for (i, (column, reader)) in chosen.iter().zip(&readers).enumerate() {
                let field = records.field(*column);
                row[i] = match (reader.read(records.cells(), field), &mut texts[i]) {
                    (Field::Missing, _) => f64::NAN,
                    (_, Some(texts)) if let Ok(text) = str::from_utf8(field) => texts.place(text),
                    (Field::Number(number), None) => number,
                    (Field::Text, _) if i == table.columns.len() => {
                        let text = shown(records.field(*column));
                        return Err(table.no_weight(records.place(), text));
                    }
                    (Field::Number(_) | Field::Text, _) => {
                        return Err(TableError::Text {
                            column: table.name(i),
                            file: table.file,
                            place: records.place(),
                            text: shown(records.field(*column)),
                            required: reader.required(),
                        });
                    }
                };
            }
            if table.is_complete(&row, table.rows.len(), || records.place())? {
                table.fits(table.rows.len() + 1, options)?;
                table.rows.push(&row);
            }
        }
        let number = |text: &str| match records.cells().number(text.as_bytes()) {
            Field::Number(number) if number.is_finite() => Some(number),
            _ => None,
        };
        table.settle(texts, number)?;
        Ok(table)
    }

    /// The texts of each column that may be a category.
    fn texts(&self) -> Vec<Option<Texts>> {
        let column = |(i, spec): (usize, &ColumnSpec)| {
            let may_be = match spec.kind {
                CellKind::Category => true,
                CellKind::Number => self.told.contains(&i),
                _ => false,
            };
            may_be.then(Texts::default)
        };
        let columns = self.specs.iter().enumerate().map(column);
        columns.chain(self.weight.iter().map(|_| None)).collect()
    }

    /// The name of a column, or of the one behind them that rows weigh by.
    fn name(&self, column: usize) -> String {
        let name = self.specs.iter().chain(&self.weight).nth(column).map(|spec| spec.name.clone());
        name.unwrap_or_default()
    }

    fn no_weight(&self, place: Place, text: String) -> TableError {
        let (file, column) = (self.file.clone(), self.name(self.columns.len()));
        WeightError::Value { file, place, column, text }.into()
    }

    /// Takes what rows weigh from their ends.
    fn take_weights(&mut self) -> Option<Vec<f64>> {
        self.weight.as_ref()?;
        let (rows, weights) = std::mem::replace(&mut self.rows, Rows::new(1)).split_last();
        self.rows = rows;
        Some(weights)
    }

    /// Makes categories or numbers of texts.
    fn settle(
        &mut self,
        texts: Vec<Option<Texts>>,
        number: impl Fn(&str) -> Option<f64>,
    ) -> Result<(), TableError> {
        for (i, texts) in texts.into_iter().enumerate() {
            let Some(texts) = texts else { continue };
            let is_category = self.specs[i].kind == CellKind::Category;
            let settled = texts.settle(i, &mut self.rows, is_category, &number);
            let (file, column) = (self.file.clone(), self.columns[i].clone());
            let (field, most) = match self.told.contains(&i) {
                true => ("data.condition.columns", CLASS_LIMIT),
                false => ("data.columns", CATEGORY_LIMIT),
            };
            let many = |values| ToldError::ManyValues {
                file: file.clone(),
                field,
                column: column.clone(),
                values,
                most,
            };
            let names = match settled {
                Ok(Some(names)) if names.len() > most => return Err(many(names.len()).into()),
                Ok(names) => names,
                Err(Unsettled::ManyValues(values)) => return Err(many(values).into()),
                Err(Unsettled::OddText(text)) => {
                    return Err(ToldError::OddText { file, column, text }.into());
                }
            };
            if names.is_some() {
                let ColumnSpec { name, missing, derived_from, .. } = self.specs[i].clone();
                let (kind, named) = (CellKind::Category, ColumnSpec::named(name));
                self.specs[i] = ColumnSpec { kind, missing, derived_from, ..named };
            }
            self.categories[i] = names;
        }
        Ok(())
    }

    /// Fails where so many rows take more memory than the options allow.
    fn fits(&self, rows: usize, options: &TableOptions) -> Result<(), TableError> {
        // What is made of the weights is three numbers a row.
        let width = self.rows.width() + if self.weight.is_some() { 3 } else { 0 };
        let bytes = [rows, width].into_iter().fold(8, usize::saturating_mul) as u64;
        match options.memory.filter(|limit| bytes > *limit) {
            Some(limit) => Err(TableError::TooManyRows { file: self.file.clone(), limit }),
            None => Ok(()),
        }
    }

    /// Whether a row is kept, after `kept` rows that are. A missing value is NaN here; a row with one is noted as
    /// dropped, unless what is missing is learnt. A row that weighs nothing is counted.
    fn is_complete(
        &mut self,
        row: &[f64],
        kept: usize,
        place: impl Fn() -> Place,
    ) -> Result<bool, TableError> {
        let weight = row.get(self.columns.len()).copied();
        match weight {
            Some(0.0) => {
                self.weightless_rows += 1;
                return Ok(false);
            }
            Some(value) if value < 0.0 || value.is_infinite() => {
                return Err(self.no_weight(place(), value.to_string()));
            }
            Some(value) if value.is_nan() && self.missing == Missing::Refuse => {
                return Err(self.no_weight(place(), "nothing".to_owned()));
            }
            _ => {}
        }
        if row.iter().all(|value| value.is_finite()) {
            return Ok(true);
        }
        let column = |is_it: fn(f64) -> bool| {
            row.iter().position(|value| is_it(*value)).map(|column| self.name(column))
        };
        let (file, place) = (self.file.clone(), place());
        if let Some(column) = column(f64::is_infinite) {
            return Err(TableError::Infinite { file, place, column });
        }
        let column = column(f64::is_nan).unwrap_or_default();
        match self.missing {
            Missing::Refuse => return Err(TableError::Missing { file, place, column }),
            Missing::Model
                if !weight.is_some_and(f64::is_nan)
                    && self.told.iter().all(|told| !row[*told].is_nan()) =>
            {
                return Ok(true);
            }
            Missing::Model | Missing::Drop => {}
        }
        self.dropped_rows += 1;
        if self.breaks.last() != Some(&kept) {
            self.breaks.push(kept);
        }
        if self.dropped.len() < DROPPED_KEPT {
            self.dropped.push(Dropped { place, column });
        }
        Ok(false)
    }
}
