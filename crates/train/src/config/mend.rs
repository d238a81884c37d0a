//! [`mend`]: what is wrong in a document and leaves no doubt of what is meant.

use std::collections::HashSet;

use serde_json::Value;

/// Largest whole number up to which every one is a 64-bit float.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// What overrides make of the kinds of parts.
pub(super) struct Kinds {
    /// The document as its user wrote it, without defaults, with what was set so far.
    written: Value,
    /// Paths of what was set.
    set: HashSet<String>,
    /// Paths of fields that the user wrote beside another kind.
    left_over: HashSet<String>,
}

impl Kinds {
    /// Those of a document as its user wrote it.
    pub(super) fn new(written: Value) -> Self {
        Self { written, set: HashSet::new(), left_over: HashSet::new() }
    }

    /// Takes note of an override. Where it gives a part another kind, only what the user wrote of the part stays in the
    /// document, for a default is one of the kind that it had.
    pub(super) fn set(&mut self, document: &mut Value, path: &str, value: &Value) {
        self.left_over.retain(|field| !is_within(field, path) && !is_within(path, field));
        if let Some((part, "kind")) = path.rsplit_once('.')
            && document.pointer(&pointer(path)).is_some_and(|kind| kind != value)
            && let Some(fields) =
                document.pointer_mut(&pointer(part)).and_then(Value::as_object_mut)
        {
            let written = self.written.pointer(&pointer(part));
            fields.retain(|field, _| {
                field == "kind" || written.is_some_and(|it| it.get(field).is_some())
            });
            let left = fields.keys().filter(|field| *field != "kind");
            let left = left.map(|field| format!("{part}.{field}"));
            let is_set = |field: &String| {
                self.set.iter().any(|set| is_within(field, set) || is_within(set, field))
            };
            self.left_over.extend(left.filter(|field| !is_set(field)));
        }
        self.set.insert(path.to_owned());
    }

    /// The document as its user wrote it, to which an override is applied as well.
    pub(super) const fn written(&mut self) -> &mut Value {
        &mut self.written
    }
}

/// Whether a path is that of a part, or of something in it.
fn is_within(path: &str, part: &str) -> bool {
    path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// A path as serde_json takes it.
pub(super) fn pointer(path: &str) -> String {
    format!("/{}", path.replace(['.', '['], "/").replace(']', ""))
}

/// Mends the value at `path`, of which the parser gave this message; tells whether it could. `1e3` becomes a whole number
/// where one is required, and a field that the file has for the kind that a part had before an override is dropped.
pub(super) fn mend(document: &mut Value, path: &str, message: &str, kinds: &Kinds) -> bool {
    if message.starts_with("unknown field") && kinds.left_over.contains(path) {
        let Some((part, field)) = path.rsplit_once('.') else { return false };
        let part = document.pointer_mut(&pointer(part)).and_then(Value::as_object_mut);
        return part.is_some_and(|part| part.remove(field).is_some());
    }
    let is_whole = [", expected u", ", expected i"].iter().any(|kind| {
        message.rfind(kind).is_some_and(|at| !message[at + kind.len()..].contains(' '))
    });
    message.starts_with("invalid type: floating point")
        && is_whole
        && document.pointer_mut(&pointer(path)).is_some_and(make_whole)
}

/// Makes a float that is a whole number one, and those of a list; tells whether there was any.
fn make_whole(value: &mut Value) -> bool {
    if let Value::Array(values) = value {
        let mut any = false;
        for value in values {
            any |= make_whole(value);
        }
        return any;
    }
    let whole = value.as_f64().filter(|x| value.is_f64() && x.fract() == 0.0 && x.abs() < WHOLE);
    let Some(whole) = whole else { return false };
    *value = if whole < 0.0 { Value::from(whole as i64) } else { Value::from(whole as u64) };
    true
}
