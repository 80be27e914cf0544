//! The users of a customer, and where they are signed in.

use axum::http::Method;
use otp_core::audit::AuditEvent;
use serde_json::{Value, json};

use crate::world::{ADA, Answer, World, text};

impl World {
    async fn read(&self, path: &str) -> Answer {
        self.get(path).key(&self.customer.key).send().await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path).key(&self.customer.key).send().await
    }
}

#[tokio::test]
async fn users_are_listed_in_pages_and_found_by_address() {
    let world = World::new().await;
    let mut signed_in = Vec::new();
    for email in ["a@example.org", "b@example.org", "Ce+Tag@example.org"] {
        signed_in.push(world.sign_in(email).await);
        world.advance(1);
    }
    let page = world.read("/admin/users?limit=2").await.ok();
    let emails =
        |page: &Value| page["users"].as_array().unwrap().iter().map(|user| text(user, "email")).collect::<Vec<_>>();
    assert_eq!(emails(&page), ["ce+tag@example.org", "b@example.org"]);
    let next = world.read(&format!("/admin/users?limit=2&cursor={}", text(&page, "nextCursor"))).await.ok();
    assert_eq!((emails(&next), &next["nextCursor"]), (vec!["a@example.org".to_owned()], &Value::Null));

    let user = &page["users"][0];
    assert_eq!(user["userId"], signed_in[2]["userId"]);
    for path in ["/admin/users?email=CE%2Btag@example.org", "/admin/users?email=ce+tag@Example.org"] {
        let found = world.read(path).await.ok();
        assert_eq!((&found["users"], &found["nextCursor"]), (&json!([user]), &Value::Null), "{path}");
    }
    assert_eq!(world.read("/admin/users?email=x@example.org").await.ok()["users"], json!([]));
    let one = world.read(&format!("/admin/users/{}", text(user, "userId"))).await.ok();
    assert_eq!(one["user"], *user);

    let faults = world.read("/admin/users?email=x&cursor=y&limit=0&q=z").await.faults();
    let codes: Vec<_> = faults.iter().map(|(pointer, code)| format!("{pointer} {code}")).collect();
    assert_eq!(
        codes,
        ["/cursor invalid_cursor", "/email invalid_email", "/limit invalid_limit", "/q unknown_parameter"]
    );
}

#[tokio::test]
async fn sessions_are_seen_and_ended_one_by_one_or_all() {
    let world = World::new().await;
    let first = world.sign_in(ADA).await;
    world.advance(1);
    let second = world.sign_in(ADA).await;
    let bob = world.sign_in("bob@example.org").await;
    let user = text(&first, "userId");
    let path = format!("/admin/users/{user}/sessions");
    let ids = async || {
        let listed = world.read(&path).await.ok();
        listed["sessions"].as_array().unwrap().iter().map(|session| text(session, "sessionId")).collect::<Vec<_>>()
    };
    assert_eq!(ids().await, [text(&second, "sessionId"), text(&first, "sessionId")]);
    let one = format!("{path}/{}", text(&first, "sessionId"));
    let seen = world.read(&one).await.ok();
    assert_eq!((&seen["session"]["sessionId"], &seen["session"]["purpose"]), (&first["sessionId"], &json!("sign-in")));

    world.delete(&one).await.ok();
    let me = async |tokens: &Value| world.get("/auth/me").bearer(&text(tokens, "token")).send().await.status;
    assert_eq!((me(&first).await, me(&second).await), (401, 200));
    let again = [world.delete(&one).await, world.read(&one).await];
    assert!(again.iter().all(|answer| answer.problem() == (404, "not_found".to_owned())));
    assert_eq!(ids().await, [text(&second, "sessionId")]);

    world.delete(&path).await.ok();
    assert_eq!((me(&second).await, me(&bob).await, ids().await), (401, 200, vec![]));
    world.delete(&path).await.ok();
    let trail = world.services.deployment.stores().audit.recent(world.customer.id, 1_000).await.unwrap();
    assert_eq!(trail.iter().filter(|entry| entry.event == AuditEvent::SessionRevoked).count(), 2);
}

#[tokio::test]
async fn nobody_elses_users_and_sessions_are_seen_or_touched() {
    let world = World::new().await;
    let ada = world.sign_in(ADA).await;
    let bob = world.sign_in("bob@example.org").await;
    let other = world.customer("Other", "free").await;
    let (user, session) = (text(&ada, "userId"), text(&ada, "sessionId"));
    let unknown = format!("/admin/users/user_{}", "0".repeat(22));
    for path in [
        format!("/admin/users/{user}"),
        format!("/admin/users/{user}/sessions"),
        format!("/admin/users/{user}/sessions/{session}"),
    ] {
        let foreign = world.get(&path).key(&other.key).send().await;
        assert_eq!(foreign.problem(), (404, "not_found".to_owned()), "{path}");
        if !path.ends_with(&user) {
            let foreign = world.ask(Method::DELETE, &path).key(&other.key).send().await;
            assert_eq!(foreign.problem(), (404, "not_found".to_owned()), "{path}");
        }
    }
    // A session under another user's name is none of his.
    let crossed = format!("/admin/users/{}/sessions/{session}", text(&bob, "userId"));
    for answer in [world.read(&crossed).await, world.delete(&crossed).await] {
        assert_eq!(answer.status, 404);
    }
    for path in [unknown.clone(), format!("{unknown}/sessions"), "/admin/users/me".to_owned()] {
        assert_eq!(world.read(&path).await.status, 404, "{path}");
    }
    assert_eq!(world.get("/admin/users").key(&other.key).send().await.ok()["users"], json!([]));
    assert_eq!(world.get("/auth/me").bearer(&text(&ada, "token")).send().await.status, 200);
}
