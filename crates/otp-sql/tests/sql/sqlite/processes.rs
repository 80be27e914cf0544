//! Other processes use the file at the same time, and this one may end at any moment.

use otp_core::fault::FaultKind;
use otp_core::port::{Age, ChallengeStore, TenantStore};
use otp_testkit::samples::{NOW, Samples, by_id};
use sqlx::Connection;

use crate::fixture::{Engine, Fixture};

#[tokio::test]
async fn who_finds_the_file_being_written_waits() {
    let (fixture, samples) = (Fixture::new(Engine::Sqlite).await.unwrap(), Samples::seeded(8));
    let mut raw = fixture.raw_file().await;
    let writing = raw.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let tenant = samples.tenant(NOW);
    let insert = fixture.store.insert(tenant.clone(), Vec::new(), NOW);
    // Both are polled in turn: the writer is at the lock when it is let go, or comes to it later.
    let (inserted, done) = futures::join!(insert, async {
        assert_eq!(fixture.store.get(tenant.id, Age::Fresh).await.unwrap(), None);
        writing.rollback().await
    });
    assert!(inserted.is_ok() && done.is_ok());
    assert_eq!(fixture.store.get(tenant.id, Age::Fresh).await.unwrap(), Some(tenant));
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let (fixture, samples) = (Fixture::new(Engine::Sqlite).await.unwrap(), Samples::seeded(9));
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
