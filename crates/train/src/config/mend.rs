//! [`mend`]: what is wrong in a document and leaves no doubt of what is meant.

use std::collections::HashSet;

use serde_json::Value;

/// Largest whole number up to which every one is a 64-bit float.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// What overrides say of the kinds of parts.
#[derive(Default)]
pub(super) struct Kinds {
    /// Paths of the parts that got another kind.
    changed: HashSet<String>,
    /// Paths of what was set.
    set: HashSet<String>,
}

impl Kinds {
    /// Takes note of an override, before it is applied.
    pub(super) fn set(&mut self, document: &Value, path: &str, value: &Value) {
        self.set.insert(path.to_owned());
        if let Some((part, "kind")) = path.rsplit_once('.')
            && document.pointer(&pointer(path)).is_some_and(|kind| kind != value)
        {
            self.changed.insert(part.to_owned());
        }
    }

    /// Whether a field is left over from the kind that its part had before.
    fn is_left_over(&self, path: &str) -> bool {
        let is_set = |set: &String| {
            set.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        path.rsplit_once('.').is_some_and(|(part, _)| self.changed.contains(part))
            && !self.set.iter().any(is_set)
    }
}

/// A path as serde_json takes it.
pub(super) fn pointer(path: &str) -> String {
    format!("/{}", path.replace(['.', '['], "/").replace(']', ""))
}

/// Mends the value at `path`, of which the parser gave this message; tells whether it could. `1e3` becomes a whole number
/// where one is required, and a field of the kind that a part had before an override is dropped.
pub(super) fn mend(document: &mut Value, path: &str, message: &str, kinds: &Kinds) -> bool {
    if message.starts_with("unknown field") && kinds.is_left_over(path) {
        let Some((part, field)) = path.rsplit_once('.') else { return false };
        let part = document.pointer_mut(&pointer(part)).and_then(Value::as_object_mut);
        return part.is_some_and(|part| part.remove(field).is_some());
    }
    let is_whole = [", expected u", ", expected i"].iter().any(|kind| {
        message.rfind(kind).is_some_and(|at| !message[at + kind.len()..].contains(' '))
    });
    if !message.starts_with("invalid type: floating point") || !is_whole {
        return false;
    }
    let Some(value) = document.pointer_mut(&pointer(path)) else { return false };
    let whole = value.as_f64().filter(|x| x.fract() == 0.0 && x.abs() <= WHOLE);
    let Some(whole) = whole else { return false };
    *value = if whole < 0.0 { Value::from(whole as i64) } else { Value::from(whole as u64) };
    true
}
