//! The reference: every call, with what it takes, a command to try it by, and what it answers.

use std::fmt::Write;

use otp_core::mail::escape_html as escape;
use serde_json::Value;

use super::{Search, curl, layout, markdown, schema};
use crate::contract::example;
use crate::routes::routes;

/// The page; of a search, with what is found.
pub(super) fn page(document: &Value, search: &Search) -> String {
    let (mut contents, mut body) = (String::new(), String::new());
    let introduction = markdown::to_html(document["info"]["description"].as_str().unwrap_or_default(), "");
    // Writing to a string cannot fail.
    let _ = write!(
        body,
        "<h1>Calls</h1>\n<form role=\"search\"><input type=\"search\" name=\"q\" value=\"{}\" aria-label=\"Search\" placeholder=\"Search: refresh, 429, allowedIps …\"><button>Search</button></form>\n",
        escape(&search.q)
    );
    if search.q.is_empty() {
        body.push_str(&introduction);
    }
    let mut found = 0;
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = tag["name"].as_str().unwrap_or_default();
        let (mut links, mut sections) = (String::new(), String::new());
        for (path, method, operation) in operations(document).filter(|(_, _, operation)| operation["tags"][0] == name) {
            let section = section(document, path, method, operation);
            // Every call is named beside the page; on it are those that are looked for.
            let (id, summary) = (text(operation, "operationId"), text(operation, "summary"));
            let at = if search.q.is_empty() { "" } else { "docs" };
            let _ = write!(links, "<li><a href=\"{at}#{id}\">{}</a></li>", escape(summary));
            if search.finds(&section) {
                found += 1;
                sections.push_str(&section);
            }
        }
        let _ = write!(contents, "<h2>{}</h2><ul>{links}</ul>", escape(name));
        if !sections.is_empty() {
            let told = text(tag, "description");
            let _ = write!(body, "<h2>{}</h2><p>{}</p>{sections}", escape(name), escape(told));
        }
    }
    if found == 0 {
        body.push_str("<p>Nothing is called that. <a href=\"docs\">Every call</a></p>");
    }
    layout::page("Calls", "", &contents, &body)
}

/// Every operation of `document`, in the order of the routes: its path, its method, itself.
pub(super) fn operations(document: &Value) -> impl Iterator<Item = (&'static str, &str, &Value)> {
    let templates: Vec<&'static str> = routes().templates().collect();
    templates.into_iter().flat_map(move |path| {
        let methods = document["paths"][path].as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path, method.as_str(), operation))
    })
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn section(document: &Value, path: &str, method: &str, operation: &Value) -> String {
    let id = text(operation, "operationId");
    let mut section = format!(
        "<section><h3 id=\"{id}\">{}</h3>\n<p class=\"call\"><span class=\"{method}\">{}</span> {}</p>\n{}",
        escape(text(operation, "summary")),
        method.to_uppercase(),
        escape(path),
        markdown::to_html(text(operation, "description"), ""),
    );
    let schemes = credentials(operation);
    let _ = write!(section, "<p class=\"soft\">{}</p>", told(&schemes));
    section.push_str(&parameters(document, operation));
    for (_, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
        let members = schema::table(&content["schema"], document);
        section.extend(members.map(|members| format!("<h4>Body</h4>{members}")));
    }
    if let Some(example) = example(id) {
        let command = curl::command(example, schemes.first().copied());
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

/// The names of the credentials any one of which opens `operation`.
fn credentials(operation: &Value) -> Vec<&str> {
    let any = operation["security"].as_array().into_iter().flatten();
    any.filter_map(|one| one.as_object()?.keys().next().map(String::as_str)).collect()
}

fn told(schemes: &[&str]) -> String {
    let named = schemes.iter().map(|scheme| match *scheme {
        "secretKey" => "a secret key",
        "publishableKey" => "a publishable key",
        "operatorKey" => "an operator's key",
        "userToken" => "a user's token",
        "sessionCookie" => "the session's cookie",
        other => other,
    });
    let named: Vec<&str> = named.collect();
    if named.is_empty() { "Open to everybody.".to_owned() } else { format!("By {}.", named.join(" or ")) }
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
    let head = "<tr><th>Parameter</th><th>Type</th><th></th></tr>";
    if rows.is_empty() { rows } else { format!("<div class=\"scroll\"><table>{head}{rows}</table></div>") }
}

fn answers(document: &Value, operation: &Value) -> String {
    let (mut answers, mut errors) = (String::new(), String::new());
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        for (media, content) in response["content"].as_object().into_iter().flatten() {
            if media == "application/problem+json" {
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
