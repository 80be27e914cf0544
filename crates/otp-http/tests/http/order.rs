//! The order of checks: of two things wrong with one request, the earlier answers.

use axum::http::Method;
use otp_core::tenant::TenantStatus;
use serde_json::{Value, json};

use crate::world::{ADA, Ask, World};

const TOO_LONG: usize = 16 * 1024 + 1;

/// The code `ask` is answered with.
async fn first(ask: Ask<'_>) -> String {
    ask.send().await.code()
}

#[tokio::test]
async fn path_before_method() {
    let world = World::new().await;
    assert_eq!(first(world.ask(Method::DELETE, "/auth/nothing")).await, "not_found");
    assert_eq!(first(world.ask(Method::DELETE, "/auth/me/")).await, "not_found");
}

#[tokio::test]
async fn method_before_size() {
    let world = World::new().await;
    let ask = world.ask(Method::PUT, "/auth/request-otp").body(vec![b'x'; TOO_LONG]);
    assert_eq!(first(ask).await, "method_not_allowed");
}

#[tokio::test]
async fn size_before_credential() {
    let world = World::new().await;
    for path in ["/auth/request-otp", "/auth/refresh", "/admin/customers"] {
        let ask = world.ask(Method::POST, path).key("bad").body(vec![b'x'; TOO_LONG]);
        assert_eq!(first(ask).await, "payload_too_large", "{path}");
    }
}

#[tokio::test]
async fn credential_before_origin() {
    let world = World::new().await;
    let ask = world.post("/auth/request-otp", json!({})).header("origin", "https://example.org");
    assert_eq!(first(ask).await, "invalid_api_key");
    let ask = world.get("/auth/me").key(&world.customer.key).bearer("bad").header("origin", "https://example.org");
    assert_eq!(first(ask).await, "invalid_token");
}

#[tokio::test]
async fn origin_before_status() {
    let world = World::new().await;
    world.set_status(world.customer.id, TenantStatus::Suspended).await;
    let ask = world.post("/auth/request-otp", json!({})).key(&world.customer.key).header("origin", "null");
    assert_eq!(first(ask).await, "secret_key_in_browser");
}

#[tokio::test]
async fn status_before_scope() {
    let world = World::new().await;
    world.set_status(world.customer.id, TenantStatus::Suspended).await;
    assert_eq!(first(world.get("/admin/customers").key(&world.customer.key)).await, "customer_suspended");
}

#[tokio::test]
async fn status_of_a_credential_in_the_body_before_media_type_and_body() {
    let world = World::new().await;
    let signed_in = world.sign_in(ADA).await;
    world.set_status(world.customer.id, TenantStatus::Suspended).await;
    for member in ["token", "refreshToken"] {
        let sent = match member {
            "token" => &signed_in["token"],
            _ => &signed_in["refreshToken"],
        };
        let body = json!({ member: sent, "unknown": 1 });
        assert_eq!(first(world.post("/auth/refresh", body.clone())).await, "customer_suspended");
        let unlabelled = world.ask(Method::POST, "/auth/refresh").body(body.to_string());
        assert_eq!(first(unlabelled).await, "customer_suspended");
    }
}

#[tokio::test]
async fn scope_before_media_type() {
    let world = World::new().await;
    let ask = world.ask(Method::POST, "/auth/request-otp").key(&world.operator).body("x");
    assert_eq!(first(ask).await, "insufficient_scope");
    let ask = world.ask(Method::POST, "/admin/customers").key(&world.customer.key).body("x");
    assert_eq!(first(ask).await, "operator_required");
}

#[tokio::test]
async fn media_type_before_body_and_query() {
    let world = World::new().await;
    let ask = world.ask(Method::POST, "/auth/request-otp?x=1").key(&world.customer.key).body("{");
    assert_eq!(first(ask).await, "unsupported_media_type");
}

#[tokio::test]
async fn body_before_idempotency() {
    let world = World::new().await;
    let ask = |body| world.post("/auth/request-otp", body).key(&world.customer.key).header("idempotency-key", "k");
    ask(json!({ "email": ADA })).send().await.ok();
    assert_eq!(first(ask(json!({ "email": 1 }))).await, "invalid_request");
}

#[tokio::test]
async fn query_before_object() {
    let world = World::new().await;
    assert_eq!(first(world.get("/admin/customers/cust_x?y=1").key(&world.operator)).await, "invalid_request");
}

#[tokio::test]
async fn idempotency_before_limits() {
    let world = World::new().await;
    let ask = |email: &str| {
        let body = json!({ "email": email });
        world.post("/auth/request-otp", body).key(&world.customer.key).header("idempotency-key", "k")
    };
    ask(ADA).send().await.ok();
    for _ in 0..3 {
        world.call("/auth/request-otp", json!({ "email": "grace@example.org" })).await.ok();
    }
    assert_eq!(world.call("/auth/request-otp", json!({ "email": "grace@example.org" })).await.code(), "rate_limited");
    assert_eq!(first(ask("grace@example.org")).await, "idempotency_mismatch");
}

#[tokio::test]
async fn limits_before_quotas() {
    let world = World::new().await;
    let ask = |email: &str| world.post("/auth/request-otp", json!({ "email": email })).key(&world.customer.key);
    for n in 0..47 {
        ask(&format!("user{n}@example.org")).send().await.ok();
    }
    for _ in 0..3 {
        ask(ADA).send().await.ok();
    }
    assert_eq!(first(ask("grace@example.org")).await, "quota_exceeded");
    assert_eq!(first(ask(ADA)).await, "rate_limited");
}

#[tokio::test]
async fn a_body_that_is_not_json_before_what_is_wrong_with_the_query() {
    let world = World::new().await;
    let ask = world.post("/auth/request-otp?x=1", json!({})).key(&world.customer.key).body("{");
    assert_eq!(first(ask).await, "invalid_json");
}

#[tokio::test]
async fn what_is_wrong_with_a_change_comes_before_what_it_was_made_for() {
    let world = World::new().await;
    let put = |config: Value| {
        let ask = world.ask(Method::PUT, "/admin/config").json(json!({ "config": config }));
        ask.key(&world.customer.key).peer("203.0.113.9").header("if-match", "\"7\"").send()
    };
    assert_eq!(put(json!({ "otp": { "length": 5 } })).await.code(), "invalid_request");
    assert_eq!(put(json!({ "emailConfig": { "subjectTemplate": "Yours" } })).await.code(), "feature_not_in_plan");
    assert_eq!(put(json!({ "allowedIps": ["192.0.2.0/24"] })).await.code(), "locks_you_out");
    assert_eq!(put(json!({ "otp": { "length": 8 } })).await.code(), "version_conflict");
    // Nothing would change, and yet it was made for another version.
    assert_eq!(put(json!({})).await.code(), "version_conflict");
}

#[tokio::test]
async fn a_whole_number_is_one_however_it_is_written() {
    let world = World::new().await;
    let put = |config: &str| {
        let ask = world.ask(Method::PUT, "/admin/config").header("content-type", "application/json");
        ask.body(format!("{{\"config\": {config}}}")).key(&world.customer.key).send()
    };
    assert_eq!(put(r#"{"otp": {"length": 8.0, "ttlSeconds": 12e1}}"#).await.ok()["config"]["otp"]["ttlSeconds"], 120);
    let faults = put(r#"{"otp": {"length": 7.5, "ttlSeconds": -60.0}}"#).await.faults();
    assert_eq!(faults.iter().map(|(_, code)| code.as_str()).collect::<Vec<_>>(), ["out_of_range"; 2]);
    let path = format!("{}/{}/rotate", world.keys_path(), world.customer.record.id);
    let rotate = |grace: &str| {
        let ask = world.ask(Method::POST, &path).header("content-type", "application/json");
        ask.body(format!("{{\"graceSeconds\": {grace}}}")).key(&world.customer.key).send()
    };
    for grace in ["35.5", "-1.0", "1e300", "9007199254740993.0"] {
        assert_eq!(rotate(grace).await.faults(), [("/graceSeconds".to_owned(), "out_of_range".to_owned())], "{grace}");
    }
    rotate("35.0").await.ok();
}
