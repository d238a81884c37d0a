//! [`ColumnSpec`]: what is said of a column beside its name, how it is read, learnt and written back.

use super::{date::DateFormat, number_spelling::NumberSpelling};

/// What is said of a column of a table: how its cells are read, how they become features, and what its
/// samples may hold.
///
/// In a run file it is an object, or a text that is its name alone: such a column holds numbers that are
/// learnt as `data.transform` says and come back without bounds, as in Langevin 0.1.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(from = "json::Entry", into = "json::Entry"))]
#[cfg_attr(feature = "serde", schemars(with = "json::Entry"))]
pub struct ColumnSpec {
    /// The name in the file's header, or x0, x1, … where it has none.
    pub name: String,
    /// What the cells hold.
    pub kind: CellKind,
    /// Of yes/no, what the file writes for 0 and for 1.
    pub words: Option<[String; 2]>,
    /// Of dates, the pattern in which the file writes them, as of strftime; of numbers, how the file writes 1234.5, or 1234.
    pub format: Option<String>,
    /// Texts of its cells that stand for no value, beside those of the whole table.
    pub missing: Vec<String>,
    /// The most decimal places of a sample; as many as it has where none is said.
    pub decimals: Option<u32>,
    /// Whether each sample is written with all its decimals, as 5.50.
    pub trailing_zeros: bool,
    /// Where samples may lie.
    pub range: ColumnRange,
    /// Which values samples may have.
    pub values: SampleValues,
    /// How values become features; as the table's transform says where none is said.
    pub encoding: Option<Encoding>,
    /// Column that this one is a function of on every training row: it is looked up, and not learnt.
    pub derived_from: Option<String>,
}

impl ColumnSpec {
    /// A column of numbers of which nothing is said but its name.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: CellKind::Number,
            words: None,
            format: None,
            missing: Vec::new(),
            decimals: None,
            trailing_zeros: false,
            range: ColumnRange::default(),
            values: SampleValues::Any,
            encoding: None,
            derived_from: None,
        }
    }

    /// Fails where what is said does not go together. `path` is where it is said.
    ///
    /// # Errors
    /// The field's path, and what it must be.
    pub fn check(&self, path: &str) -> Result<(), SpecError> {
        let error =
            |field: &str, message: String| SpecError { path: format!("{path}.{field}"), message };
        if let ColumnRange::Ends(Ends { min, max }) = self.range {
            let ends = [min, max].into_iter().flatten();
            if ends.clone().any(|end| !end.is_finite()) {
                return Err(error("range", "must have finite ends".to_owned()));
            }
            if let (Some(min), Some(max)) = (min, max)
                && min > max
            {
                return Err(error("range", format!("must go from min to max, got {min} to {max}")));
            }
        }
        if let Some(decimals) = self.decimals.filter(|decimals| *decimals > MOST_DECIMALS) {
            return Err(error(
                "decimals",
                format!("must be at most {MOST_DECIMALS}, got {decimals}"),
            ));
        }
        if self.trailing_zeros && self.decimals.is_none() {
            return Err(error("trailing_zeros", "needs `decimals`".to_owned()));
        }
        let needs = |field, is_there: bool, kind| match is_there == (self.kind == kind) {
            true => Ok(()),
            false if is_there => Err(error(field, format!("is only for kind `{}`", kind.name()))),
            false => Err(error(field, format!("is needed for kind `{}`", kind.name()))),
        };
        needs("words", self.words.is_some(), CellKind::YesNo)?;
        match (self.kind, &self.format) {
            (CellKind::Date, None) => {
                return Err(error("format", "is needed for kind `date`".to_owned()));
            }
            (CellKind::YesNo | CellKind::Category, Some(_)) => {
                let message = "is only for kinds `date`, `number` and `whole`";
                return Err(error("format", message.to_owned()));
            }
            _ => {}
        }
        if self.kind == CellKind::Category {
            for (field, is_there) in [
                ("encoding", self.encoding.is_some()),
                ("range", self.range != ColumnRange::default()),
                ("values", self.values != SampleValues::Any),
                ("decimals", self.decimals.is_some()),
            ] {
                if is_there {
                    return Err(error(field, "is not for kind `category`".to_owned()));
                }
            }
        }
        if let Some([no, yes]) = &self.words
            && (no == yes || [no, yes].iter().any(|word| word.trim().is_empty()))
        {
            return Err(error("words", format!("must be two words, got {no:?} and {yes:?}")));
        }
        let Some(format) = &self.format else { return Ok(()) };
        let required = match self.kind == CellKind::Date {
            true if DateFormat::new(format).is_none() => {
                "must say a month of a year, a day of one, or a time by directives of strftime, as %Y-%m-%d or %H:%M"
            }
            false if NumberSpelling::new(format).is_none() => {
                "must be how the file writes the number 1234.5, or 1234, as $1,234.5 or 1.234,5 € or 1234 kg"
            }
            _ => return Ok(()),
        };
        Err(error("format", format!("{required}, got {format:?}")))
    }
}

/// Most decimal places that can be said: a 64-bit float has about 17 digits.
const MOST_DECIMALS: u32 = 17;

/// What is said of a column and cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct SpecError {
    /// Where it is said.
    pub path: String,
    /// What it must be.
    pub message: String,
}

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum CellKind {
    /// Numbers.
    #[default]
    Number,
    /// Whole numbers: samples are rounded.
    Whole,
    /// Two words, learnt as 0 and 1.
    YesNo,
    /// Dates or times, learnt as numbers.
    Date,
    /// One of several texts, or of numbers that are taken as such.
    Category,
}

impl CellKind {
    /// The name in a run file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Whole => "whole",
            Self::YesNo => "yes_no",
            Self::Date => "date",
            Self::Category => "category",
        }
    }
}

/// Where the samples of a column may lie. What lies beyond is set to the end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum ColumnRange {
    /// Anywhere.
    #[default]
    Free,
    /// From the least to the largest value of the training rows.
    Seen,
    /// Between stated ends.
    #[cfg_attr(feature = "serde", serde(untagged))]
    Ends(Ends),
}

/// Stated ends of a range, in the column's units; none where samples may go on for ever.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields)
)]
pub struct Ends {
    /// The least value.
    #[cfg_attr(feature = "serde", serde(default))]
    pub min: Option<f64>,
    /// The largest value.
    #[cfg_attr(feature = "serde", serde(default))]
    pub max: Option<f64>,
}

/// Which values the samples of a column may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum SampleValues {
    /// Any.
    #[default]
    Any,
    /// Those of the training rows: a sample gets the nearest.
    Seen,
}

/// How a column of numbers becomes a feature near N(0, 1), by the training rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum Encoding {
    /// `(x − mean) / std`.
    Standardise,
    /// Standard normal through ranks, ties spread at random: `Φ⁻¹(F(x−) + U (F(x) − F(x−)))`, F the training
    /// rows' distribution function and U uniform, drawn anew whenever the row is. Values that repeat come back
    /// exactly and as often as they are, and none beyond those seen.
    Rank,
    /// Where numbers fall apart, the category of their part, and ranks as those of `rank` within it. Parts are ranges with gaps
    /// between them, and values that many rows hold, as zeros. Samples lie in no gap. A column of one range is learnt by rank.
    Parts,
    /// Each value a class of its own, for columns of few: `scale · (one-hot − shares)`. Samples have the values seen.
    Category,
}

/// The column spec as JSON.
#[cfg(feature = "serde")]
mod json {
    use std::fmt;

    use serde::{
        Deserialize, Deserializer, Serialize,
        de::{Error, MapAccess, Unexpected, Visitor, value::MapAccessDeserializer},
    };

    use super::{CellKind, ColumnRange, ColumnSpec, Encoding, Ends, SampleValues};

    /// Column of a table: its name, or an object that says more of it.
    #[derive(Serialize, schemars::JsonSchema)]
    #[serde(untagged)]
    pub enum Entry {
        /// Name of a column of numbers.
        Name(String),
        /// All that is said of it.
        Spec(Spec),
    }

    impl<'de> Deserialize<'de> for Entry {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Either;
            impl<'de> Visitor<'de> for Either {
                type Value = Entry;
                fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.write_str("the name of a column, or an object with its `name`")
                }
                fn visit_str<E: Error>(self, name: &str) -> Result<Entry, E> {
                    Ok(Entry::Name(name.to_owned()))
                }
                fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
                    Spec::deserialize(MapAccessDeserializer::new(map)).map(Entry::Spec)
                }
            }
            deserializer.deserialize_any(Either)
        }
    }

    impl<'de> Deserialize<'de> for ColumnRange {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Either;
            impl<'de> Visitor<'de> for Either {
                type Value = ColumnRange;
                fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.write_str("`free`, `seen`, or an object with `min`, `max` or both")
                }
                fn visit_str<E: Error>(self, name: &str) -> Result<ColumnRange, E> {
                    match name {
                        "free" => Ok(ColumnRange::Free),
                        "seen" => Ok(ColumnRange::Seen),
                        other => Err(E::invalid_value(Unexpected::Str(other), &self)),
                    }
                }
                fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ColumnRange, A::Error> {
                    Ends::deserialize(MapAccessDeserializer::new(map)).map(ColumnRange::Ends)
                }
            }
            deserializer.deserialize_any(Either)
        }
    }

    #[derive(Serialize, Deserialize, schemars::JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct Spec {
        /// Name in the file's header, or x0, x1, … where it has none.
        name: String,
        /// What the cells hold.
        #[serde(default)]
        kind: CellKind,
        /// Of yes/no, what the file writes for 0 and for 1.
        #[serde(default)]
        words: Option<[String; 2]>,
        /// Of dates, the pattern in which the file writes them, as of strftime. Of numbers and whole numbers, how the
        /// file writes 1234.5, or 1234: `"$1,234.5"`, `"1.234,5 €"`, `"1234.5%"`, `"1 234 kg"`. Samples are written so; per cent
        /// are not divided.
        #[serde(default)]
        format: Option<String>,
        /// Texts of its cells that stand for no value, beside data.missing_values.
        #[serde(default)]
        missing: Vec<String>,
        /// Most decimal places of a sample; as many as it has where left out.
        #[serde(default)]
        decimals: Option<u32>,
        /// Whether each sample is written with all `decimals`, zeros at its end too, as 5.50.
        #[serde(default)]
        trailing_zeros: bool,
        /// Where samples may lie: `"free"`, `"seen"`, which is from the least to the largest training
        /// value, or `{"min": 0, "max": 1}`, either of which may be left out. What lies beyond is set to the end.
        #[serde(default)]
        range: ColumnRange,
        /// Which values samples may have: `"any"`, or `"seen"`, those of the training rows alone.
        #[serde(default)]
        values: SampleValues,
        /// How values become features; as data.transform says where left out.
        #[serde(default)]
        encoding: Option<Encoding>,
        /// Name of the column that this one is a function of on every training row: it is looked up, and not learnt.
        #[serde(default)]
        derived_from: Option<String>,
    }

    impl From<Entry> for ColumnSpec {
        fn from(entry: Entry) -> Self {
            match entry {
                Entry::Name(name) => Self::named(name),
                Entry::Spec(Spec {
                    name,
                    kind,
                    words,
                    format,
                    missing,
                    decimals,
                    trailing_zeros,
                    range,
                    values,
                    encoding,
                    derived_from,
                }) => Self {
                    name,
                    kind,
                    words,
                    format,
                    missing,
                    decimals,
                    trailing_zeros,
                    range,
                    values,
                    encoding,
                    derived_from,
                },
            }
        }
    }

    impl From<ColumnSpec> for Entry {
        fn from(spec: ColumnSpec) -> Self {
            if spec == ColumnSpec::named(spec.name.as_str()) {
                return Self::Name(spec.name);
            }
            let ColumnSpec {
                name,
                kind,
                words,
                format,
                missing,
                decimals,
                trailing_zeros,
                range,
                values,
                encoding,
                derived_from,
            } = spec;
            Self::Spec(Spec {
                name,
                kind,
                words,
                format,
                missing,
                decimals,
                trailing_zeros,
                range,
                values,
                encoding,
                derived_from,
            })
        }
    }
}

#[cfg(all(test, feature = "serde"))]
mod tests {
    use super::*;

    fn spec(json: &str) -> Result<ColumnSpec, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_column_is_its_name_or_an_object() {
        let plain = ColumnSpec::named("a");
        assert_eq!(spec("\"a\""), Ok(plain.clone()));
        assert_eq!(serde_json::to_string(&plain).expect("JSON"), "\"a\"");
        let full = ColumnSpec {
            decimals: Some(2),
            range: ColumnRange::Ends(Ends { min: Some(0.0), max: None }),
            values: SampleValues::Seen,
            encoding: Some(Encoding::Rank),
            missing: vec!["-".to_owned()],
            ..plain
        };
        let json = serde_json::to_string(&full).expect("JSON");
        assert_eq!(spec(&json), Ok(full));
        let seen = spec(r#"{"name": "a", "range": "seen"}"#).expect("a spec");
        assert_eq!(seen.range, ColumnRange::Seen);
    }

    #[test]
    fn what_is_no_column_says_what_it_must_be() {
        for (json, said) in [
            (
                r#"{"name": "a", "range": "sen"}"#,
                "expected `free`, `seen`, or an object with `min`",
            ),
            (r#"{"name": "a", "range": {"mim": 0}}"#, "unknown field `mim`"),
            (r#"{"name": "a", "kind": "word"}"#, "unknown variant `word`"),
            (r#"{"nam": "a"}"#, "unknown field `nam`"),
            ("3", "the name of a column, or an object with its `name`"),
        ] {
            let error = spec(json).expect_err(said);
            assert!(error.contains(said), "{error}");
        }
    }
}
