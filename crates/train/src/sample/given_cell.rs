//! [`GivenCell`]: what is given of one cell of a sample, and the texts that say it.

use langevin_data::{Column, ColumnValues};

use crate::{
    TrainError,
    config::{list, nearest},
};

/// What is given of one cell of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GivenCell {
    /// Nothing: it is drawn.
    Open,
    /// Its value.
    Value(f64),
    /// That it has no value.
    Missing,
    /// That it has a value, which is drawn: rows are drawn until it has one.
    Present,
    /// The ends, themselves included, between which its value is drawn: of a column that the model draws, rows are drawn
    /// until they lie there; of one that it is told, as in a training row that lies there.
    Within([f64; 2]),
}

impl GivenCell {
    /// What a row's own number is, NaN where it is missing.
    pub const fn of(value: f64) -> Self {
        if value.is_nan() { Self::Missing } else { Self::Value(value) }
    }

    /// The number that is given; NaN where none is.
    pub(super) const fn value(self) -> f64 {
        match self {
            Self::Value(value) => value,
            _ => f64::NAN,
        }
    }

    /// Whether the cell is told as it is.
    pub(super) const fn is_told(self) -> bool {
        matches!(self, Self::Value(_) | Self::Missing)
    }

    /// Whether it is seen in a sample alone that it is as is given.
    pub(super) const fn is_seen(self) -> bool {
        matches!(self, Self::Present | Self::Within(_))
    }

    /// Whether a number is as is given.
    pub(super) fn holds(self, value: f64) -> bool {
        match self {
            Self::Open => true,
            Self::Value(given) => given == value,
            Self::Missing => value.is_nan(),
            Self::Present => !value.is_nan(),
            Self::Within([least, most]) => (least..=most).contains(&value),
        }
    }

    /// What a text says of a column's cell: a value; nothing, where it is missing; or two ends with two points between them, of
    /// which one may be left out, as `30..40`, `..40` and `2024-01-01..`.
    ///
    /// # Errors
    /// A text that says none of these.
    pub fn parse(column: &Column, text: &str) -> Result<Self, TrainError> {
        let text = text.trim();
        if text.is_empty() && column.may_miss {
            return Ok(Self::Missing);
        }
        let value = Self::number(column, text);
        let is_ordered = matches!(
            column.values,
            ColumnValues::Number | ColumnValues::Whole | ColumnValues::Date(_)
        );
        let ends = text.split_once("..").filter(|ends| is_ordered && *ends != ("", ""));
        let Some((least, most)) = ends.filter(|_| value.is_err()) else {
            return value.map(Self::Value);
        };
        let end = |text: &str, open: f64| match text.trim() {
            "" => Ok(open),
            text => Self::number(column, text),
        };
        let ends = [end(least, f64::NEG_INFINITY)?, end(most, f64::INFINITY)?];
        if ends[0] > ends[1] {
            let message =
                format!("`{}` must lie between ends that go up, got {text:?}", column.name);
            return Err(TrainError::config("sample.condition", message));
        }
        Ok(Self::Within(ends))
    }

    /// The number that a text of a column stands for.
    ///
    /// # Errors
    /// A text that is none of the column's values; of a category the message names the nearest.
    pub fn number(column: &Column, text: &str) -> Result<f64, TrainError> {
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
        let required = match (&column.values, &column.spelling) {
            (ColumnValues::Category(names), _) => {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                match nearest(text, &names) {
                    Some(name) => {
                        format!("one of its {} values (did you mean {name:?}?)", names.len())
                    }
                    None => format!("one of {}", list(&names)),
                }
            }
            (ColumnValues::YesNo([no, yes]), _) => format!("{no:?} or {yes:?}"),
            (ColumnValues::Date(format), _) => format!("a date of the format {}", format.text()),
            (_, Some(spelling)) => format!("a number written as {}", spelling.text()),
            (ColumnValues::Whole, None) => "a whole number".to_owned(),
            _ => "a finite number".to_owned(),
        };
        Err(TrainError::config(
            "sample.condition",
            format!("`{}` must be {required}, got {text:?}", column.name),
        ))
    }
}
