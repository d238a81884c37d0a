//! [`FillFile`]: a table whose empty cells samples fill.

use std::path::{Path, PathBuf};

use langevin_data::{Column, ColumnValues, Dataset, Layout, TableError, TableOptions, TextTable};

use super::{
    given::Given,
    given_cell::GivenCell,
    samples::Samples,
    spaces::BothSpaces,
    user_rows::{base_of, check_class, there_and_back},
};
use crate::{
    TrainError,
    config::{DataConfig, list},
    store::durable::write_new,
};

/// Largest file, in bytes.
const MOST_BYTES: u64 = 1 << 30;

/// Table in a file, of whose rows the cells without a value are drawn, given the others.
#[derive(Debug, Clone)]
pub struct FillFile {
    path: PathBuf,
    table: TextTable,
}

/// What a [`FillFile`] gives to samples of some data, and where they go.
#[derive(Debug, Clone)]
pub struct Filling {
    /// The data's column of each column of the file; none of one that the data does not have.
    columns: Vec<Option<usize>>,
    /// What fills each row of the file, and the columns of the file that are filled.
    rows: Vec<(By, Vec<usize>)>,
    /// What is given of the rows that are drawn.
    cells: Vec<Vec<GivenCell>>,
    each: usize,
}

/// What fills a row.
#[derive(Debug, Clone)]
enum By {
    /// The samples of its number among the rows that are drawn.
    Samples(usize),
    /// This row in the data's columns, all of which follow from what is given.
    Itself(Vec<f64>),
}

impl FillFile {
    /// Reads a table for samples of a run on `data`. It is laid out as the run's own table is, or as a plain CSV file, and may
    /// have other columns too.
    ///
    /// # Errors
    /// A run on another kind of data, a file that cannot be read.
    pub fn read(path: &Path, data: &DataConfig) -> Result<Self, TrainError> {
        let bad = |why: &str| TrainError::GivenFile { path: path.to_owned(), why: why.to_owned() };
        let DataConfig::Table(config) = data else {
            return Err(bad("can be filled by a run on a table alone"));
        };
        if config.window.is_some() {
            return Err(bad(
                "has rows, and the run learnt windows of them: name it by --given-file",
            ));
        }
        let size = std::fs::metadata(path)
            .map_err(|source| TrainError::io("cannot read", path, source))?
            .len();
        if size > MOST_BYTES {
            return Err(bad(&format!("must have at most {MOST_BYTES} bytes, got {size}")));
        }
        let options = config.options()?;
        let is_known = |table: &TextTable| {
            let said = options.columns.iter().flatten().map(|spec| &spec.name);
            let mut known = said.chain(&options.told).peekable();
            known.peek().is_none() || known.any(|name| table.names().contains(name))
        };
        let own = TextTable::read(path, &options);
        let table = match own {
            Ok(table) if is_known(&table) => table,
            _ => {
                let Layout { decimal, missing_values, .. } = options.layout.clone();
                let layout = Layout { decimal, missing_values, ..Layout::default() };
                let plain = TableOptions { delimiter: None, header: Some(true), layout, ..options };
                TextTable::read(path, &plain).or(own)?
            }
        };
        Ok(Self { path: path.to_owned(), table })
    }

    /// What the file tells of samples of `data`, of which `each` fill every row that lacks a value.
    ///
    /// # Errors
    /// No column of the data's, one that stands twice, a cell that is none of its column's, no cell to fill.
    pub fn filling(&self, data: &dyn Dataset, each: usize) -> Result<Filling, TrainError> {
        let own = data.columns();
        let names = self.table.names();
        if let Some(twice) = (1..names.len()).find(|i| names[..*i].contains(&names[*i])) {
            return Err(self.bad(format!("has two columns named `{}`", names[twice])));
        }
        let place = |name: &String| own.iter().position(|column| column.name == *name);
        let columns: Vec<Option<usize>> = names.iter().map(place).collect();
        if columns.iter().all(Option::is_none) {
            let known: Vec<_> = own.iter().map(|column| column.name.as_str()).collect();
            let (known, names) = (known.join(", "), names.join(", "));
            return Err(self.bad(format!("must have a column of the run, of {known}; got {names}")));
        }
        let sources = Sources::of(data);
        let (mut rows, mut cells) = (Vec::new(), Vec::new());
        for row in 0..self.table.rows() {
            let (mut given, mut open) = (vec![GivenCell::Open; own.len()], Vec::new());
            for (column, place) in columns.iter().enumerate() {
                let Some(place) = *place else { continue };
                let value = self.table.value(row, column, &own[place]);
                match value.map_err(TableError::from)? {
                    value if value.is_nan() => open.push(column),
                    value => {
                        check_class(data, &own, place, value)
                            .map_err(|why| self.bad(format!("row {}: {why}", row + 1)))?;
                        given[place] = GivenCell::Value(value);
                    }
                }
            }
            sources.tell(&mut given).map_err(|column| {
                let (name, from) = (&own[column].name, &own[sources.of_column(column)].name);
                let text = own[column].text(given[column].value());
                self.bad(format!(
                    "row {}: `{name}` = {text} goes with no value of `{from}`",
                    row + 1
                ))
            })?;
            // What is filled has a value, though the model may take it for missing.
            for place in open.iter().filter_map(|column| columns[*column]) {
                if given[place] == GivenCell::Open
                    && sources.is_learnt[place]
                    && own[place].may_miss
                {
                    given[place] = GivenCell::Present;
                }
            }
            let by = match sources.all(data, &given) {
                Some(row) => By::Itself(row),
                None if open.is_empty() => By::Itself(Vec::new()),
                None => {
                    cells.push(given);
                    By::Samples(cells.len() - 1)
                }
            };
            rows.push((by, open));
        }
        match rows.iter().all(|(_, open)| open.is_empty()) {
            true => Err(self.bad(self.nothing_to_fill(&own))),
            false => Ok(Filling { columns, rows, cells, each }),
        }
    }

    /// Writes the table with its empty cells filled to a new file: `each` copies of every row, one after the other. All other
    /// cells are as they were.
    ///
    /// # Errors
    /// A file that exists already, or cannot be written.
    pub fn write(
        &self,
        path: &Path,
        filling: &Filling,
        data: &dyn Dataset,
        samples: &Samples,
    ) -> Result<(), TrainError> {
        let columns = data.columns();
        let user = BothSpaces::of_samples(data, &samples.values, &samples.told).user;
        let drawn: Vec<&[f64]> = user.chunks_exact(columns.len()).collect();
        let text = |row: &[f64], column: usize| {
            let place = filling.columns[column]?;
            Some((column, self.table.spell(&columns[place], row[place])))
        };
        let bytes = self.table.write(|row| {
            let (by, open) = &filling.rows[row];
            let copy = |copy: usize| {
                let own = match by {
                    By::Samples(number) => drawn[number * filling.each + copy],
                    By::Itself(row) => row,
                };
                open.iter().filter_map(|column| text(own, *column)).collect()
            };
            (0..filling.each).map(copy).collect::<Vec<_>>()
        });
        write_new(path, &bytes.map_err(|source| TrainError::io("cannot write", path, source))?)
    }

    /// Why no cell of the file is to be filled: of the run's columns it may lack some.
    fn nothing_to_fill(&self, own: &[Column]) -> String {
        let full = "must have an empty cell in a column of the run, and has a value in each";
        let is_absent = |name: &&str| !self.table.names().iter().any(|other| other == name);
        let absent: Vec<_> =
            own.iter().map(|column| column.name.as_str()).filter(is_absent).collect();
        match absent.is_empty() {
            true => full.to_owned(),
            false => format!("{full}; to fill {}, add an empty column of that name", list(&absent)),
        }
    }

    fn bad(&self, why: String) -> TrainError {
        TrainError::GivenFile { path: self.path.clone(), why }
    }
}

impl Filling {
    /// What is given to the samples.
    pub fn given(&self) -> Given {
        Given::cells(self.cells.clone(), self.each)
    }

    /// Number of samples.
    pub const fn samples(&self) -> usize {
        self.cells.len().saturating_mul(self.each)
    }

    /// Number of cells of the file that are filled, and of the rows that they are in.
    pub fn filled(&self) -> [usize; 2] {
        let open = self.rows.iter().map(|(_, open)| open.len()).filter(|open| *open > 0);
        [open.clone().sum(), open.count()]
    }
}

/// Columns that are looked up by others, and constants: what is given of them is told by the others.
struct Sources {
    /// A row of the data's columns.
    base: Vec<f64>,
    /// Whether each column is learnt.
    is_learnt: Vec<bool>,
    /// Each column that is looked up, with the one by which it is, and its value for each of that one's values.
    derived: Vec<(usize, usize, Vec<f64>)>,
}

impl Sources {
    fn of(data: &dyn Dataset) -> Self {
        let columns = data.columns();
        let mut is_learnt = vec![false; columns.len()];
        data.layout().iter().for_each(|group| is_learnt[group.column] = true);
        let base = base_of(data);
        let values = |column: usize, source: usize| {
            let count = match &columns[source].values {
                ColumnValues::Category(names) => names.len(),
                _ => 0,
            };
            let at = |value: usize| {
                let mut row = base.clone();
                row[source] = value as f64;
                there_and_back(data, &row)[column]
            };
            (0..count).map(at).collect()
        };
        let derived = (0..columns.len()).filter_map(|column| {
            let source = data.derived_from(column)?;
            Some((column, source, values(column, source)))
        });
        let derived = derived.collect();
        Self { base, is_learnt, derived }
    }

    /// The row that is given, where all that is learnt is.
    fn all(&self, data: &dyn Dataset, given: &[GivenCell]) -> Option<Vec<f64>> {
        let is_known = |(cell, is_learnt): (&GivenCell, &bool)| !is_learnt || cell.is_told();
        let is_whole = given.iter().zip(&self.is_learnt).all(is_known);
        let value = |(cell, base): (&GivenCell, &f64)| match cell {
            GivenCell::Value(value) => *value,
            _ => *base,
        };
        is_whole.then(|| {
            let row: Vec<f64> = given.iter().zip(&self.base).map(value).collect();
            there_and_back(data, &row)
        })
    }

    /// Tells of a row the source of what is looked up, where one value of it alone goes with what is given. Fails with a column
    /// whose given value goes with none.
    fn tell(&self, given: &mut [GivenCell]) -> Result<(), usize> {
        for (column, source, values) in &self.derived {
            let (GivenCell::Value(value), GivenCell::Open) = (given[*column], given[*source])
            else {
                continue;
            };
            let mut fitting = (0..values.len()).filter(|i| values[*i] == value);
            match (fitting.next(), fitting.next()) {
                (None, _) => return Err(*column),
                (Some(only), None) => given[*source] = GivenCell::Value(only as f64),
                // The source is drawn until it goes with it.
                _ => given[*column] = GivenCell::Within([value, value]),
            }
        }
        for (cell, is_learnt) in given.iter_mut().zip(&self.is_learnt) {
            if !is_learnt && cell.is_told() {
                *cell = GivenCell::Open;
            }
        }
        Ok(())
    }

    fn of_column(&self, column: usize) -> usize {
        self.derived.iter().find(|own| own.0 == column).map_or(column, |own| own.1)
    }
}
