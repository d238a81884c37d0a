//! [`Derived`]: a column that is a function of another one on every training row. It is looked up, not learnt.

use std::collections::HashMap;

#[cfg(feature = "serde")]
use super::quantile::ascend;
use super::{Table, TableError, rows::Rows};

/// Rows for each value of a column from which on another that goes with it is a function of it, and not by chance.
const ROWS_A_VALUE: usize = 20;

/// Function of another column's value, by the training rows.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub(super) struct Derived {
    /// Place of the other column.
    pub source: usize,
    /// Names of its values, where it is a category.
    pub names: Vec<String>,
    /// Values of the other column, ascending.
    at: Vec<f64>,
    /// Its value at each of them.
    values: Vec<f64>,
}

impl Derived {
    /// The function in the rows from `first` on; where there is none, the first row that contradicts an earlier one, or in
    /// which one of the two values is missing, held out or not.
    pub fn of(
        rows: &Rows,
        first: usize,
        [column, source]: [usize; 2],
        names: &[String],
    ) -> Result<Self, usize> {
        let is_missing =
            |row: &usize| rows.row(*row)[source].is_nan() || rows.row(*row)[column].is_nan();
        if let Some(row) = (0..rows.len()).find(is_missing) {
            return Err(row);
        }
        let mut pairs: HashMap<u64, f64> = HashMap::new();
        for i in first..rows.len() {
            let (row, at) = (rows.row(i), rows.row(i)[source]);
            let known = *pairs.entry((at + 0.0).to_bits()).or_insert(row[column]);
            if known != row[column] {
                return Err(i);
            }
        }
        let mut pairs: Vec<(f64, f64)> =
            pairs.into_iter().map(|(at, value)| (f64::from_bits(at), value)).collect();
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (at, values) = pairs.into_iter().unzip();
        Ok(Self { source, names: names.to_vec(), at, values })
    }

    /// The value that goes with the other column's, or with the nearest below it that the training rows have.
    pub fn value(&self, at: f64) -> f64 {
        let above = self.at.partition_point(|other| *other <= at);
        self.values[above.saturating_sub(1)]
    }

    #[cfg(feature = "serde")]
    pub fn is_sound(&self) -> bool {
        !self.at.is_empty() && self.at.len() == self.values.len() && ascend(&self.at)
    }
}

impl Table {
    /// For each column the category that it is a function of in every row, if there is one: with twenty rows for each of the
    /// category's values, on average. A column that such a function leads to is no function itself, and neither is one that
    /// does not vary or lacks values.
    #[must_use]
    pub fn derived(&self) -> Vec<Option<usize>> {
        let width = self.columns.len();
        let mut found: Vec<Option<usize>> = vec![None; width];
        let varies = |column: usize| {
            let first = self.rows.row(0)[column];
            (1..self.rows.len()).any(|row| self.rows.row(row)[column] != first)
        };
        let is_source = |column: usize| {
            let values = self.categories[column].as_ref().map_or(usize::MAX, Vec::len);
            values > 1 && values.saturating_mul(ROWS_A_VALUE) <= self.rows.len()
        };
        let sources: Vec<usize> = (0..width).filter(|column| is_source(*column)).collect();
        for column in (0..width).filter(|column| varies(*column)) {
            let of = |source: &&usize| {
                let (source, is_told) = (**source, self.told.contains(&column));
                // Of two that are functions of each other the first is learnt.
                let comes_first = source < column || self.categories[column].is_none();
                source != column
                    && comes_first
                    && !is_told
                    && found[source].is_none()
                    && Derived::of(&self.rows, 0, [column, source], &[]).is_ok()
            };
            let source = sources.iter().find(of).copied();
            found[column] = source;
        }
        found
    }

    /// A value as text, for a message.
    pub(super) fn text(&self, row: usize, column: usize) -> String {
        let value = self.rows.row(row)[column];
        if value.is_nan() {
            return "missing".to_owned();
        }
        let name = self.categories[column].as_ref().and_then(|names| names.get(value as usize));
        name.map_or_else(|| value.to_string(), |name| format!("{name:?}"))
    }

    /// The place of the column that another is said to be derived from. What is told is no function, and neither is what
    /// would be one of a column that is not there.
    pub(super) fn source_of(&self, column: usize) -> Result<Option<usize>, TableError> {
        let Some(name) = &self.specs[column].derived_from else { return Ok(None) };
        let place = self.columns.iter().position(|other| other == name);
        let Some(place) = place.filter(|_| !self.told.contains(&column)) else { return Ok(None) };
        if place != column && self.specs[place].derived_from.is_none() {
            return Ok(Some(place));
        }
        Err(TableError::DerivedFrom {
            file: self.file.clone(),
            column: self.columns[column].clone(),
            from: name.clone(),
        })
    }

    /// The columns that are said to be derived from one that is not there, with its name.
    pub(super) fn underived(&self) -> Vec<String> {
        let is_gone = |from: &&String| !self.columns.contains(*from);
        let said = self.specs.iter().filter_map(|spec| {
            let from = spec.derived_from.as_ref().filter(is_gone)?;
            Some(format!("{} (of {from})", spec.name))
        });
        said.collect()
    }
}
