//! A call as it is typed into a shell. What differs from caller to caller is a variable of the shell.

use serde_json::Value;

use super::{layout, markdown};
use crate::call::Credential;
use crate::contract::Example;

/// A variable of the shell.
struct Variable {
    name: &'static str,
    /// The member of bodies, and the parameter of paths, that it stands for.
    of: Option<&'static str>,
    /// The parameter of queries and forms.
    of_query: Option<&'static str>,
    /// Where it comes from, in Markdown.
    told: &'static str,
}

/// Every one there is.
const VARIABLES: &[Variable] = &[
    variable(
        "OTP_URL",
        None,
        None,
        "Where the service is. `otp-data/dev.env` has it for the service of `otp-server dev`.",
    ),
    variable("OTP_API_KEY", None, None, "A customer's secret key. `dev.env` has one."),
    variable("OTP_OPERATOR_KEY", None, None, "A key of `otp-server operator create`. `dev.env` has one."),
    variable(
        "CUSTOMER_ID",
        Some("customerId"),
        None,
        "`customerId` of [getOwnCustomer](#getOwnCustomer); for operators, of [registerCustomer](#registerCustomer).",
    ),
    variable("CHALLENGE_ID", Some("challengeId"), None, "`challengeId` of [requestOtp](#requestOtp)."),
    variable("CODE", Some("otp"), None, "The code in the mail it sends."),
    variable("TOKEN", Some("token"), None, "`token` of [verifyOtp](#verifyOtp) or [refreshSession](#refreshSession)."),
    variable("REFRESH_TOKEN", Some("refreshToken"), None, "`refreshToken` of the same."),
    variable("USER_ID", Some("userId"), None, "`userId` of [verifyOtp](#verifyOtp)."),
    variable("SESSION_ID", Some("sessionId"), None, "`sessionId` of [verifyOtp](#verifyOtp)."),
    variable("KEY_ID", Some("keyId"), None, "`keyId` of [createApiKey](#createApiKey)."),
    variable("SIGNUP_CODE", Some("code"), None, "The code in the mail that [signUp](#signUp) sends."),
    variable("LINK_TOKEN", None, Some("token"), "What follows `token=` in the link in that mail."),
];

const fn variable(
    name: &'static str,
    of: Option<&'static str>,
    of_query: Option<&'static str>,
    told: &'static str,
) -> Variable {
    Variable { name, of, of_query, told }
}

/// What the variables are, as a table.
pub(super) fn variables() -> String {
    let row = |variable: &Variable| {
        format!("<tr><td><code>${}</code></td><td>{}</td></tr>", variable.name, markdown::of_contract(variable.told))
    };
    layout::table(&["Variable", "What it is"], &VARIABLES.iter().map(row).collect::<String>())
}

/// The call of `example`, which is served at `template`, by `credential` if it needs one.
pub(super) fn command(example: &Example, template: &str, credential: Option<Credential>) -> String {
    let url = format!("\"$OTP_URL{}\"", path(example, template));
    let mut lines = vec![match example.method.as_str() {
        "GET" => format!("curl -s {url}"),
        "POST" if example.body.is_some() => format!("curl -s {url}"),
        method => format!("curl -s -X {method} {url}"),
    }];
    let header = credential.and_then(|credential| match credential {
        Credential::UserToken => Some("-H \"Authorization: Bearer $TOKEN\""),
        Credential::OperatorKey => Some("-H \"X-OTP-API-Key: $OTP_OPERATOR_KEY\""),
        Credential::SecretKey | Credential::PublishableKey => Some("-H \"X-OTP-API-Key: $OTP_API_KEY\""),
        // A browser has it, and no shell.
        Credential::SessionCookie => None,
    });
    lines.extend(header.map(str::to_owned));
    match &example.body {
        Some(Value::String(form)) => lines.push(format!("-d \"{}\"", pairs(form))),
        Some(json) => {
            lines.push("-H 'Content-Type: application/json'".to_owned());
            lines.push(format!("-d {}", quoted(&varied(json.clone()).to_string())));
        }
        None => {}
    }
    lines.join(" \\\n  ")
}

/// The path of `example` with variables where `template` and its query have parameters.
fn path(example: &Example, template: &str) -> String {
    let (path, query) =
        example.path.split_once('?').map_or((&*example.path, None), |(path, query)| (path, Some(query)));
    let segments = template.split('/').zip(path.split('/')).map(|(told, there)| {
        let name = told.strip_prefix('{').and_then(|told| told.strip_suffix('}'));
        name.and_then(of).unwrap_or_else(|| there.to_owned())
    });
    let path = segments.collect::<Vec<_>>().join("/");
    query.map_or(path.clone(), |query| format!("{path}?{}", pairs(query)))
}

/// The query or form `text` with variables.
fn pairs(text: &str) -> String {
    let pairs = text.split('&').map(|pair| {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        let variable = VARIABLES.iter().find(|variable| variable.of_query == Some(name));
        variable.map_or(pair.to_owned(), |variable| format!("{name}=${}", variable.name))
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// `body` with variables for its members.
fn varied(body: Value) -> Value {
    match body {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| match (of(&name), value) {
                    (Some(variable), Value::String(_)) => (name, Value::String(variable)),
                    (_, value) => (name, varied(value)),
                })
                .collect(),
        ),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => other,
    }
}

/// The variable for the member or parameter `name`, as a shell reads it.
fn of(name: &str) -> Option<String> {
    VARIABLES.iter().find(|variable| variable.of == Some(name)).map(|variable| format!("${}", variable.name))
}

/// `text` as one word of a shell, in which variables are read.
fn quoted(text: &str) -> String {
    let quoted = format!("'{}'", text.replace('\'', r"'\''"));
    VARIABLES
        .iter()
        .fold(quoted, |quoted, Variable { name, .. }| quoted.replace(&format!("${name}"), &format!("'\"${name}\"'")))
}
