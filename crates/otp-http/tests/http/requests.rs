//! What a request may look like: credentials, bodies, queries.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use crate::world::{ADA, Answer, World, text};

async fn raw(world: &World, body: impl Into<Body>) -> Answer {
    let ask = world.ask(Method::POST, "/auth/request-otp").key(&world.customer.key);
    ask.header("content-type", "application/json").body(body).send().await
}

fn faults(faults: &[(&str, &str)]) -> Vec<(String, String)> {
    faults.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
}

#[tokio::test]
async fn a_key_comes_in_either_header_in_any_case() {
    let world = World::new().await;
    let key = &world.customer.key;
    for (name, value) in [
        ("x-otp-api-key", key.clone()),
        ("authorization", format!("Bearer {key}")),
        ("Authorization", format!("bEARER   {key}")),
    ] {
        world.get("/admin/customers/me").header(name, value).send().await.ok();
    }
    world.get("/admin/customers/me").key(key).bearer(key).send().await.ok();
}

#[tokio::test]
async fn what_is_no_good_key_opens_nothing() {
    let world = World::new().await;
    let key = &world.customer.key;
    let other = world.customer("Other", "free").await.key;
    let mut typo = key.clone();
    typo.replace_range(20..21, if &typo[20..21] == "a" { "b" } else { "a" });
    let ask = || world.post("/auth/request-otp", json!({ "email": ADA }));
    for (what, ask) in [
        ("none", ask()),
        ("empty", ask().key("")),
        ("a typo", ask().key(&typo)),
        ("not ASCII", ask().header("x-otp-api-key", "otp_live_sk_é".as_bytes())),
        ("twice", ask().key(key).key(key)),
        ("two different", ask().key(key).bearer(&other)),
        ("two different, one bad", ask().key(key).bearer(&typo)),
        ("another scheme", ask().header("authorization", format!("Basic {key}"))),
        ("another scheme beside it", ask().key(key).header("authorization", "Basic eDp5")),
        ("no scheme", ask().header("authorization", key)),
        ("bearer twice", ask().bearer(key).bearer(key)),
        ("bearer without", ask().bearer("")),
        ("a test key", ask().key(&key.replace("live", "test"))),
    ] {
        let answer = ask.send().await;
        assert_eq!(answer.status, 401, "{what}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{what}");
        if what != "bearer without" {
            assert_eq!(answer.code(), "invalid_api_key", "{what}");
        }
    }
}

#[tokio::test]
async fn expired_and_revoked_keys_open_nothing() {
    let world = World::new().await;
    let id = world.customer.id;
    let end = world.now().plus(std::time::Duration::from_secs(60));
    world.change(id, |tenant| tenant.keys[0].expires_at = Some(end)).await;
    let me = || world.get("/admin/customers/me").key(&world.customer.key).send();
    assert_eq!(me().await.status, 200);
    world.advance(60);
    assert_eq!(me().await.problem(), (401, "invalid_api_key".to_owned()));
    world.change(id, |tenant| tenant.keys[0].expires_at = None).await;
    assert_eq!(me().await.status, 200);
    let cli = otp_core::caller::Caller::of(otp_core::caller::Actor::Cli);
    world.services.tenants.revoke_key(id, world.customer.record.id, true, &cli).await.unwrap();
    assert_eq!(me().await.problem(), (401, "invalid_api_key".to_owned()));
}

#[tokio::test]
async fn a_token_beside_a_key_must_be_of_the_keys_customer() {
    let world = World::new().await;
    let token = text(&world.sign_in(ADA).await, "token");
    let other = world.customer("Other", "free").await;
    let ask =
        |key: &str| world.post("/auth/request-otp", json!({ "email": "grace@example.org" })).key(key).bearer(&token);
    ask(&world.customer.key).send().await.ok();
    assert_eq!(ask(&other.key).send().await.problem(), (401, "invalid_token".to_owned()));
    for path in ["/auth/me", "/auth/logout"] {
        let method = if path == "/auth/me" { Method::GET } else { Method::POST };
        let answer = world.ask(method, path).key(&other.key).bearer(&token).send().await;
        assert_eq!(answer.problem(), (401, "invalid_token".to_owned()));
    }
}

#[tokio::test]
async fn an_operators_key_opens_no_route_of_a_customer() {
    let world = World::new().await;
    let token = text(&world.sign_in(ADA).await, "token");
    for path in ["/auth/request-otp", "/auth/verify-otp", "/auth/introspect", "/auth/refresh", "/auth/logout"] {
        let answer = world.post(path, json!({})).key(&world.operator).send().await;
        assert_eq!(answer.problem(), (403, "insufficient_scope".to_owned()), "{path}");
    }
    for path in ["/auth/me", "/admin/customers/me"] {
        let answer = world.get(path).key(&world.operator).send().await;
        assert_eq!(answer.problem(), (403, "insufficient_scope".to_owned()), "{path}");
    }
    let with_token = world.get("/auth/me").key(&world.operator).bearer(&token).send().await;
    assert_eq!(with_token.problem(), (403, "insufficient_scope".to_owned()));
    let with_bad_token = world.get("/auth/me").key(&world.operator).bearer("bad").send().await;
    assert_eq!(with_bad_token.problem(), (401, "invalid_token".to_owned()));
}

#[tokio::test]
async fn every_fault_of_a_body_is_told_at_once() {
    let world = World::new().await;
    let body = json!({
        "purpose": "a".repeat(33),
        "locale": "deutsch, bitte",
        "challengeId": "c".repeat(201),
        "context": { "ip": "10.0.0.0/8", "userAgent": "a".repeat(513), "device": {} },
        "Email": ADA,
    });
    assert_eq!(
        world.call("/auth/request-otp?a=1&b=2&a=3", body).await.faults(),
        faults(&[
            ("/Email", "unknown_member"),
            ("/a", "unknown_parameter"),
            ("/b", "unknown_parameter"),
            ("/challengeId", "too_long"),
            ("/context/device", "unknown_member"),
            ("/context/ip", "invalid_ip"),
            ("/context/userAgent", "too_long"),
            ("/email", "required"),
            ("/locale", "invalid_locale"),
            ("/purpose", "invalid_purpose"),
        ])
    );
    let types = json!({
        "email": 1, "purpose": null, "locale": [], "challengeId": {}, "context": "x",
    });
    let all = ["/challengeId", "/context", "/email", "/locale", "/purpose"].map(|pointer| (pointer, "invalid_type"));
    assert_eq!(world.call("/auth/request-otp", types).await.faults(), faults(&all));
}

#[tokio::test]
async fn verify_refresh_and_the_rest_tell_theirs() {
    let world = World::new().await;
    let nothing = world.call("/auth/verify-otp", json!({})).await.faults();
    assert_eq!(nothing, faults(&[("/email", "required"), ("/otp", "required")]));
    let wrong = world.call("/auth/verify-otp", json!({ "otp": 123456789, "challengeId": 7 })).await.faults();
    assert_eq!(wrong, faults(&[("/challengeId", "invalid_type"), ("/otp", "invalid_type")]));
    let refresh = async |body| world.post("/auth/refresh", body).send().await.faults();
    assert_eq!(refresh(json!({})).await, faults(&[("", "only_one")]));
    assert_eq!(refresh(json!({ "token": "a", "refreshToken": "b" })).await, faults(&[("", "only_one")]));
    assert_eq!(refresh(json!({ "token": true })).await, faults(&[("/token", "invalid_type")]));
    assert_eq!(world.call("/auth/introspect", json!({})).await.faults(), faults(&[("/token", "required")]));
    let token = text(&world.sign_in(ADA).await, "token");
    let logout = world.post("/auth/logout", json!({ "everywhere": "yes", "now": true })).bearer(&token).send().await;
    assert_eq!(logout.faults(), faults(&[("/everywhere", "invalid_type"), ("/now", "unknown_member")]));
    let me = world.get("/auth/me?verbose").bearer(&token).send().await;
    assert_eq!(me.faults(), faults(&[("/verbose", "unknown_parameter")]));
}

#[tokio::test]
async fn a_body_is_one_json_object_in_utf_8() {
    let world = World::new().await;
    for body in
        [&b"{"[..], b"{}{}", b"{'a':1}", b" ", b"\xff", b"{\"email\":\"\xff\"}", br#"{"email":"\ud800"}"#, b"nul"]
    {
        assert_eq!(raw(&world, body).await.problem(), (400, "invalid_json".to_owned()), "{body:?}");
    }
    for depth in [129, 8 * 1024] {
        let deep = r#"{"a":"#.repeat(depth / 5 * 5 / 5).into_bytes();
        assert_eq!(raw(&world, deep).await.problem(), (400, "invalid_json".to_owned()));
        assert_eq!(raw(&world, "[".repeat(depth)).await.problem(), (400, "invalid_json".to_owned()));
    }
    for body in ["[]", "null", "1e3", "\"x\"", "true"] {
        assert_eq!(raw(&world, body).await.faults(), faults(&[("", "invalid_type")]), "{body}");
    }
    let twice = raw(&world, r#"{"email":"a@b.c","email":"a@b.c","x":1,"x":2,"context":{"ip":"::","ip":"::"}}"#).await;
    assert_eq!(
        twice.faults(),
        faults(&[
            ("/context/ip", "duplicate_member"),
            ("/email", "duplicate_member"),
            ("/x", "duplicate_member"),
            ("/x", "unknown_member"),
        ])
    );
    assert_eq!(raw(&world, "").await.faults(), faults(&[("/email", "required")]));
}

#[tokio::test]
async fn what_is_no_text_in_a_path_names_nothing() {
    let world = World::new().await;
    let own = format!("/admin/customers/{}", world.customer.id);
    for segment in ["%ff", "%", "%zz", "%00", "%2f"] {
        for (method, path, key) in [
            (Method::GET, format!("/admin/customers/{segment}"), &world.operator),
            (Method::POST, format!("/admin/customers/{segment}/suspend"), &world.operator),
            (Method::GET, format!("/admin/customers/{segment}/api-keys"), &world.customer.key),
            (Method::POST, format!("/admin/customers/{segment}/api-keys"), &world.customer.key),
            (Method::DELETE, format!("{own}/api-keys/{segment}"), &world.customer.key),
            (Method::POST, format!("{own}/api-keys/{segment}/rotate"), &world.customer.key),
            (Method::GET, format!("/admin/config/versions/{segment}"), &world.customer.key),
            (Method::POST, format!("/admin/config/versions/{segment}/restore"), &world.customer.key),
            (Method::GET, format!("/admin/users/{segment}"), &world.customer.key),
            (Method::DELETE, format!("/admin/users/{segment}"), &world.customer.key),
            (Method::GET, format!("/admin/users/{segment}/export"), &world.customer.key),
            (Method::GET, format!("/admin/users/{segment}/sessions"), &world.customer.key),
            (Method::DELETE, format!("/admin/users/{segment}/sessions"), &world.customer.key),
            (Method::GET, format!("/admin/users/user_x/sessions/{segment}"), &world.customer.key),
            (Method::GET, format!("/t/{segment}/.well-known/jwks.json"), &world.customer.key),
            (Method::GET, format!("/t/{segment}/test/.well-known/jwks.json"), &world.customer.key),
            (Method::GET, format!("/{segment}"), &world.customer.key),
        ] {
            let answer = world.ask(method, &path).key(key).send().await;
            assert_eq!(answer.problem(), (404, "not_found".to_owned()), "{path}");
        }
    }
}

#[tokio::test]
async fn only_json_is_taken_for_json() {
    let world = World::new().await;
    let body = json!({ "email": "bad" }).to_string();
    for (media_type, status) in [
        ("application/json", 400),
        ("Application/JSON; charset=\"UTF-8\"", 400),
        ("application/json;x=y", 400),
        ("application/json; charset=latin1", 415),
        ("text/json", 415),
        ("application/jsonp", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ] {
        let ask = world.ask(Method::POST, "/auth/request-otp").key(&world.customer.key);
        let answer = ask.header("content-type", media_type).body(body.clone()).send().await;
        assert_eq!(answer.status, status, "{media_type}");
    }
    // An empty body is `{}` and needs no type.
    let token = text(&world.sign_in(ADA).await, "token");
    world.ask(Method::POST, "/auth/logout").bearer(&token).send().await.ok();
}

#[tokio::test]
async fn sixteen_kibibytes_and_not_one_more() {
    let world = World::new().await;
    let padded = |length: usize| format!("{{\"email\":\"{ADA}\"{}}}", " ".repeat(length - 12 - ADA.len()));
    assert_eq!(padded(16 * 1024).len(), 16 * 1024);
    raw(&world, padded(16 * 1024)).await.ok();
    let too_long = padded(16 * 1024 + 1);
    assert_eq!(raw(&world, too_long.clone()).await.problem(), (413, "payload_too_large".to_owned()));
    // Without a length announced, too.
    let pieces: Vec<Result<_, std::io::Error>> =
        too_long.as_bytes().chunks(1000).map(|piece| Ok(piece.to_vec())).collect();
    let streamed = raw(&world, Body::from_stream(futures::stream::iter(pieces))).await;
    assert_eq!(streamed.problem(), (413, "payload_too_large".to_owned()));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let world = World::new().await;
    let pieces = [Ok(b"{".to_vec()), Err(std::io::Error::other("reset"))];
    let answer = raw(&world, Body::from_stream(futures::stream::iter(pieces))).await;
    assert_eq!(answer.problem(), (400, "invalid_json".to_owned()));
}

#[tokio::test]
async fn what_a_customer_tells_of_the_end_user_is_taken_whole() {
    let world = World::new().await;
    let context = json!({ "ip": "::ffff:192.0.2.7", "userAgent": "a".repeat(512) });
    let body = json!({ "email": ADA, "context": context, "challengeId": "c".repeat(200) });
    world.call("/auth/request-otp", body).await.ok();
    let trail = otp_core::port::AuditLog::recent(&*world.gate.store, world.customer.id, 1).await.unwrap();
    assert_eq!(trail[0].ip, Some("192.0.2.7".parse().unwrap()));
    assert_eq!(trail[0].user_agent.as_deref(), Some("a".repeat(512).as_str()));
    assert_eq!(trail[0].actor, otp_core::caller::Actor::Key(world.customer.record.id));
    assert!(trail[0].request_id.as_deref().is_some_and(|id| id.starts_with("req_")));
    let control = world.call("/auth/request-otp", json!({ "email": ADA, "context": { "userAgent": "a\u{7f}" } })).await;
    assert_eq!(control.faults(), faults(&[("/context/userAgent", "control_character")]));
    assert_eq!(
        world.call("/auth/request-otp", json!({ "email": ADA, "context": {} })).await.ok()["success"],
        Value::Bool(true)
    );
}

#[tokio::test]
async fn who_is_blocked_gets_no_code_but_what_was_answered_is_answered_again() {
    let world = World::new().await;
    let ask = |email: &str, key: &str| {
        let ask = world.post("/auth/request-otp", json!({ "email": email })).key(&world.customer.key);
        ask.header("idempotency-key", key).send()
    };
    let first = ask(ADA, "a").await;
    world.configure(json!({ "blockedEmails": [ADA, "@Evil.example"] })).await;
    let again = ask(ADA, "a").await;
    assert_eq!((again.status, &again.body, again.header("idempotency-replayed")), (200, &first.body, Some("true")));
    assert_eq!(ask("bob@example.org", "a").await.problem(), (422, "idempotency_mismatch".to_owned()));
    assert_eq!(ask("x@evil.example", "a").await.problem(), (422, "idempotency_mismatch".to_owned()));

    let blocked = (403, "email_blocked".to_owned());
    assert_eq!(ask(ADA, "b").await.problem(), blocked);
    assert_eq!(ask("x@evil.example", "c").await.problem(), blocked);
    let resend = json!({ "email": ADA, "challengeId": first.json()["challengeId"] });
    assert_eq!(world.call("/auth/request-otp", resend).await.problem(), blocked);
    assert_eq!(world.deliver().await.len(), 1, "the one of before");
    ask("x@sub.evil.example", "d").await.ok();
}
