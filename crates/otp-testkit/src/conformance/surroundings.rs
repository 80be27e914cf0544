//! Cases of [`RootStore`](otp_core::port::RootStore).

use otp_core::keys::{Kid, Sealed};
use otp_core::port::{RetiredKey, Stores};

use super::race::race;
use super::world::TICK;
use crate::answered::Answered;
use crate::samples::{NOW, Samples};

/// There is one root, and it stays: many at once, and whoever comes later, are told the same.
pub async fn root_is_kept_once(stores: Stores) {
    let samples = Samples::random();
    let candidates: Vec<Sealed> = (0..100).map(|_| samples.sealed()).collect();
    let answers = race(candidates.iter().cloned().map(|candidate| {
        let store = stores.roots.clone();
        async move { store.keep(candidate).await.answered() }
    }))
    .await;
    let root = answers[0].clone();
    assert!(answers.iter().all(|answer| *answer == root), "two roots");
    for _ in 0..3 {
        assert_eq!(stores.roots.keep(samples.sealed()).await.answered(), root, "another root later");
    }
}

/// Of many who have seen the same root, one puts his in its place; who has seen another puts none.
pub async fn a_root_is_sealed_anew_once(stores: Stores) {
    let samples = Samples::random();
    let seen = stores.roots.keep(samples.sealed()).await.answered();
    let winners: Vec<Sealed> = race((0..50).map(|_| {
        let (store, seen, anew) = (stores.roots.clone(), seen.clone(), samples.sealed());
        async move { store.reseal(&seen, anew.clone()).await.answered().then_some(anew) }
    }))
    .await
    .into_iter()
    .flatten()
    .collect();
    assert_eq!(winners.len(), 1, "one has replaced it");
    assert_eq!(stores.roots.keep(samples.sealed()).await.answered(), winners[0]);
    assert!(!stores.roots.reseal(&seen, samples.sealed()).await.answered(), "replaced, though it was another by then");
}

/// A retired key is there from the answer on, as it was kept last, until it ends.
pub async fn retired_keys_are_kept_until_they_end(stores: Stores) {
    let samples = Samples::random();
    let kept = async |kid: Kid, now| {
        let all = stores.roots.retired(now).await.answered();
        all.into_iter().filter(|key| key.kid == kid).collect::<Vec<_>>()
    };
    let other = RetiredKey { kid: Kid::from_u32(7), sealed: samples.sealed(), until: None };
    stores.roots.retire(other.clone()).await.answered();
    let key = |until| RetiredKey { kid: Kid::from_u32(u32::MAX - 7), sealed: samples.sealed(), until };
    for key in [key(None), key(Some(NOW.plus(TICK))), key(None), key(Some(NOW.plus(TICK)))] {
        stores.roots.retire(key.clone()).await.answered();
        assert_eq!(kept(key.kid, NOW).await, std::slice::from_ref(&key));
        let later = kept(key.kid, NOW.plus(TICK)).await;
        assert_eq!(later.is_empty(), key.until.is_some(), "{later:?}");
    }
    assert_eq!(kept(other.kid, NOW.plus(TICK)).await, [other]);
}
