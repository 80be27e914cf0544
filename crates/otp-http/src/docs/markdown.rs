//! Markdown as HTML: headings can be pointed at, tables can be scrolled, and links lead to pages that are served.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

use super::guide;
use super::layout::SCROLLED;

/// `text` of the contract as HTML, on the page of the reference.
pub(super) fn of_contract(text: &str) -> String {
    to_html(text, "", "")
}

/// `text`, which stands in `folder` of the source, as HTML, on a page from which `root` leads to where the service is.
pub(super) fn to_html(text: &str, root: &str, folder: &str) -> String {
    let parsed: Vec<Event<'_>> =
        Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).collect();
    let mut events = Vec::with_capacity(parsed.len());
    // Of each link that is open, what it leads to in the source, if that is not served.
    let mut unserved: Vec<Option<String>> = Vec::new();
    for (place, event) in parsed.iter().enumerate() {
        match event {
            Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
                let id = Some(CowStr::from(slug(&heading(&parsed[place + 1..]))));
                let (classes, attrs) = (classes.clone(), attrs.clone());
                events.push(Event::Start(Tag::Heading { level: *level, id, classes, attrs }));
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let target = served(dest_url, root);
                unserved.push(target.is_none().then(|| in_source(folder, dest_url)));
                events.extend(target.map(|target| {
                    let (dest_url, title, id) = (target.into(), title.clone(), id.clone());
                    Event::Start(Tag::Link { link_type: *link_type, dest_url, title, id })
                }));
            }
            Event::End(TagEnd::Link) => match unserved.pop().flatten() {
                Some(path) => {
                    events.extend([Event::Text(" (".into()), Event::Code(path.into()), Event::Text(")".into())])
                }
                None => events.push(event.clone()),
            },
            Event::Start(Tag::Table(_)) => {
                events.push(Event::Html(SCROLLED.into()));
                events.push(event.clone());
            }
            Event::End(TagEnd::Table) => {
                events.push(event.clone());
                events.push(Event::Html("</div>".into()));
            }
            // A page is made of what its author has written as text.
            Event::Html(_) | Event::InlineHtml(_) => {}
            Event::Start(_)
            | Event::End(_)
            | Event::Text(_)
            | Event::Code(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::Rule
            | Event::TaskListMarker(_) => events.push(event.clone()),
        }
    }
    let mut page = String::new();
    html::push_html(&mut page, events.into_iter());
    page
}

/// What stands before the first heading of the second level in the HTML `page`, and from each to the next.
pub(super) fn at_headings(page: &str) -> impl Iterator<Item = &str> {
    let places = page.match_indices("<h2 ").map(|(place, _)| place);
    let ends = places.clone().chain([page.len()]);
    [0].into_iter().chain(places).zip(ends).map(|(begin, end)| &page[begin..end])
}

/// The text of the heading that has just begun.
fn heading(events: &[Event<'_>]) -> String {
    let within = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    within.fold(String::new(), |mut heading, event| {
        if let Event::Text(text) | Event::Code(text) = event {
            heading.push_str(text);
        }
        heading
    })
}

/// The fragment of a heading, as where code is hosted makes it.
fn slug(title: &str) -> String {
    let kept = title.to_lowercase();
    kept.chars()
        .filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'))
        .map(|char| if char == ' ' { '-' } else { char })
        .collect()
}

/// Where a link leads on a page that is served; nothing, where what it leads to is not.
fn served(target: &str, root: &str) -> Option<String> {
    if target.starts_with('#') || target.starts_with("https://") || target.starts_with("http://") {
        return Some(target.to_owned());
    }
    let (file, fragment) = target.split_once('#').map_or((target, None), |(file, at)| (file, Some(at)));
    let name = file.strip_prefix("docs/").or(file.strip_prefix("../docs/")).unwrap_or(file).strip_suffix(".md")?;
    let at = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    if name == "errors" {
        return Some(format!("{root}docs/errors{at}"));
    }
    guide::ALL.iter().any(|guide| guide.name == name).then(|| format!("{root}docs/guides/{name}{at}"))
}

/// The path of the source that a link to `target` leads to from `folder`.
fn in_source(folder: &str, target: &str) -> String {
    let path = target.split_once('#').map_or(target, |(path, _)| path);
    let segments = folder.split('/').chain(path.split('/')).filter(|segment| !segment.is_empty());
    let path = segments.fold(Vec::new(), |mut path, segment| {
        if segment == ".." {
            path.pop();
        } else {
            path.push(segment);
        }
        path
    });
    path.join("/")
}
