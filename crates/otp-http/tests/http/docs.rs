//! The pages under `/docs`.

use std::collections::BTreeSet;

use otp_http::{ProblemCode, openapi};

use crate::world::{PUBLIC_URL, World};

const GUIDES: [&str; 8] =
    ["start", "command-line", "deploying", "security", "embedding", "differences", "performance", "writing-an-adapter"];

impl World {
    async fn shown(&self, path: &str) -> String {
        let answer = self.get(path).send().await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
        String::from_utf8(answer.body).unwrap()
    }

    /// Every page, by its path.
    async fn pages(&self) -> Vec<(String, String)> {
        let mut pages = Vec::new();
        let guides = GUIDES.map(|guide| format!("/docs/guides/{guide}"));
        for path in ["/docs", "/docs/errors"].map(str::to_owned).into_iter().chain(guides) {
            let page = self.shown(&path).await;
            pages.push((path, page));
        }
        pages
    }
}

/// The values of the attribute `name` in `page`.
fn attributes<'p>(page: &'p str, name: &str) -> Vec<&'p str> {
    let begin = format!(" {name}=\"");
    page.split(begin.as_str()).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

/// `link` of the page at `path`, as a path.
fn absolute(path: &str, link: &str) -> String {
    let mut segments: Vec<&str> = path.split('/').collect();
    segments.pop();
    for segment in link.split('/') {
        match segment {
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    segments.join("/")
}

#[tokio::test]
async fn every_link_leads_somewhere() {
    let world = World::new().await;
    let pages = world.pages().await;
    let mut followed = 0;
    for (path, page) in &pages {
        for link in attributes(page, "href") {
            let (file, fragment) = link.split_once('#').map_or((link, None), |(file, at)| (file, Some(at)));
            // What a guide says of the world outside is not ours to look at.
            if file.starts_with("http") {
                continue;
            }
            let target = if file.is_empty() { path.clone() } else { absolute(path, file) };
            if target == "/openapi.json" {
                continue;
            }
            let (_, there) = pages.iter().find(|(path, _)| *path == target).unwrap_or_else(|| panic!("{path}: {link}"));
            let found = fragment.is_none_or(|fragment| attributes(there, "id").contains(&fragment));
            assert!(found, "{path}: there is no {link}");
            followed += 1;
        }
    }
    assert!(followed > 200, "{followed}");
}

#[tokio::test]
async fn pages_load_nothing() {
    for (path, page) in World::new().await.pages().await {
        for loading in ["<script", "<link", "<img", "<iframe", "@import", "url(", " src="] {
            assert!(!page.contains(loading), "{path}: {loading}");
        }
        assert!(page.contains("width=device-width") && page.contains("prefers-color-scheme: dark"), "{path}");
    }
}

#[tokio::test]
async fn every_call_has_a_section_and_a_command_to_try_it_by() {
    let world = World::new().await;
    let page = world.shown("/docs").await;
    let document = openapi(PUBLIC_URL);
    let sections: Vec<&str> = page.split("<section>").skip(1).collect();
    let mut seen = BTreeSet::new();
    for operation in document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
    {
        let id = operation["operationId"].as_str().unwrap();
        let section = sections.iter().find(|section| section.contains(&format!("id=\"{id}\""))).expect(id);
        assert!(section.contains("curl -s ") && section.contains("$OTP_URL/"), "{id}");
        seen.insert(id);
    }
    assert_eq!(seen.len(), sections.len());
}

#[tokio::test]
async fn every_error_code_has_a_section() {
    let world = World::new().await;
    let page = world.shown("/docs/errors").await;
    let sections: Vec<&str> = page.split("<section>").skip(1).collect();
    assert_eq!(sections.len(), ProblemCode::ALL.len());
    for (code, section) in ProblemCode::ALL.iter().zip(sections) {
        assert!(section.starts_with(&format!("<h2 id=\"{}\">", code.as_str())), "{section}");
        assert!(section.contains("What happened") && section.contains("How to fix it"), "{section}");
    }
}

#[tokio::test]
async fn what_is_looked_for_is_shown_and_nothing_else() {
    let world = World::new().await;
    let found = world.shown("/docs?q=Refresh%20REUSED").await;
    let sections = found.split("<section>").skip(1);
    let ids: Vec<&str> = sections.map(|section| attributes(section, "id")[0]).collect();
    assert_eq!(ids, ["refreshSession"]);
    let nothing = world.shown("/docs?q=%3Cb%3Exyzzy").await;
    assert!(!nothing.contains("<section>") && !nothing.contains("<b>xyzzy"));
    assert!(nothing.contains("value=\"&lt;b&gt;xyzzy\""), "{nothing}");
}

#[tokio::test]
async fn there_is_no_guide_of_another_name() {
    let world = World::new().await;
    for name in ["nothing", "start.md", "%ff", "..%2f..%2fCargo.toml"] {
        let answer = world.get(&format!("/docs/guides/{name}")).send().await;
        assert_eq!(answer.problem(), (404, "not_found".to_owned()), "{name}");
    }
}
