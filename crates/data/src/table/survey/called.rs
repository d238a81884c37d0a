//! [`is_called_id`]: what the name of a column says of it.

/// Whether a column is called an id.
pub(super) fn is_called_id(name: &str) -> bool {
    let name = name.to_lowercase();
    name == "id" || ["_id", " id", "-id"].iter().any(|end| name.ends_with(end))
}
