//! Links that are followed twice: the keys of a new account are not lost with the answer that held them.

use axum::http::Method;
use serde_json::json;

use crate::gate::Trouble;
use crate::world::{ADA, World, text};

#[tokio::test]
async fn who_follows_a_link_twice_gets_the_same_keys() {
    let world = World::new().await;
    let (code, token) = world.signed_up(ADA).await;
    let first = world.confirm(&token).await;
    assert_eq!(first.status, 200);
    for _ in 0..2 {
        let again = world.confirm(&token).await;
        assert_eq!((again.status, &again.body), (200, &first.body));
    }
    let answer = world.verify(json!({ "token": token })).await;
    assert_eq!((answer.status, answer.header("idempotency-replayed")), (201, Some("true")));
    let key = text(&answer.json(), "apiKey");
    assert!(String::from_utf8_lossy(&first.body).contains(&key));
    world.get("/admin/customers/me").key(&key).send().await.ok();
    assert_eq!(world.services.tenants.list(&Default::default(), None, 9).await.unwrap().len(), 2, "one account more");

    // Another's token, and a code that would be tried out for nothing, are none.
    let cut = &token[..token.len() - 1];
    for other in [format!("{cut}A"), format!("{cut}Q"), cut.to_owned()] {
        if other != token {
            assert_eq!(world.confirm(&other).await.status, 410);
            assert_eq!(world.verify(json!({ "token": other })).await.problem(), (401, "otp_expired".to_owned()));
        }
    }
    assert_eq!(world.verify(json!({ "email": ADA, "code": code })).await.code(), "otp_expired");
}

#[tokio::test]
async fn a_program_gets_the_same_answer_and_keys_are_not_shown_for_long() {
    let world = World::new().await;
    let (_, token) = world.signed_up(ADA).await;
    let verify = || world.verify(json!({ "token": token }));
    let first = verify().await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, None));
    world.advance(599);
    let again = verify().await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    let other = world.closed_to_signups();
    assert_eq!(other.verify(json!({ "token": token })).await.body, first.body, "it was opened before");
    other.advance(1);
    assert_eq!(other.verify(json!({ "token": token })).await.code(), "signup_closed");
    assert_eq!(other.confirm(&token).await.status, 403);
}

#[tokio::test]
async fn a_link_that_opened_an_account_long_ago_is_dead() {
    let world = World::new().await;
    let (_, token) = world.signed_up(ADA).await;
    assert_eq!(world.confirm(&token).await.status, 200);
    world.advance(600);
    for _ in 0..2 {
        assert_eq!(world.confirm(&token).await.status, 410);
        assert_eq!(world.verify(json!({ "token": token })).await.problem(), (401, "otp_expired".to_owned()));
    }
}

#[tokio::test]
async fn who_presses_while_another_is_served_waits_for_him() {
    let world = World::new().await;
    let (_, token) = world.signed_up(ADA).await;
    // Nothing else goes on, so the clock of timers runs on to the first that is due.
    tokio::time::pause();
    world.gate.shut("attempt", Trouble::Silence);
    let json = json!({ "token": token });
    assert_eq!(world.verify(json.clone()).await.problem(), (503, "unavailable".to_owned()), "broken off");
    world.gate.open_up();
    let page = world.confirm(&token).await;
    assert_eq!((page.status, page.header("retry-after")), (503, Some("2")));
    assert_eq!(world.verify(json).await.problem(), (503, "unavailable".to_owned()));
    world.advance(60);
    assert_eq!(world.confirm(&token).await.status, 200);
}

#[tokio::test]
async fn what_is_none_of_our_tokens_is_not_written_down() {
    let world = World::new().await;
    let (_, token) = world.signed_up(ADA).await;
    world.gate.shut("begin", Trouble::Fault(otp_core::fault::FaultKind::Unavailable));
    let (id, mac) = token.split_once('.').unwrap();
    let forged = format!("{id}.{}", mac.chars().rev().collect::<String>());
    assert_eq!(world.confirm(&forged).await.status, 410);
    assert_eq!(world.confirm(&token).await.status, 503, "what cannot be repeated is not begun");
    world.gate.open_up();
    let form = world.ask(Method::POST, "/signup/confirm").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(form.body(format!("token={token}")).send().await.status, 200);
}
