//! The page of errors: a section for each code, which the `type` of an error answer points at.

use std::fmt::Write;

use otp_core::mail::escape_html as escape;
use serde_json::Value;

use super::{layout, reference};
use crate::problem::{Flaw, Problem, ProblemCode};

/// The page.
pub(super) fn page(document: &Value, public_url: &str) -> String {
    let (mut contents, mut body) = ("<h2>Codes</h2><ul>".to_owned(), String::new());
    body.push_str(
        "<h1>Errors</h1>\n<p>Every error is <code>application/problem+json</code> (RFC 9457). Programs go by \
         <code>code</code>, a closed set. <code>requestId</code> names the call: whoever runs the service finds it in the log.</p>\n",
    );
    for code in ProblemCode::ALL {
        let name = code.as_str();
        // Writing to a string cannot fail.
        let _ = write!(contents, "<li><a href=\"#{name}\">{name}</a></li>");
        let example = serde_json::to_string_pretty(&Problem::example(*code, public_url)).unwrap_or_default();
        let _ = write!(
            body,
            "<section><h2 id=\"{name}\"><code>{name}</code></h2>\n<p class=\"soft\">{} · {}</p>\n<h4>What happened</h4>\n<p>{}</p>\n\
             <h4>How to fix it</h4>\n<p>{}</p>\n{}<pre><code>{}</code></pre>\n{}</section>\n",
            code.status().as_u16(),
            escape(code.title()),
            marked(code.detail()),
            marked(code.remedy()),
            if *code == ProblemCode::InvalidRequest { flaws() } else { String::new() },
            escape(&example),
            answered_by(document, name),
        );
    }
    contents.push_str("</ul>");
    layout::page("Errors", "../", &contents, &body)
}

/// `text` with its code as code.
fn marked(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(place, part)| if place % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) })
        .collect()
}

fn flaws() -> String {
    let rows = Flaw::ALL
        .iter()
        .map(|flaw| format!("<tr><td><code>{}</code></td><td>{}</td></tr>", flaw.code(), marked(flaw.message())));
    let rows: String = rows.collect();
    format!(
        "<div class=\"scroll\"><table><tr><th><code>code</code> in <code>errors</code></th><th></th></tr>{rows}</table></div>\n"
    )
}

/// Which calls may be answered so.
fn answered_by(document: &Value, code: &str) -> String {
    let calls: String = reference::operations(document)
        .filter(|(_, _, operation)| {
            let responses = operation["responses"].as_object().into_iter().flatten();
            responses
                .into_iter()
                .any(|(_, response)| response["content"]["application/problem+json"]["examples"].get(code).is_some())
        })
        .map(|(path, method, operation)| {
            let id = operation["operationId"].as_str().unwrap_or_default();
            format!("<li><a href=\"../docs#{id}\">{} {}</a></li>", method.to_uppercase(), escape(path))
        })
        .collect();
    format!("<details><summary>Calls that may be answered so</summary><ul>{calls}</ul></details>\n")
}
