//! A page in a real browser signs in, if it is of an origin its customer allows.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use otp_testbed::PATIENCE;
use otp_testbed::browser::Browser;
use otp_testbed::service::{Home, Server, code};
use otp_testkit::smtp_sink::SmtpSink;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The page, as it is shown under any origin.
const PAGE: &str = include_str!("browser.html");

/// What the page's own server works with.
#[derive(Clone)]
struct Site {
    page: Arc<str>,
    /// Where its users get their mail.
    sink: Arc<SmtpSink>,
    told: UnboundedSender<Value>,
}

/// Serves `page` on `listener`; answers what it tells of how it fared.
fn show(listener: TcpListener, page: String, sink: Arc<SmtpSink>) -> UnboundedReceiver<Value> {
    let (told, hears) = unbounded_channel();
    let site = Router::new()
        .route("/", get(async |State(site): State<Site>| Html(site.page.to_string())))
        .route("/code", get(mailed))
        .route("/told", post(tell))
        .with_state(Site { page: page.into(), sink, told });
    tokio::spawn(async move { axum::serve(listener, site).await });
    hears
}

/// Reads the user's mail.
async fn mailed(State(site): State<Site>, Query(query): Query<HashMap<String, String>>) -> String {
    code(&site.sink, &query["to"]).await
}

async fn tell(State(site): State<Site>, Json(what): Json<Value>) -> StatusCode {
    // Nobody listens any more if the test has failed already.
    site.told.send(what).ok();
    StatusCode::NO_CONTENT
}

/// A customer whose pages are of `origin`; answers a key for them, and his own.
async fn customer(home: &Home, server: &Server, plan: &str, origin: &str, cookie: bool) -> (String, String) {
    let (id, key) = home.customer(plan);
    let config = json!({ "config": { "allowedOrigins": [origin], "session": { "cookie": cookie } } });
    let put = server.request(Method::PUT, "/admin/config").header("X-OTP-API-Key", &key).json(&config);
    assert_eq!(put.send().await.unwrap().status(), 200);
    let made = home.json(&["key", "create", &id, "--kind", "publishable", "--json"]);
    (made["apiKey"].as_str().unwrap().to_owned(), key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_an_allowed_origin_signs_in_by_token_and_by_cookie_and_of_another_it_cannot() {
    let sink = Arc::new(SmtpSink::start().await.unwrap());
    let home = Home::serving(&sink.url());
    let server = home.serve();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // To a browser, these are two sites.
    let (allowed, foreign) = (format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}"));
    let (token_key, _) = customer(&home, &server, "pro", &allowed, false).await;
    let (cookie_key, secret_key) = customer(&home, &server, "enterprise", &allowed, true).await;
    let page = PAGE.replace("SERVICE", &home.url()).replace("TOKEN_KEY", &token_key).replace("COOKIE_KEY", &cookie_key);
    let mut hears = show(listener, page, sink.clone());
    let mut shown = async |origin: &str| {
        let browser = Browser::open(origin)?;
        let told = tokio::time::timeout(PATIENCE, hears.recv()).await;
        Some(told.unwrap_or_else(|_| panic!("the page tells nothing:\n{}", browser.said())).unwrap())
    };

    let Some(told) = shown(&allowed).await else { return };
    let expected = json!({
        "origin": allowed,
        "reached": "opaque",
        "token": { "limits": true, "me": "token@127-0-0-1.example", "out": 200, "after": "invalid_token" },
        "cookie": {
            "tokens": false,
            "toScripts": "",
            "limits": true,
            "me": "cookie@127-0-0-1.example",
            "forged": "csrf_failed",
            "rotated": true,
            "out": 200,
            "after": "invalid_token",
        },
    });
    assert_eq!(told, expected);

    let told = shown(&foreign).await.unwrap();
    let refused = "TypeError: Failed to fetch";
    assert_eq!(told, json!({ "origin": foreign, "reached": "opaque", "token": refused, "cookie": refused }));
    // Mails go out in the order they were asked for: of the foreign page's there would have been one by now.
    server.ask(&secret_key, "last@example.org").await;
    sink.next_to("last@example.org").await;
    assert!(
        sink.mails()
            .iter()
            .all(|mail| !mail.is_to("token@localhost.example") && !mail.is_to("cookie@localhost.example"))
    );
}
