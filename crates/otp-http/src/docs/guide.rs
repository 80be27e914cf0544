//! The guides: files of `docs`, as they are in the source.

use otp_core::mail::escape_html as escape;

use super::{layout, markdown};

/// A guide.
pub(super) struct Guide {
    /// Its file without `.md`, and the last segment of its path.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    text: &'static str,
}

macro_rules! guides {
    ($($name:literal $title:literal $file:literal;)+) => {
        /// Every guide there is.
        pub(super) const ALL: &[Guide] =
            &[$(Guide { name: $name, title: $title, text: include_str!(concat!("../../../../", $file)) }),+];
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

/// Its page.
pub(super) fn page(guide: &Guide) -> String {
    let contents: String = markdown::headings(guide.text)
        .into_iter()
        .map(|(fragment, title)| format!("<li><a href=\"#{fragment}\">{}</a></li>", escape(&title)))
        .collect();
    let contents = format!("<h2>On this page</h2>\n<ul>{contents}</ul>");
    layout::page(guide.title, "../../", &contents, &markdown::to_html(guide.text, "../../"))
}
