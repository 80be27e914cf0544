//! The reference: every call, with what it takes, a command to try it by, and what it answers.

use std::fmt::Write;

use otp_core::mail::escape_html as escape;
use serde_json::Value;

use super::page::{Page, Part};
use super::{curl, layout, markdown, schema};
use crate::call::Credential;
use crate::contract::{PROBLEM_JSON, example};
use crate::routes::routes;

/// A call of the document.
pub(super) struct Called<'d> {
    /// The template of its path.
    pub(super) path: &'static str,
    pub(super) method: &'d str,
    operation: &'d Value,
}

impl Called<'_> {
    /// What generated clients call it.
    pub(super) fn id(&self) -> &str {
        text(self.operation, "operationId")
    }

    /// Whether it may be answered by the error `code`.
    pub(super) fn may_be_refused_by(&self, code: &str) -> bool {
        let mut responses = self.operation["responses"].as_object().into_iter().flatten();
        responses.any(|(_, response)| response["content"][PROBLEM_JSON]["examples"].get(code).is_some())
    }
}

/// Every call of `document`, in the order of the routes.
pub(super) fn calls(document: &Value) -> Vec<Called<'_>> {
    let routes = routes();
    let calls = routes.templates().flat_map(|path| {
        let methods = document["paths"][path].as_object().into_iter().flatten();
        methods.map(move |(method, operation)| Called { path, method, operation })
    });
    calls.collect()
}

/// The page.
pub(super) fn page(document: &Value, calls: &[Called<'_>]) -> Page {
    let introduction = markdown::of_contract(text(&document["info"], "description"));
    let opening = Part::opening("Calls", format!("<h1>Calls</h1>\n{introduction}"));
    let (mut contents, mut parts) = (String::new(), vec![opening, begin()]);
    for tag in document["tags"].as_array().into_iter().flatten() {
        let (name, told) = (text(tag, "name"), text(tag, "description"));
        let mut heading = format!("<h2>{}</h2><p>{}</p>", escape(name), escape(told));
        // Writing to a string cannot fail.
        let _ = write!(contents, "<h2>{}</h2><ul>", escape(name));
        for call in calls.iter().filter(|call| call.operation["tags"][0] == name) {
            let (id, title) = (call.id().to_owned(), text(call.operation, "summary").to_owned());
            let _ = write!(contents, "<li><a href=\"docs#{id}\">{}</a></li>", escape(&title));
            let html = format!("{}{}", std::mem::take(&mut heading), section(document, call));
            parts.push(Part { id, title, html });
        }
        contents.push_str("</ul>");
    }
    Page { path: "docs".to_owned(), title: "Calls", parts, contents }
}

/// What there is to know before a call is tried.
fn begin() -> Part {
    let html = format!(
        "<h2 id=\"try\">Trying calls</h2>\n<p>Every call has a command to paste. Its variables are those of your shell:</p>\n{}",
        curl::variables()
    );
    Part { id: "try".to_owned(), title: "Trying calls".to_owned(), html }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn section(document: &Value, call: &Called<'_>) -> String {
    let Called { path, method, operation } = call;
    let id = call.id();
    let mut section = format!(
        "<section><h3 id=\"{id}\">{}</h3>\n<p class=\"call\"><span class=\"{method}\">{}</span> {}</p>\n{}",
        escape(text(operation, "summary")),
        method.to_uppercase(),
        escape(path),
        markdown::of_contract(text(operation, "description")),
    );
    let opening = Opening::of(operation);
    let _ = write!(section, "<p class=\"soft\">{}</p>", opening.told());
    section.push_str(&parameters(document, operation));
    for (_, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
        let members = schema::table(&content["schema"], document);
        section.extend(members.map(|members| format!("<h4>Body</h4>{members}")));
    }
    if let Some(example) = example(id) {
        let command = curl::command(example, path, opening.first());
        let _ = write!(section, "<h4>Try it</h4><pre><code>{}</code></pre>", escape(&command));
        if let Some(answer) = &example.answer {
            let pretty = serde_json::to_string_pretty(answer).unwrap_or_default();
            let _ = write!(section, "<pre><code>{}</code></pre>", escape(&pretty));
        }
    }
    section.push_str(&answers(document, operation));
    section.push_str("</section>\n");
    section
}

/// What opens a call.
struct Opening {
    /// Any one of these.
    credentials: Vec<Credential>,
    is_needed: bool,
}

impl Opening {
    fn of(operation: &Value) -> Self {
        let any = operation["security"].as_array().into_iter().flatten().filter_map(Value::as_object);
        let (named, none): (Vec<_>, Vec<_>) = any.partition(|one| !one.is_empty());
        let credentials = named.iter().flat_map(|one| one.keys()).filter_map(|name| Credential::named(name));
        Self { is_needed: none.is_empty() && !named.is_empty(), credentials: credentials.collect() }
    }

    /// By what the call is tried.
    fn first(&self) -> Option<Credential> {
        self.credentials.first().copied().filter(|_| self.is_needed)
    }

    fn told(&self) -> String {
        let named = self.credentials.iter().map(|credential| match credential {
            Credential::SecretKey => "a secret key",
            Credential::PublishableKey => "a publishable key",
            Credential::OperatorKey => "an operator's key",
            Credential::UserToken => "a user's token",
            Credential::SessionCookie => "the session's cookie",
        });
        let named = named.collect::<Vec<_>>().join(" or ");
        match (self.is_needed, named.as_str()) {
            (_, "") => "Open to everybody.".to_owned(),
            (true, named) => format!("By {named}."),
            (false, named) => format!("By nothing besides the body, or by {named}."),
        }
    }
}

fn parameters(document: &Value, operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let rows: String = parameters
        .map(|parameter| {
            let name = text(parameter, "name");
            let place = format!("{name} ({})", text(parameter, "in"));
            let description = text(parameter, "description");
            schema::row(&place, parameter["required"] == true, &parameter["schema"], description, document)
        })
        .collect();
    if rows.is_empty() { rows } else { layout::table(&["Parameter", "Type", "Meaning"], &rows) }
}

fn answers(document: &Value, operation: &Value) -> String {
    let (mut answers, mut errors) = (String::new(), String::new());
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        for (media, content) in response["content"].as_object().into_iter().flatten() {
            if media == PROBLEM_JSON {
                for (code, _) in content["examples"].as_object().into_iter().flatten() {
                    let _ = write!(errors, "<li>{status} <a href=\"docs/errors#{code}\"><code>{code}</code></a></li>");
                }
            } else if let Some(members) = schema::table(&content["schema"], document) {
                let _ = write!(answers, "<details><summary>Answers {status}</summary>{members}</details>");
            }
        }
    }
    format!("{answers}<details><summary>May be refused by</summary><ul>{errors}</ul></details>")
}
