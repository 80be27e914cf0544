//! Leases of a process that was killed.

use std::time::Duration;

use otp_core::effect::Effect;
use otp_core::port::{ChallengeStore, Outbox, Settled, Settlement};
use otp_testkit::samples::{NOW, Samples};

use crate::fixture::{Fixture, on_each_engine};

on_each_engine! {
    what_a_dead_process_had_claimed_is_free_again_and_its_lease_settles_nothing
}

async fn what_a_dead_process_had_claimed_is_free_again_and_its_lease_settles_nothing(fixture: Fixture) {
    let (fixture, samples) = (fixture.with_tables().await, Samples::seeded(17));
    let challenge = samples.challenge(samples.realm(), NOW);
    let mut request = samples.request(&challenge);
    request.admitted = vec![Effect::Mail(samples.mail(&challenge))];
    fixture.store.open(request, NOW).await.unwrap();
    let lease = Duration::from_secs(60);
    let before = fixture.store.claim(NOW, lease, 10).await.unwrap();
    assert_eq!((before.len(), fixture.store.claim(NOW, lease, 10).await.unwrap().len()), (1, 0));

    let next = fixture.beside().await;
    assert_eq!(next.release_leases().await.unwrap(), 1);
    let settled = fixture.store.settle(before[0].lease, Settlement::Finished, Vec::new(), NOW).await.unwrap();
    assert_eq!(settled, Settled::LeaseLost);
    let after = next.claim(NOW, lease, 10).await.unwrap();
    assert_eq!((after.len(), &after[0].mail), (1, &before[0].mail));
}
