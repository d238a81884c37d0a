//! `data.condition`: what the model is told about a row, beside its noise level.

use std::fmt;

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::TrainError;

/// What the model is told about a row: some columns that it never draws, or any of those that it draws.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
#[schemars(with = "Entry")]
pub struct ConditionConfig {
    /// Columns that are told and never drawn.
    pub columns: Vec<String>,
    /// Whether any of the columns that are drawn may be told.
    pub given: Option<GivenColumns>,
    /// First steps of each window of a series, which are told and never drawn.
    pub past: Option<usize>,
    /// Chance that a training row is told nothing.
    pub dropout: Option<f64>,
}

/// Which of the drawn columns are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GivenColumns {
    /// Any of them: a training row that is told something has a random number of its columns told, but never all;
    /// each number is as likely.
    Any,
}

/// The name of a column that is told, or all that is said.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the schema is made of it")]
enum Entry {
    /// A column that is told and never drawn: of a mixture `"component"`, the Gaussian that a row comes from.
    Column(String),
    /// What is told.
    Said(Said),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Said {
    /// Columns that are told and never drawn: of a table by their names, where one with a text in it becomes a class; of
    /// a mixture `["component"]`.
    #[serde(default)]
    columns: Vec<String>,
    /// `"any"`: each training row has a random subset of its columns told, and samples may be given any; in place of
    /// `columns`.
    #[serde(default)]
    given: Option<GivenColumns>,
    /// First steps of each of `data.window`'s windows, which are told and never drawn, so that a model forecasts the others;
    /// it may stand beside `columns`, which are told at every step.
    #[serde(default)]
    past: Option<usize>,
    /// Chance that a training row is told nothing, as guidance needs: 0.1 of columns that are never drawn, and 0.5 with
    /// `given`, where left out.
    #[serde(default)]
    dropout: Option<f64>,
}

impl<'de> Deserialize<'de> for ConditionConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = ConditionConfig;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(
                    "the name of a column, or an object with `columns`, `past` or `given`",
                )
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<ConditionConfig, E> {
                Ok(ConditionConfig { columns: vec![name.to_owned()], ..ConditionConfig::default() })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ConditionConfig, A::Error> {
                let Said { columns, given, past, dropout } =
                    Said::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ConditionConfig { columns, given, past, dropout })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl ConditionConfig {
    /// Chance that a training row is told nothing.
    pub fn dropout(&self) -> f64 {
        self.dropout.unwrap_or(if self.given.is_some() { 0.5 } else { 0.1 })
    }

    /// Checks the section by itself. Data of a user's own may say by itself what is told.
    ///
    /// # Errors
    /// A field out of its range, or fields that do not go together.
    pub(super) fn validate(&self, is_own: bool) -> Result<(), TrainError> {
        let refuse = |field: &str, message: String| {
            Err(TrainError::config(format!("data.condition{field}"), message))
        };
        match (self.columns.is_empty() && self.past.is_none(), self.given) {
            (true, None) if !is_own => {
                return refuse(
                    "",
                    "must say `columns`, names of columns, or `given`: \"any\", or `past`, steps of a window".to_owned(),
                );
            }
            (false, Some(_)) => {
                let message = "`columns` and `past` are never drawn, and `given` tells any that is drawn: one of the two";
                return refuse("", message.to_owned());
            }
            _ => {}
        }
        let twice =
            (1..self.columns.len()).find(|i| self.columns[..*i].contains(&self.columns[*i]));
        if let Some(i) = twice {
            let message = format!("must name each column once, got {:?} twice", self.columns[i]);
            return refuse(&format!(".columns[{i}]"), message);
        }
        if self.past == Some(0) {
            return refuse(".past", "must be at least 1, got 0".to_owned());
        }
        match self.dropout {
            Some(dropout) if !(0.0..1.0).contains(&dropout) => {
                refuse(".dropout", format!("must be a chance from 0 to below 1, got {dropout}"))
            }
            _ => Ok(()),
        }
    }
}
