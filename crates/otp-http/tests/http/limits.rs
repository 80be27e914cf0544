//! Limits: their headers, and calls that repeat.

use otp_core::id::KeyId;
use otp_core::tenants::KeySpec;
use serde_json::{Value, json};

use crate::world::{ADA, Answer, World, other_than};

fn shown(answer: &Answer) -> [Option<&str>; 5] {
    ["ratelimit-policy", "ratelimit", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]
        .map(|name| answer.header(name))
}

/// Of the same the rates alone: what comes before the quotas.
fn rates(answer: &Answer) -> [Option<&str>; 5] {
    shown(answer).map(|shown| shown.map(|shown| shown.split(", \"quota-").next().unwrap_or_default()))
}

#[tokio::test]
async fn headers_tell_how_every_limit_stands() {
    let world = World::new().await;
    let ask = || world.call("/auth/request-otp", json!({ "email": ADA }));
    let policy = Some("\"email-hour\";q=3;w=3600, \"email-day\";q=20;w=86400");
    let first = ask().await;
    let state = Some("\"email-hour\";r=2;t=3600, \"email-day\";r=19;t=86400");
    assert_eq!(rates(&first), [policy, state, Some("3"), Some("2"), Some("3600")]);
    world.clock.advance(std::time::Duration::from_millis(1500));
    let second = ask().await;
    // The first unit comes back first; a second begun is counted whole.
    let state = Some("\"email-hour\";r=1;t=3599, \"email-day\";r=18;t=86399");
    assert_eq!(rates(&second), [policy, state, Some("3"), Some("1"), Some("3599")]);
    ask().await.ok();
    let refused = ask().await;
    let state = Some("\"email-hour\";r=0;t=3599, \"email-day\";r=17;t=86399");
    assert_eq!(rates(&refused), [policy, state, Some("3"), Some("0"), Some("3599")]);
    assert_eq!(refused.header("retry-after"), Some("3599"));
    let body = refused.json();
    assert_eq!(
        [&body["rule"], &body["limit"], &body["windowSeconds"], &body["resetAt"]],
        [&json!("email-hour"), &json!(3), &json!(3600), &json!("2023-11-14T23:13:20.000Z")]
    );
    // A refusal spends nothing: the unit comes back when it was said to.
    world.clock.advance(std::time::Duration::from_millis(3_598_499));
    assert_eq!(ask().await.status, 429);
    assert_eq!(ask().await.header("retry-after"), Some("1"));
    world.clock.advance(std::time::Duration::from_millis(1));
    ask().await.ok();
}

#[tokio::test]
async fn of_two_limits_as_tight_the_later_reset_is_shown() {
    let world = World::new().await;
    // 50 an hour and 50 a day: both have as much left.
    let busy = world.customer("Busy", "pro").await;
    let answer = world.post("/auth/request-otp", json!({ "email": ADA })).key(&busy.key).send().await;
    let state = Some("\"email-hour\";r=49;t=3600, \"email-day\";r=49;t=86400");
    assert_eq!(rates(&answer)[1..], [state, Some("50"), Some("49"), Some("86400")]);
}

#[tokio::test]
async fn a_pause_shows_only_when_it_refuses() {
    let world = World::new().await;
    let asked = world.call("/auth/request-otp", json!({ "email": ADA })).await;
    assert!(!asked.header("ratelimit").unwrap().contains("resend"));
    let again = json!({ "email": ADA, "challengeId": asked.json()["challengeId"] });
    world.advance(10);
    let early = world.call("/auth/request-otp", again).await;
    assert_eq!(early.status, 429);
    assert!(early.header("ratelimit").unwrap().ends_with("\"resend\";r=0;t=20"), "{:?}", shown(&early));
    assert!(early.header("ratelimit-policy").unwrap().ends_with("\"resend\";q=1;w=30"));
    assert_eq!(early.header("retry-after"), Some("20"));
}

#[tokio::test]
async fn where_nothing_is_limited_no_limit_is_shown() {
    let world = World::new().await;
    let boundless = world.customer("Boundless", "boundless").await;
    let answer = world.post("/auth/request-otp", json!({ "email": ADA })).key(&boundless.key).send().await;
    assert_eq!(shown(&answer), [None; 5]);
    assert_eq!(answer.ok()["remaining"], Value::Null);
}

#[tokio::test]
async fn the_end_users_address_draws_and_the_callers_does_not() {
    let world = World::new().await;
    let boundless = world.customer("Boundless", "boundless").await;
    let ask = |ip: Option<&str>| {
        let context = ip.map_or(json!({}), |ip| json!({ "ip": ip }));
        let body = json!({ "email": ADA, "context": context });
        let peer: std::net::SocketAddr = "198.51.100.1:1".parse().unwrap();
        world.post("/auth/request-otp", body).key(&boundless.key).extension(axum::extract::ConnectInfo(peer)).send()
    };
    for _ in 0..300 {
        ask(Some("2001:db8::1")).await.ok();
    }
    let refused = ask(Some("2001:db8::ffff")).await;
    assert_eq!((refused.status, &refused.json()["rule"]), (429, &json!("client-hour")));
    ask(Some("2001:db8:0:1::1")).await.ok();
    assert_eq!(shown(&ask(None).await), [None; 5]);
}

#[tokio::test]
async fn wrong_codes_from_one_client_are_limited() {
    let world = World::new().await;
    let boundless = world.customer("Boundless", "boundless").await;
    let call = |path, body| world.post(path, body).key(&boundless.key).send();
    let mut code = String::new();
    for round in 0..12 {
        let email = format!("ada{round}@example.org");
        call("/auth/request-otp", json!({ "email": email })).await.ok();
        code = crate::world::code_in(world.deliver().await.last().unwrap());
        for _ in 0..5 {
            let wrong = json!({ "email": email, "otp": other_than(&code), "context": { "ip": "192.0.2.1" } });
            assert_eq!(call("/auth/verify-otp", wrong).await.code(), "otp_invalid");
        }
    }
    call("/auth/request-otp", json!({ "email": ADA })).await.ok();
    let last = crate::world::code_in(world.deliver().await.last().unwrap());
    assert_ne!(last, code);
    let from = |ip: &str| json!({ "email": ADA, "otp": last, "context": { "ip": ip } });
    let refused = call("/auth/verify-otp", from("192.0.2.1")).await;
    assert_eq!((refused.status, &refused.json()["rule"]), (429, &json!("client-wrong-hour")));
    call("/auth/verify-otp", from("192.0.2.2")).await.ok();
}

#[tokio::test]
async fn a_repeated_call_repeats_its_answer_and_draws_nothing() {
    let world = World::new().await;
    let ask = |body: Value, id: &str| {
        world
            .post("/auth/request-otp", body)
            .key(&world.customer.key)
            .header("idempotency-key", "a")
            .header("x-request-id", id)
    };
    let body = json!({ "email": ADA });
    let first = ask(body.clone(), "one").send().await;
    assert_eq!(first.header("idempotency-replayed"), None);
    world.call("/auth/request-otp", body.clone()).await.ok();
    world.advance(600);
    let second = ask(body, "two").send().await;
    assert_eq!((second.status, &second.body), (first.status, &first.body));
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(second.header("x-request-id"), Some("two"));
    assert!(second.header("ratelimit").unwrap().starts_with("\"email-hour\";r=1;t=3000"), "{:?}", shown(&second));
    assert_eq!(world.deliver().await.len(), 0, "the mail of the second code is dead by now, and the third never was");

    let mismatch = ask(json!({ "email": ADA, "purpose": "pay" }), "three").send().await;
    assert_eq!(mismatch.problem(), (422, "idempotency_mismatch".to_owned()));
    world.advance(86_400 - 600);
    let forgotten = ask(json!({ "email": ADA }), "four").send().await;
    assert_eq!(forgotten.header("idempotency-replayed"), None);
    assert_ne!(forgotten.body, first.body);
}

#[tokio::test]
async fn an_idempotency_key_belongs_to_its_credential() {
    let world = World::new().await;
    let cli = otp_core::caller::Caller::of(otp_core::caller::Actor::Cli);
    let second =
        world.services.tenants.create_key(world.customer.id, KeySpec::secret("second"), &cli, None).await.unwrap();
    assert_ne!(second.record.id, KeyId::from_u128(0));
    let mut answers = Vec::new();
    for key in [world.customer.key.as_str(), second.key.expose()] {
        let ask = world.post("/auth/request-otp", json!({ "email": ADA })).key(key).header("idempotency-key", "a");
        answers.push(ask.send().await.ok()["challengeId"].clone());
    }
    assert_ne!(answers[0], answers[1]);
}

#[tokio::test]
async fn only_a_success_is_remembered() {
    let world = World::new().await;
    let ask = || {
        world
            .post("/auth/request-otp", json!({ "email": ADA }))
            .key(&world.customer.key)
            .header("idempotency-key", "a")
            .send()
    };
    for _ in 0..3 {
        world.call("/auth/request-otp", json!({ "email": ADA })).await.ok();
    }
    assert_eq!(ask().await.status, 429);
    world.advance(3600);
    assert_eq!(ask().await.header("idempotency-replayed"), None);
    assert_eq!(ask().await.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn an_idempotency_key_is_visible_and_there_once() {
    let world = World::new().await;
    let ask = || world.post("/auth/request-otp", json!({ "email": ADA })).key(&world.customer.key);
    ask().header("idempotency-key", "~".repeat(255)).send().await.ok();
    for bad in [&b""[..], b"a b", &[b'a'; 256], "é".as_bytes(), b"a\tb"] {
        let answer = ask().header("idempotency-key", bad).send().await;
        assert_eq!(answer.faults(), [(String::new(), "invalid_idempotency_key".to_owned())], "{bad:?}");
    }
    let twice = ask().header("idempotency-key", "a").header("idempotency-key", "a").send().await;
    assert_eq!(twice.faults().len(), 1);
}
