//! Tokens live exactly as long as their session and generation.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use otp_core::port::TokenSigner;
use otp_core::prelude::*;
use otp_core::realm::Mode;
use otp_core::sessions::RefreshCredential;
use otp_core::tenant::World;
use otp_core::tenants::{ConfigChange, Configure, NewTenant};
use otp_core::token::RefreshToken;
use serde_json::json;

use crate::scene::Scene;

async fn signed_in(scene: &Scene) -> Tokens {
    let issued = scene.ask("ada@example.org").await;
    let verified = scene.otp.verify(&scene.acme, &issued.id, &scene.code().await).await.unwrap();
    scene.sessions.issue(&scene.acme, &verified).unwrap()
}

async fn refresh(scene: &Scene, token: &RefreshToken) -> Result<Tokens, SessionError> {
    let credential = RefreshCredential::Refresh(token.clone());
    scene.sessions.refresh(&scene.acme, &credential, &Caller::of(Actor::System)).await
}

async fn accepted(scene: &Scene, tokens: &Tokens) -> bool {
    scene.sessions.authenticate(&scene.acme, &tokens.access).await.is_ok()
}

#[tokio::test]
async fn refreshing_ends_the_tokens_before() {
    let scene = Scene::set().await;
    let first = signed_in(&scene).await;
    assert!(accepted(&scene, &first).await);
    let second = refresh(&scene, &first.refresh).await.unwrap();
    assert!(!accepted(&scene, &first).await && accepted(&scene, &second).await);
    let third = scene
        .sessions
        .refresh(&scene.acme, &RefreshCredential::Access(second.access.clone()), &Caller::of(Actor::System))
        .await
        .unwrap();
    assert!(!accepted(&scene, &second).await && accepted(&scene, &third).await);
}

#[tokio::test]
async fn a_replay_within_ten_seconds_gets_the_same_successor_and_later_ends_the_session() {
    let scene = Scene::set().await;
    let first = signed_in(&scene).await;
    let second = refresh(&scene, &first.refresh).await.unwrap();
    scene.clock.advance(Duration::from_secs(10));
    let replayed = refresh(&scene, &first.refresh).await.unwrap();
    assert_eq!(replayed.refresh, second.refresh);
    assert!(accepted(&scene, &second).await);
    scene.clock.advance(Duration::from_millis(1));
    assert!(matches!(refresh(&scene, &first.refresh).await, Err(SessionError::Reused)));
    assert!(!accepted(&scene, &second).await);
    assert!(matches!(refresh(&scene, &second.refresh).await, Err(SessionError::Invalid(_))));
}

#[tokio::test]
async fn once_the_successor_was_used_a_replay_is_reuse_at_once() {
    let scene = Scene::set().await;
    let first = signed_in(&scene).await;
    let second = refresh(&scene, &first.refresh).await.unwrap();
    refresh(&scene, &second.refresh).await.unwrap();
    assert!(matches!(refresh(&scene, &first.refresh).await, Err(SessionError::Reused)));
}

#[tokio::test]
async fn a_forged_refresh_token_touches_nothing() {
    let scene = Scene::set().await;
    let first = signed_in(&scene).await;
    let second = refresh(&scene, &first.refresh).await.unwrap();
    refresh(&scene, &second.refresh).await.unwrap();
    // The first token with its last character changed would be reuse if its MAC were not looked at.
    let genuine = first.refresh.expose();
    let (body, end) = genuine.split_at(genuine.len() - 2);
    let forged = RefreshToken::parse(&format!("{body}{}", if end == "AA" { "BA" } else { "AA" })).unwrap();
    assert!(matches!(refresh(&scene, &forged).await, Err(SessionError::Invalid(_))));
    let tokens = refresh(&scene, &second.refresh).await.unwrap();
    assert!(accepted(&scene, &tokens).await);
}

#[tokio::test]
async fn access_tokens_live_seven_hours_and_sessions_end_idle_or_absolute() {
    let scene = Scene::set().await;
    let first = signed_in(&scene).await;
    scene.clock.advance(Duration::from_secs(7 * 3600 - 1));
    assert!(accepted(&scene, &first).await);
    scene.clock.advance(Duration::from_secs(1));
    assert!(!accepted(&scene, &first).await);

    let day = Duration::from_secs(24 * 3600);
    let mut tokens = first;
    for _ in 0..2 {
        scene.clock.advance(day * 13);
        tokens = refresh(&scene, &tokens.refresh).await.unwrap();
    }
    assert!(tokens.refresh_expires_at < scene.deployment.now().plus(day * 4), "30 days after the sign-in it ends");
    scene.clock.advance(day * 4);
    assert!(refresh(&scene, &tokens.refresh).await.is_err());

    let idle = signed_in(&scene).await;
    scene.clock.advance(day * 14);
    assert!(refresh(&scene, &idle.refresh).await.is_err());
}

#[tokio::test]
async fn signing_out_ends_one_session_or_all() {
    let scene = Scene::set().await;
    let (one, two, three) = (signed_in(&scene).await, signed_in(&scene).await, signed_in(&scene).await);
    let caller = Caller::of(Actor::System);
    let first = scene.sessions.authenticate(&scene.acme, &one.access).await.unwrap();
    scene.sessions.end(&first.live, false, &caller).await.unwrap();
    assert!(!accepted(&scene, &one).await && accepted(&scene, &two).await);
    let second = scene.sessions.authenticate(&scene.acme, &two.access).await.unwrap();
    assert_eq!(scene.sessions.end(&second.live, true, &caller).await.unwrap(), 2);
    assert!(!accepted(&scene, &two).await && !accepted(&scene, &three).await);
}

#[tokio::test]
async fn a_token_of_another_tenant_opens_nothing() {
    let scene = Scene::set().await;
    let tokens = signed_in(&scene).await;
    let other = Tenant::new(TenantId::from_u128(2), "Other", "free", scene.deployment.now());
    assert!(scene.sessions.authenticate(&other, &tokens.access).await.is_err());
    assert_eq!(scene.sessions.realm_claimed(&tokens.access), Some(scene.acme.live()));
}

#[tokio::test]
async fn each_world_has_keys_that_prove_nothing_of_the_other() {
    let scene = Scene::set().await;
    let tenants = Tenants::new(scene.deployment.clone());
    let owner = EmailAddress::parse("owner@acme.example").unwrap();
    let new = NewTenant { name: "Acme".into(), owner, company_name: None, plan: "enterprise".into() };
    let cli = Caller::of(Actor::Cli);
    let id = tenants.register(new, &cli, None).await.unwrap().tenant.id;
    let claims = {
        let first = signed_in(&scene).await;
        scene.sessions.authenticate(&scene.acme, &first.access).await.unwrap().claims
    };
    let signer = TenantKeys::new(scene.deployment.keys().clone());
    for algorithm in ["HS256", "ES256", "EdDSA"] {
        let change = ConfigChange::Patch(json!({ "tokens": { "algorithm": algorithm } }));
        let configure = Configure { change, expected: None, peer: None };
        let tenant = tenants.configure(id, configure, &cli, None).await.unwrap();
        let worlds = [Mode::Live, Mode::Test].map(|mode| World { tenant: &tenant, mode });
        // The very same claims, so that nothing but the key tells the two apart.
        for (signing, verifying) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let token = signer.sign(worlds[signing], &claims).unwrap();
            let proven = signer.verify(worlds[verifying], &token).is_ok();
            assert_eq!(proven, signing == verifying, "{algorithm}");
        }
    }
}

#[tokio::test]
async fn a_key_another_node_has_just_begun_to_sign_with_is_found() {
    let scene = Scene::set().await;
    let tenants = Tenants::new(scene.deployment.clone());
    let owner = EmailAddress::parse("owner@acme.example").unwrap();
    let new = NewTenant { name: "Acme".into(), owner, company_name: None, plan: "enterprise".into() };
    let cli = Caller::of(Actor::Cli);
    let before = tenants.register(new, &cli, None).await.unwrap().tenant;
    let change = ConfigChange::Patch(json!({ "tokens": { "algorithm": "EdDSA" } }));
    let configure = Configure { change, expected: None, peer: None };
    let after = tenants.configure(before.id, configure, &cli, None).await.unwrap();
    let issued = scene.otp.issue(&after, "ada@example.org").await.unwrap();
    let verified = scene.otp.verify(&after, &issued.id, &scene.code().await).await.unwrap();
    let tokens = scene.sessions.issue(&after, &verified).unwrap();

    // As a node knows the tenant that has not looked since.
    scene.sessions.authenticate(&before, &tokens.access).await.unwrap();
    let credential = RefreshCredential::Access(tokens.access.clone());
    scene.sessions.refresh(&before, &credential, &cli).await.unwrap();
    // A key that nobody has is none, wherever one looks.
    let (_, rest) = tokens.access.split_once('.').unwrap();
    let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"at+jwt","alg":"EdDSA","kid":"sig_0000000000000000000001"}"#);
    let forged = scene.sessions.authenticate(&before, &format!("{header}.{rest}")).await;
    assert!(matches!(forged, Err(SessionError::Invalid(_))));
}

#[tokio::test]
async fn credentials_and_answers_do_not_show_themselves() {
    let scene = Scene::set().await;
    let tokens = signed_in(&scene).await;
    let access = format!("{:?}", RefreshCredential::Access(tokens.access.clone()));
    let refresh = format!("{:?}", RefreshCredential::Refresh(tokens.refresh));
    let answer = format!("{:?}", otp_core::calls::Seen::Answered(b"otp_live_sk_".to_vec()));
    assert_eq!([access, refresh, answer], ["Access(…)", "Refresh(…)", "Answered(…)"]);
}
