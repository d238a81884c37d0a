//! Columns of a data set as its user knows them, and how the model's features are laid out.

use crate::{DateFormat, NumberSpelling};

/// Column of the user's: its name, and what its cells hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name, as in the header of samples.csv.
    pub name: String,
    /// What its cells hold.
    pub values: ColumnValues,
    /// Decimal places of the text of every number, zeros at its end too; as few as it needs where none is said.
    pub decimals: Option<u32>,
    /// How its numbers are written, if not as bare digits.
    pub spelling: Option<NumberSpelling>,
    /// Whether its cells may be missing, as NaN, whose text is empty.
    pub may_miss: bool,
}

/// What the cells of a column hold.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ColumnValues {
    /// Any number.
    Number,
    /// Whole numbers.
    Whole,
    /// One number in all rows, which the model does not learn.
    Constant(f64),
    /// Two words, whose numbers are 0 and 1.
    YesNo([String; 2]),
    /// Dates or times, by the numbers that stand for them.
    Date(DateFormat),
    /// One of several values, by their places in the list, from 0.
    Category(Vec<String>),
}

/// Whole number up to which every one is a 32-bit float.
const WHOLE_LIMIT: f64 = 16_777_216.0;

impl Column {
    /// Column of numbers.
    pub fn number(name: impl Into<String>) -> Self {
        let values = ColumnValues::Number;
        Self { name: name.into(), values, decimals: None, spelling: None, may_miss: false }
    }

    /// The text of one of its values, as its user writes it. A number of which no `decimals` are said is the shortest
    /// text that reads back the same, as a 32-bit float where it is one; of a whole number above 2^24, which that would round, as a 64-bit one.
    pub fn text(&self, value: f64) -> String {
        match &self.values {
            _ if value.is_nan() && self.may_miss => String::new(),
            ColumnValues::YesNo([no, _]) if value == 0.0 => no.clone(),
            ColumnValues::YesNo([_, yes]) if value == 1.0 => yes.clone(),
            ColumnValues::Date(format) if value.is_finite() => format.write(value),
            ColumnValues::Category(names) => place_of(value)
                .and_then(|place| names.get(place))
                .map_or_else(|| value.to_string(), String::clone),
            _ => {
                let plain = self.plain(value);
                match &self.spelling {
                    Some(spelling) => spelling.spell(&plain),
                    None => plain,
                }
            }
        }
    }

    fn plain(&self, value: f64) -> String {
        if let Some(decimals) = self.decimals.filter(|_| value.is_finite()) {
            return with_decimals(value, decimals as usize);
        }
        let short = value as f32;
        let is_short = value.fract() != 0.0 || value.abs() <= WHOLE_LIMIT;
        match is_short && f64::from(short) == value {
            true => short.to_string(),
            false => value.to_string(),
        }
    }

    /// The value that a text stands for: the inverse of [`text`](Self::text). `None` where it stands for none.
    pub fn value(&self, text: &str) -> Option<f64> {
        match &self.values {
            _ if text.is_empty() && self.may_miss => Some(f64::NAN),
            ColumnValues::YesNo([no, _]) if text == no => Some(0.0),
            ColumnValues::YesNo([_, yes]) if text == yes => Some(1.0),
            ColumnValues::Date(format) => format.parse(text).or_else(|| text.parse().ok()),
            ColumnValues::Category(names) => {
                let number = |text: &str| text.parse::<f64>().ok();
                let alike = |name: &String| number(text).is_some() && number(name) == number(text);
                let exact = names.iter().position(|name| name == text);
                exact.or_else(|| names.iter().position(alike)).map(|place| place as f64)
            }
            _ => {
                let spelled = self.spelling.as_ref().and_then(|spelling| spelling.parse(text));
                spelled.or_else(|| text.parse().ok())
            }
        }
    }
}

/// The place in a list that a number is; `None` of one that is none.
fn place_of(value: f64) -> Option<usize> {
    (value >= 0.0 && value.fract() == 0.0).then_some(value as usize)
}

/// A number with so many decimals, and no −0.
pub(crate) fn with_decimals(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(zero) if zero.bytes().all(|byte| b"0.".contains(&byte)) => zero.to_owned(),
        _ => text,
    }
}

/// Features that stand for one column in the model's space. They follow each other in the order of a
/// data set's [`layout`](crate::Dataset::layout).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureGroup {
    /// Index of the column.
    pub column: usize,
    /// What the features are.
    pub kind: FeatureKind,
}

/// What the features of one column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FeatureKind {
    /// One feature, near N(0, 1).
    Number,
    /// As many features as the category has values, a missing one among them: 1 at the row's own, 0 at the others.
    Category {
        /// Number of values.
        count: usize,
    },
    /// A number in parts: one feature near N(0, 1), then those of the category of its part. The first parts are ranges, within which
    /// the number places a value; the others are single values and at the end, where cells may be missing, a missing one, of
    /// which the number says nothing.
    NumberInParts {
        /// Number of ranges.
        ranges: usize,
        /// Number of parts.
        parts: usize,
    },
}

impl FeatureKind {
    /// Number of features.
    pub const fn features(&self) -> usize {
        match self {
            Self::Number => 1,
            Self::Category { count } => *count,
            Self::NumberInParts { parts, .. } => 1 + *parts,
        }
    }

    /// Whether the first of a clean row's features of this kind is a number that says nothing of its value.
    #[must_use]
    pub fn number_is_free(&self, features: &[f64]) -> bool {
        let Self::NumberInParts { ranges, .. } = self else { return false };
        // Of the parts the row's own is above 0.
        features.iter().skip(1 + ranges).any(|x| *x > 0.0)
    }
}

/// Shape of the features of a row that is an image: channel first, then line by line from the top, each
/// from the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of channels: 1 is grey.
    pub channels: usize,
    /// Number of lines.
    pub height: usize,
    /// Number of pixels of a line.
    pub width: usize,
}

impl Shape {
    /// Number of features.
    pub const fn features(&self) -> usize {
        self.channels * self.height * self.width
    }
}
