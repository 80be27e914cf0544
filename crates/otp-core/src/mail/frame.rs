//! What every mail of the service looks like: one card, legible in light and dark, as text and as HTML.

use super::{Envelope, OutgoingMail, escape_html};
use crate::code::Code;

/// A part of a mail, from top to bottom.
pub(super) enum Part<'a> {
    /// A paragraph.
    Text(String),
    /// A code. In text it stands alone on its line; in HTML its groups are set apart by padding, so that a double
    /// click selects all digits and nothing else.
    Code(&'a Code),
    /// A link, and what it says.
    Link { label: &'a str, url: &'a str },
    /// A paragraph of less weight.
    Soft(String),
}

/// The mail of these parts under `heading`.
pub(super) fn framed(envelope: Envelope, subject: String, heading: &str, parts: &[Part<'_>]) -> OutgoingMail {
    let Envelope { id, from, to, locale } = envelope;
    OutgoingMail {
        text: text(heading, parts),
        html: html(locale.as_str(), &subject, heading, parts),
        id,
        from,
        to,
        subject,
        locale,
    }
}

fn text(heading: &str, parts: &[Part<'_>]) -> String {
    let mut text = format!("{heading}\n");
    for part in parts {
        text.push('\n');
        match part {
            Part::Text(paragraph) | Part::Soft(paragraph) => text.push_str(paragraph),
            Part::Code(code) => text.push_str(code.expose()),
            Part::Link { label, url } => text.push_str(&format!("{label}:\n{url}")),
        }
        text.push('\n');
    }
    text
}

fn html(lang: &str, subject: &str, heading: &str, parts: &[Part<'_>]) -> String {
    let parts: String = parts.iter().map(part_html).collect();
    format!(
        r#"<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{subject}</title>
<style>
:root {{ color-scheme: light dark; }}
@media (prefers-color-scheme: dark) {{
  .page {{ background: #111418 !important; }}
  .card {{ background: #1b2027 !important; }}
  .ink {{ color: #f2f4f7 !important; }}
  .soft {{ color: #aeb6c2 !important; }}
  .code {{ background: #262d37 !important; color: #ffffff !important; }}
}}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f4f5f7;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:32px 16px;">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" style="max-width:480px;background:#ffffff;border-radius:12px;"><tr>
<td style="padding:32px;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;">
<h1 class="ink" style="margin:0 0 16px;font-size:20px;line-height:28px;color:#15181d;">{heading}</h1>
{parts}</td></tr></table>
</td></tr></table>
</body>
</html>
"#,
        subject = escape_html(subject),
        heading = escape_html(heading),
    )
}

fn part_html(part: &Part<'_>) -> String {
    match part {
        Part::Text(paragraph) => format!(
            r#"<p class="ink" style="margin:0 0 16px;font-size:16px;line-height:24px;color:#15181d;">{}</p>
"#,
            escape_html(paragraph)
        ),
        Part::Code(code) => format!(
            r#"<p class="code" style="margin:0 0 16px;padding:16px;border-radius:8px;background:#eef0f4;color:#15181d;text-align:center;font-family:ui-monospace,'SF Mono',Menlo,Consolas,monospace;font-size:28px;line-height:36px;white-space:nowrap;">{}</p>
"#,
            grouped(code)
        ),
        Part::Link { label, url } => format!(
            r#"<p style="margin:0 0 16px;"><a href="{}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:#1f5eff;color:#ffffff;font-size:16px;line-height:24px;text-decoration:none;">{}</a></p>
"#,
            escape_html(url),
            escape_html(label)
        ),
        Part::Soft(paragraph) => format!(
            r#"<p class="soft" style="margin:0;font-size:14px;line-height:20px;color:#5b6470;">{}</p>
"#,
            escape_html(paragraph)
        ),
    }
}

/// The digits in threes, or fours if that comes out even and threes do not.
fn grouped(code: &Code) -> String {
    let digits = code.expose();
    let size = if digits.len().is_multiple_of(3) || !digits.len().is_multiple_of(4) { 3 } else { 4 };
    let mut html = String::with_capacity(digits.len() * 12);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place.is_multiple_of(size) {
            html.push_str(&format!(r#"<span style="padding-left:12px;">{digit}</span>"#));
        } else {
            html.push(digit);
        }
    }
    html
}
