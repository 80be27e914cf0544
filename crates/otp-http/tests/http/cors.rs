//! Which pages may read the answers to their calls.

use axum::Router;
use axum::http::Method;
use otp_core::fault::FaultKind;
use otp_core::realm::Mode;
use otp_core::tenant::TenantStatus;
use serde_json::json;

use crate::gate::Trouble;
use crate::page::ORIGIN;
use crate::world::{ADA, Answer, Ask, World};

const HEADERS: &str = "authorization, content-type, idempotency-key, x-csrf-token, x-otp-api-key, x-request-id";
const EXPOSED: &str = "Retry-After, X-Request-Id, Idempotency-Replayed, RateLimit, RateLimit-Policy, X-RateLimit-Limit, \
                       X-RateLimit-Remaining, X-RateLimit-Reset, X-Quota-Limit, X-Quota-Remaining, X-Quota-Reset";

impl Answer {
    /// Its CORS headers, in order of their names.
    fn cors(&self) -> Vec<(&str, &str)> {
        let names = self.headers.keys().filter(|name| name.as_str().starts_with("access-control-"));
        let mut found: Vec<_> = names.map(|name| (name.as_str(), self.header(name.as_str()).unwrap())).collect();
        found.sort_unstable();
        found
    }

    /// That a page of `origin` may read it, and whether with cookies.
    #[track_caller]
    fn is_open_to(&self, origin: &str, credentials: bool) {
        let mut expected = vec![("access-control-allow-origin", origin), ("access-control-expose-headers", EXPOSED)];
        expected.extend(credentials.then_some(("access-control-allow-credentials", "true")));
        expected.sort_unstable();
        assert_eq!((self.cors(), self.header("vary")), (expected, Some("Origin")), "{}", self.status);
    }
}

impl World {
    fn call_by_server(&self) -> Ask<'_> {
        self.post("/auth/request-otp", json!({ "email": ADA })).key(&self.customer.key)
    }

    async fn preflight(&self, path: &str, origin: &str) -> Answer {
        let ask = self.ask(Method::OPTIONS, path).header("origin", origin);
        ask.header("access-control-request-method", "POST").send().await
    }
}

fn from<'w>(ask: Ask<'w>, origin: &str) -> Ask<'w> {
    ask.header("origin", origin)
}

#[tokio::test]
async fn a_preflight_is_answered_for_pages_that_some_customer_allows() {
    let world = World::new().await;
    world.configure(json!({ "allowedOrigins": [ORIGIN, "https://*.example.net", "http://localhost:3000"] })).await;
    for path in ["/auth/request-otp", "/auth/me", "/auth/refresh", "/auth/nothing"] {
        for origin in [ORIGIN, "https://a.b.example.net", "http://localhost:3000"] {
            let answer = world.preflight(path, origin).await;
            assert_eq!((answer.status, answer.header("vary"), answer.body.len()), (204, Some("Origin"), 0));
            let expected = [
                ("access-control-allow-headers", HEADERS),
                ("access-control-allow-methods", "GET, POST"),
                ("access-control-allow-origin", origin),
                ("access-control-max-age", "600"),
            ];
            assert_eq!(answer.cors(), expected);
        }
        for origin in [
            "https://evil.example",
            "null",
            "https://example.net",
            "http://app.example.com",
            "*",
            "",
            &"a".repeat(9_000),
        ] {
            let answer = world.preflight(path, origin).await;
            assert_eq!((answer.status, answer.cors(), answer.body.len()), (204, vec![], 0), "{origin}");
        }
    }
    let bare = world.ask(Method::OPTIONS, "/auth/me").send().await;
    assert_eq!((bare.status, bare.cors()), (204, vec![]));
    let twice = from(from(world.ask(Method::OPTIONS, "/auth/me"), ORIGIN), ORIGIN).send().await;
    assert_eq!((twice.status, twice.cors()), (204, vec![]));
}

#[tokio::test]
async fn credentials_are_allowed_where_some_customer_uses_cookies_and_lists_the_page() {
    let world = World::new().await;
    let other = world.customer("Other", "free").await;
    world.configure(json!({ "allowedOrigins": [ORIGIN] })).await;
    let set = async |origins: &[&str], cookie: bool| {
        let config = json!({ "config": { "allowedOrigins": origins, "session": { "cookie": cookie } } });
        world.ask(Method::PUT, "/admin/config").json(config).key(&other.key).send().await.ok();
    };
    let credentials = async || {
        let answer = world.preflight("/auth/me", ORIGIN).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
        answer.header("access-control-allow-credentials").map(str::to_owned)
    };
    set(&["https://else.example"], true).await;
    assert_eq!(credentials().await, None);
    set(&[ORIGIN], true).await;
    assert_eq!(credentials().await.as_deref(), Some("true"));
    set(&[ORIGIN], false).await;
    assert_eq!(credentials().await, None);
    set(&[ORIGIN], true).await;
    world.set_status(other.id, TenantStatus::Suspended).await;
    assert_eq!(credentials().await, None);
    world.set_status(world.customer.id, TenantStatus::Cancelled).await;
    assert_eq!(world.preflight("/auth/me", ORIGIN).await.cors(), []);
}

#[tokio::test]
async fn every_answer_carries_it_errors_too() {
    let world = World::new().await;
    world.configure(json!({ "allowedOrigins": [ORIGIN] })).await;
    let page = world.page(Mode::Live).await;
    let request = || page.post("/auth/request-otp", json!({ "email": ADA }));
    let answered = async |status: u16, ask: Ask<'_>| {
        let answer = ask.send().await;
        assert_eq!(answer.status, status);
        answer.is_open_to(ORIGIN, false);
    };
    answered(200, request()).await;
    world.deliver().await;
    let signed_in = world.sign_in(ADA).await;
    answered(200, from(world.get("/auth/me"), ORIGIN).bearer(signed_in["token"].as_str().unwrap())).await;
    answered(400, page.post("/auth/request-otp", json!({}))).await;
    answered(401, from(world.post("/auth/request-otp", json!({})), ORIGIN)).await;
    answered(401, page.post("/auth/verify-otp", json!({ "email": ADA, "otp": "123456789" }))).await;
    answered(403, page.post("/auth/introspect", json!({}))).await;
    answered(403, from(world.call_by_server(), ORIGIN)).await;
    answered(404, page.ask(Method::POST, "/auth/nothing")).await;
    answered(405, page.ask(Method::PUT, "/auth/me")).await;
    answered(413, page.ask(Method::POST, "/auth/refresh").body(vec![b' '; 16 * 1024 + 1])).await;
    answered(415, page.ask(Method::POST, "/auth/verify-otp").body("x")).await;
    answered(200, request()).await;
    answered(429, request()).await;
    for (trouble, status) in [
        (Trouble::Fault(FaultKind::Unavailable), 503),
        (Trouble::Fault(FaultKind::Corrupt), 500),
        (Trouble::Panic, 500),
    ] {
        world.gate.shut("open", trouble);
        answered(status, request()).await;
        world.gate.shut("by_api_key", trouble);
        answered(status, request()).await;
    }
    world.gate.open_up();
    world.set_status(world.customer.id, TenantStatus::Suspended).await;
    answered(403, request()).await;
}

#[tokio::test]
async fn once_it_is_known_whose_call_it_is_he_alone_decides() {
    let world = World::new().await;
    let other = world.customer("Other", "free").await;
    let config = json!({ "config": { "allowedOrigins": [ORIGIN], "session": { "cookie": true } } });
    world.ask(Method::PUT, "/admin/config").json(config).key(&other.key).send().await.ok();
    let page = world.page(Mode::Live).await;
    let request = || page.post("/auth/request-otp", json!({ "email": ADA })).send();
    // His own list does not name it.
    let foreign = request().await;
    assert_eq!((foreign.problem(), foreign.cors()), ((403, "origin_not_allowed".to_owned()), vec![]));
    assert!(world.deliver().await.is_empty());
    let token = world.sign_in(ADA).await;
    let me = || from(world.get("/auth/me"), ORIGIN).bearer(token["token"].as_str().unwrap()).send();
    assert_eq!((me().await.status, me().await.cors()), (403, vec![]));
    // It does, but without cookies.
    world.configure(json!({ "allowedOrigins": [ORIGIN] })).await;
    request().await.is_open_to(ORIGIN, false);
    me().await.is_open_to(ORIGIN, false);
    from(world.get("/auth/me"), ORIGIN).key(&page.key).bearer("eyJ.e30.x").send().await.is_open_to(ORIGIN, false);
    world.configure(json!({ "session": { "cookie": true } })).await;
    request().await.is_open_to(ORIGIN, true);
    // Nobody is known yet.
    from(world.get("/auth/me"), ORIGIN).send().await.is_open_to(ORIGIN, true);
    let bad = from(world.post("/auth/request-otp", json!({})), ORIGIN).key("otp_live_pk_x").send().await;
    bad.is_open_to(ORIGIN, true);
    let head = from(world.ask(Method::HEAD, "/auth/me"), ORIGIN).send().await;
    head.is_open_to(ORIGIN, true);
}

#[tokio::test]
async fn nothing_else_is_open_to_pages() {
    let mut world = World::new().await;
    world.configure(json!({ "allowedOrigins": [ORIGIN], "session": { "cookie": true } })).await;
    for (path, status) in
        [("/admin/config", 405), ("/admin/customers/me", 405), ("/health", 405), ("/auth", 404), ("/nothing", 404)]
    {
        let answer = world.preflight(path, ORIGIN).await;
        assert_eq!((answer.status, answer.cors(), answer.header("vary")), (status, vec![], None), "{path}");
        let answer = from(world.get(path), ORIGIN).key(&world.customer.key).send().await;
        assert_eq!((answer.cors(), answer.header("vary")), (vec![], None), "{path}");
    }
    world.router = Router::new().nest("/otp", world.router.clone());
    assert_eq!(world.preflight("/otp/auth/me", ORIGIN).await.header("access-control-allow-origin"), Some(ORIGIN));
}

#[tokio::test]
async fn where_the_index_of_origins_is_down_answers_are_what_they_were_and_closed() {
    let world = World::new().await;
    world.configure(json!({ "allowedOrigins": [ORIGIN] })).await;
    let page = world.page(Mode::Live).await;
    // Nothing else goes on, so the clock of timers runs on to the first that is due.
    tokio::time::pause();
    for trouble in [Trouble::Fault(FaultKind::Unavailable), Trouble::Panic, Trouble::Silence] {
        world.gate.shut("access_of", trouble);
        let preflight = world.preflight("/auth/me", ORIGIN).await;
        assert_eq!((preflight.status, preflight.cors()), (204, vec![]), "{trouble:?}");
        let keyless = from(world.get("/auth/me"), ORIGIN).send().await;
        assert_eq!((keyless.problem(), keyless.cors()), ((401, "invalid_token".to_owned()), vec![]));
        // Whose customer is known needs no index.
        page.post("/auth/introspect", json!({})).send().await.is_open_to(ORIGIN, false);
    }
}
