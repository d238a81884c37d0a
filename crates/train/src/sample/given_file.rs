//! [`GivenFile`]: a CSV file of rows of which the cells that it fills are given to samples.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use langevin_data::{Column, ColumnValues, Dataset};

use super::{given::Given, given_cell::GivenCell, user_rows::check_class};
use crate::{TrainError, config::DataConfig};

/// Largest file, in bytes.
const MOST_BYTES: u64 = 1 << 28;

/// CSV file with a header of columns of the data and a row for each set of given values; an empty cell is drawn.
///
/// Where the data's rows are windows of a series, the file may be the series: its header names the series' own columns, and its
/// rows are steps, of which the last are the one window that is given.
#[derive(Debug, Clone)]
pub struct GivenFile {
    path: PathBuf,
    header: Vec<String>,
    rows: Vec<(u64, Vec<String>)>,
    series: Option<Series>,
}

/// Windows of a series that a file holds.
#[derive(Debug, Clone, Copy)]
struct Series {
    /// Steps of a window.
    length: usize,
    /// First steps that are told.
    past: usize,
}

impl GivenFile {
    /// Reads a file for samples of a run on `data`. Its fields are divided by the one of comma, semicolon and tab that occurs
    /// most in its first line.
    ///
    /// # Errors
    /// A file that cannot be read, is no CSV in UTF-8, or has no row.
    pub fn read(path: &Path, data: &DataConfig) -> Result<Self, TrainError> {
        let bad = |why: String| TrainError::GivenFile { path: path.to_owned(), why };
        let io = |source| TrainError::io("cannot read", path, source);
        let size = std::fs::metadata(path).map_err(io)?.len();
        if size > MOST_BYTES {
            return Err(bad(format!("must have at most {MOST_BYTES} bytes, got {size}")));
        }
        let text = String::from_utf8(std::fs::read(path).map_err(io)?)
            .map_err(|_| bad("must be a CSV file in UTF-8".to_owned()))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let first = text.lines().next().unwrap_or_default();
        let count = |byte: &u8| first.bytes().filter(|other| other == byte).count();
        let delimiter = [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',');
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let fields = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
        let header: Vec<String> = fields(reader.headers().map_err(|error| bad(error.to_string()))?);
        let mut rows = Vec::new();
        // The reader's own line of a record is too small after CRLF and after blank lines.
        let (mut line, mut counted) = (1, 0);
        for record in reader.records() {
            let record = record.map_err(|error| bad(error.to_string()))?;
            let before = record.position().map_or(0, |place| place.byte() as usize);
            let first = text.len() - text[before..].trim_start_matches(['\r', '\n']).len();
            line += text[counted..first].matches('\n').count() as u64;
            counted = first;
            rows.push((line, fields(&record)));
        }
        // A reader of CSV skips blank lines, and a row of one empty cell is one.
        let mut lines = text.trim_end().lines();
        if let Some(line) =
            lines.position(|line| line.trim().is_empty()).filter(|_| header.len() == 1)
        {
            let line = line + 1;
            return Err(bad(format!(
                "line {line}: must hold a value, or \"\" where it is drawn, got nothing"
            )));
        }
        if rows.is_empty() {
            return Err(bad("must have a header and a row of given values at least".to_owned()));
        }
        let series = match data {
            DataConfig::Table(table) => {
                table.window.map(|window| Series { length: window.length, past: table.past() })
            }
            _ => None,
        };
        // The columns of windows end in their steps.
        let is_step = |name: &String, length: usize| {
            let step = name.rsplit_once('.').and_then(|(_, step)| step.parse::<usize>().ok());
            step.is_some_and(|step| (1..=length).contains(&step))
        };
        let series = series.filter(|own| !header.iter().all(|name| is_step(name, own.length)));
        Ok(Self { path: path.to_owned(), header, rows, series })
    }

    /// Number of sets of given values: of rows, or 1 where the rows are steps of a series.
    pub const fn sets(&self) -> usize {
        if self.series.is_some() { 1 } else { self.rows.len() }
    }

    /// What the file tells of samples of `data`: `each` of them of every set, in order.
    ///
    /// # Errors
    /// A column that the data does not have, one that stands twice, a value that is none of its column's; of a series, steps
    /// that the model is told and the file does not have.
    pub fn given(&self, data: &dyn Dataset, each: usize) -> Result<Given, TrainError> {
        let columns = data.columns();
        if let Some(twice) =
            (1..self.header.len()).find(|i| self.header[..*i].contains(&self.header[*i]))
        {
            return Err(self.bad(format!("has two columns named `{}`", self.header[twice])));
        }
        if let Some(series) = self.series {
            return Ok(Given::rows(vec![self.window(series, data, &columns)?], each));
        }
        let mut places = Vec::new();
        for name in &self.header {
            let place = Given::place(name, &columns);
            places.push(place.map_err(|error| self.bad(error.to_string()))?);
        }
        let row = |(line, cells): &(u64, Vec<String>)| {
            let mut row = vec![f64::NAN; columns.len()];
            for (place, cell) in places.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                row[*place] = self.value(&columns[*place], *line, cell)?;
                check_class(data, &columns, *place, row[*place])
                    .map_err(|why| self.bad(format!("line {line}: {why}")))?;
            }
            Ok(row)
        };
        Ok(Given::rows(self.rows.iter().map(row).collect::<Result<_, TrainError>>()?, each))
    }

    fn bad(&self, why: String) -> TrainError {
        TrainError::GivenFile { path: self.path.clone(), why }
    }

    fn value(&self, column: &Column, line: u64, cell: &str) -> Result<f64, TrainError> {
        let value = GivenCell::number(column, cell);
        value.map_err(|error| self.bad(format!("line {line}: {error}")))
    }

    /// The window that the last rows are, where the rows are steps of a series. Those at the end without a value in what is
    /// drawn are its last steps; before them are as many as are told, or, where any may be, all that there are. Columns that
    /// the series does not have are of no account.
    fn window(
        &self,
        Series { length, past }: Series,
        data: &dyn Dataset,
        columns: &[Column],
    ) -> Result<Vec<f64>, TrainError> {
        let places: HashMap<&str, usize> =
            columns.iter().enumerate().map(|(i, column)| (column.name.as_str(), i)).collect();
        // The place of each step of a column of the file; none of a column that the series does not have.
        let steps_of = |name: &String| -> Option<Vec<usize>> {
            (1..=length).map(|step| places.get(&*format!("{name}.{step}")).copied()).collect()
        };
        let steps: Vec<Option<Vec<usize>>> = self.header.iter().map(steps_of).collect();
        let told = data.told();
        let is_drawn = |steps: &Option<Vec<usize>>| {
            steps.as_ref().is_some_and(|steps| !told.contains(&steps[length - 1]))
        };
        let drawn: Vec<bool> = steps.iter().map(is_drawn).collect();
        if steps.iter().all(Option::is_none) {
            let own = columns.iter().filter_map(|column| column.name.strip_suffix(".1"));
            let (own, header) = (own.collect::<Vec<_>>().join("`, `"), self.header.join(", "));
            return Err(
                self.bad(format!("must have a column of the series, of `{own}`, got {header}"))
            );
        }
        let is_open = |(_, cells): &&(u64, Vec<String>)| {
            cells.iter().zip(&drawn).all(|(cell, is_drawn)| !is_drawn || cell.is_empty())
        };
        let open = self.rows.iter().rev().take_while(is_open).count();
        let known = self.rows.len() - open;
        let first = if past == 0 { 0 } else { known.saturating_sub(past) };
        if known < past {
            return Err(self.bad(format!(
                "must have the {past} rows of the series that the model is told, got {known}"
            )));
        }
        let rows = &self.rows[first..];
        if rows.len() > length {
            let got = rows.len();
            return Err(self.bad(format!(
                "must have at most {length} rows, the steps of a window, got {got}"
            )));
        }
        let mut row = vec![f64::NAN; columns.len()];
        for (step, (line, cells)) in rows.iter().enumerate() {
            for (steps, cell) in steps.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                let Some(place) = steps.as_ref().map(|steps| steps[step]) else { continue };
                let value = self.value(&columns[place], *line, cell)?;
                match columns[place].values {
                    ColumnValues::Constant(own) if own != value => {
                        let name = &columns[place].name;
                        return Err(self.bad(format!(
                            "line {line}: `{name}` is {own} in all training rows, got {value}"
                        )));
                    }
                    ColumnValues::Constant(_) => {}
                    _ => row[place] = value,
                }
            }
        }
        let lacking: Vec<&str> = told
            .iter()
            .filter(|place| row[**place].is_nan())
            .map(|place| columns[*place].name.as_str())
            .collect();
        match lacking[..] {
            [] => Ok(row),
            [first, ..] => Err(self.bad(format!(
                "must tell all {} values that the model is told, and lacks {}, as `{first}`: rows of steps to come leave what \
                 is drawn empty",
                told.len(),
                lacking.len()
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What a file says of data; paths of `data` are relative to the file's folder, in which `other` is a table.
    fn said(data: &serde_json::Value, other: &str, text: &str) -> Result<Given, String> {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("rows.csv");
        std::fs::write(&path, text).expect("written");
        std::fs::write(folder.path().join("other.csv"), other).expect("written");
        let mut config: DataConfig = serde_json::from_value(data.clone()).expect("sound");
        config.point_from(folder.path());
        let data = config.build(0).expect("data");
        let file = GivenFile::read(&path, &config).map_err(|error| error.to_string())?;
        let given = file.given(data.as_ref(), 2).map_err(|error| error.to_string());
        assert!(given.as_ref().map_or(true, |given| given.sets() == file.sets()));
        given.map_err(|error| error.replace(&folder.path().display().to_string(), ""))
    }

    /// Its numbers as they are written, NaN where nothing is given.
    fn said_of(given: &Given) -> String {
        format!("{given:?}").replace("Open", "NaN").replace("Value(", "").replace(')', "")
    }

    fn read(text: &str) -> Result<Given, String> {
        let data = json!({ "kind": "gaussian_mixture", "means": [[0, 0, 0]], "std": 1 });
        said(&data, "", text)
    }

    #[test]
    fn cells_that_are_filled_are_given_in_any_order_of_the_columns() {
        let given = read("x2;x0\n1.5;\n;-2\n").expect("sound");
        let text = said_of(&given);
        assert!(text.contains("[NaN, NaN, 1.5], [-2.0, NaN, NaN]"), "{text}");
    }

    /// What a file says of windows of three steps of two columns, of which `past` steps are told, and of one that is told at
    /// every step; of any of them, where the past has no step.
    fn window(past: usize, text: &str) -> Result<Given, String> {
        let row = |i: usize| format!("{i},{},{}\n", i * i, i % 2);
        let series = format!("a,b,c\n{}", (0..12).map(row).collect::<String>());
        let condition = match past {
            0 => json!({ "given": "any" }),
            _ => json!({ "past": past, "columns": ["c"] }),
        };
        let data = json!({
            "kind": "table", "path": "other.csv", "holdout": 0, "window": { "length": 3 },
            "condition": condition,
        });
        said(&data, &series, text)
    }

    #[test]
    fn a_series_gives_its_last_rows_as_the_steps_that_are_told() {
        // Columns a.2 a.3 b.2 b.3 a.1 b.1 c.1 c.2 c.3: the row of 3 is the past, and two steps are to come.
        let given = window(1, "c,a,b\n0,7,7\n1,3,9\n0,,\n1,,\n").expect("sound");
        let want = "[NaN, NaN, NaN, NaN, 3.0, 9.0, 1.0, 0.0, 1.0]";
        assert!(said_of(&given).contains(want), "{given:?}");
        // Columns that the series does not have are of no account.
        let given = window(1, "day,a,b,c\nmo,3,9,1\ntu,,,0\nwe,,,1\n").expect("sound");
        assert!(said_of(&given).contains(want), "{given:?}");
        // Where any may be told, the rows are the steps from the first on: a.1 a.2 a.3 and so on.
        let given = window(0, "a,b\n7,\n,9\n").expect("sound");
        let want = "[7.0, NaN, NaN, NaN, 9.0, NaN, NaN, NaN, NaN]";
        assert!(said_of(&given).contains(want), "{given:?}");
        // A file of windows is none of a series.
        let given = window(1, "a.1,b.1\n3,9\n4,16\n").expect("sound");
        assert!(said_of(&given).contains("4.0, 16.0, NaN"), "{given:?}");
    }

    #[test]
    fn a_series_of_too_few_or_too_many_rows_is_refused() {
        for (past, text, said) in [
            (
                2,
                "a,b\n1,1\n,\n",
                "must have the 2 rows of the series that the model is told, got 1",
            ),
            (1, "a,b,c\n1,1,0\n,,1\n,,0\n,,1\n", "at most 3 rows, the steps of a window, got 4"),
            (0, "a\n1\n2\n3\n4\n", "at most 3 rows"),
            (1, "a,b\n1,x\n", "line 2: sample.condition: `b.1` must be a"),
            (1, "d,e\n1,1\n", "must have a column of the series, of `a`, `b`, `c`, got d, e"),
            (1, "a,a\n1,1\n", "has two columns named `a`"),
            (1, "c\n1\n0\n1\n", "must have the 1 rows of the series that the model is told, got 0"),
            (
                1,
                "a,b,c\n7,7,0\n3,9,1\n,,0\n",
                "must tell all 5 values that the model is told, and lacks 1, as `c.3`",
            ),
        ] {
            let message = window(past, text).expect_err(said);
            assert!(message.contains(said), "{message}");
        }
    }

    #[test]
    fn what_is_no_row_of_the_data_is_refused_with_its_line() {
        for (text, said) in [
            ("x0,x7\n1,2\n", "names no column of the data, got \"x7\"; there are x0, x1, x2"),
            (
                "x0,x1\n1,2\n3,maybe\n",
                "line 3: sample.condition: `x1` must be a finite number, got \"maybe\"",
            ),
            ("x0,x1\r\n1,2\r\n3,maybe\r\n", "line 3: "),
            ("x0,x1\n\n1,2\n\n\n3,maybe\n", "line 6: "),
            ("x0,x0\n1,2\n", "has two columns named `x0`"),
            ("x0,x1\n", "must have a header and a row of given values at least"),
            ("x0,x1\n1\n", "found record with 1 fields"),
            ("x0\ninf\n", "must be a finite number"),
            ("x0\n1\n\n2\n", "line 3: must hold a value"),
        ] {
            let message = read(text).expect_err(said);
            assert!(message.contains(said), "{message}");
        }
    }
}
