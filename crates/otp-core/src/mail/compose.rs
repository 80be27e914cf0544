//! Composes the mail that carries a code.

use std::time::Duration;

use super::texts::{self, Texts};
use super::{OutgoingMail, Sender};
use crate::code::Code;
use crate::email::EmailAddress;
use crate::id::MailId;
use crate::locale::Locale;

/// The sign-in mail for `code`, which lives for another `life`.
///
/// Nothing in it can be clicked, and the code is not in the subject, where lock screens show it. In
/// the text part the code stands alone on its line; in HTML its groups are set apart by padding, so
/// that a double click selects all digits and nothing else.
pub fn compose(
    id: MailId,
    from: Sender,
    to: EmailAddress,
    app: &str,
    locale: Locale,
    code: &Code,
    life: Duration,
) -> OutgoingMail {
    let texts = texts::of(locale);
    // To the nearest: a mail that leaves a moment after its code was made still says ten minutes.
    let minutes = (life.as_secs() + 30) / 60;
    // The name last: a tenant may well be called "{minutes}".
    let say = |text: &str| text.replace("{minutes}", &minutes.to_string()).replace("{app}", app);
    let expiry = say(if minutes < 2 { texts.expiry_one } else { texts.expiry_many });
    OutgoingMail {
        id,
        from,
        to,
        subject: say(texts.subject),
        text: text(texts, &say, &expiry, code),
        html: html(texts, &say, &expiry, code, locale),
        locale,
    }
}

fn text(texts: &Texts, say: &dyn Fn(&str) -> String, expiry: &str, code: &Code) -> String {
    format!(
        "{heading}\n\n{intro}\n\n{code}\n\n{expiry}\n\n{warning}\n\n{ignore}\n",
        heading = say(texts.heading),
        intro = say(texts.intro),
        code = code.expose(),
        warning = say(texts.warning),
        ignore = say(texts.ignore),
    )
}

fn html(texts: &Texts, say: &dyn Fn(&str) -> String, expiry: &str, code: &Code, locale: Locale) -> String {
    let say = |text: &str| escape_html(&say(text));
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
<p class="ink" style="margin:0 0 16px;font-size:16px;line-height:24px;color:#15181d;">{intro}</p>
<p class="code" style="margin:0 0 16px;padding:16px;border-radius:8px;background:#eef0f4;color:#15181d;text-align:center;font-family:ui-monospace,'SF Mono',Menlo,Consolas,monospace;font-size:28px;line-height:36px;white-space:nowrap;">{code}</p>
<p class="ink" style="margin:0 0 16px;font-size:16px;line-height:24px;color:#15181d;">{expiry} {warning}</p>
<p class="soft" style="margin:0;font-size:14px;line-height:20px;color:#5b6470;">{ignore}</p>
</td></tr></table>
</td></tr></table>
</body>
</html>
"#,
        lang = locale.as_str(),
        subject = say(texts.subject),
        heading = say(texts.heading),
        intro = say(texts.intro),
        code = grouped(code),
        warning = say(texts.warning),
        ignore = say(texts.ignore),
    )
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

/// `text` as it may stand in HTML text or a quoted attribute.
pub fn escape_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::super::code_in;
    use super::*;

    fn mail(app: &str, locale: Locale, life: u64) -> OutgoingMail {
        let address = EmailAddress::parse("ada@example.org").unwrap();
        let sender = Sender { name: app.to_owned(), address: address.clone() };
        let code = Code::parse("012345678").unwrap();
        compose(MailId::from_u128(7), sender, address, app, locale, &code, Duration::from_secs(life))
    }

    #[test]
    fn the_code_stands_alone_on_its_line_and_not_in_the_subject() {
        for locale in [Locale::En, Locale::De, Locale::Fr, Locale::Es] {
            let mail = mail("Acme", locale, 600);
            assert!(mail.text.lines().any(|line| line == "012345678"), "{}", mail.text);
            assert_eq!(code_in(&mail.text), Some("012345678"));
            assert!(!mail.subject.contains("012345678"));
            assert!(mail.text.to_lowercase().contains("10 min"), "{}", mail.text);
            assert!(!format!("{}{}{}", mail.subject, mail.text, mail.html).contains("{app}"));
            assert!(!mail.html.contains("<a ") && !mail.html.contains("http"));
            assert!(!format!("{mail:?}").contains("ada"));
        }
    }

    #[test]
    fn no_space_between_the_digits_in_html() {
        let html = mail("Acme", Locale::En, 600).html;
        let digits: String = html
            .split_once(r#"white-space:nowrap;">"#)
            .and_then(|(_, rest)| rest.split_once("</p>"))
            .map(|(digits, _)| digits.split('<').map(|part| part.rsplit('>').next().unwrap_or("")).collect())
            .unwrap();
        assert_eq!(digits, "012345678");
    }

    #[test]
    fn names_are_escaped() {
        let mail = mail("<b>\"A\" & 'B'</b>", Locale::En, 600);
        assert!(mail.html.contains("&lt;b&gt;&quot;A&quot; &amp; &#39;B&#39;&lt;/b&gt;"));
        assert!(!mail.html.contains("<b>"));
    }

    #[test]
    fn a_name_is_not_read_as_a_template() {
        assert_eq!(mail("{minutes}", Locale::En, 600).subject, "Your sign-in code for {minutes}");
    }

    #[test]
    fn the_last_minute_is_named() {
        assert!(mail("Acme", Locale::En, 599).text.contains("10 minutes"));
        assert!(mail("Acme", Locale::En, 59).text.contains("within a minute"));
    }
}
