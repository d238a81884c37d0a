//! Parts that a user's own program gives: a run file names them, and `langevin` refuses them by that name.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, de::Error};
use serde_json::{Map, Value};

use crate::TrainError;

/// Part that a program of the user's own gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomPart {
    /// Name of the part.
    pub name: String,
    /// Settings that the program reads.
    #[serde(default)]
    pub settings: Map<String, Value>,
}

impl CustomPart {
    /// The error of a program that does not give the part; `example` shows one that does.
    pub(crate) fn missing(&self, path: &str, example: &str) -> TrainError {
        let message = format!(
            "custom part {:?} is given by a program of your own: see examples/{example}.rs",
            self.name
        );
        TrainError::config(path, message)
    }
}

/// One of our parts, or a user's own: `{"kind": "custom", "name": …}`.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice<T> {
    /// One of ours.
    Ours(T),
    /// A user's own.
    Custom(CustomPart),
}

impl<T: Default> Default for Choice<T> {
    fn default() -> Self {
        Self::Ours(T::default())
    }
}

impl<T> Choice<T> {
    /// The part of ours; `None` for a user's own.
    pub const fn ours(&self) -> Option<&T> {
        match self {
            Self::Ours(part) => Some(part),
            Self::Custom(_) => None,
        }
    }

    /// The user's own part; `None` for one of ours.
    pub const fn custom(&self) -> Option<&CustomPart> {
        match self {
            Self::Ours(_) => None,
            Self::Custom(part) => Some(part),
        }
    }
}

/// JSON of a user's own part.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Own {
    /// A user's own, of kind `custom`, given by a program of theirs.
    Custom(CustomPart),
}

impl<T: Serialize> Serialize for Choice<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Ours(part) => part.serialize(serializer),
            Self::Custom(part) => Own::Custom(part.clone()).serialize(serializer),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Choice<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let own = value.get("kind").and_then(Value::as_str) == Some("custom");
        let read = if own {
            Own::deserialize(value).map(|Own::Custom(part)| Self::Custom(part))
        } else {
            T::deserialize(value).map(Self::Ours)
        };
        read.map_err(D::Error::custom)
    }
}

impl<T: JsonSchema> JsonSchema for Choice<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("{}Choice", T::schema_name()).into()
    }

    /// The kinds of `T` and one more; where `T` is a name without fields, that name or an object.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let own = Own::json_schema(generator);
        let own = own.get("oneOf").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut schema = T::json_schema(generator);
        match schema.get_mut("oneOf") {
            Some(Value::Array(kinds))
                if kinds.iter().all(|kind| kind["properties"].is_object()) =>
            {
                kinds.extend(own);
                schema
            }
            _ => {
                let mut alternatives = vec![generator.subschema_for::<T>().to_value()];
                alternatives.extend(own);
                schemars::json_schema!({ "anyOf": alternatives })
            }
        }
    }
}
