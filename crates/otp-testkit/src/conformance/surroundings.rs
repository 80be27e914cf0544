//! Cases of [`RootStore`](otp_core::port::RootStore).

use otp_core::keys::Sealed;
use otp_core::port::Stores;

use super::race::race;
use crate::answered::Answered;
use crate::samples::Samples;

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
