//! Staying signed in, and ceasing to be.

use otp_core::tenant::TenantStatus;
use serde_json::{Value, json};

use crate::world::{ADA, Answer, PUBLIC_URL, World, text};

async fn me(world: &World, token: &str) -> Answer {
    world.get("/auth/me").bearer(token).send().await
}

async fn refresh(world: &World, body: Value) -> Answer {
    world.post("/auth/refresh", body).send().await
}

fn invalid_token() -> (u16, String) {
    (401, "invalid_token".to_owned())
}

#[tokio::test]
async fn a_token_is_needed_and_a_key_must_be_good() {
    let world = World::new().await;
    let token = text(&world.sign_in(ADA).await, "token");
    me(&world, &token).await.ok();
    world.get("/auth/me").bearer(&token).key(&world.customer.key).send().await.ok();
    for ask in [
        world.get("/auth/me"),
        world.get("/auth/me").key(&world.customer.key),
        world.get("/auth/me").bearer(&world.customer.key),
        world.get("/auth/me").bearer("nonsense"),
        world.get("/auth/me").bearer("eyJ.e30."),
        world.get("/auth/me").header("authorization", format!("Token {token}")),
        world.get("/auth/me").bearer(&token).bearer(&token),
        world.get("/auth/me").header("authorization", "Bearer é".as_bytes()),
    ] {
        assert_eq!(ask.send().await.problem(), invalid_token());
    }
    for key in ["", "nonsense", &world.customer.key.replace("sk", "pk")] {
        let answer = world.get("/auth/me").bearer(&token).key(key).send().await;
        assert_eq!(answer.problem(), (401, "invalid_api_key".to_owned()));
        let answer = world.post("/auth/refresh", json!({ "token": token })).key(key).send().await;
        assert_eq!(answer.problem(), (401, "invalid_api_key".to_owned()));
    }
}

#[tokio::test]
async fn logging_out_ends_the_session_at_once() {
    let world = World::new().await;
    let (first, second) = (world.sign_in(ADA).await, world.sign_in(ADA).await);
    let token = text(&first, "token");
    let answer = world.post("/auth/logout", json!({})).bearer(&token).send().await.ok();
    assert_eq!(answer, json!({ "success": true, "message": "Logged out." }));
    assert_eq!(me(&world, &token).await.problem(), invalid_token());
    for dead in [json!({ "token": token }), json!({ "refreshToken": first["refreshToken"] })] {
        assert_eq!(refresh(&world, dead).await.problem(), invalid_token());
    }
    assert_eq!(world.call("/auth/introspect", json!({ "token": token })).await.json(), json!({ "active": false }));
    assert_eq!(world.post("/auth/logout", json!({})).bearer(&token).send().await.problem(), invalid_token());
    me(&world, &text(&second, "token")).await.ok();
}

#[tokio::test]
async fn everywhere_means_every_session_of_that_user() {
    let world = World::new().await;
    let (first, second) = (world.sign_in(ADA).await, world.sign_in(ADA).await);
    let grace = world.sign_in("grace@example.org").await;
    let everywhere = world.post("/auth/logout", json!({ "everywhere": true })).bearer(&text(&first, "token"));
    assert_eq!(everywhere.send().await.ok()["message"], "Logged out everywhere.");
    for dead in [first, second] {
        assert_eq!(me(&world, &text(&dead, "token")).await.problem(), invalid_token());
    }
    me(&world, &text(&grace, "token")).await.ok();
}

#[tokio::test]
async fn refreshing_replaces_both_tokens() {
    let world = World::new().await;
    let before = world.sign_in(ADA).await;
    world.advance(60);
    let after = refresh(&world, json!({ "refreshToken": before["refreshToken"] })).await.ok();
    assert_eq!(
        after,
        json!({
            "success": true,
            "token": after["token"],
            "tokenType": "Bearer",
            "expiresIn": 25_200,
            "expiresAt": "2023-11-15T05:14:20.000Z",
            "refreshToken": after["refreshToken"],
            "refreshExpiresAt": "2023-11-28T22:14:20.000Z",
            "userId": before["userId"],
            "email": ADA,
            "customerId": before["customerId"],
            "sessionId": before["sessionId"],
            "purpose": "sign-in",
        })
    );
    assert_ne!(after["refreshToken"], before["refreshToken"]);
    assert_eq!(me(&world, &text(&before, "token")).await.problem(), invalid_token());
    me(&world, &text(&after, "token")).await.ok();

    let by_token = refresh(&world, json!({ "token": after["token"] })).await.ok();
    assert_eq!(me(&world, &text(&after, "token")).await.problem(), invalid_token());
    assert_eq!(refresh(&world, json!({ "token": after["token"] })).await.problem(), invalid_token());
    me(&world, &text(&by_token, "token")).await.ok();
}

#[tokio::test]
async fn a_replay_gets_the_same_successor_for_ten_seconds() {
    let world = World::new().await;
    let first = json!({ "refreshToken": world.sign_in(ADA).await["refreshToken"] });
    let second = refresh(&world, first.clone()).await.ok();
    world.advance(10);
    let replayed = refresh(&world, first.clone()).await.ok();
    assert_eq!(replayed["refreshToken"], second["refreshToken"]);
    me(&world, &text(&replayed, "token")).await.ok();
    world.clock.advance(std::time::Duration::from_millis(1));
    assert_eq!(refresh(&world, first).await.problem(), (401, "refresh_reused".to_owned()));
    assert_eq!(me(&world, &text(&second, "token")).await.problem(), invalid_token());
    let successor = json!({ "refreshToken": second["refreshToken"] });
    assert_eq!(refresh(&world, successor).await.problem(), invalid_token());
}

#[tokio::test]
async fn a_replay_is_reuse_once_the_successor_was_used() {
    let world = World::new().await;
    let first = json!({ "refreshToken": world.sign_in(ADA).await["refreshToken"] });
    let second = refresh(&world, first.clone()).await.ok();
    refresh(&world, json!({ "refreshToken": second["refreshToken"] })).await.ok();
    assert_eq!(refresh(&world, first).await.problem(), (401, "refresh_reused".to_owned()));
}

#[tokio::test]
async fn a_refresh_is_for_the_customer_of_the_key() {
    let world = World::new().await;
    let other = world.customer("Other", "free").await;
    let signed_in = world.sign_in(ADA).await;
    for body in [json!({ "refreshToken": signed_in["refreshToken"] }), json!({ "token": signed_in["token"] })] {
        let foreign = world.post("/auth/refresh", body).key(&other.key).send().await;
        assert_eq!(foreign.problem(), invalid_token());
    }
    world.call("/auth/refresh", json!({ "refreshToken": signed_in["refreshToken"] })).await.ok();
    for body in
        [json!({ "refreshToken": "nonsense" }), json!({ "token": "" }), json!({ "token": signed_in["refreshToken"] })]
    {
        assert_eq!(refresh(&world, body).await.problem(), invalid_token());
    }
}

#[tokio::test]
async fn tokens_and_sessions_run_out() {
    let world = World::new().await;
    let signed_in = world.sign_in(ADA).await;
    let token = text(&signed_in, "token");
    world.advance(25_199);
    me(&world, &token).await.ok();
    world.advance(1);
    assert_eq!(me(&world, &token).await.problem(), invalid_token());
    assert_eq!(refresh(&world, json!({ "token": token })).await.problem(), invalid_token());
    assert_eq!(world.call("/auth/introspect", json!({ "token": token })).await.json(), json!({ "active": false }));
    world.advance(14 * 86_400 - 25_200);
    let idle = refresh(&world, json!({ "refreshToken": signed_in["refreshToken"] })).await;
    assert_eq!(idle.problem(), invalid_token());
}

#[tokio::test]
async fn introspection_tells_the_customer_what_its_token_says() {
    let world = World::new().await;
    let signed_in = world.sign_in(ADA).await;
    let answer = world.call("/auth/introspect", json!({ "token": signed_in["token"] })).await.ok();
    let id = world.customer.id.to_string();
    assert_eq!(
        answer,
        json!({
            "active": true,
            "sub": signed_in["userId"],
            "sid": signed_in["sessionId"],
            "email": ADA,
            "iss": format!("{PUBLIC_URL}/t/{id}"),
            "aud": id,
            "client_id": id,
            "token_type": "Bearer",
            "iat": 1_700_000_000,
            "nbf": 1_700_000_000,
            "exp": 1_700_025_200,
            "auth_time": 1_700_000_000,
            "jti": answer["jti"],
            "purpose": "sign-in",
        })
    );
    let other = world.customer("Other", "free").await;
    let foreign = world.post("/auth/introspect", json!({ "token": signed_in["token"] })).key(&other.key).send().await;
    assert_eq!(foreign.ok(), json!({ "active": false }));
    for token in ["", "x", "a.b.c", &text(&signed_in, "refreshToken")] {
        assert_eq!(world.call("/auth/introspect", json!({ "token": token })).await.ok(), json!({ "active": false }));
    }
}

#[tokio::test]
async fn a_customer_who_is_not_served_is_told_so_by_every_credential() {
    let world = World::new().await;
    let signed_in = world.sign_in(ADA).await;
    let token = text(&signed_in, "token");
    for (status, code) in
        [(TenantStatus::Suspended, "customer_suspended"), (TenantStatus::Cancelled, "customer_cancelled")]
    {
        world.set_status(world.customer.id, status).await;
        let key = &world.customer.key;
        for ask in [
            world.get("/auth/me").bearer(&token),
            world.post("/auth/logout", json!({})).bearer(&token),
            world.post("/auth/refresh", json!({ "token": token })),
            world.post("/auth/refresh", json!({ "refreshToken": signed_in["refreshToken"] })),
            world.post("/auth/introspect", json!({ "token": token })).key(key),
            world.post("/auth/verify-otp", json!({})).key(key),
            world.get("/admin/customers/me").key(key),
            world.get("/admin/usage").key(key),
        ] {
            assert_eq!(ask.send().await.problem(), (403, code.to_owned()));
        }
        // Who only claims to hold its token learns nothing.
        let forged = format!("{}A", &token[..token.len() - 1]);
        let forged = if forged == token { format!("{}E", &token[..token.len() - 1]) } else { forged };
        assert_eq!(me(&world, &forged).await.problem(), invalid_token());
        assert_eq!(refresh(&world, json!({ "token": forged })).await.problem(), invalid_token());
    }
    world.set_status(world.customer.id, TenantStatus::Active).await;
    me(&world, &token).await.ok();
}
