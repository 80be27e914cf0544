//! How the pages of a signup look: one card, in light and dark, on a telephone and on a desk.

use otp_core::email::EmailAddress;
use otp_core::locale::Locale;
use otp_core::mail::escape_html as escape;
use otp_core::signup::{OpenedAccount, PendingSignup};

use super::texts::{self, Texts};

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #15181d; --soft: #5b6470; --page: #f4f5f7; --card: #fff; --field: #eef0f4; --line: #dfe3e9; --accent: #1f5eff; --on: #fff; --warn: #8a5300; --warned: #fff4e0; }
@media (prefers-color-scheme: dark) { :root { --ink: #f2f4f7; --soft: #aeb6c2; --page: #111418; --card: #1b2027; --field: #262d37; --line: #323a46; --accent: #8fb0ff; --on: #0d1b3d; --warn: #ffd08a; --warned: #3a2c12; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 2rem 1rem; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
main { width: 100%; max-width: 34rem; background: var(--card); border: 1px solid var(--line); border-radius: 16px; padding: 2.25rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .75rem; }
p { margin: 0 0 1.25rem; color: var(--soft); }
strong { color: var(--ink); overflow-wrap: anywhere; }
button { display: block; width: 100%; border: 0; border-radius: 10px; padding: .875rem 1rem; background: var(--accent); color: var(--on); font: inherit; font-weight: 600; cursor: pointer; }
button:hover { filter: brightness(1.07); }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
dl { margin: 0; }
dt { font-weight: 600; margin: 0 0 .25rem; }
dd { margin: 0 0 1.25rem; }
dd small { display: block; color: var(--soft); margin: 0 0 .375rem; }
code { display: block; border-radius: 8px; background: var(--field); padding: .625rem .75rem; font: .8125rem/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; overflow-wrap: anywhere; user-select: all; cursor: copy; }
.warning { border-radius: 10px; background: var(--warned); color: var(--warn); padding: .75rem 1rem; }
";

/// Why there is nothing to confirm.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trouble {
    /// The link is none of ours, too old, or was used.
    Dead,
    /// The address has an account by now.
    Taken,
    /// Nobody may sign up.
    Closed,
    /// Not now.
    Down,
}

/// Whose account is to be opened, and the button that opens it.
pub(super) fn button(locale: Locale, pending: &PendingSignup, token: &str) -> String {
    let texts = texts::of(locale);
    let body = format!(
        r#"<h1>{title}</h1>
<p>{intro}</p>
<form method="post">
<input type="hidden" name="token" value="{token}">
<button type="submit">{button}</button>
</form>"#,
        title = escape(texts.confirm_title),
        intro = named(texts.confirm, &pending.company_name, &pending.email),
        token = escape(token),
        button = escape(texts.confirm_button),
    );
    page(locale, texts.confirm_title, &body)
}

/// The keys of a new account.
pub(super) fn keys(locale: Locale, account: &OpenedAccount) -> String {
    let texts = texts::of(locale);
    let OpenedAccount { tenant, secret, publishable, .. } = account;
    let body = format!(
        r#"<h1>{title}</h1>
<p class="warning">{once}</p>
<dl>
{secret}
{publishable}
{customer}
</dl>"#,
        title = escape(texts.opened_title),
        once = escape(texts.once),
        secret = entry(texts.secret_key, texts.secret_key_use, secret.key.expose()),
        publishable = entry(texts.publishable_key, texts.publishable_key_use, publishable.key.expose()),
        customer = entry(texts.customer_id, texts.customer_id_use, &tenant.id.to_string()),
    );
    page(locale, texts.opened_title, &body)
}

/// That there is nothing to confirm.
pub(super) fn trouble(locale: Locale, trouble: Trouble) -> String {
    let Texts { dead, taken, closed, down, .. } = texts::of(locale);
    let (title, text) = match trouble {
        Trouble::Dead => dead,
        Trouble::Taken => taken,
        Trouble::Closed => closed,
        Trouble::Down => down,
    };
    page(locale, title, &format!("<h1>{}</h1>\n<p>{}</p>", escape(title), escape(text)))
}

fn entry(name: &str, purpose: &str, value: &str) -> String {
    format!("<dt>{}</dt>\n<dd><small>{}</small><code>{}</code></dd>", escape(name), escape(purpose), escape(value))
}

/// `text` with company and address in it, each as it is read at once.
fn named(text: &str, company: &str, email: &EmailAddress) -> String {
    let strong = |text: &str| format!("<strong>{}</strong>", escape(text));
    // In pieces, since a company may well be called "{email}".
    let (before, rest) = text.split_once("{company}").unwrap_or((text, ""));
    let (between, after) = rest.split_once("{email}").unwrap_or((rest, ""));
    [escape(before), strong(company), escape(between), strong(email.mailbox()), escape(after)].concat()
}

fn page(locale: Locale, title: &str, body: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"#,
        lang = locale.as_str(),
        title = escape(title),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_not_read_as_texts() {
        let pending = PendingSignup {
            email: EmailAddress::parse("ada@example.org").unwrap(),
            company_name: "{email}<script>\"".to_owned(),
        };
        for locale in Locale::ALL {
            let page = button(locale, &pending, "otp_su_\"x");
            assert!(page.contains("<strong>{email}&lt;script&gt;&quot;</strong>"), "{page}");
            assert!(page.contains("<strong>ada@example.org</strong>"), "{page}");
            assert!(page.contains(r#"value="otp_su_&quot;x""#) && !page.contains("<script"));
        }
    }
}
