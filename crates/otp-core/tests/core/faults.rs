//! A store that fails lets nothing through.

use std::sync::Arc;

use otp_core::port::{MockChallengeStore, Opened};
use otp_core::prelude::*;

use crate::scene::Scene;

/// The deployment of `scene`, its challenges kept by `store`.
async fn broken(scene: &Scene, store: MockChallengeStore) -> Otp {
    let stores = Stores { challenges: Arc::new(store), ..scene.deployment.stores().clone() };
    Otp::new(Deployment::builder(MasterKey::from_bytes([7; 32]), stores).open().await.unwrap())
}

fn unavailable<T>() -> Res<T> {
    Err(Fault::unavailable("test", "gone"))
}

#[tokio::test]
async fn a_right_code_is_not_verified_unless_its_attempt_was_written() {
    let scene = Scene::set().await;
    let issued = scene.ask("ada@example.org").await;
    let code = scene.code().await;
    let lookup = otp_core::challenge::Lookup::Id { realm: scene.acme.live(), id: issued.id };
    let live = scene.deployment.stores().challenges.live(&lookup, scene.deployment.now()).await.unwrap();
    let mut store = MockChallengeStore::new();
    store.expect_live().returning(move |_, _| Ok(live.clone()));
    store.expect_attempt().returning(|_, _| unavailable());
    let answer = broken(&scene, store).await.verify(&scene.acme, &issued.id, &code).await;
    assert!(matches!(answer, Err(VerifyError::Fault(_))));
    // Nothing was spent by that: the code still works.
    assert!(scene.otp.verify(&scene.acme, &issued.id, &code).await.is_ok());
}

#[tokio::test]
async fn no_code_is_issued_unless_it_was_written() {
    let scene = Scene::set().await;
    let mut store = MockChallengeStore::new();
    store.expect_open().returning(|_, _| unavailable());
    assert!(matches!(
        broken(&scene, store).await.issue(&scene.acme, "ada@example.org").await,
        Err(RequestError::Fault(_))
    ));
}

#[tokio::test]
async fn a_store_that_breaks_its_contract_is_a_fault() {
    let scene = Scene::set().await;
    let mut store = MockChallengeStore::new();
    store.expect_open().returning(|_, _| Ok(Opened::Refused { usage: Vec::new(), by: 3 }));
    let answer = broken(&scene, store).await.issue(&scene.acme, "ada@example.org").await;
    assert!(matches!(answer, Err(RequestError::Fault(fault)) if fault.kind() == FaultKind::Corrupt));
}

#[tokio::test]
async fn another_master_key_does_not_open_the_deployment() {
    let scene = Scene::set().await;
    let stores = scene.deployment.stores().clone();
    let fault = Deployment::builder(MasterKey::from_bytes([8; 32]), stores).open().await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Misconfigured);
}
