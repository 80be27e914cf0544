//! The guides: files of `docs`, as they are in the source.

use otp_core::mail::escape_html as escape;

use super::page::{Page, Part};
use super::{markdown, search};

/// A guide.
pub(super) struct Guide {
    /// Its file without `.md`, and the last segment of its path.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// In the source.
    file: &'static str,
    text: &'static str,
}

macro_rules! guides {
    ($($name:literal $title:literal $file:literal;)+) => {
        /// Every guide there is.
        pub(super) const ALL: &[Guide] =
            &[$(Guide { name: $name, title: $title, file: $file, text: include_str!(concat!("../../../../", $file)) }),+];
    };
}

guides! {
    "start" "Getting started" "README.md";
    "command-line" "Command line" "docs/command-line.md";
    "deploying" "Deploying" "docs/deploying.md";
    "security" "Security" "docs/security.md";
    "embedding" "Embedding" "docs/embedding.md";
    "differences" "What is different" "docs/differences.md";
    "performance" "Performance" "docs/performance.md";
    "writing-an-adapter" "Writing an adapter" "docs/writing-an-adapter.md";
}

/// Its page, in a part for each heading of the second level.
pub(super) fn page(guide: &Guide) -> Page {
    let folder = if guide.file.contains('/') { "docs" } else { "" };
    let html = markdown::to_html(guide.text, "../../", folder);
    let parts: Vec<Part> = markdown::at_headings(&html).map(|html| part(guide, html)).collect();
    let contents: String = parts
        .iter()
        .filter(|part| !part.id.is_empty())
        .map(|part| format!("<li><a href=\"#{}\">{}</a></li>", part.id, escape(&part.title)))
        .collect();
    Page {
        path: format!("docs/guides/{}", guide.name),
        title: guide.title,
        parts,
        contents: format!("<h2>On this page</h2>\n<ul>{contents}</ul>"),
    }
}

/// The part of `guide` that is `html`, which begins with its heading unless it is the first.
fn part(guide: &Guide, html: &str) -> Part {
    let heading = html.strip_prefix("<h2 id=\"").and_then(|rest| rest.split_once("</h2>")?.0.split_once("\">"));
    match heading {
        Some((id, title)) => Part { id: id.to_owned(), title: search::text_of(title), html: html.to_owned() },
        None => Part::opening(guide.title, html.to_owned()),
    }
}
