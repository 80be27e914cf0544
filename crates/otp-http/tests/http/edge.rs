//! What is true of every request and every answer, whatever the route.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Method;
use serde_json::json;

use crate::secrets::logged;
use crate::world::{ADA, Answer, World, settings, text};

pub(crate) const ROUTES: [(&str, &str); 45] = [
    ("/auth/request-otp", "POST"),
    ("/auth/verify-otp", "POST"),
    ("/auth/me", "GET,HEAD"),
    ("/auth/logout", "POST"),
    ("/auth/refresh", "POST"),
    ("/auth/introspect", "POST"),
    ("/signup", "POST"),
    ("/signup/verify", "POST"),
    ("/signup/confirm", "GET,HEAD,POST"),
    ("/admin/customers", "GET,HEAD,POST"),
    ("/admin/customers/me", "GET,HEAD,PUT"),
    ("/admin/customers/cust_x", "GET,HEAD"),
    ("/admin/customers/cust_x/status", "PUT"),
    ("/admin/customers/cust_x/plan", "PUT"),
    ("/admin/customers/cust_x/suspend", "POST"),
    ("/admin/customers/cust_x/activate", "POST"),
    ("/admin/customers/cust_x/api-keys", "GET,HEAD,POST"),
    ("/admin/customers/cust_x/api-keys/key_x", "DELETE"),
    ("/admin/customers/cust_x/api-keys/key_x/rotate", "POST"),
    ("/admin/config", "GET,HEAD,PUT"),
    ("/admin/config/email", "PUT"),
    ("/admin/config/versions", "GET,HEAD"),
    ("/admin/config/versions/1", "GET,HEAD"),
    ("/admin/config/versions/1/restore", "POST"),
    ("/admin/usage", "GET,HEAD"),
    ("/admin/analytics", "GET,HEAD"),
    ("/admin/analytics/realtime", "GET,HEAD"),
    ("/admin/analytics/errors", "GET,HEAD"),
    ("/admin/audit-logs", "GET,HEAD"),
    ("/admin/onboarding", "GET,HEAD,PUT"),
    ("/admin/onboarding/test-otp", "POST"),
    ("/admin/users", "GET,HEAD"),
    ("/admin/users/user_x", "GET,HEAD,DELETE"),
    ("/admin/users/user_x/export", "GET,HEAD"),
    ("/admin/users/user_x/sessions", "GET,HEAD,DELETE"),
    ("/admin/users/user_x/sessions/sess_x", "GET,HEAD,DELETE"),
    ("/t/cust_x/.well-known/jwks.json", "GET,HEAD"),
    ("/t/cust_x/test/.well-known/jwks.json", "GET,HEAD"),
    ("/health", "GET,HEAD"),
    ("/health/ready", "GET,HEAD"),
    ("/health/live", "GET,HEAD"),
    ("/openapi.json", "GET,HEAD"),
    ("/docs", "GET,HEAD"),
    ("/docs/errors", "GET,HEAD"),
    ("/docs/guides/guide_x", "GET,HEAD"),
];

#[tokio::test]
async fn another_method_is_told_which_there_are() {
    let world = World::new().await;
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE"];
    for (path, allowed) in ROUTES {
        for method in methods {
            let answer = world.ask(Method::from_bytes(method.as_bytes()).unwrap(), path).send().await;
            // Browsers ask by this method what their pages may call.
            if method == "OPTIONS" && path.starts_with("/auth/") {
                assert_eq!(answer.status, 204, "{path}");
                continue;
            }
            let is_allowed = allowed.split(',').any(|allowed| allowed == method);
            assert_eq!(answer.status == 405, !is_allowed, "{method} {path}");
            assert_eq!(answer.header("allow"), (!is_allowed).then_some(allowed), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let world = World::new().await;
    let token = text(&world.sign_in(ADA).await, "token");
    let headers = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        headers.remove("content-length");
        headers
    };
    for (path, bearer) in [
        ("/auth/me", token.as_str()),
        ("/auth/me", "bad"),
        ("/admin/customers/me", &world.customer.key),
        ("/admin/customers", &world.operator),
        ("/health/live", "x"),
        ("/nothing", "x"),
    ] {
        let ask = |method| world.ask(method, path).bearer(bearer).header("x-request-id", "r").send();
        let (get, head) = (ask(Method::GET).await, ask(Method::HEAD).await);
        assert_eq!((get.status, headers(&get)), (head.status, headers(&head)), "{path}");
        assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()), "{path}");
        assert!(head.body.is_empty());
    }
}

#[tokio::test]
async fn strict_transport_is_asked_for_where_there_is_any() {
    let world = World::new().await;
    for path in ["/health/live", "/nothing", "/auth/me"] {
        let answer = world.get(path).send().await;
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000; includeSubDomains"));
    }
    let plain = World::with(otp_http::Settings { public_url: "http://localhost:8080".to_owned(), ..settings() }).await;
    assert_eq!(plain.get("/health/live").send().await.header("strict-transport-security"), None);
}

#[tokio::test]
async fn a_request_is_named_by_its_caller_or_by_us() {
    let world = World::new().await;
    let id = async |ask: crate::world::Ask<'_>| ask.send().await.header("x-request-id").unwrap().to_owned();
    let longest = "aZ9._-".repeat(21) + "aZ";
    assert_eq!(longest.len(), 128);
    for path in ["/health/live", "/nothing", "/auth/me"] {
        assert_eq!(id(world.get(path).header("x-request-id", &longest)).await, longest);
        for bad in ["", "a b", "é", "a/b", &format!("{longest}a")] {
            assert!(id(world.get(path).header("x-request-id", bad)).await.starts_with("req_"), "{bad}");
        }
        let twice = world.get(path).header("x-request-id", "a").header("x-request-id", "b");
        assert!(id(twice).await.starts_with("req_"));
    }
    assert_ne!(id(world.get("/nothing")).await, id(world.get("/nothing")).await);
}

#[tokio::test]
async fn only_loopback_hosts_are_served_where_that_is_wished() {
    let world = World::with(otp_http::Settings { loopback_hosts_only: true, ..settings() }).await;
    for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "127.9.9.9", "[::1]", "[::1]:8080"] {
        world.get("/health/live").header("host", host).send().await.ok();
        world.get(&format!("http://{host}/health/live")).header("host", host).send().await.ok();
    }
    for host in ["example.org", "localhost.example.org", "127.0.0.1.nip.io", "0.0.0.0", "[::]", "10.0.0.1", "", "a b"] {
        for path in ["/health/live", "/nothing", "/auth/me"] {
            let answer = world.get(path).header("host", host).send().await;
            assert_eq!(answer.problem(), (403, "host_not_allowed".to_owned()), "{host}");
        }
    }
    let target = world.get("http://rebound.example/health/live").header("host", "localhost").send().await;
    assert_eq!(target.code(), "host_not_allowed");
    World::new().await.get("/health/live").header("host", "rebound.example").send().await.ok();
}

#[tokio::test]
async fn all_of_it_works_under_a_prefix() {
    let mut world = World::new().await;
    let other = Router::new().route("/", axum::routing::get(async || "home"));
    world.router = other.nest("/otp", world.router.clone());
    let key = &world.customer.key;
    world.post("/otp/auth/request-otp", json!({ "email": ADA })).key(key).send().await.ok();
    let own = format!("/otp/admin/customers/{}", world.customer.id);
    world.get(&own).key(&world.operator).send().await.ok();
    assert_eq!(world.get("/otp/nothing").send().await.problem(), (404, "not_found".to_owned()));
    assert_eq!(world.ask(Method::PUT, "/otp/auth/me").send().await.header("allow"), Some("GET,HEAD"));
}

/// The client in the log, of a call from `peer` with `forwarded`.
async fn client(trusted: &[&str], peer: Option<&str>, forwarded: &[&str]) -> Option<String> {
    let trusted_proxies = trusted.iter().map(|network| network.parse().unwrap()).collect();
    let world = World::with(otp_http::Settings { trusted_proxies, ..settings() }).await;
    let mut ask = world.get("/health/live");
    if let Some(peer) = peer {
        ask = ask.extension(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
    }
    for value in forwarded {
        ask = ask.header("x-forwarded-for", value);
    }
    let (_, log) = logged(ask.send()).await;
    let line = log.lines().find(|line| line.contains("answered")).unwrap().to_owned();
    line.split_whitespace().find_map(|word| word.strip_prefix("client=")).map(str::to_owned)
}

#[tokio::test]
async fn the_client_is_the_right_most_hop_nobody_trusts() {
    let trusted = ["10.0.0.0/8", "2001:db8::/32"];
    for (trusted, peer, forwarded, expected) in [
        (&trusted[..0], Some("203.0.113.9:1"), &["198.51.100.1"][..], Some("203.0.113.9")),
        (&trusted, Some("203.0.113.9:1"), &["198.51.100.1"], Some("203.0.113.9")),
        (&trusted, Some("10.0.0.1:1"), &["1.1.1.1, 198.51.100.1"], Some("198.51.100.1")),
        (&trusted, Some("10.0.0.1:1"), &["1.1.1.1, 198.51.100.1, 10.0.0.2"], Some("198.51.100.1")),
        (&trusted, Some("10.0.0.1:1"), &["198.51.100.1", "10.0.0.2"], Some("198.51.100.1")),
        (&trusted, Some("10.0.0.1:1"), &["10.0.0.3,10.0.0.2"], Some("10.0.0.3")),
        (&trusted, Some("10.0.0.1:1"), &[], Some("10.0.0.1")),
        (&trusted, Some("10.0.0.1:1"), &["198.51.100.1, unknown, 10.0.0.2"], Some("10.0.0.2")),
        (&trusted, Some("10.0.0.1:1"), &["198.51.100.1:4711"], Some("198.51.100.1")),
        (&trusted, Some("[2001:db8::1]:1"), &["[2001:dead::1]:4711"], Some("2001:dead::1")),
        (&trusted, Some("[::ffff:10.0.0.1]:1"), &["::ffff:198.51.100.1"], Some("198.51.100.1")),
        (&trusted, None, &["198.51.100.1"], None),
    ] {
        assert_eq!(client(trusted, peer, forwarded).await.as_deref(), expected, "{peer:?} {forwarded:?}");
    }
}

#[tokio::test]
async fn a_proxy_nobody_named_is_warned_of_once() {
    let world = World::new().await;
    let ask = |peer: &str| {
        let peer = ConnectInfo(peer.parse::<SocketAddr>().unwrap());
        world.get("/health/live").extension(peer).header("x-forwarded-for", "198.51.100.1").send()
    };
    let (_, public) = logged(ask("203.0.113.9:1")).await;
    assert!(!public.contains("X-Forwarded-For"), "{public}");
    let (_, first) = logged(ask("192.168.0.1:1")).await;
    assert!(first.contains("WARN") && first.contains("X-Forwarded-For"), "{first}");
    let (_, second) = logged(ask("192.168.0.1:1")).await;
    assert!(!second.contains("X-Forwarded-For"), "{second}");
}
