//! The tables, and who may change them.

use std::sync::Arc;

use futures::future::join_all;
use otp_core::fault::FaultKind;
use otp_core::id::TenantId;
use otp_core::port::{LimitStore, TenantStore};
use otp_sql::Schema;
use otp_testkit::samples::NOW;
use tokio::sync::Barrier;

use crate::fixture::Fixture;

#[tokio::test]
async fn a_new_file_has_everything_before_it() {
    let fixture = Fixture::without_tables().await;
    assert_eq!(fixture.store.schema().await.unwrap(), Schema::Pending(vec!["0001 start".to_owned()]));
    let read = fixture.store.get(TenantId::SERVICE).await.unwrap_err();
    assert_eq!((read.kind(), read.op()), (FaultKind::Misconfigured, "sql.tenant"));
    let draw = otp_testkit::samples::Samples::seeded(6);
    let draw = draw.draw(draw.realm(), otp_core::limit::Rule::EmailDay, 1);
    assert_eq!(fixture.store.acquire(vec![draw], NOW).await.unwrap_err().kind(), FaultKind::Misconfigured);

    fixture.store.migrate().await.unwrap();
    assert_eq!(fixture.store.schema().await.unwrap(), Schema::Current);
    assert_eq!(fixture.store.get(TenantId::SERVICE).await.unwrap(), None);
    fixture.store.migrate().await.unwrap();
}

#[tokio::test]
async fn a_later_version_is_left_alone() {
    let fixture = Fixture::new().await;
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', TRUE, X'', 0)";
    sqlx::query(later).execute(&mut fixture.raw().await).await.unwrap();
    assert_eq!(fixture.store.schema().await.unwrap(), Schema::Newer);
    assert_eq!(fixture.store.migrate().await.unwrap_err().kind(), FaultKind::Misconfigured);
}

#[tokio::test]
async fn a_migration_changed_after_it_was_run_is_refused() {
    let fixture = Fixture::new().await;
    sqlx::query("UPDATE _sqlx_migrations SET checksum = X'00'").execute(&mut fixture.raw().await).await.unwrap();
    assert_eq!(fixture.store.migrate().await.unwrap_err().kind(), FaultKind::Misconfigured);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_processes_may_migrate_at_once() {
    for _ in 0..5 {
        let fixture = Fixture::without_tables().await;
        let start = Arc::new(Barrier::new(4));
        let migrations = (0..4).map(async |_| {
            let (store, start) = (fixture.beside().await, start.clone());
            let migration = tokio::spawn(async move {
                start.wait().await;
                store.migrate().await
            });
            migration.await.unwrap()
        });
        for migrated in join_all(migrations).await {
            migrated.unwrap();
        }
        assert_eq!(fixture.store.schema().await.unwrap(), Schema::Current);
    }
}
