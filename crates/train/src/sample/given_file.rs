//! [`GivenFile`]: a CSV file of rows of which the cells that it fills are given to samples.

use std::path::{Path, PathBuf};

use langevin_data::Dataset;

use super::Given;
use crate::TrainError;

/// Largest file, in bytes.
const MOST_BYTES: u64 = 1 << 28;

/// CSV file with a header of columns of the data and a row for each set of given values; an empty cell is drawn.
#[derive(Debug, Clone)]
pub struct GivenFile {
    path: PathBuf,
    header: Vec<String>,
    rows: Vec<(u64, Vec<String>)>,
}

impl GivenFile {
    /// Reads a file. Its fields are divided by the one of comma, semicolon and tab that occurs most in its first line.
    ///
    /// # Errors
    /// A file that cannot be read, is no CSV in UTF-8, or has no row.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
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
        for record in reader.records() {
            let record = record.map_err(|error| bad(error.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
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
        Ok(Self { path: path.to_owned(), header, rows })
    }

    /// Number of rows.
    pub const fn rows(&self) -> usize {
        self.rows.len()
    }

    /// What the file tells of samples of `data`: `each` of them of every row, in order.
    ///
    /// # Errors
    /// A column that the data does not have, one that stands twice, a value that is none of its column's.
    pub fn given(&self, data: &dyn Dataset, each: usize) -> Result<Given, TrainError> {
        let bad = |why: String| TrainError::GivenFile { path: self.path.clone(), why };
        let columns = data.columns();
        let mut places = Vec::new();
        for name in &self.header {
            let place = Given::place(name, &columns).map_err(|error| bad(error.to_string()))?;
            if places.contains(&place) {
                return Err(bad(format!("has two columns named `{name}`")));
            }
            places.push(place);
        }
        let row = |(line, cells): &(u64, Vec<String>)| {
            let mut row = vec![f64::NAN; columns.len()];
            for (place, cell) in places.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                let value = Given::value(&columns[*place], cell);
                row[*place] = value.map_err(|error| bad(format!("line {line}: {error}")))?;
            }
            Ok(row)
        };
        Ok(Given::rows(self.rows.iter().map(row).collect::<Result<_, TrainError>>()?, each))
    }
}

#[cfg(test)]
mod tests {
    use langevin_data::GaussianMixture;

    use super::*;

    fn read(text: &str) -> Result<Given, String> {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("rows.csv");
        std::fs::write(&path, text).expect("written");
        let data = GaussianMixture::new(vec![vec![0.0; 3]], 1.0, None).expect("valid");
        let file = GivenFile::read(&path).map_err(|error| error.to_string())?;
        let given = file.given(&data, 2).map_err(|error| error.to_string());
        given.map_err(|error| error.replace(&folder.path().display().to_string(), ""))
    }

    #[test]
    fn cells_that_are_filled_are_given_in_any_order_of_the_columns() {
        let given = read("x2;x0\n1.5;\n;-2\n").expect("sound");
        let text = format!("{given:?}");
        assert!(text.contains("[NaN, NaN, 1.5], [-2.0, NaN, NaN]"), "{text}");
    }

    #[test]
    fn what_is_no_row_of_the_data_is_refused_with_its_line() {
        for (text, said) in [
            ("x0,x7\n1,2\n", "names no column of the data, got \"x7\"; there are x0, x1, x2"),
            (
                "x0,x1\n1,2\n3,maybe\n",
                "line 3: sample.condition: `x1` must be a finite number, got \"maybe\"",
            ),
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
