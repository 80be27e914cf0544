//! What is different between two versions of a contract, and whether a client of the older one is hurt by it.

use std::collections::BTreeSet;

use serde_json::Value;

/// Deepest member looked at: the contract refers to nothing that refers back.
const DEEPEST: usize = 8;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) place: String,
    pub(super) what: String,
    /// Whether a client that was right is not any more.
    pub(super) breaks: bool,
}

/// Which way a schema is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By clients: they go on sending what they sent.
    Asked,
    /// To clients: they go on reading what they read.
    Answered,
}

/// A comparison of two documents.
struct Comparison<'d> {
    before: &'d Value,
    now: &'d Value,
    changes: Vec<Change>,
}

/// What has changed from `before` to `now`.
pub(super) fn changes(before: &Value, now: &Value) -> Vec<Change> {
    let mut comparison = Comparison { before, now, changes: Vec::new() };
    for (name, old) in operations(before) {
        match operations(now).find(|(other, _)| *other == name) {
            Some((_, new)) => comparison.operation(&name, old, new),
            None => comparison.note(&name, "is gone", true),
        }
    }
    for (name, _) in operations(now).filter(|(name, _)| operations(before).all(|(other, _)| other != *name)) {
        comparison.note(&name, "is new", false);
    }
    comparison.changes
}

fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    })
}

impl Comparison<'_> {
    fn note(&mut self, place: &str, what: impl Into<String>, breaks: bool) {
        self.changes.push(Change { place: place.to_owned(), what: what.into(), breaks });
    }

    fn operation(&mut self, name: &str, old: &Value, new: &Value) {
        if old["operationId"] != new["operationId"] {
            self.note(name, format!("is called {} now", new["operationId"]), true);
        }
        self.parameters(name, old, new);
        let body = |operation: &Value| operation["requestBody"]["content"]["application/json"]["schema"].clone();
        self.schema(&format!("{name} body"), &body(old), &body(new), Way::Asked, DEEPEST);
        for (status, response) in old["responses"].as_object().into_iter().flatten() {
            for (media, content) in response["content"].as_object().into_iter().flatten() {
                // How calls are refused may change: clients go by the codes they know.
                if media == "application/problem+json" {
                    continue;
                }
                let place = format!("{name} {status}");
                match new["responses"][status]["content"].get(media) {
                    None => self.note(&place, format!("answers no {media} any more"), true),
                    Some(there) => self.schema(&place, &content["schema"], &there["schema"], Way::Answered, DEEPEST),
                }
            }
        }
    }

    fn parameters(&mut self, name: &str, old: &Value, new: &Value) {
        let named = |operation: &Value, wanted: &Value| {
            let all = operation["parameters"].as_array().into_iter().flatten();
            let mut same = all.filter(|one| one["name"] == wanted["name"] && one["in"] == wanted["in"]);
            same.next().cloned()
        };
        for parameter in old["parameters"].as_array().into_iter().flatten() {
            let place = format!("{name} {}", parameter["name"].as_str().unwrap_or_default());
            match named(new, parameter) {
                Some(there) => self.schema(&place, &parameter["schema"], &there["schema"], Way::Asked, DEEPEST),
                None => self.note(&place, "is gone", true),
            }
        }
        for parameter in new["parameters"].as_array().into_iter().flatten() {
            let before = named(old, parameter);
            let must = parameter["required"] == true && before.is_none_or(|before| before["required"] != true);
            if must {
                let place = format!("{name} {}", parameter["name"].as_str().unwrap_or_default());
                self.note(&place, "has to be there now", true);
            }
        }
    }

    fn schema(&mut self, place: &str, old: &Value, new: &Value, way: Way, depth: usize) {
        if depth == 0 {
            return;
        }
        let (old, new) = (resolved(old, self.before).clone(), resolved(new, self.now).clone());
        if old["type"] != new["type"] {
            self.note(place, format!("was {} and is {}", old["type"], new["type"]), true);
            return;
        }
        self.values(place, &old, &new, way);
        let required = |schema: &Value| -> BTreeSet<String> {
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (must_before, must_now) = (required(&old), required(&new));
        for (name, member) in old["properties"].as_object().into_iter().flatten() {
            let place = format!("{place} {name}");
            match new["properties"].get(name) {
                // What is not known is refused, and what is not there is missed.
                None => self.note(&place, "is gone", true),
                Some(there) => self.schema(&place, member, there, way, depth - 1),
            }
        }
        let turned = match way {
            Way::Asked => must_now.difference(&must_before),
            Way::Answered => must_before.difference(&must_now),
        };
        for name in turned.filter(|name| !new["properties"][name.as_str()].is_null()) {
            let what = if way == Way::Asked { "has to be there now" } else { "may be missing now" };
            self.note(&format!("{place} {name}"), what, true);
        }
        for name in new["properties"].as_object().into_iter().flatten().map(|(name, _)| name) {
            if old["properties"][name].is_null() && !(way == Way::Asked && must_now.contains(name)) {
                self.note(&format!("{place} {name}"), "is new", false);
            }
        }
        if old["items"].is_object() {
            self.schema(&format!("{place}[]"), &old["items"], &new["items"], way, depth - 1);
        }
    }

    /// Whether less may be sent than before.
    fn values(&mut self, place: &str, old: &Value, new: &Value, way: Way) {
        if let (Some(before), Some(now)) = (old["enum"].as_array(), new["enum"].as_array()) {
            for value in before.iter().filter(|value| !now.contains(value)) {
                self.note(place, format!("{value} is gone"), way == Way::Asked);
            }
            for value in now.iter().filter(|value| !before.contains(value)) {
                self.note(place, format!("{value} is new"), false);
            }
        }
        if way == Way::Answered {
            return;
        }
        for (bound, is_least) in
            [("minimum", true), ("minLength", true), ("maximum", false), ("maxLength", false), ("maxItems", false)]
        {
            let (before, now) = (old[bound].as_f64(), new[bound].as_f64());
            let tighter = match (before, now) {
                (_, None) => false,
                (None, Some(_)) => true,
                (Some(before), Some(now)) => {
                    if is_least {
                        now > before
                    } else {
                        now < before
                    }
                }
            };
            if tighter {
                self.note(place, format!("{bound} is {} now", new[bound]), true);
            }
        }
        if old["pattern"] != new["pattern"] && !new["pattern"].is_null() {
            self.note(place, format!("has to be like {} now", new["pattern"]), true);
        }
    }
}

/// What `schema` refers to in `document`.
fn resolved<'d>(schema: &'d Value, document: &'d Value) -> &'d Value {
    let pointer = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(schema)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(body: Value, answer: Value) -> Value {
        json!({ "paths": { "/a": { "post": {
            "operationId": "a",
            "parameters": [{ "name": "q", "in": "query", "schema": { "type": "string" } }],
            "requestBody": { "content": { "application/json": { "schema": body } } },
            "responses": { "200": { "content": { "application/json": { "schema": answer } } } },
        } } } })
    }

    fn object(members: Value, required: &[&str]) -> Value {
        json!({ "type": "object", "properties": members, "required": required })
    }

    /// What breaks from one pair of body and answer to another.
    fn broken(before: (Value, Value), now: (Value, Value)) -> Vec<String> {
        let all = changes(&document(before.0, before.1), &document(now.0, now.1));
        all.into_iter()
            .filter(|change| change.breaks)
            .map(|change| format!("{}: {}", change.place, change.what))
            .collect()
    }

    #[test]
    fn what_hurts_clients_is_told_and_what_does_not_is_not() {
        let text = json!({ "type": "string", "maxLength": 9 });
        let short = json!({ "type": "string", "maxLength": 8 });
        let (a, ab) = (json!({ "a": text }), json!({ "a": text, "b": { "type": "integer" } }));
        let both =
            |members: &Value, required: &[&str]| (object(members.clone(), required), object(members.clone(), required));
        assert_eq!(broken(both(&a, &[]), both(&a, &[])), [""; 0]);
        // More may be sent, more is answered.
        assert_eq!(broken(both(&a, &[]), both(&ab, &[])), [""; 0]);
        assert_eq!(broken(both(&ab, &[]), both(&a, &[])), ["POST /a body b: is gone", "POST /a 200 b: is gone"]);
        assert_eq!(broken(both(&a, &[]), both(&a, &["a"])), ["POST /a body a: has to be there now"]);
        assert_eq!(broken(both(&a, &["a"]), both(&a, &[])), ["POST /a 200 a: may be missing now"]);
        let new = (object(ab.clone(), &["b"]), object(a.clone(), &[]));
        assert_eq!(broken(both(&a, &[]), new), ["POST /a body b: has to be there now"]);
        assert_eq!(broken(both(&a, &[]), both(&json!({ "a": short }), &[])), ["POST /a body a: maxLength is 8 now"]);
        let other = json!({ "a": { "type": "integer" } });
        assert_eq!(broken(both(&a, &[]), both(&other, &[])).len(), 2);
        let choice = |values: &[&str]| json!({ "a": { "type": "string", "enum": values } });
        assert_eq!(
            broken(both(&choice(&["x", "y"]), &[]), both(&choice(&["x"]), &[])),
            ["POST /a body a: \"y\" is gone"]
        );
        assert_eq!(broken(both(&choice(&["x"]), &[]), both(&choice(&["x", "y"]), &[])), [""; 0]);
    }

    #[test]
    fn calls_and_parameters_that_are_gone_are_told() {
        let whole = document(json!({}), json!({}));
        let gone = changes(&whole, &json!({ "paths": {} }));
        assert_eq!(gone, [Change { place: "POST /a".to_owned(), what: "is gone".to_owned(), breaks: true }]);
        let mut without = whole.clone();
        without["paths"]["/a"]["post"]["parameters"] = json!([]);
        assert!(changes(&whole, &without).iter().any(|change| change.breaks && change.place == "POST /a q"));
        without["paths"]["/a"]["post"]["responses"] = json!({});
        assert!(changes(&whole, &without).iter().any(|change| change.breaks && change.place == "POST /a 200"));
    }
}
