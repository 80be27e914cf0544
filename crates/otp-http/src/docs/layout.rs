//! What every page of the documentation looks like: on a desk and on a telephone, in light and dark.

use otp_core::mail::escape_html as escape;

use super::guide;
use super::page::Page;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #15181d; --soft: #5b6470; --page: #fff; --field: #f4f5f7; --line: #dfe3e9; --accent: #1f5eff; --get: #0a7a4b; --post: #1f5eff; --put: #8a5300; --delete: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #f2f4f7; --soft: #aeb6c2; --page: #111418; --field: #1b2027; --line: #323a46; --accent: #8fb0ff; --get: #6fd6a4; --post: #8fb0ff; --put: #ffd08a; --delete: #ff9d95; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; display: grid; grid-template: 'nav main' / 17rem minmax(0, 1fr); }
nav { grid-area: nav; border-right: 1px solid var(--line); padding: 1.5rem 1.25rem; font-size: .9rem; height: 100vh; overflow-y: auto; position: sticky; top: 0; }
nav h2 { font-size: .75rem; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); margin: 1.25rem 0 .25rem; border: 0; padding: 0; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { display: block; padding: .15rem 0; color: inherit; text-decoration: none; overflow-wrap: anywhere; }
main { grid-area: main; padding: 2rem 2.5rem 6rem; max-width: 60rem; min-width: 0; }
a { color: var(--accent); }
a:focus-visible, input:focus-visible, button:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.35rem; margin: 3rem 0 .75rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 1.75rem 0 .5rem; }
h4 { font-size: .95rem; margin: 1.25rem 0 .35rem; }
p, ul, ol, table, pre { margin: 0 0 1rem; }
code { font: .86em/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; background: var(--field); border-radius: 4px; padding: .1em .3em; overflow-wrap: anywhere; }
pre { background: var(--field); border: 1px solid var(--line); border-radius: 8px; padding: .85rem 1rem; white-space: pre-wrap; }
pre code { background: none; padding: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; }
.call { font: 600 1rem/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; overflow-wrap: anywhere; margin: 0 0 .75rem; }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); } .delete { color: var(--delete); }
.soft { color: var(--soft); }
form { display: flex; gap: .5rem; margin: 0 0 1.5rem; }
input { flex: 1; min-width: 0; font: inherit; color: inherit; background: var(--field); border: 1px solid var(--line); border-radius: 8px; padding: .5rem .75rem; }
button { font: inherit; font-weight: 600; border: 0; border-radius: 8px; padding: .5rem 1rem; background: var(--accent); color: var(--page); cursor: pointer; }
details { margin: 0 0 1rem; } summary { cursor: pointer; color: var(--soft); }
td p { margin: 0; }
.narrow { display: none; }
.found { list-style: none; padding: 0; } .found p { color: var(--soft); overflow-wrap: anywhere; }
@media (max-width: 48rem) { body { display: block; } .narrow { display: block; } nav { position: static; height: auto; border-right: 0; border-top: 1px solid var(--line); } main { padding: 1.25rem 1rem 4rem; } h1 { font-size: 1.5rem; } }
";

/// `page` as it is sent.
pub(super) fn page(page: &Page) -> String {
    let parts: String = page.parts.iter().map(|part| part.html.as_str()).collect();
    around(page.title, &page.root(), "", &page.contents, &parts)
}

/// `rows` as a table that can be scrolled where it is too wide, by the keyboard as well.
pub(super) fn table(head: &[&str], rows: &str) -> String {
    let head: String = head.iter().map(|name| format!("<th scope=\"col\">{name}</th>")).collect();
    format!("{SCROLLED}<table><tr>{head}</tr>{rows}</table></div>")
}

/// What is around a table.
pub(super) const SCROLLED: &str = "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Table\">";

/// A page called `title`, from which `root` leads to where the service is reached, with `contents` beside `body`, and `words` in
/// its search.
pub(super) fn around(title: &str, root: &str, words: &str, contents: &str, body: &str) -> String {
    let guides: String = guide::ALL
        .iter()
        .map(|guide| format!("<li><a href=\"{root}docs/guides/{}\">{}</a></li>", guide.name, escape(guide.title)))
        .collect();
    format!(
        r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · OTP</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<p class="narrow"><a href="#contents">Contents</a></p>
<form role="search" action="{root}docs"><input type="search" name="q" value="{words}" aria-label="Search" placeholder="Search: refresh, 429, nginx …" maxlength="100"><button>Search</button></form>
{body}
</main>
<nav id="contents" aria-label="Documentation">
<ul><li><a href="{root}docs">Calls</a></li><li><a href="{root}docs/errors">Errors</a></li><li><a href="{root}openapi.json">OpenAPI</a></li></ul>
<h2>Guides</h2>
<ul>{guides}</ul>
{contents}
</nav>
</body>
</html>
"##,
        title = escape(title),
        words = escape(words),
    )
}
