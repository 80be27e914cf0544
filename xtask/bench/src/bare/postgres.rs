//! Rows in Postgres: a statement a request, each committed by itself and flushed to the disk.

use anyhow::Result;
use async_trait::async_trait;
use redis::aio::ConnectionManager;
use sqlx::postgres::{PgPool, PgPoolOptions};

use super::Rows;

/// Connections.
const POOL: u32 = 16;

/// The rows of a database.
pub(super) struct Server(PgPool);

impl Server {
    /// Makes their table.
    pub(super) async fn open(url: &str) -> Result<Self> {
        let pool = PgPoolOptions::new().max_connections(POOL).test_before_acquire(false).connect(url).await?;
        let make = "CREATE TABLE bare (id TEXT PRIMARY KEY, email TEXT NOT NULL, open BOOL NOT NULL DEFAULT true)";
        sqlx::query(make).execute(&pool).await?;
        Ok(Self(pool))
    }
}

#[async_trait]
impl Rows for Server {
    async fn insert(&self, id: &str, email: &str) -> Result<()> {
        let query = sqlx::query("INSERT INTO bare (id, email) VALUES ($1, $2)").bind(id).bind(email);
        Ok(query.execute(&self.0).await.map(drop)?)
    }

    async fn close(&self, id: &str) -> Result<bool> {
        let query = sqlx::query("UPDATE bare SET open = false WHERE id = $1 AND open").bind(id);
        Ok(query.execute(&self.0).await?.rows_affected() == 1)
    }

    async fn email(&self, id: &str) -> Result<Option<String>> {
        let query = sqlx::query_scalar("SELECT email FROM bare WHERE id = $1").bind(id);
        Ok(query.fetch_optional(&self.0).await?)
    }
}

/// The rows of a database, each counted in Redis before it is written.
pub(super) struct Counted {
    rows: Server,
    counts: ConnectionManager,
}

impl Counted {
    /// Makes the table of the rows.
    pub(super) async fn open(url: &str, kv: &str) -> Result<Self> {
        let counts = redis::Client::open(kv)?.get_connection_manager().await?;
        Ok(Self { rows: Server::open(url).await?, counts })
    }
}

#[async_trait]
impl Rows for Counted {
    async fn insert(&self, id: &str, email: &str) -> Result<()> {
        let _: u64 = redis::cmd("INCR").arg(email).query_async(&mut self.counts.clone()).await?;
        self.rows.insert(id, email).await
    }

    async fn close(&self, id: &str) -> Result<bool> {
        self.rows.close(id).await
    }

    async fn email(&self, id: &str) -> Result<Option<String>> {
        self.rows.email(id).await
    }
}
