//! Ends of a range as JSON, which has no infinite number: `null` stands for one.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn serialize<S: Serializer>(ends: &[f64; 2], serializer: S) -> Result<S::Ok, S::Error> {
    ends.map(|end| Some(end).filter(|end| end.is_finite())).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<[f64; 2], D::Error> {
    let [least, most] = <[Option<f64>; 2]>::deserialize(deserializer)?;
    Ok([least.unwrap_or(f64::NEG_INFINITY), most.unwrap_or(f64::INFINITY)])
}
