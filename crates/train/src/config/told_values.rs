//! `sample.condition`: what samples are told.

use std::fmt;

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Unexpected, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Map, Value};

/// What samples are told: as of the training rows, or the same for all.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToldValues {
    /// As of the training rows: of columns that are never drawn, what one of these is told; else nothing.
    #[default]
    AsData,
    /// Values of columns, by their names: numbers, or texts as the table has them.
    #[serde(untagged)]
    Values(Map<String, Value>),
}

impl<'de> Deserialize<'de> for ToldValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = ToldValues;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter
                    .write_str("`as_data`, or an object with a value for each column that is told")
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<ToldValues, E> {
                match name {
                    "as_data" => Ok(ToldValues::AsData),
                    other => Err(E::invalid_value(Unexpected::Str(other), &self)),
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ToldValues, A::Error> {
                Map::deserialize(MapAccessDeserializer::new(map)).map(ToldValues::Values)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
