//! What is held on a person is handed out, and goes.

use axum::http::Method;
use otp_core::audit::Trails;
use serde_json::{Value, json};

use crate::world::{ADA, World, text};

#[tokio::test]
async fn everything_held_on_a_person_is_handed_out() {
    let world = World::new().await;
    let key = &world.customer.key;
    let signed_in = world.sign_in(ADA).await;
    world.sign_in("bob@example.org").await;
    world.advance(86_400);
    let asked = world.call("/auth/request-otp", json!({ "email": ADA, "purpose": "pay" })).await.ok();
    let id = text(&signed_in, "userId");
    let answer = world.get(&format!("/admin/users/{id}/export")).key(key).send().await;
    assert_eq!(answer.header("content-disposition"), Some(format!("attachment; filename=\"{id}.json\"").as_str()));
    let held = answer.ok();
    assert_eq!((text(&held["user"], "userId"), text(&held["user"], "email")), (id.clone(), ADA.to_owned()));
    assert_eq!(held["sessions"][0]["sessionId"], signed_in["sessionId"]);
    assert_eq!(held["challenges"][0]["challengeId"], asked["challengeId"]);
    assert_eq!((&held["challenges"][0]["purpose"], held["challenges"].as_array().unwrap().len()), (&json!("pay"), 1));
    let told = held["auditEvents"].as_array().unwrap().iter().map(|event| text(event, "eventType"));
    let mut told: Vec<_> = told.collect();
    assert_eq!(told[0], "otp.requested");
    told.sort();
    assert_eq!(told, ["otp.requested", "otp.requested", "user.created", "user.logged_in"]);
    let again = world.get(&format!("/admin/users/{id}/export")).key(key).send().await.ok();
    let told = again["auditEvents"].as_array().unwrap().iter();
    assert_eq!(told.filter(|event| event["eventType"] == "user.exported").count(), 1);
    for none in ["user_x", "user_0000000000000000000000"] {
        assert_eq!(world.get(&format!("/admin/users/{none}/export")).key(key).send().await.status, 404);
    }
}

#[tokio::test]
async fn an_erased_person_is_gone_and_the_trail_is_whole() {
    let world = World::new().await;
    let key = &world.customer.key;
    let first = world.sign_in(ADA).await;
    let second = world.sign_in(ADA).await;
    let bob = world.sign_in("bob@example.org").await;
    world.advance(3_600);
    let asked = world.call("/auth/request-otp", json!({ "email": ADA })).await.ok();
    let trails = Trails::new(world.services.deployment.clone());
    trails.seal().await.unwrap();

    let path = format!("/admin/users/{}", text(&first, "userId"));
    let erase = || world.ask(Method::DELETE, &path).key(key).send();
    let told = erase().await.ok();
    assert_eq!(told["deleted"], json!({ "users": 1, "sessions": 2, "challenges": 1, "mails": 1 }));
    assert_eq!(erase().await.problem(), (404, "not_found".to_owned()));
    assert_eq!(world.get(&path).key(key).send().await.status, 404);
    for token in [&first, &second] {
        assert_eq!(world.get("/auth/me").bearer(&text(token, "token")).send().await.status, 401);
        let refresh = json!({ "refreshToken": token["refreshToken"] });
        assert_eq!(world.post("/auth/refresh", refresh).send().await.status, 401);
    }
    assert_eq!(world.get("/auth/me").bearer(&text(&bob, "token")).send().await.status, 200);
    assert_eq!(world.deliver().await.len(), 0, "the mail that waited is gone");
    let verify = json!({ "challengeId": asked["challengeId"], "otp": "123456789" });
    assert_eq!(world.call("/auth/verify-otp", verify).await.problem(), (401, "otp_expired".to_owned()));
    let by_email = world.get("/admin/users?email=ada@example.org").key(key).send().await.ok();
    assert_eq!(by_email["users"], json!([]));

    trails.seal().await.unwrap();
    let report = trails.verify(world.customer.id, None).await.unwrap();
    assert_eq!((report.findings, report.unsealed), (vec![], 0));
    let deleted = world.trail_page("?eventType=user.deleted").await;
    assert_eq!(deleted["events"][0]["target"], json!({ "type": "user", "id": text(&first, "userId") }));
    let back = world.sign_in(ADA).await;
    assert_eq!(back["isNewUser"], Value::Bool(true));
    assert_ne!(back["userId"], first["userId"]);
}
