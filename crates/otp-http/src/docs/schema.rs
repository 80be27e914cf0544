//! Schemas as tables: each member by its path, its type and what it is.

use otp_core::mail::escape_html as escape;
use serde_json::Value;

use super::{layout, markdown};

/// Deepest member told of.
const DEEPEST: usize = 4;

/// A table of the members of `schema`; nothing, where it has none.
pub(super) fn table(schema: &Value, document: &Value) -> Option<String> {
    let mut rows = String::new();
    members(schema, document, "", DEEPEST, &mut rows);
    (!rows.is_empty()).then(|| layout::table(&["Member", "Type", "Meaning"], &rows))
}

/// A row of a table.
pub(super) fn row(name: &str, is_required: bool, schema: &Value, description: &str, document: &Value) -> String {
    let must = if is_required { " <span class=\"soft\">required</span>" } else { "" };
    let told = markdown::of_contract(description);
    format!("<tr><td><code>{}</code>{must}</td><td>{}</td><td>{told}</td></tr>", escape(name), kind(schema, document))
}

fn members(schema: &Value, document: &Value, path: &str, depth: usize, rows: &mut String) {
    let schema = resolved(schema, document);
    // Of what is one of several, each is told: they differ by a member that says which.
    for part in ["allOf", "oneOf"].into_iter().filter_map(|of| schema[of].as_array()).flatten() {
        members(part, document, path, depth, rows);
    }
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|it| it == name));
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let is = non_null(resolved(member, document), document);
        let description = member["description"].as_str().or(is["description"].as_str()).unwrap_or_default();
        rows.push_str(&row(&path, required(name), member, description, document));
        if depth > 1 {
            let items = &is["items"];
            let (inner, path) = if items.is_object() { (items, format!("{path}[]")) } else { (is, path) };
            members(inner, document, &path, depth - 1, rows);
        }
    }
}

/// What `schema` refers to.
pub(super) fn resolved<'d>(schema: &'d Value, document: &'d Value) -> &'d Value {
    let pointer = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
}

/// Of something or null, the something.
fn non_null<'d>(schema: &'d Value, document: &'d Value) -> &'d Value {
    let mut either = schema["oneOf"].as_array().into_iter().flatten();
    either.find(|one| one["type"] != "null").map_or(schema, |one| resolved(one, document))
}

/// The type of `schema`, in a few words.
fn kind(schema: &Value, document: &Value) -> String {
    let schema = non_null(resolved(schema, document), document);
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().filter(|value| !value.is_null());
        return values
            .map(|value| format!("<code>{}</code>", escape(&value.to_string())))
            .collect::<Vec<_>>()
            .join(" ");
    }
    let mut words = match &schema["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => "object".to_owned(),
    };
    if schema["items"].is_object() {
        words.push_str(&format!(" of {}", kind(&schema["items"], document)));
    }
    let bound = |name: &str| schema[name].as_u64();
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => words.push_str(&format!(", {least} to {most}")),
        (Some(least), None) if least > 0 => words.push_str(&format!(", at least {least}")),
        _ => {}
    }
    if let Some(most) = bound("maxLength") {
        words.push_str(&format!(", up to {most} characters"));
    }
    words
}
