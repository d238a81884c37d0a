//! [`Given`]: what is told of samples, and the rows that tell it.

#[cfg(test)]
mod tests;

use langevin_data::{Column, Dataset, FeatureGroup, Purpose, Streams};
use serde_json::Value;

use super::{
    given_cell::GivenCell,
    user_rows::{base_of, check_class},
};
use crate::{
    TrainError,
    config::{ToldValues, no_column},
    problem::Condition,
};

/// Most columns of which it is said that a value lies beyond the training rows.
const REMARKS: usize = 3;

/// Most training rows that are drawn for a sample of which only a part of what is told was given.
const MOST_TRIES: usize = 100_000;

/// What is told of samples: as of the training rows, or values that are given.
///
/// Where a model is told columns that it never draws, those that are not given are told as in a training row with the
/// given values. Where any columns may be told, those that are not given are drawn.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Given {
    /// Rows of the user's columns.
    rows: Vec<Vec<GivenCell>>,
    each: usize,
    /// Number of the first sample.
    first: u64,
}

/// What is told of some rows, in the model's features and in the user's columns.
pub(crate) struct ToldRows {
    /// Clean features, row by row; those of what is not told are of no account.
    pub values: Vec<f64>,
    /// Which things are known, row by row.
    pub known: Vec<bool>,
    /// Number of features of each thing.
    widths: Vec<usize>,
    /// Values in the user's columns, NaN in those that are drawn.
    pub user: Vec<f64>,
}

impl ToldRows {
    /// Clean rows of which all that is never drawn is told, and nothing else.
    pub fn of_clean(rows: &[f64], condition: Option<&Condition>) -> Self {
        let Some(condition) = condition else {
            let (values, user, widths) = (Vec::new(), Vec::new(), Vec::new());
            return Self { values, known: Vec::new(), widths, user };
        };
        let count = rows.len() / condition.row_features();
        let known = vec![!condition.is_any(); count * condition.things()];
        Self { values: rows.to_vec(), known, widths: condition.widths(), user: Vec::new() }
    }

    /// Whether each row is told something.
    pub fn of_rows(&self) -> impl Iterator<Item = bool> {
        let things = self.known.chunks(self.widths.len().max(1));
        things.map(|known| known.contains(&true))
    }

    /// The clean numbers of rows whose things have all their features, and for each 1 where it is known, else 0.
    pub fn cells(&self) -> [Vec<f64>; 2] {
        let things = self.known.iter().zip(self.widths.iter().cycle());
        let known = things
            .flat_map(|(known, width)| std::iter::repeat_n(f64::from(u8::from(*known)), *width));
        [self.values.clone(), known.collect()]
    }
}

impl Given {
    /// What is told as of the training rows: each sample is told the same as one of them, or nothing where any columns may
    /// be given.
    pub const fn as_data() -> Self {
        Self { rows: Vec::new(), each: 1, first: 0 }
    }

    /// What a run file says that samples are told.
    ///
    /// # Errors
    /// A column that the data does not have, or a value that is none of its own.
    pub fn of_config(values: &ToldValues, data: &dyn Dataset) -> Result<Self, TrainError> {
        let ToldValues::Values(values) = values else { return Ok(Self::as_data()) };
        let columns = data.columns();
        let mut row = vec![GivenCell::Open; columns.len()];
        for (name, value) in values {
            let place = Self::place(name, &columns)?;
            let text = match (value, &columns[place].spelling) {
                (Value::String(text), _) => text.clone(),
                (Value::Null, _) => String::new(),
                (Value::Number(number), Some(spelling)) => {
                    let plain =
                        number.as_f64().map_or_else(|| number.to_string(), |it| it.to_string());
                    spelling.spell(&plain)
                }
                (other, _) => other.to_string(),
            };
            row[place] = GivenCell::parse(&columns[place], &text)?;
            if let GivenCell::Value(value) = row[place] {
                let checked = check_class(data, &columns, place, value);
                checked.map_err(|why| TrainError::config("sample.condition", why))?;
            }
        }
        Ok(Self::cells(vec![row], usize::MAX))
    }

    /// The place of a column.
    ///
    /// # Errors
    /// No column of that name; the message names the nearest.
    pub fn place(name: &str, columns: &[Column]) -> Result<usize, TrainError> {
        columns.iter().position(|column| column.name == name).ok_or_else(|| {
            let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
            TrainError::config("sample.condition", no_column(name, &names))
        })
    }

    /// Remarks on values beyond those of the training rows.
    pub fn remarks(&self, data: &dyn Dataset) -> Vec<String> {
        let columns = data.columns();
        let remark = |(i, column): (usize, &Column)| {
            let [least, most] = data.seen_range(i)?;
            let values = self.rows.iter().map(|row| row[i].value());
            let beyond: Vec<f64> = values.filter(|x| *x < least || *x > most).collect();
            let first = beyond.first()?;
            let of = if self.rows.len() > 1 {
                format!(", in {} of {} rows", beyond.len(), self.rows.len())
            } else {
                String::new()
            };
            Some(format!(
                "{} = {} lies beyond the training rows, which go from {} to {}{of}: what the model makes of it was never \
                 learnt",
                column.name,
                column.text(*first),
                column.text(least),
                column.text(most)
            ))
        };
        let mut remarks: Vec<String> = columns.iter().enumerate().filter_map(remark).collect();
        if remarks.len() > REMARKS {
            let more = remarks.split_off(REMARKS).len();
            remarks.push(format!("so do values of {more} more columns"));
        }
        remarks
    }

    /// Values that are given: `each` samples of every row, in order. A row has a number for each of the data's columns,
    /// NaN where nothing is given.
    pub fn rows(rows: Vec<Vec<f64>>, each: usize) -> Self {
        let cell =
            |value: f64| if value.is_nan() { GivenCell::Open } else { GivenCell::Value(value) };
        let rows = rows.into_iter().map(|row| row.into_iter().map(cell).collect());
        Self::cells(rows.collect(), each)
    }

    /// What is given of cells: `each` samples of every row, in order. A row has a cell for each of the data's columns.
    pub const fn cells(rows: Vec<Vec<GivenCell>>, each: usize) -> Self {
        Self { rows, each, first: 0 }
    }

    /// Whether a model is to be told something.
    pub fn is_stated(&self) -> bool {
        self.rows.iter().flatten().any(|cell| cell.is_told())
    }

    /// The places of the columns of which it is seen in a sample alone whether they are as is given.
    pub(super) fn seen(&self) -> Vec<usize> {
        let is_seen = |column: &usize| self.rows.iter().any(|row| row[*column].is_seen());
        (0..self.rows.first().map_or(0, Vec::len)).filter(is_seen).collect()
    }

    /// Whether a sample's values, in the user's columns, are as is given where that is seen in it alone.
    pub(super) fn holds(&self, sample: u64, row: &[f64]) -> bool {
        let is_fine = |(cell, value): (&GivenCell, &f64)| !cell.is_seen() || cell.holds(*value);
        self.of(sample).is_none_or(|cells| cells.iter().zip(row).all(is_fine))
    }

    /// What is given of these samples, one row each, from sample `first` on.
    pub(super) fn again(&self, samples: &[usize], first: u64) -> Self {
        let row = |sample: &usize| self.of(*sample as u64).unwrap_or_default().to_vec();
        Self { rows: samples.iter().map(row).collect(), each: 1, first }
    }

    /// Number of sets of values.
    pub(super) const fn sets(&self) -> usize {
        self.rows.len()
    }

    /// The row of a sample. Numbers beyond the last are only drawn to fill a chunk.
    fn of(&self, sample: u64) -> Option<&[GivenCell]> {
        let row = sample.saturating_sub(self.first) / self.each.max(1) as u64;
        let row = row.min(self.rows.len().saturating_sub(1) as u64);
        self.rows.get(row as usize).map(Vec::as_slice)
    }

    /// Checks the values that are given.
    ///
    /// # Errors
    /// Rows of another number of columns, infinite values, columns that nothing tells, all columns given.
    pub(crate) fn check(
        &self,
        data: &dyn Dataset,
        condition: Option<&Condition>,
    ) -> Result<(), TrainError> {
        let columns = data.columns();
        let refuse = |message: String| Err(TrainError::config("sample.condition", message));
        let layout = data.layout();
        for row in &self.rows {
            if row.len() != columns.len() {
                let (needed, got) = (columns.len(), row.len());
                return refuse(format!("must hold {needed} numbers, one a column, got {got}"));
            }
            let given = |column: usize| row[column] != GivenCell::Open;
            if let Some(infinite) = row.iter().position(|cell| cell.value().is_infinite()) {
                return refuse(format!(
                    "`{}` must be finite, got {}",
                    columns[infinite].name,
                    row[infinite].value()
                ));
            }
            let is_learnt = |column: &usize| layout.iter().any(|group| group.column == *column);
            let is_told = |column: &usize| match condition {
                _ if row[*column].is_seen() => {
                    is_learnt(column) || data.derived_from(*column).is_some()
                }
                Some(condition) => condition.columns().contains(column),
                None => is_learnt(column),
            };
            if let Some(other) = (0..row.len()).find(|column| given(*column) && !is_told(column)) {
                let name = &columns[other].name;
                let told: Vec<_> =
                    (0..columns.len()).filter(is_told).map(|i| columns[i].name.clone()).collect();
                return refuse(if !is_learnt(&other) {
                    format!(
                        "`{name}` is constant or a function of another column, and comes with every sample: leave it out"
                    )
                } else {
                    format!(
                        "the model is told {}, and draws `{name}`: train with data.condition = \
                         {{\"given\": \"any\"}} to give it",
                        told.join(" and ")
                    )
                });
            }
            let is_any = condition.is_none_or(Condition::is_any);
            if is_any && layout.iter().all(|group| row[group.column].is_told()) {
                return refuse("must leave a column that is drawn, got all of them".to_owned());
            }
            let is_missing = |group: &&FeatureGroup| row[group.column] == GivenCell::Missing;
            let without = |group: &&FeatureGroup| !columns[group.column].may_miss;
            if let Some(group) = layout.iter().filter(is_missing).find(without) {
                let name = &columns[group.column].name;
                return refuse(format!("`{name}` has a value in every row, and cannot be missing"));
            }
        }
        Ok(())
    }

    /// What is told of samples `first..first + count`. The numbers of each depend on the seed and its number alone.
    ///
    /// # Errors
    /// Values of which no training row has all.
    pub(crate) fn told(
        &self,
        data: &dyn Dataset,
        condition: Option<&Condition>,
        streams: &Streams,
        first: u64,
        count: usize,
    ) -> Result<ToldRows, TrainError> {
        let base = base_of(data);
        let layout = data.layout();
        let all: Vec<usize> = layout.iter().map(|group| group.column).collect();
        let of_all = || layout.iter().map(|group| group.kind.features()).collect();
        let widths = condition.map_or_else(of_all, Condition::widths);
        let things = condition.map_or(&all[..], Condition::columns);
        let is_any = condition.is_none_or(Condition::is_any);
        let mut is_told = vec![false; base.len()];
        things.iter().for_each(|column| is_told[*column] = true);
        let (mut values, mut known, mut user) = (Vec::new(), Vec::new(), Vec::new());
        let none = vec![GivenCell::Open; base.len()];
        for sample in first..first + count as u64 {
            let given = self.of(sample).unwrap_or(&none);
            let mut stream = streams.at(Purpose::SamplingCondition, sample, 0);
            let told: Vec<GivenCell> = if is_any || things.iter().all(|i| given[*i].is_told()) {
                given.to_vec()
            } else {
                let fits = |row: &[f64]| things.iter().all(|i| given[*i].holds(row[*i]));
                let mut row = Vec::new();
                let found = (0..MOST_TRIES).any(|_| {
                    row.clear();
                    data.draw_user_row(&mut stream, &mut row);
                    fits(&row)
                });
                if !found {
                    return Err(self.nothing_fits(data, things, given));
                }
                row.into_iter().map(GivenCell::Value).collect()
            };
            let is_known = |column: usize| is_told[column] && told[column].is_told();
            let whole = told
                .iter()
                .zip(&base)
                .enumerate()
                .map(|(i, (told, base))| if is_known(i) { told.value() } else { *base });
            data.scale_at_random(&whole.collect::<Vec<_>>(), &mut || stream.uniform(), &mut values);
            known.extend(things.iter().map(|column| is_known(*column)));
            let of_user = |i: usize| if is_known(i) { told[i].value() } else { f64::NAN };
            user.extend((0..base.len()).map(of_user));
        }
        Ok(ToldRows { values, known, widths, user })
    }

    fn nothing_fits(
        &self,
        data: &dyn Dataset,
        things: &[usize],
        given: &[GivenCell],
    ) -> TrainError {
        let columns = data.columns();
        let name = |column: &&usize| format!("`{}`", columns[**column].name);
        let (said, left): (Vec<_>, Vec<_>) =
            things.iter().partition(|column| given[**column] != GivenCell::Open);
        let text = |column: usize| match given[column] {
            GivenCell::Within([least, most]) => {
                let [least, most] = [least, most].map(|end| columns[column].text(end));
                format!("from {least} to {most}")
            }
            cell => columns[column].text(cell.value()),
        };
        let said: Vec<_> =
            said.iter().map(|column| format!("{} = {}", name(column), text(**column))).collect();
        let left: Vec<_> = left.iter().map(name).collect();
        let way = match left.is_empty() {
            true => "give other values".to_owned(),
            false => {
                format!("give {} too, which the model is told as well", left.join(" and "))
            }
        };
        let said = said.join(" and ");
        let message = format!("no training row that is at hand has {said}: {way}");
        TrainError::config("sample.condition", message)
    }
}
