//! Reader of a JSON Schema as schemars makes it: its fields, kinds and values.

use serde_json::Value;

/// Field of an object.
pub struct Field<'a> {
    pub name: &'a str,
    pub schema: &'a Value,
    pub required: bool,
}

/// Whole schema, which holds the named types.
#[derive(Clone, Copy)]
pub struct Schema<'a>(pub &'a Value);

impl<'a> Schema<'a> {
    /// Type that a schema stands for, with its name where it has one.
    pub fn resolve(self, schema: &'a Value) -> Result<(Option<&'a str>, &'a Value), String> {
        let Some(link) = schema["$ref"].as_str() else { return Ok((None, schema)) };
        let name = link.strip_prefix("#/$defs/").ok_or(format!("schema: no such link: {link}"))?;
        let found = self.0["$defs"].get(name);
        Ok((Some(name), found.ok_or(format!("schema: {link} leads nowhere"))?))
    }

    /// Fields of an object without the `kind` that marks a variant. The required ones come first, in
    /// the order of their type.
    pub fn fields(self, object: &'a Value) -> Result<Vec<Field<'a>>, String> {
        let required: Vec<&str> = list(&object["required"]).filter_map(Value::as_str).collect();
        let mut fields: Vec<Field> = object["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, schema)| *name != "kind" || schema.get("const").is_none())
            .map(|(name, schema)| Field { name, schema, required: required.contains(&&**name) })
            .collect();
        let place = |field: &Field| required.iter().position(|name| *name == field.name);
        fields.sort_by_key(|field| place(field).unwrap_or(usize::MAX));
        // A variant that is a type of its own has that type's fields.
        if let (Some(_), named) = self.resolve(object)? {
            fields.extend(self.fields(named)?);
        }
        Ok(fields)
    }

    /// Variants of an object that is told apart by its `kind`.
    pub fn kinds(self, schema: &'a Value) -> Option<Vec<(&'a str, &'a Value)>> {
        let kind = |variant: &'a Value| variant["properties"]["kind"]["const"].as_str();
        schema["oneOf"].as_array()?.iter().map(|variant| Some((kind(variant)?, variant))).collect()
    }

    /// First paragraph of the description of a schema, or else of its type.
    pub fn words(self, schema: &'a Value) -> Result<String, String> {
        let own = schema["description"].as_str();
        let words = match own {
            Some(words) => Some(words),
            None => self.resolve(schema)?.1["description"].as_str(),
        };
        Ok(plain(words.unwrap_or_default()))
    }
}

/// First paragraph of a doc comment as one line, in which links of rustdoc are names.
fn plain(words: &str) -> String {
    let first = words.split("\n\n").next().unwrap_or_default();
    first.replace("[`", "`").replace("`]", "`").replace('\n', " ")
}

/// Values of an enumeration, each with its meaning.
pub fn values(schema: &Value) -> Option<Vec<(&Value, String)>> {
    if let Some(value) = schema.get("const") {
        return Some(vec![(value, plain(schema["description"].as_str().unwrap_or_default()))]);
    }
    if let Some(values) = schema["enum"].as_array() {
        return Some(values.iter().map(|value| (value, String::new())).collect());
    }
    let parts: Option<Vec<_>> = schema["oneOf"].as_array()?.iter().map(values).collect();
    Some(parts?.concat())
}

/// Alternatives of a schema: a value meets one of them.
pub fn alternatives(schema: &Value) -> Option<&Vec<Value>> {
    schema["anyOf"].as_array().or(schema["oneOf"].as_array())
}

/// Items of an array; none where the value is no array.
pub fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
