//! What a code opens, and what it does not.

use std::time::Duration;

use otp_core::challenge::Purpose;
use otp_core::code::Code;
use otp_core::otp::{Proof, Verification};
use otp_core::prelude::*;

use crate::scene::{Scene, other_than};

#[tokio::test]
async fn a_right_code_signs_in_once() {
    let scene = Scene::set().await;
    let issued = scene.ask("Ada@Example.org").await;
    let code = scene.code().await;
    let verified = scene.otp.verify(&scene.acme, &issued.id, &code).await.unwrap();
    assert_eq!(verified.email().canonical(), "ada@example.org");
    assert!(verified.is_new_user());
    assert!(matches!(scene.otp.verify(&scene.acme, &issued.id, &code).await, Err(VerifyError::Expired)));
    scene.ask("ada@example.org").await;
    let again = scene.by_address("ADA@example.org", &scene.code().await).await.unwrap();
    assert_eq!((again.user_id(), again.is_new_user()), (verified.user_id(), false));
}

#[tokio::test]
async fn a_code_lives_600_seconds_and_not_one_millisecond_more() {
    let scene = Scene::set().await;
    let issued = scene.ask("ada@example.org").await;
    let code = scene.code().await;
    scene.clock.advance(Duration::from_millis(599_999));
    assert!(matches!(
        scene.otp.verify(&scene.acme, &issued.id, &other_than(&code)).await,
        Err(VerifyError::Invalid { remaining: 4 })
    ));
    scene.clock.advance(Duration::from_millis(1));
    assert!(matches!(scene.otp.verify(&scene.acme, &issued.id, &code).await, Err(VerifyError::Expired)));
}

#[tokio::test]
async fn a_code_of_something_else_is_a_wrong_one() {
    let scene = Scene::set().await;
    let mine = scene.ask("ada@example.org").await;
    let code = scene.code().await;
    let theirs = scene.ask("bob@example.org").await;
    let invalid = |answer: Result<Verified, VerifyError>| matches!(answer, Err(VerifyError::Invalid { .. }));
    assert!(invalid(scene.otp.verify(&scene.acme, &theirs.id, &code).await));
    assert!(invalid(scene.by_address("bob@example.org", &code).await));

    let other = Tenant::new(TenantId::from_u128(2), "Other", "enterprise", scene.deployment.now());
    let there = scene.otp.issue(&other, "ada@example.org").await.unwrap();
    assert!(invalid(scene.otp.verify(&other, &there.id, &code).await));
    assert!(matches!(scene.otp.verify(&other, &mine.id, &code).await, Err(VerifyError::Expired)));

    // What is said of a challenge must be true of it; a lie spends nothing.
    for (email, purpose) in [(Some("bob@example.org"), None), (None, Some("payout"))] {
        let proof = Proof::Challenge {
            id: mine.id,
            email: email.map(|email| EmailAddress::parse(email).unwrap()),
            purpose: purpose.map(|purpose: &str| purpose.parse::<Purpose>().unwrap()),
        };
        let verification = Verification { code: Code::parse(&code).unwrap(), proof };
        let answer = scene.otp.check(&scene.acme, verification, &Caller::of(Actor::System)).await;
        assert!(matches!(answer, Err(VerifyError::Expired)));
    }
    assert!(matches!(
        scene.otp.verify(&scene.acme, &mine.id, &other_than(&code)).await,
        Err(VerifyError::Invalid { remaining: 4 })
    ));
    assert!(scene.otp.verify(&scene.acme, &mine.id, &code).await.is_ok());
}

#[tokio::test]
async fn a_resend_mails_the_same_code_and_past_half_its_life_another() {
    let scene = Scene::set().await;
    let first = scene.ask("ada@example.org").await;
    let code = scene.code().await;
    assert!(matches!(scene.ask_again("ada@example.org", first.id).await, Err(RequestError::RateLimited(_))));
    scene.clock.advance(Duration::from_secs(30));
    let again = scene.ask_again("ada@example.org", first.id).await.unwrap();
    assert_eq!((again.id, again.expires_at), (first.id, first.expires_at));
    assert_eq!(scene.code().await, code);
    scene.clock.advance(Duration::from_secs(270));
    let later = scene.ask_again("ada@example.org", first.id).await.unwrap();
    assert_ne!(later.id, first.id);
    assert_ne!(scene.code().await, code);
    // Somebody else's challenge is ignored, not an error.
    let bob = scene.ask_again("bob@example.org", later.id).await.unwrap();
    assert_ne!(bob.id, later.id);
}

#[tokio::test]
async fn a_free_address_has_three_requests_an_hour() {
    let scene = Scene::on_plan("free").await;
    for left in [2, 1, 0] {
        assert_eq!(scene.ask("ada@example.org").await.remaining, Some(left));
    }
    let refused = scene.otp.issue(&scene.acme, "a.d.a+x@example.org").await;
    assert!(refused.is_ok(), "dots count outside of Gmail");
    let Err(RequestError::RateLimited(refused)) = scene.otp.issue(&scene.acme, "ada+x@example.org").await else {
        panic!("not refused")
    };
    assert_eq!((refused.by.limit, refused.by.resets_at), (3, refused.now.plus(Duration::from_secs(3600))));
    scene.clock.advance(Duration::from_millis(3_599_999));
    assert!(scene.otp.issue(&scene.acme, "ada@example.org").await.is_err());
    scene.clock.advance(Duration::from_millis(1));
    assert!(scene.otp.issue(&scene.acme, "ada@example.org").await.is_ok());
}
