//! Limits in a store of their own: the same answers, one unit for one call, and effects where effects are.

use std::sync::Arc;

use otp_core::audit::AuditEvent;
use otp_core::caller::ClientAddress;
use otp_core::challenge::Purpose;
use otp_core::limit::{HOUR, Rule};
use otp_core::locale::Locale;
use otp_core::otp::{CodeRequest, IdempotencyKey, Proof, Verification};
use otp_core::port::{LimitStore, MockLimitStore};
use otp_core::prelude::*;
use otp_memory::MemoryStore;

use crate::scene::{Scene, other_than};

const EMAIL: &str = "ada@example.org";

fn request(resend: Option<ChallengeId>, key: Option<&str>) -> CodeRequest {
    CodeRequest {
        email: EmailAddress::parse(EMAIL).unwrap(),
        purpose: Purpose::default(),
        locale: Locale::default(),
        resend,
        idempotency: key.map(|key| IdempotencyKey::new("credential", "POST", "/auth/request-otp", key, b"{}")),
    }
}

fn from_client() -> Caller {
    let client = Some(ClientAddress::new("192.0.2.1".parse().unwrap()));
    Caller { client, ..Caller::of(Actor::System) }
}

async fn ask(scene: &Scene, request: CodeRequest) -> Result<Issued, RequestError> {
    scene.otp.request(&scene.acme, request, &from_client()).await
}

/// What is said of a request, without the id that is fresh each time.
fn told(answer: &Result<Issued, RequestError>) -> String {
    match answer {
        Ok(issued) => format!("{:?} {:?} {}", issued.remaining, issued.usage, issued.replayed),
        Err(RequestError::RateLimited(refused)) => format!("{:?} {:?}", refused.by, refused.usage),
        Err(other) => other.to_string(),
    }
}

/// How often `event` is in the audit trail.
async fn audited(scene: &Scene, event: AuditEvent) -> usize {
    let trail = scene.deployment.stores().audit.recent(scene.acme.id, 100).await.unwrap();
    trail.iter().filter(|entry| entry.event == event).count()
}

#[tokio::test]
async fn requests_are_answered_as_if_limits_were_together() {
    let (apart, together) = (Scene::with_limits_apart("free").await, Scene::on_plan("free").await);
    let mut first = [None, None];
    // One is drawn, repeated, too soon to be sent again, sent again, drawn, and refused.
    for step in 0..7 {
        let mut answers = Vec::new();
        for (scene, first) in [&apart, &together].into_iter().zip(&mut first) {
            if step == 3 {
                scene.clock.advance(otp_core::challenge::RESEND_AFTER);
            }
            let request = match step {
                0 | 1 => request(None, Some("key")),
                2 | 3 => request(*first, None),
                _ => request(None, None),
            };
            let answer = ask(scene, request).await;
            if let (None, Ok(issued)) = (&first, &answer) {
                *first = Some(issued.id);
            }
            answers.push(told(&answer));
        }
        assert_eq!(answers[0], answers[1], "step {step}");
    }
    for event in [AuditEvent::OtpRequested, AuditEvent::RateLimitExceeded] {
        assert_eq!(audited(&apart, event).await, audited(&together, event).await);
    }
    assert_eq!(audited(&apart, AuditEvent::RateLimitExceeded).await, 1 + 2);
}

#[tokio::test]
async fn wrong_codes_are_drawn_for_and_right_ones_not() {
    for scene in [Scene::with_limits_apart("enterprise").await, Scene::on_plan("enterprise").await] {
        for wrong in (4..=60).step_by(4) {
            let issued = scene.ask(EMAIL).await;
            let code = scene.code().await;
            let check = async |code: &str| {
                let proof = Proof::Challenge { id: issued.id, email: None, purpose: None };
                let verification = Verification { code: code.parse().unwrap(), proof };
                scene.otp.check(&scene.acme, verification, &from_client()).await
            };
            for _ in 0..4 {
                assert!(matches!(check(&other_than(&code)).await, Err(VerifyError::Invalid { .. })));
            }
            // The right code draws nothing; but who is out of wrong ones is not answered any more.
            match check(&code).await {
                Ok(_) => assert!(wrong < 60),
                Err(VerifyError::RateLimited(refused)) => {
                    assert_eq!((wrong, refused.by.rule, refused.by.limit), (60, Rule::ClientWrongHour, 60));
                    assert!(matches!(check(&other_than(&code)).await, Err(VerifyError::RateLimited(_))));
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(audited(&scene, AuditEvent::RateLimitExceeded).await, 2);
    }
}

/// A verdict that the limit does not admit any more is dropped: only as many are heard as it holds.
#[tokio::test]
async fn a_verdict_leaves_with_the_unit_that_paid_for_it() {
    let scene = Scene::set().await;
    let issued = scene.ask(EMAIL).await;
    let code = scene.code().await;
    let mut limits = MockLimitStore::new();
    let (free, full) = (Arc::new(MemoryStore::default()), Arc::new(MemoryStore::default()));
    // As others may use the limit up between a look at it and the draw.
    limits.expect_usage().returning(move |draws, now| {
        let (free, draws) = (free.clone(), draws.to_vec());
        futures::executor::block_on(async { free.usage(&draws, now).await })
    });
    limits.expect_acquire().returning(move |draws, now| {
        let full = full.clone();
        futures::executor::block_on(async {
            let used_up = draws.iter().map(|draw| otp_core::limit::Draw { limit: 0, ..draw.clone() }).collect();
            full.acquire(used_up, now).await
        })
    });
    let stores = scene.deployment.stores().clone().with_limits(Arc::new(limits));
    let deployment = Deployment::builder(MasterKey::from_bytes([7; 32]), stores).clock(scene.clock.clone());
    let otp = Otp::new(deployment.open().await.unwrap());
    let check = async |code: &str| {
        let proof = Proof::Challenge { id: issued.id, email: None, purpose: None };
        let verification = Verification { code: code.parse().unwrap(), proof };
        otp.check(&scene.acme, verification, &from_client()).await
    };
    for _ in 0..5 {
        assert!(matches!(check(&other_than(&code)).await, Err(VerifyError::RateLimited(_))));
    }
    // Each had been paid for with an attempt.
    assert!(matches!(check(&code).await, Err(VerifyError::Exhausted)));
}

#[tokio::test]
async fn limits_that_cannot_be_reached_let_nothing_through() {
    let scene = Scene::set().await;
    let issued = scene.ask(EMAIL).await;
    let code = scene.code().await;
    let mut limits = MockLimitStore::new();
    limits.expect_usage().returning(|_, _| Err(Fault::unavailable("test", "gone")));
    limits.expect_acquire().returning(|_, _| Err(Fault::unavailable("test", "gone")));
    let stores = scene.deployment.stores().clone().with_limits(Arc::new(limits));
    let deployment = Deployment::builder(MasterKey::from_bytes([7; 32]), stores).clock(scene.clock.clone());
    let otp = Otp::new(deployment.open().await.unwrap());
    assert!(matches!(otp.issue(&scene.acme, EMAIL).await, Err(RequestError::Fault(_))));
    let proof = Proof::Challenge { id: issued.id, email: None, purpose: None };
    let verification = Verification { code: code.parse().unwrap(), proof };
    assert!(matches!(otp.check(&scene.acme, verification, &from_client()).await, Err(VerifyError::Fault(_))));
    // Nothing was spent: once they are back, the code is right.
    assert!(scene.otp.verify(&scene.acme, &issued.id, &code).await.is_ok());
}

/// A unit comes back where it was drawn.
#[tokio::test]
async fn only_the_store_of_limits_is_drawn_from() {
    let scene = Scene::with_limits_apart("free").await;
    for _ in 0..3 {
        ask(&scene, request(None, None)).await.unwrap();
    }
    assert!(matches!(ask(&scene, request(None, None)).await, Err(RequestError::RateLimited(_))));
    let apart = scene.deployment.stores().clone();
    let within = Stores { limits_apart: false, ..apart };
    let deployment = Deployment::builder(MasterKey::from_bytes([7; 32]), within).clock(scene.clock.clone());
    let otp = Otp::new(deployment.open().await.unwrap());
    let issued = otp.issue(&scene.acme, EMAIL).await.unwrap();
    assert_eq!(issued.remaining, Some(2), "drawn in both");
    scene.clock.advance(HOUR);
    assert!(ask(&scene, request(None, None)).await.is_ok());
}
