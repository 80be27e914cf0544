//! The guides: files of `docs`, as they are in the source.

use otp_core::mail::escape_html as escape;

use super::markdown;
use super::page::{Page, Part};

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
    let path = format!("docs/guides/{}", guide.name);
    let folder = if guide.file.contains('/') { "docs" } else { "" };
    let html = markdown::to_html(guide.text, "../../", folder);
    let headings = markdown::headings(guide.text);
    let contents: String = headings
        .iter()
        .map(|(fragment, title)| format!("<li><a href=\"#{fragment}\">{}</a></li>", escape(title)))
        .collect();
    let titles = [(String::new(), guide.title.to_owned())].into_iter().chain(headings);
    let parts =
        markdown::at_headings(&html).zip(titles).map(|(html, (id, title))| Part { id, title, html: html.to_owned() });
    Page {
        path,
        title: guide.title,
        parts: parts.collect(),
        contents: format!("<h2>On this page</h2>\n<ul>{contents}</ul>"),
    }
}
