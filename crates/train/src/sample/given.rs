//! [`Given`]: what is told of samples, and the rows that tell it.

#[cfg(test)]
mod tests;

use langevin_data::{Column, ColumnValues, Dataset, Purpose, Streams};
use serde_json::Value;

use crate::{
    TrainError,
    config::{ToldValues, nearest},
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
    /// Rows of the user's columns, NaN where nothing is given.
    rows: Vec<Vec<f64>>,
    each: usize,
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
        Self { rows: Vec::new(), each: 1 }
    }

    /// What a run file says that samples are told.
    ///
    /// # Errors
    /// A column that the data does not have, or a value that is none of its own.
    pub fn of_config(values: &ToldValues, data: &dyn Dataset) -> Result<Self, TrainError> {
        let ToldValues::Values(values) = values else { return Ok(Self::as_data()) };
        let columns = data.columns();
        let mut row = vec![f64::NAN; columns.len()];
        for (name, value) in values {
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let place = Self::place(name, &columns)?;
            row[place] = Self::value(&columns[place], &text)?;
        }
        Ok(Self::rows(vec![row], usize::MAX))
    }

    /// The place of a column.
    ///
    /// # Errors
    /// No column of that name; the message names the nearest.
    pub fn place(name: &str, columns: &[Column]) -> Result<usize, TrainError> {
        columns.iter().position(|column| column.name == name).ok_or_else(|| {
            let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
            let meant = match nearest(name, &names) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("there are {}", list(&names)),
            };
            TrainError::config(
                "sample.condition",
                format!("names no column of the data, got {name:?}; {meant}"),
            )
        })
    }

    /// The number that a text of a column stands for.
    ///
    /// # Errors
    /// A text that is none of the column's values; of a category the message names the nearest.
    pub fn value(column: &Column, text: &str) -> Result<f64, TrainError> {
        let text = text.trim();
        let fits = |value: &f64| match column.values {
            ColumnValues::YesNo(_) => [0.0, 1.0].contains(value),
            ColumnValues::Whole => value.fract() == 0.0,
            _ => value.is_finite(),
        };
        if let Some(value) = column.value(text).filter(fits) {
            // What is written of it must be what was given.
            let written = column.text(value);
            return match column.value(&written).is_some_and(|back| back == value) {
                true => Ok(value),
                false => Err(TrainError::config(
                    "sample.condition",
                    format!(
                        "`{}` has values such as {written}, and would not come back as given, got {text:?}",
                        column.name
                    ),
                )),
            };
        }
        let required = match &column.values {
            ColumnValues::Category(names) => {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                match nearest(text, &names) {
                    Some(name) => {
                        format!("one of its {} values (did you mean {name:?}?)", names.len())
                    }
                    None => format!("one of {}", list(&names)),
                }
            }
            ColumnValues::YesNo([no, yes]) => format!("{no:?} or {yes:?}"),
            ColumnValues::Date(format) => format!("a date of the format {}", format.text()),
            ColumnValues::Whole => "a whole number".to_owned(),
            _ => "a finite number".to_owned(),
        };
        Err(TrainError::config(
            "sample.condition",
            format!("`{}` must be {required}, got {text:?}", column.name),
        ))
    }

    /// Remarks on values beyond those of the training rows.
    pub fn remarks(&self, data: &dyn Dataset) -> Vec<String> {
        let columns = data.columns();
        let remark = |(i, column): (usize, &Column)| {
            let [least, most] = data.seen_range(i)?;
            let beyond: Vec<f64> =
                self.rows.iter().map(|row| row[i]).filter(|x| *x < least || *x > most).collect();
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
    pub const fn rows(rows: Vec<Vec<f64>>, each: usize) -> Self {
        Self { rows, each }
    }

    /// Whether values are given.
    pub const fn is_stated(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Number of sets of values.
    #[cfg(test)]
    pub(super) const fn sets(&self) -> usize {
        self.rows.len()
    }

    /// The row of a sample. Numbers beyond the last are only drawn to fill a chunk.
    fn of(&self, sample: u64) -> Option<&[f64]> {
        let row = (sample / self.each.max(1) as u64).min(self.rows.len().saturating_sub(1) as u64);
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
            let given = |column: usize| !row[column].is_nan();
            if let Some(infinite) = row.iter().position(|value| value.is_infinite()) {
                return refuse(format!(
                    "`{}` must be finite, got {}",
                    columns[infinite].name, row[infinite]
                ));
            }
            let is_told = |column: &usize| match condition {
                Some(condition) => condition.columns().contains(column),
                None => layout.iter().any(|group| group.column == *column),
            };
            if let Some(other) = (0..row.len()).find(|column| given(*column) && !is_told(column)) {
                let name = &columns[other].name;
                let told: Vec<_> =
                    (0..columns.len()).filter(is_told).map(|i| columns[i].name.clone()).collect();
                return refuse(if layout.iter().all(|group| group.column != other) {
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
            if is_any && layout.iter().all(|group| given(group.column)) {
                return refuse("must leave a column that is drawn, got all of them".to_owned());
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
        let mut base = Vec::new();
        data.restore(&vec![0.0; data.features()], &mut base);
        let layout = data.layout();
        let all: Vec<usize> = layout.iter().map(|group| group.column).collect();
        let of_all = || layout.iter().map(|group| group.kind.features()).collect();
        let widths = condition.map_or_else(of_all, Condition::widths);
        let things = condition.map_or(&all[..], Condition::columns);
        let is_any = condition.is_none_or(Condition::is_any);
        let mut is_told = vec![false; base.len()];
        things.iter().for_each(|column| is_told[*column] = true);
        let (mut values, mut known, mut user) = (Vec::new(), Vec::new(), Vec::new());
        let none = vec![f64::NAN; base.len()];
        for sample in first..first + count as u64 {
            let given = self.of(sample).unwrap_or(&none);
            let mut stream = streams.at(Purpose::SamplingCondition, sample, 0);
            let told: Vec<f64> = if is_any || things.iter().all(|column| !given[*column].is_nan()) {
                given.to_vec()
            } else {
                let fits = |row: &[f64]| {
                    things
                        .iter()
                        .all(|column| given[*column].is_nan() || given[*column] == row[*column])
                };
                let mut row = Vec::new();
                let found = (0..MOST_TRIES).any(|_| {
                    row.clear();
                    data.draw_user_row(&mut stream, &mut row);
                    fits(&row)
                });
                if !found {
                    return Err(self.nothing_fits(data, things, given));
                }
                row
            };
            let of_thing = |column: usize| if is_told[column] { told[column] } else { f64::NAN };
            let told: Vec<f64> = (0..base.len()).map(of_thing).collect();
            let whole = told
                .iter()
                .zip(&base)
                .map(|(told, base)| if told.is_nan() { *base } else { *told });
            data.scale_at_random(&whole.collect::<Vec<_>>(), &mut || stream.uniform(), &mut values);
            known.extend(things.iter().map(|column| !told[*column].is_nan()));
            user.extend(told);
        }
        Ok(ToldRows { values, known, widths, user })
    }

    fn nothing_fits(&self, data: &dyn Dataset, things: &[usize], given: &[f64]) -> TrainError {
        let columns = data.columns();
        let name = |column: &&usize| format!("`{}`", columns[**column].name);
        let (said, left): (Vec<_>, Vec<_>) =
            things.iter().partition(|column| !given[**column].is_nan());
        let said: Vec<_> = said
            .iter()
            .map(|column| format!("{} = {}", name(column), columns[**column].text(given[**column])))
            .collect();
        let left: Vec<_> = left.iter().map(name).collect();
        TrainError::config(
            "sample.condition",
            format!(
                "no training row that is at hand has {}: give {} too, which the model is told as well",
                said.join(" and "),
                left.join(" and ")
            ),
        )
    }
}

/// Names that a message lists.
const LISTED: usize = 20;

fn list(names: &[&str]) -> String {
    let more = if names.len() > LISTED { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(LISTED)].join(", "))
}
