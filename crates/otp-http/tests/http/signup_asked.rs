//! Asking for an account again and again: what is told of it, and what strangers have in common, which is nothing.

use otp_core::audit::AuditEvent;
use otp_core::id::TenantId;
use serde_json::json;

use crate::signup::wish;
use crate::world::{ADA, World};

#[tokio::test]
async fn that_signups_were_refused_is_told_once_an_hour() {
    let world = World::new().await;
    let ask = |email: String, peer: &str| world.post("/signup", wish(&email)).peer(peer).send();
    let exceeded = async || world.told(TenantId::SERVICE, [AuditEvent::RateLimitExceeded]).await[0];
    for n in 0..5 {
        assert_eq!(ask(format!("user{n}@example.org"), "192.0.2.1").await.status, 200);
    }
    for n in 0..20 {
        assert_eq!(ask(format!("more{n}@example.org"), "192.0.2.1").await.status, 429);
    }
    assert_eq!(exceeded().await, 1, "one client");
    for peer in ["192.0.2.2", "192.0.2.3", "192.0.2.4"] {
        assert_eq!(ask(ADA.to_owned(), peer).await.status, 200);
    }
    for n in 5..25 {
        assert_eq!(ask(ADA.to_owned(), &format!("192.0.2.{n}")).await.status, 429);
    }
    assert_eq!(exceeded().await, 2, "and one address");
    world.advance(3600);
    for n in 0..6 {
        ask(format!("other{n}@example.org"), "192.0.2.1").await;
    }
    assert_eq!(exceeded().await, 3, "in the next hour again");
}

#[tokio::test]
async fn strangers_may_choose_the_same_key() {
    let world = World::new().await;
    let ask = |email: &str| world.post("/signup", wish(email)).header("idempotency-key", "signup-1").send();
    for email in [ADA, "bob@example.org"] {
        let answer = ask(email).await;
        assert_eq!((answer.status, answer.header("idempotency-replayed")), (200, None), "{email}");
    }
    assert_eq!(ask(ADA).await.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn what_was_answered_is_answered_again_where_signup_is_closed_since() {
    let world = World::new().await;
    let first = world.post("/signup", wish(ADA)).header("idempotency-key", "k").send().await;
    let world = world.closed_to_signups();
    let again = world.post("/signup", wish(ADA)).header("idempotency-key", "k").send().await;
    assert_eq!((again.status, &again.body, again.header("idempotency-replayed")), (200, &first.body, Some("true")));
    let other = world.post("/signup", json!({ "email": ADA, "companyName": "Other" })).header("idempotency-key", "k");
    assert_eq!(other.send().await.problem(), (422, "idempotency_mismatch".to_owned()));
    let closed = (403, "signup_closed".to_owned());
    assert_eq!(world.post("/signup", wish(ADA)).header("idempotency-key", "l").send().await.problem(), closed);
    assert_eq!(world.deliver().await.len(), 1);
}

#[tokio::test]
async fn a_link_says_that_signup_is_closed() {
    let world = World::new().await;
    let (_, token) = world.signed_up(ADA).await;
    let world = world.closed_to_signups();
    let shown = world.get(&format!("/signup/confirm?token={token}")).send().await;
    assert_eq!(shown.status, 403);
    assert!(String::from_utf8_lossy(&shown.body).contains("Nobody can sign up here now"));
    assert_eq!(world.get("/signup/confirm?token=otp_su_1").send().await.status, 410);
}
