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

/// The links of what is found by the query `q`, in order.
async fn found(world: &World, q: &str) -> Vec<String> {
    let page = world.shown(&format!("/docs?q={q}")).await;
    let (_, list) = page.split_once("<ul class=\"found\">").unwrap();
    let (list, _) = list.split_once("</ul>").unwrap();
    attributes(list, "href").into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn every_page_is_searched() {
    let world = World::new().await;
    assert_eq!(found(&world, "Refresh%20REUSED").await.first().map(String::as_str), Some("docs/errors#refresh_reused"));
    for (q, place) in [
        ("get+fresh+tokens", "docs#refreshSession"),
        ("csrf", "docs/errors#csrf_failed"),
        ("camelCase", "docs"),
        ("9457", "docs/errors"),
        ("nginx", "docs/guides/deploying#"),
        ("NIST", "docs/guides/security"),
        ("%22active%22%3A+false", "docs#introspectToken"),
    ] {
        let found = found(&world, q).await;
        assert!(found.iter().any(|link| link.starts_with(place)), "{q}: {found:?}");
    }
    for markup in ["scroll", "class", "tabindex", "amp%3B"] {
        assert!(found(&world, markup).await.is_empty(), "{markup}");
    }
    assert_eq!(world.shown("/docs?q=%20").await, world.shown("/docs").await);
}

#[tokio::test]
async fn what_is_looked_for_is_shown_as_text_and_bounded() {
    let world = World::new().await;
    let nothing = world.shown("/docs?q=%3Cb%3Exyzzy").await;
    assert!(nothing.contains("Nothing found") && !nothing.contains("<b>xyzzy"));
    assert!(nothing.contains("value=\"&lt;b&gt;xyzzy\""), "{nothing}");
    let long = world.shown(&format!("/docs?q={}", "a+".repeat(10_000))).await;
    assert_eq!(attributes(&long, "value")[0].len(), 100);
    let eight = found(&world, "a+b+c+d+e+f+g+h").await;
    assert_eq!(found(&world, "a+b+c+d+e+f+g+h+xyzzy").await, eight);
    assert!(!eight.is_empty());
}

#[tokio::test]
async fn pages_may_be_kept_for_a_while() {
    let world = World::new().await;
    for path in ["/docs", "/docs?q=mail", "/docs/errors", "/docs/guides/start", "/openapi.json"] {
        assert_eq!(world.get(path).send().await.header("cache-control"), Some("public, max-age=300"), "{path}");
    }
    assert_eq!(world.get("/docs/guides/none").send().await.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn every_answer_has_its_members_told() {
    let world = World::new().await;
    let page = world.shown("/docs").await;
    let document = openapi(PUBLIC_URL);
    for operation in document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
    {
        let id = operation["operationId"].as_str().unwrap();
        let section = page.split("<section>").find(|section| section.contains(&format!("id=\"{id}\""))).expect(id);
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let is_told = answer["content"]["application/json"].is_object() && id != "getOpenApi";
            assert_eq!(section.contains(&format!("<summary>Answers {status}</summary>")), is_told, "{id} {status}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{id}: {parameter}");
        }
    }
    let (_, introspect) = page.split_once("id=\"introspectToken\"").unwrap();
    let (introspect, _) = introspect.split_once("</section>").unwrap();
    for claim in ["sub", "sid", "exp"] {
        assert!(introspect.contains(&format!("<td><code>{claim}</code>")), "{claim}");
    }
}

#[tokio::test]
async fn who_may_call_is_told() {
    let world = World::new().await;
    let page = world.shown("/docs").await;
    let told = |id: &str| {
        let (_, section) = page.split_once(&format!("id=\"{id}\"")).unwrap();
        let (_, told) = section.split_once("<p class=\"soft\">").unwrap();
        told.split_once("</p>").unwrap().0.to_owned()
    };
    assert_eq!(told("getHealth"), "Open to everybody.");
    assert_eq!(told("requestOtp"), "By a secret key or a publishable key.");
    assert_eq!(told("refreshSession"), "By nothing besides the body, or by the session's cookie.");
    assert_eq!(told("listCustomers"), "By an operator's key.");
}

#[tokio::test]
async fn what_is_not_served_is_named_as_it_is_called_in_the_source() {
    let world = World::new().await;
    let page = world.shown("/docs/guides/embedding").await;
    assert!(page.contains("embed (<code>crates/otp-core/examples/embed.rs</code>)"), "{page}");
}

#[tokio::test]
async fn there_is_no_guide_of_another_name() {
    let world = World::new().await;
    for name in ["nothing", "start.md", "%ff", "..%2f..%2fCargo.toml"] {
        let answer = world.get(&format!("/docs/guides/{name}")).send().await;
        assert_eq!(answer.problem(), (404, "not_found".to_owned()), "{name}");
    }
}
