//! The OpenAPI document: every answer of every test is held against it, and what it says of calls is tried out.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

use axum::http::Method;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::world::{Answer, PUBLIC_URL, World, is_renewing};

/// The document as it is served.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| otp_http::openapi(PUBLIC_URL));
/// The same, where no answer has members that it does not tell of.
static STRICT: LazyLock<Value> = LazyLock::new(|| strict(DOCUMENT.clone()));
/// Made once for each schema.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Headers of which every answer that has one says so beforehand.
const TOLD: [&str; 14] = [
    "etag",
    "ratelimit-policy",
    "ratelimit",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-quota-limit",
    "x-quota-remaining",
    "x-quota-reset",
    "set-cookie",
    "content-disposition",
    "idempotency-replayed",
    "retry-after",
    "www-authenticate",
];

/// `schema` closed: an object has the members it tells of and no others.
fn strict(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(members) => {
            let is_object = members.contains_key("properties");
            members.values_mut().for_each(|member| *member = strict(member.take()));
            if is_object && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = strict(item.take())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    schema
}

/// The validator of the schema at `pointer` of the document.
fn validator(pointer: &str) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().unwrap();
    let made = validators.entry(pointer.to_owned()).or_insert_with(|| {
        let mut schema = STRICT.pointer(pointer).unwrap().clone();
        schema["components"] = STRICT["components"].clone();
        Arc::new(jsonschema::validator_for(&schema).unwrap())
    });
    made.clone()
}

/// The template and the operation that serve `method` at `path`.
fn operation(method: &Method, path: &str) -> Option<(&'static str, &'static Value)> {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let path = path.strip_prefix("/otp").unwrap_or(path);
    let fits = |template: &str| {
        let (mut template, mut path) = (template.split('/'), path.split('/'));
        loop {
            match (template.next(), path.next()) {
                (None, None) => return true,
                (Some(told), Some(there)) if told == there || told.starts_with('{') => {}
                _ => return false,
            }
        }
    };
    let paths = DOCUMENT["paths"].as_object().unwrap();
    // Where two fit, the one without a parameter is meant.
    let template =
        paths.keys().filter(|template| fits(template)).min_by_key(|template| template.matches('{').count())?;
    let method = if method == Method::HEAD { "get".to_owned() } else { method.as_str().to_lowercase() };
    Some((template, paths[template].get(method)?))
}

/// Holds `answer` against what is told of the operation.
pub(crate) fn holds(method: &Method, path: &str, answer: &Answer) {
    let Some((template, operation)) = operation(method, path) else { return };
    let what = format!("{method} {template}: {}", answer.status);
    let told = &operation["responses"][answer.status.to_string()];
    assert!(told.is_object(), "{what} is not told of: {}", String::from_utf8_lossy(&answer.body));
    let headers = told["headers"].as_object().unwrap();
    let declared: BTreeSet<String> = headers.keys().map(|name| name.to_lowercase()).collect();
    for name in TOLD {
        assert!(answer.header(name).is_none() || declared.contains(name), "{what}: header {name} is not told of");
    }
    if method == Method::HEAD {
        return;
    }
    let media = answer.header("content-type").unwrap();
    let content = &told["content"];
    assert!(content[media].is_object(), "{what}: {media} is not told of");
    if media.ends_with("json") && media != "application/x-ndjson" {
        let escaped = |text: &str| text.replace('~', "~0").replace('/', "~1");
        let method = method.as_str().to_lowercase();
        let pointer = format!(
            "/paths/{}/{method}/responses/{}/content/{}/schema",
            escaped(template),
            answer.status,
            escaped(media)
        );
        let body = answer.json();
        let validator = validator(&pointer);
        let faults: Vec<String> = validator.iter_errors(&body).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{what}: {faults:?}\n{body:#}");
    }
}

/// Every operation there is: method, template, itself.
fn operations() -> impl Iterator<Item = (Method, &'static str, &'static Value)> {
    DOCUMENT["paths"].as_object().unwrap().iter().flat_map(|(template, item)| {
        item.as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| (method.to_uppercase().parse().unwrap(), template.as_str(), operation))
    })
}

#[test]
fn the_document_is_the_one_that_is_committed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let document = serde_json::to_string_pretty(&*DOCUMENT).unwrap() + "\n";
    if is_renewing() {
        std::fs::write(path, &document).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == document,
        "docs/openapi.json is out of date: `cargo xtask openapi` renews it and says what breaks"
    );
}

#[test]
fn every_route_is_told_of_once() {
    let mut ids = BTreeSet::new();
    let mut told = BTreeSet::new();
    for (method, template, operation) in operations() {
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{template}");
        assert!(!operation["summary"].as_str().unwrap().is_empty() && operation["tags"][0].is_string(), "{template}");
        told.insert((
            template
                .split('/')
                .map(|part| if part.starts_with('{') { "*" } else { part })
                .collect::<Vec<_>>()
                .join("/"),
            method.to_string(),
        ));
    }
    for (path, methods) in crate::edge::ROUTES {
        let plain: Vec<&str> =
            path.split('/').map(|part| if part.ends_with("_x") || part == "1" { "*" } else { part }).collect();
        for method in methods.split(',').filter(|method| *method != "HEAD") {
            assert!(told.remove(&(plain.join("/"), method.to_owned())), "{method} {path} is not told of");
        }
    }
    assert!(told.is_empty(), "told of, and not there: {told:?}");
}

#[test]
fn names_stand_for_one_thing_each() {
    // Two types of one name would overwrite each other, and one of them be told of as the other.
    let references = DOCUMENT.to_string();
    // What another method than those that are told of is answered is of no operation.
    let told = DOCUMENT["components"]["schemas"].as_object().unwrap().keys();
    for name in told.filter(|name| *name != "MethodNotAllowedProblem") {
        assert!(references.contains(&format!("#/components/schemas/{name}\"")), "nothing refers to {name}");
    }
}

/// A value that `schema` allows, as far as names are concerned.
fn some(schema: &Value) -> Value {
    let types = &schema["type"];
    let is = |name: &str| types == name || types.as_array().is_some_and(|types| types.contains(&json!(name)));
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    if let Some(properties) = schema["properties"].as_object() {
        return properties.iter().map(|(name, schema)| (name.clone(), some(schema))).collect();
    }
    if is("boolean") {
        json!(true)
    } else if is("integer") {
        schema["minimum"].clone()
    } else if is("array") {
        json!([])
    } else {
        schema["examples"][0].as_str().map_or(json!("text"), |example| json!(example))
    }
}

/// The pointers of faults with `code`.
fn faulty(answer: &Answer, code: &str) -> BTreeSet<String> {
    if answer.status != 400 || answer.code() != "invalid_request" {
        return BTreeSet::new();
    }
    answer.faults().into_iter().filter(|(_, fault)| fault == code).map(|(pointer, _)| pointer).collect()
}

#[tokio::test]
async fn what_is_told_of_calls_is_what_is_read() {
    let mut seen = 0;
    for (method, template, operation) in operations() {
        let media = &operation["requestBody"]["content"]["application/json"];
        let is_open = template.starts_with("/health")
            || template.starts_with("/t/")
            || template == "/signup/confirm"
            || template.starts_with("/docs")
            || template == "/openapi.json";
        if is_open {
            continue;
        }
        let world = World::new().await;
        let token = crate::world::text(&world.sign_in("bob@example.org").await, "token");
        let path = template.replace("{customerId}", &world.customer.id.to_string()).replace("{number}", "1");
        let path = path.replace("{userId}", "user_x").replace("{sessionId}", "sess_x").replace("{keyId}", "key_x");
        let ask = |path: &str, body: &Value| {
            let ask = world.ask(method.clone(), path).json(body.clone());
            match operation["security"][0].as_object().unwrap().keys().next().map(String::as_str) {
                Some("operatorKey") => ask.key(&world.operator),
                Some("userToken") => ask.bearer(&token),
                _ => ask.key(&world.customer.key),
            }
        };
        // Whatever is told of is known, at every depth, and nothing else is.
        let schema = &media["schema"];
        let whole = if schema.is_object() { some(schema) } else { json!({}) };
        let mut stranger = whole.clone();
        stranger["stranger"] = json!(1);
        let answer = ask(&path, &stranger).send().await;
        assert_eq!(faulty(&answer, "unknown_member"), BTreeSet::from(["/stranger".to_owned()]), "{method} {template}");
        // What has to be there has to.
        let required: BTreeSet<String> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|name| format!("/{}", name.as_str().unwrap()))
            .collect();
        if !required.is_empty() {
            let answer = ask(&path, &json!({})).send().await;
            let missing = faulty(&answer, "required");
            // Of two ways to say something one has to be chosen, which no list of names can tell.
            assert!(missing.is_superset(&required), "{method} {template}: {missing:?}");
            let either = ["/auth/verify-otp", "/signup/verify"].contains(&template);
            assert!(missing == required || either, "{method} {template}: {missing:?}");
        }
        // The same of parameters.
        let query: Vec<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let query: Vec<String> = query.iter().chain(&["stranger"]).map(|name| format!("{name}=x")).collect();
        let answer = ask(&format!("{path}?{}", query.join("&")), &whole).send().await;
        assert_eq!(
            faulty(&answer, "unknown_parameter"),
            BTreeSet::from(["/stranger".to_owned()]),
            "{method} {template}"
        );
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
}
