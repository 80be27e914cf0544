//! The mailbox as a page: no script, one click selects a code.

use otp_core::mail::escape_html as escape;
use otp_wire::mail::InboxMail;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #15181d; --soft: #5b6470; --page: #f4f5f7; --card: #fff; --code: #eef0f4; --line: #dfe3e9; --accent: #2457d6; }
@media (prefers-color-scheme: dark) { :root { --ink: #f2f4f7; --soft: #aeb6c2; --page: #111418; --card: #1b2027; --code: #262d37; --line: #323a46; --accent: #8fb0ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
main { max-width: 44rem; margin: 0 auto; padding: 2.5rem 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
header p { margin: 0 0 1.5rem; color: var(--soft); }
article { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem 1.5rem; margin: 0 0 1rem; }
article header { display: flex; flex-wrap: wrap; gap: 0 1rem; justify-content: space-between; align-items: baseline; }
h2 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
time { color: var(--soft); font-size: .875rem; }
.subject { margin: 0; color: var(--soft); }
.code { display: block; margin: 1rem 0; padding: .75rem 1rem; border-radius: 8px; background: var(--code); font: 600 1.75rem/1.3 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; letter-spacing: .12em; text-align: center; user-select: all; cursor: copy; }
summary { color: var(--accent); cursor: pointer; font-size: .875rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .75rem 0 0; font: .875rem/1.5 ui-monospace, Menlo, Consolas, monospace; }
.empty { text-align: center; padding: 3rem 1rem; color: var(--soft); }
";

/// The page of these mails.
pub(super) fn render(mails: &[InboxMail]) -> String {
    let articles: String = if mails.is_empty() {
        "<article class=\"empty\">No mail yet. Ask for a code and it shows up here.</article>".to_owned()
    } else {
        mails.iter().map(article).collect()
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"refresh\" content=\"5\">\n<title>Development mailbox</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main>\n<header><h1>Development mailbox</h1>\n\
         <p>Mail this server would have sent. One click selects a code. The page renews itself.</p></header>\n\
         {articles}\n</main>\n</body>\n</html>\n"
    )
}

fn article(mail: &InboxMail) -> String {
    let code =
        mail.code.as_deref().map(|code| format!("<span class=\"code\">{}</span>\n", escape(code))).unwrap_or_default();
    format!(
        "<article>\n<header><h2>{to}</h2><time>{at}</time></header>\n<p class=\"subject\">{subject}</p>\n{code}\
         <details><summary>Whole mail</summary><pre>{text}</pre></details>\n</article>\n",
        to = escape(mail.to.mailbox()),
        at = mail.received_at,
        subject = escape(&mail.subject),
        text = escape(&mail.text),
    )
}
