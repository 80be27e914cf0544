//! A call as it is typed into a shell.

use serde_json::Value;

use crate::contract::Example;

/// The call of `example`, by the credential called `scheme` if it needs one.
pub(super) fn command(example: &Example, scheme: Option<&str>) -> String {
    let mut lines = vec![match example.method.as_str() {
        "GET" => format!("curl -s \"$OTP_URL{}\"", example.path),
        "POST" if example.body.is_some() => format!("curl -s \"$OTP_URL{}\"", example.path),
        method => format!("curl -s -X {method} \"$OTP_URL{}\"", example.path),
    }];
    let credential = match scheme {
        Some("userToken") => Some("-H \"Authorization: Bearer $TOKEN\""),
        Some("operatorKey") => Some("-H \"X-OTP-API-Key: $OTP_OPERATOR_KEY\""),
        Some(_) => Some("-H \"X-OTP-API-Key: $OTP_API_KEY\""),
        None => None,
    };
    lines.extend(credential.map(str::to_owned));
    lines.extend(example.headers.iter().map(|(name, value)| format!("-H {}", quoted(&format!("{name}: {value}")))));
    if let Some(body) = &example.body {
        let form = body.as_str().map(|form| format!("-d {}", quoted(form)));
        lines.extend(form.or_else(|| json(body)));
    }
    lines.join(" \\\n  ")
}

fn json(body: &Value) -> Option<String> {
    Some(format!("-H 'Content-Type: application/json' \\\n  -d {}", quoted(&body.to_string())))
}

/// `text` as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
