//! What is looked for, in every part of every page.

use std::fmt::Write;

use otp_core::mail::escape_html as escape;

use super::layout;
use super::page::Page;

/// Words that are looked for at the most: each is a walk through all pages, and anybody may ask for it.
const WORDS: usize = 8;
/// Characters of them at the most.
const LONGEST: usize = 100;
/// Characters that are shown of a place, before the word that was looked for and in all.
const BEFORE: usize = 60;
const SHOWN: usize = 220;
/// Tags that do not part words.
const WITHIN_WORDS: [&str; 5] = ["a", "code", "em", "span", "strong"];

/// The text of every part of every page.
pub(super) struct Index {
    places: Vec<Place>,
    /// What stands beside the page of what is found, as HTML.
    contents: String,
}

/// A part of a page.
struct Place {
    page: &'static str,
    title: String,
    /// Seen from where the service is reached.
    link: String,
    text: String,
    /// The title and the text, in small letters.
    sought: String,
}

impl Index {
    /// That of `pages`.
    pub(super) fn of<'p>(pages: impl Iterator<Item = &'p Page>, contents: &str) -> Self {
        let places = pages.flat_map(|page| {
            page.parts.iter().map(|part| {
                let text = text_of(&part.html);
                let sought = format!("{}\n{text}", part.title).to_lowercase();
                Place { page: page.title, title: part.title.clone(), link: part.place(page), text, sought }
            })
        });
        Self { places: places.collect(), contents: contents.to_owned() }
    }

    /// The page of what is found by `words`.
    pub(super) fn page(&self, words: &str) -> String {
        let words: String = words.chars().take(LONGEST).collect();
        let found = self.find(&words);
        let count = match found.len() {
            0 => "Nothing".to_owned(),
            1 => "One place".to_owned(),
            many => format!("{many} places"),
        };
        let mut body = format!("<h1>Search</h1>\n<p role=\"status\">{count} found.</p>\n<ul class=\"found\">");
        let first = words.split_whitespace().next().unwrap_or_default().to_lowercase();
        for Place { page, title, link, text, .. } in found {
            // Writing to a string cannot fail.
            let _ = write!(
                body,
                "<li><a href=\"{}\">{}</a> <span class=\"soft\">{}</span><p>{}</p></li>",
                escape(link),
                escape(title),
                escape(page),
                escape(&around(text, &first))
            );
        }
        body.push_str("</ul>\n<p><a href=\"docs\">Every call</a></p>");
        layout::around("Search", "", &words, &self.contents, &body)
    }

    /// The places that have all of `words`, those first in whose title the first of them is.
    fn find(&self, words: &str) -> Vec<&Place> {
        let words = words.to_lowercase();
        let words: Vec<&str> = words.split_whitespace().take(WORDS).collect();
        let mut found: Vec<&Place> =
            self.places.iter().filter(|place| words.iter().all(|word| place.sought.contains(word))).collect();
        let is_named = |place: &Place| words.first().is_some_and(|word| place.title.to_lowercase().contains(word));
        found.sort_by_key(|place| !is_named(place));
        found
    }
}

/// What is shown of `text`: the neighbourhood of `word`, or its beginning.
fn around(text: &str, word: &str) -> String {
    // Small letters may be more or fewer than the capitals were: by a few characters it does not matter here.
    let lower = text.to_lowercase();
    let at = lower.find(word).map_or(0, |at| lower[..at].chars().count());
    text.chars().skip(at.saturating_sub(BEFORE)).take(SHOWN).collect()
}

/// The text of `html`, which is well formed.
pub(super) fn text_of(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<') {
        let (tag, after) = piece.split_once('>').unwrap_or(("", piece));
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        if !WITHIN_WORDS.contains(&name) {
            text.push(' ');
        }
        text.push_str(after);
    }
    // The last makes no more of the others.
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    let text = entities.into_iter().fold(text, |text, (entity, character)| text.replace(entity, character));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_page_is_what_is_read() {
        assert_eq!(
            text_of("<p class=\"x\">a &lt;b&gt; (<code>&quot;c&quot;</code>)</p><p>&amp;lt;</p>"),
            "a <b> (\"c\") &lt;"
        );
    }

    #[test]
    fn the_neighbourhood_of_a_word_is_shown_whatever_the_letters() {
        let text = format!("{}İ{} Needle in it", "a".repeat(300), "ß".repeat(300));
        let shown = around(&text, "needle");
        assert!(shown.contains("Needle in it") && shown.chars().count() <= SHOWN, "{shown}");
        assert_eq!(around("abc", "xyz"), "abc");
    }
}
