//! What callers see when a store is down, silent, broken, or panics.

use otp_core::fault::FaultKind;
use serde_json::json;

use crate::gate::Trouble;
use crate::world::{ADA, World, text};

const DOWN: Trouble = Trouble::Fault(FaultKind::Unavailable);

fn unavailable() -> (u16, String) {
    (503, "unavailable".to_owned())
}

#[tokio::test]
async fn a_store_that_is_down_closes_every_route() {
    let world = World::new().await;
    let signed_in = world.sign_in(ADA).await;
    let (token, key) = (text(&signed_in, "token"), &world.customer.key);
    world.gate.shut("", DOWN);
    for ask in [
        world.post("/auth/request-otp", json!({ "email": ADA })).key(key),
        world.post("/auth/verify-otp", json!({ "email": ADA, "otp": "123456789" })).key(key),
        world.get("/auth/me").bearer(&token),
        world.post("/auth/logout", json!({})).bearer(&token),
        world.post("/auth/refresh", json!({ "token": token })),
        world.post("/auth/refresh", json!({ "refreshToken": signed_in["refreshToken"] })),
        world.post("/auth/introspect", json!({ "token": token })).key(key),
        world.post("/admin/customers", json!({ "name": "X", "email": "x@example.org" })).key(&world.operator),
        world.get("/admin/customers").key(&world.operator),
        world.get("/admin/customers/me").key(key),
        world.get("/admin/usage").key(key),
    ] {
        assert_eq!(ask.send().await.problem(), unavailable());
    }
    world.gate.open_up();
    world.get("/auth/me").bearer(&token).send().await.ok();
}

#[tokio::test]
async fn a_request_that_was_not_written_mails_nothing() {
    let world = World::new().await;
    world.gate.shut("open", DOWN);
    let answer = world.call("/auth/request-otp", json!({ "email": ADA })).await;
    assert_eq!(answer.problem(), unavailable());
    world.gate.open_up();
    assert!(world.deliver().await.is_empty());
    // Nor has it drawn anything.
    assert_eq!(world.call("/auth/request-otp", json!({ "email": ADA })).await.ok()["remaining"], 2);
}

#[tokio::test]
async fn a_right_code_that_was_not_written_still_works() {
    let world = World::new().await;
    let (_, code) = world.request(json!({ "email": ADA })).await;
    let verify = || world.call("/auth/verify-otp", json!({ "email": ADA, "otp": code }));
    world.gate.shut("attempt", DOWN);
    assert_eq!(verify().await.problem(), unavailable());
    world.gate.open_up();
    verify().await.ok();
}

#[tokio::test]
async fn each_verb_that_fails_fails_its_route() {
    let world = World::new().await;
    let signed_in = world.sign_in(ADA).await;
    let (token, key) = (text(&signed_in, "token"), &world.customer.key);
    for (verb, ask) in [
        ("by_api_key", world.get("/admin/customers/me").key(key)),
        ("get", world.get("/auth/me").bearer(&token)),
        ("session", world.get("/auth/me").bearer(&token)),
        ("session", world.post("/auth/introspect", json!({ "token": token })).key(key)),
        ("revoke", world.post("/auth/logout", json!({})).bearer(&token)),
        ("rotate", world.post("/auth/refresh", json!({ "token": token }))),
        ("get", world.post("/auth/refresh", json!({ "token": token }))),
        ("live", world.post("/auth/verify-otp", json!({ "email": ADA, "otp": "123456789" })).key(key)),
        ("users", world.get("/admin/usage").key(key)),
        ("list", world.get("/admin/customers").key(&world.operator)),
        ("insert", world.post("/admin/customers", json!({ "name": "X", "email": "x@e.org" })).key(&world.operator)),
    ] {
        world.gate.shut(verb, DOWN);
        assert_eq!(ask.send().await.problem(), unavailable(), "{verb}");
    }
}

#[tokio::test]
async fn what_a_human_must_mend_is_an_internal_error() {
    let world = World::new().await;
    for kind in [FaultKind::Corrupt, FaultKind::Misconfigured, FaultKind::Denied] {
        world.gate.shut("open", Trouble::Fault(kind));
        let answer = world.call("/auth/request-otp", json!({ "email": ADA })).await;
        assert_eq!(answer.problem(), (500, "internal".to_owned()));
    }
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_no_more() {
    let world = World::new().await;
    world.gate.shut("open", Trouble::Panic);
    let answer = world.call("/auth/request-otp", json!({ "email": ADA })).await;
    assert_eq!(answer.problem(), (500, "internal".to_owned()));
    assert!(!String::from_utf8_lossy(&answer.body).contains("panic"));
    world.gate.open_up();
    world.call("/auth/request-otp", json!({ "email": ADA })).await.ok();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_half_a_minute_is_given_up() {
    let world = World::new().await;
    world.gate.shut("open", Trouble::Silence);
    let before = tokio::time::Instant::now();
    let answer = world.call("/auth/request-otp", json!({ "email": ADA })).await;
    assert_eq!(answer.problem(), unavailable());
    assert_eq!(before.elapsed().as_secs(), 30);
}
