//! The suite every adapter passes.

use std::sync::Arc;

use otp_core::port::Stores;
use otp_sql::SqliteStore;
use tempfile::TempDir;

async fn fresh() -> (Stores, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::connect(folder.path().join("otp.db")).await.unwrap();
    store.migrate().await.unwrap();
    (Stores::of(Arc::new(store)), folder)
}

otp_testkit::conformance!(fresh);
