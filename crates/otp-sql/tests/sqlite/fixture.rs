//! A store in a folder of its own, and the way past it.

use std::path::PathBuf;
use std::sync::Arc;

use otp_core::port::Stores;
use otp_sql::SqliteStore;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::{TempDir, tempdir};

pub(crate) struct Fixture {
    pub(crate) store: SqliteStore,
    folder: TempDir,
}

impl Fixture {
    /// A store with all its tables.
    pub(crate) async fn new() -> Self {
        let fixture = Self::without_tables().await;
        fixture.store.migrate().await.unwrap();
        fixture
    }

    pub(crate) async fn without_tables() -> Self {
        let folder = tempdir().unwrap();
        Self { store: SqliteStore::connect(folder.path().join("otp.db")).await.unwrap(), folder }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("otp.db")
    }

    /// A store of another process, as far as the file can tell.
    pub(crate) async fn beside(&self) -> SqliteStore {
        SqliteStore::connect(self.path()).await.unwrap()
    }

    /// A connection that goes past every store. Silent, because one test listens to all of them.
    pub(crate) async fn raw(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.path()).disable_statement_logging().connect().await.unwrap()
    }

    /// Rows in a table.
    pub(crate) async fn rows(&self, table: &str) -> i64 {
        let text = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        sqlx::query_scalar(text).fetch_one(&mut self.raw().await).await.unwrap()
    }
}

/// A store with all its tables behind every port, and the folder it must not outlive.
pub(crate) async fn stores() -> (Stores, TempDir) {
    let Fixture { store, folder } = Fixture::new().await;
    (Stores::of(Arc::new(store)), folder)
}
