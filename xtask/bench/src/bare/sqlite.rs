//! Rows in SQLite: every commit flushed to the disk.

use std::path::Path;

use anyhow::{Context, Result};
use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection};

use super::Rows;
use super::group::{Group, Job};

/// Connections that read.
const READERS: u32 = 4;

/// The rows of a file.
pub(super) struct File {
    group: Group,
    readers: SqlitePool,
}

impl File {
    /// As many writes in one transaction as wait.
    pub(super) async fn grouped(url: &str) -> Result<Self> {
        Self::open(url, Group::together).await
    }

    /// A transaction for each write.
    pub(super) async fn single(url: &str) -> Result<Self> {
        Self::open(url, Group::single).await
    }

    async fn open(url: &str, group: fn(SqliteConnection) -> Group) -> Result<Self> {
        let path = Path::new(url.strip_prefix("sqlite://").context("no sqlite://PATH")?);
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        let mut conn = options.connect().await?;
        let make = "CREATE TABLE bare (id TEXT PRIMARY KEY, email TEXT NOT NULL, open INTEGER NOT NULL DEFAULT 1)
                    WITHOUT ROWID";
        sqlx::query(make).execute(&mut conn).await?;
        let readers = SqlitePoolOptions::new().max_connections(READERS).test_before_acquire(false);
        Ok(Self { group: group(conn), readers: readers.connect_with(options.read_only(true)).await? })
    }
}

#[async_trait]
impl Rows for File {
    async fn insert(&self, id: &str, email: &str) -> Result<()> {
        self.group.run(Job::Insert(id.to_owned(), email.to_owned())).await.map(drop)
    }

    async fn close(&self, id: &str) -> Result<bool> {
        self.group.run(Job::Close(id.to_owned())).await
    }

    async fn email(&self, id: &str) -> Result<Option<String>> {
        let query = sqlx::query_scalar("SELECT email FROM bare WHERE id = ?").bind(id);
        Ok(query.fetch_optional(&self.readers).await?)
    }
}
