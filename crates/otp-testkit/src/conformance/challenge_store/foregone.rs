//! What a request is answered before it draws.

use otp_core::challenge::{Challenge, RESEND_AFTER};
use otp_core::effect::Counter;
use otp_core::limit::{HOUR, Rule};
use otp_core::port::{Idempotency, Opened, Request, Stores};
use otp_core::time::Timestamp;

use crate::answered::Answered;
use crate::conformance::world::{TICK, World};
use crate::samples::{NOW, test_world};

/// Asked beforehand, a store says which requests it will answer without drawing; and so it does.
pub async fn foregone_draws_nothing(stores: Stores) {
    let w = World::new(stores);
    let challenge = w.opened().await;
    let due = NOW.plus(RESEND_AFTER);
    let elsewhere = Challenge { realm: test_world(w.realm), ..challenge.clone() };
    for (request, at, expected) in [
        (w.samples.request(&w.challenge()), NOW, false),
        (w.samples.resend(&challenge), due.minus(TICK), true),
        (w.samples.resend(&challenge), due, false),
        (w.samples.resend(&challenge), challenge.expires_at, true),
        (w.samples.resend(&w.challenge()), due, true),
        (w.samples.resend(&elsewhere), due, true),
    ] {
        assert_eq!(foregone(&w, &request, at).await, expected, "{request:?} at {at}");
    }

    let key = w.samples.idempotency(NOW);
    let call = |challenge: &Challenge, idempotency| Request { idempotency, ..w.samples.request(challenge) };
    let first = call(&w.challenge(), Some(key.clone()));
    assert!(!foregone(&w, &first, NOW).await);
    w.admit(first, NOW).await;
    let other_body = Idempotency { fingerprint: w.samples.bytes(), ..key.clone() };
    for (idempotency, at, expected) in [
        (key.clone(), NOW, true),
        (other_body, NOW, true),
        (key.clone(), key.expires_at.minus(TICK), true),
        (key.clone(), key.expires_at, false),
        (w.samples.idempotency(NOW), NOW, false),
    ] {
        assert_eq!(foregone(&w, &call(&w.challenge(), Some(idempotency)), at).await, expected);
    }

    // It was a look and no more, and what was foregone draws nothing.
    let draw = w.samples.draw(w.realm, Rule::EmailHour, 1);
    let admitted = vec![w.count(Counter::OtpRequests)];
    for request in [call(&w.challenge(), Some(key)), w.samples.resend(&challenge)] {
        let request = Request { draws: vec![draw.clone()], admitted: admitted.clone(), ..request };
        assert!(foregone(&w, &request, NOW).await);
        let answer = w.open(request, NOW).await;
        assert!(matches!(answer, Opened::Replayed { .. } | Opened::Refused { by: 1, .. }), "{answer:?}");
    }
    assert_eq!(w.counted(Counter::OtpRequests).await, 0);
    w.admit(Request { draws: vec![draw], ..w.samples.request(&w.challenge()) }, NOW.plus(HOUR).minus(TICK)).await;
}

async fn foregone(w: &World, request: &Request, now: Timestamp) -> bool {
    w.stores.challenges.foregone(request, now).await.answered()
}
