//! A store in a folder of its own, and the way past it.

use std::path::PathBuf;

use otp_sql::SqliteStore;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::{TempDir, tempdir};

pub struct Fixture {
    pub store: SqliteStore,
    folder: TempDir,
}

impl Fixture {
    /// A store with all its tables.
    pub async fn new() -> Self {
        let fixture = Self::without_tables().await;
        fixture.store.migrate().await.unwrap();
        fixture
    }

    pub async fn without_tables() -> Self {
        let folder = tempdir().unwrap();
        Self { store: SqliteStore::connect(folder.path().join("otp.db")).await.unwrap(), folder }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("otp.db")
    }

    /// A store of another process, as far as the file can tell.
    pub async fn beside(&self) -> SqliteStore {
        SqliteStore::connect(self.path()).await.unwrap()
    }

    /// A connection that goes past every store. Silent, because one test listens to all of them.
    pub async fn raw(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.path()).disable_statement_logging().connect().await.unwrap()
    }

    /// Rows in a table.
    pub async fn rows(&self, table: &str) -> i64 {
        let text = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        sqlx::query_scalar(text).fetch_one(&mut self.raw().await).await.unwrap()
    }
}
