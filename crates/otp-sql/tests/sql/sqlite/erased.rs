//! Who is erased is not found in the free pages of the file either.

use otp_core::port::{ChallengeStore, Erasure};
use otp_testkit::samples::{NOW, Samples};

use crate::fixture::{Engine, Fixture};

#[tokio::test]
async fn an_erased_person_is_overwritten() {
    let (fixture, samples) = (Fixture::new(Engine::Sqlite).await.unwrap(), Samples::seeded(18));
    let realm = samples.realm();
    let mut users = Vec::new();
    for _ in 0..50 {
        let challenge = samples.challenge(realm, NOW);
        fixture.store.open(samples.request(&challenge), NOW).await.unwrap();
        let attempt = fixture.store.attempt(samples.right(&challenge), NOW).await.unwrap();
        let otp_core::port::Attempt::Right(signed_in) = attempt else { panic!("{attempt:?}") };
        users.push((signed_in.user.id, challenge));
    }
    let path = fixture.path();
    let found = |what: &[u8]| {
        let file = std::fs::read(&path).unwrap();
        file.windows(what.len()).any(|window| window == what)
    };
    // Everything is in the file itself once the log is copied there.
    fixture.store.close().await;
    let (user, erased) = &users[20];
    let (_, kept) = &users[21];
    for challenge in [erased, kept] {
        assert!(found(challenge.address_key.as_bytes()) && found(challenge.address.as_bytes()));
    }
    let store = fixture.beside().await;
    assert!(store.erase(realm, *user, Vec::new(), NOW).await.unwrap().is_some());
    store.close().await;
    assert!(found(kept.address.as_bytes()));
    assert!(!found(erased.address.as_bytes()), "the sealed address");
    assert!(!found(erased.address_key.as_bytes()), "what indexes it");
    assert!(!found(user.to_string().as_bytes()), "his id");
}
