//! Tests of the page, with small schemas in the forms that schemars gives.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{anchor, page};

/// Schema with the given fields and named types.
fn schema(properties: Value, required: Value, types: Value) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "$defs": types })
}

/// Text of the page from its first table on.
fn fields(schema: &Value) -> String {
    let page = page(schema).expect("a page");
    page.split_once("## Fields\n\n").expect("the tables").1.to_owned()
}

/// Row of the field at a path.
fn row(path: &str, schema: Value) -> String {
    let page = fields(&schema);
    let row = page.lines().find(|line| line.starts_with(&format!("| `{path}`")));
    row.unwrap_or_else(|| panic!("no row of {path} in {page}")).to_owned()
}

fn row_of(field: Value) -> String {
    row("a", schema(json!({ "a": field }), json!([]), json!({})))
}

#[test]
fn a_field_has_its_path_type_default_and_meaning() {
    let field = json!({ "type": "integer", "minimum": 1, "default": 50, "description": "Steps." });
    assert_eq!(row_of(field), "| `a` | integer ≥ 1 | `50` | Steps. |");
    let required = schema(json!({ "a": { "type": "string" } }), json!(["a"]), json!({}));
    assert_eq!(row("a", required), "| `a` | string | *required* |  |");
}

#[test]
fn every_form_of_a_plain_value_has_its_words() {
    for (field, form) in [
        (json!({ "type": ["number", "null"] }), "number or `null`"),
        (json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1 }), "number > 0 and ≤ 1"),
        (json!({ "type": "array", "items": { "type": "boolean" } }), "list of booleans"),
        (
            json!({ "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 }),
            "list of 2 numbers",
        ),
        (
            json!({ "type": "array", "items": { "type": "array", "items": { "type": "number" } } }),
            "list of lists of numbers",
        ),
        (json!({ "anyOf": [{ "type": "number" }, { "type": "integer" }] }), "number or integer"),
        (json!({ "type": "string", "enum": ["a", "b"] }), "`a`, `b`"),
        (
            json!({ "type": "object", "additionalProperties": { "type": "string" } }),
            "object of strings by name",
        ),
        (json!({ "type": "object", "additionalProperties": true }), "object"),
    ] {
        assert_eq!(row_of(field), format!("| `a` | {form} | none |  |"));
    }
}

#[test]
fn a_form_without_words_is_an_error_that_names_the_field() {
    let schema = schema(json!({ "a": { "not": {} } }), json!([]), json!({}));
    let error = page(&schema).expect_err("no words");
    assert!(error.starts_with("a: no words"), "{error}");
    let lost = json!({ "properties": { "a": { "$ref": "#/$defs/Lost" } } });
    assert!(page(&lost).expect_err("no type").contains("Lost"));
}

#[test]
fn required_fields_stand_first_and_in_their_order() {
    let plain = json!({ "type": "string" });
    let properties = json!({ "a": plain, "b": plain, "c": plain });
    let page = fields(&schema(properties, json!(["c", "b"]), json!({})));
    let paths: Vec<&str> = page.lines().skip(2).filter_map(|line| line.split('`').nth(1)).collect();
    assert_eq!(paths, ["c", "b", "a"]);
}

#[test]
fn words_with_a_bar_a_line_end_or_a_link_of_rustdoc_stay_one_cell() {
    let field = json!({ "type": "string", "description": "|x| of\n[`Thing`]." });
    assert_eq!(row_of(field), "| `a` | string | none | \\|x\\| of `Thing`. |");
}

/// Schema with two fields of one tagged type. One of its variants has a type of its own.
fn tagged() -> Value {
    let other = json!({ "properties": { "kind": { "const": "other" } },
                        "required": ["kind"], "$ref": "#/$defs/Other" });
    let plain = json!({ "properties": { "kind": { "const": "plain" } }, "required": ["kind"],
                        "description": "Nothing more." });
    let types = json!({
        "Rate": { "description": "The rate.", "oneOf": [plain, other] },
        "Other": { "description": "Another.", "required": ["value"],
                   "properties": { "value": { "$ref": "#/$defs/Choice" } } },
        "Choice": { "oneOf": [{ "const": "x", "description": "The first." },
                              { "enum": ["y", "z"] }] },
        "Part": { "properties": { "rate": { "$ref": "#/$defs/Rate" },
                                  "next": { "anyOf": [{ "$ref": "#/$defs/Rate" },
                                                      { "type": "null" }] } } },
    });
    schema(json!({ "part": { "$ref": "#/$defs/Part" } }), json!([]), types)
}

#[test]
fn a_tagged_type_has_its_kinds_and_the_fields_of_each() {
    let page = fields(&tagged());
    let rate = page.split_once("### `part.next`\n").expect("where it first occurs").1;
    let wanted = "
The rate.

| `kind` and its fields | type | default | meaning |
|---|---|---|---|
| **`plain`** |  |  | Nothing more. |
| **`other`** |  |  | Another. |
| `part.next.value` | [`x`, `y`, `z`](#partnextvalue) | *required* |  |
";
    assert!(rate.starts_with(wanted), "{rate}");
    assert!(page.contains("| `x` | The first. |\n| `y` |  |\n"), "{page}");
}

#[test]
fn a_type_is_described_once_and_linked_to_from_everywhere() {
    let page = fields(&tagged());
    assert!(page.contains("| `part.next` | [object by `kind`](#partnext) or `null` |"), "{page}");
    assert!(page.contains("| `part.rate` | [object by `kind`](#partnext) |"), "{page}");
    assert_eq!(page.matches("| **`plain`** |").count(), 1);
}

#[test]
fn a_type_that_holds_itself_comes_to_an_end() {
    let types = json!({ "Tree": { "properties": { "tree": { "$ref": "#/$defs/Tree" } } } });
    let page = fields(&schema(json!({ "a": { "$ref": "#/$defs/Tree" } }), json!([]), types));
    assert!(page.contains("| `a.tree` | [object](#a) |"), "{page}");
}

#[test]
fn every_link_leads_to_one_heading() {
    let page = fields(&tagged());
    let headings: Vec<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect();
    let links = page.split("](#").skip(1).filter_map(|rest| rest.split(')').next());
    let links: BTreeSet<&str> = links.collect();
    assert_eq!(links.len(), 3, "{links:?}");
    for link in links {
        assert_eq!(headings.iter().filter(|heading| *heading == link).count(), 1, "{link}");
    }
}
