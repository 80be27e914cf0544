//! Other processes use the file at the same time, and this one may end at any moment.

use futures::future::join_all;
use otp_core::fault::FaultKind;
use otp_core::limit::{Admission, Rule};
use otp_core::port::{ChallengeStore, LimitStore, TenantStore};
use otp_testkit::samples::{NOW, Samples, by_id};
use sqlx::Connection;

use crate::fixture::Fixture;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_share_a_limit_exactly() {
    let (fixture, samples) = (Fixture::new().await, Samples::seeded(7));
    let other = fixture.beside().await;
    let draw = samples.draw(samples.realm(), Rule::ClientHour, 50);
    let calls =
        [&fixture.store, &other].into_iter().cycle().take(120).map(|store| store.acquire(vec![draw.clone()], NOW));
    let drawn = join_all(calls).await;
    let admitted = drawn.into_iter().filter(|drawn| matches!(drawn.as_ref().unwrap(), Admission::Admitted(_))).count();
    assert_eq!(admitted, 50);
}

#[tokio::test]
async fn who_finds_the_file_being_written_waits() {
    let (fixture, samples) = (Fixture::new().await, Samples::seeded(8));
    let mut raw = fixture.raw().await;
    let writing = raw.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let tenant = samples.tenant(NOW);
    let insert = fixture.store.insert(tenant.clone(), Vec::new(), NOW);
    // Both are polled in turn: the writer is at the lock when it is let go, or comes to it later.
    let (inserted, done) = futures::join!(insert, async {
        assert_eq!(fixture.store.get(tenant.id).await.unwrap(), None);
        writing.rollback().await
    });
    assert!(inserted.is_ok() && done.is_ok());
    assert_eq!(fixture.store.get(tenant.id).await.unwrap(), Some(tenant));
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let (fixture, samples) = (Fixture::new().await, Samples::seeded(9));
    let challenge = samples.challenge(samples.realm(), NOW);
    fixture.store.open(samples.request(&challenge), NOW).await.unwrap();
    fixture.store.close().await;
    let closed = ChallengeStore::live(&fixture.store, &by_id(&challenge), NOW).await.unwrap_err();
    assert_eq!(closed.kind(), FaultKind::Unavailable);
    let closed = fixture.store.open(samples.request(&challenge), NOW).await.unwrap_err();
    assert_eq!((closed.kind(), closed.op()), (FaultKind::Unavailable, "sql.open"));
    assert!(!fixture.path().with_extension("db-wal").exists(), "closed cleanly, so nothing is left in the log");

    let again = fixture.beside().await;
    assert_eq!(ChallengeStore::live(&again, &by_id(&challenge), NOW).await.unwrap(), [challenge]);
}
