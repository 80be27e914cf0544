//! The page of errors: a section for each code, which the `type` of an error answer points at.

use otp_core::mail::escape_html as escape;

use super::layout;
use super::page::{Page, Part};
use super::reference::Called;
use crate::problem::{Flaw, Problem, ProblemCode};

/// The page.
pub(super) fn page(calls: &[Called<'_>], public_url: &str) -> Page {
    let opening = "<h1>Errors</h1>\n<p>Every error is <code>application/problem+json</code> (RFC 9457). Programs go by \
         <code>code</code>, a closed set. <code>requestId</code> names the call: whoever runs the service finds it in the log.</p>\n";
    let names = ProblemCode::ALL.iter().map(|code| code.as_str());
    let links: String = names.map(|name| format!("<li><a href=\"#{name}\">{name}</a></li>")).collect();
    let codes = ProblemCode::ALL.iter().map(|code| part(*code, calls, public_url));
    Page {
        path: "docs/errors".to_owned(),
        title: "Errors",
        parts: [Part::opening("Errors", opening.to_owned())].into_iter().chain(codes).collect(),
        contents: format!("<h2>Codes</h2><ul>{links}</ul>"),
    }
}

fn part(code: ProblemCode, calls: &[Called<'_>], public_url: &str) -> Part {
    let name = code.as_str();
    let example = serde_json::to_string_pretty(&Problem::example(code, public_url)).unwrap_or_default();
    let html = format!(
        "<section><h2 id=\"{name}\"><code>{name}</code></h2>\n<p class=\"soft\">{} · {}</p>\n<h3>What happened</h3>\n<p>{}</p>\n\
         <h3>How to fix it</h3>\n<p>{}</p>\n{}<pre><code>{}</code></pre>\n{}</section>\n",
        code.status().as_u16(),
        escape(code.title()),
        marked(code.detail()),
        marked(code.remedy()),
        if code == ProblemCode::InvalidRequest { flaws() } else { String::new() },
        escape(&example),
        answered_by(calls, name),
    );
    Part { id: name.to_owned(), title: name.to_owned(), html }
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
    layout::table(&["<code>code</code> in <code>errors</code>", "How to fix it"], &rows.collect::<String>())
}

/// Which calls may be answered so.
fn answered_by(calls: &[Called<'_>], code: &str) -> String {
    let calls = calls.iter().filter(|call| call.may_be_refused_by(code));
    let links: String = calls
        .map(|call| {
            let (id, method, path) = (call.id(), call.method.to_uppercase(), escape(call.path));
            format!("<li><a href=\"../docs#{id}\">{method} {path}</a></li>")
        })
        .collect();
    if links.is_empty() {
        return "<p class=\"soft\">No call that there is: it may be the answer to any other method of its path.</p>\n"
            .to_owned();
    }
    format!("<details><summary>Calls that may be answered so</summary><ul>{links}</ul></details>\n")
}
