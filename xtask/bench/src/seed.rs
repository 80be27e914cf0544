//! Users who are there already.

use anyhow::{Context, Result};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

/// Those of the first `count` numbers. Written in the order of their key, which is the fastest; it is
/// random as real ones are, so that whoever comes later falls anywhere between them.
fn sqlite(tenant: &str, count: u64) -> String {
    format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})
         INSERT INTO users (tenant, mode, address_key, id, address, created_at, last_login_at)
         SELECT '{tenant}', 'live', key, printf('user_%022d', n), randomblob(64), 0, 0
         FROM (SELECT n, randomblob(32) AS key FROM numbers) ORDER BY key"
    )
}

/// As [`sqlite`].
fn postgres(tenant: &str, count: u64) -> String {
    format!(
        "INSERT INTO users (tenant, mode, address_key, id, address, created_at, last_login_at)
         SELECT '{tenant}', 'live', key, 'user_' || lpad(n::text, 22, '0'), key || key, 0, 0
         FROM (SELECT n, sha256(n::text::bytea) AS key FROM generate_series(1, {count}) AS n) AS keyed ORDER BY key"
    )
}

/// Lets the server at `url` clear away what was deleted, as it does by itself in the course of a year.
pub(crate) async fn vacuum(url: &str) -> Result<()> {
    let options: sqlx::postgres::PgConnectOptions = url.parse()?;
    let mut conn = options.disable_statement_logging().connect().await?;
    conn.execute("VACUUM (ANALYZE)").await?;
    conn.execute("CHECKPOINT").await?;
    Ok(conn.close().await?)
}

/// Gives `tenant` so many users in the database at `url`, and lets the engine take stock.
pub(crate) async fn users(url: &str, tenant: &str, count: u64) -> Result<()> {
    if let Some(path) = url.strip_prefix("sqlite://") {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).disable_statement_logging();
        let mut conn = options.connect().await?;
        conn.execute(AssertSqlSafe(sqlite(tenant, count))).await.context("users cannot be made")?;
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        conn.close().await?;
    } else {
        let options: sqlx::postgres::PgConnectOptions = url.parse()?;
        let mut conn = options.disable_statement_logging().connect().await?;
        conn.execute(AssertSqlSafe(postgres(tenant, count))).await.context("users cannot be made")?;
        conn.execute("VACUUM (ANALYZE) users").await?;
        conn.execute("CHECKPOINT").await?;
        conn.close().await?;
    }
    Ok(())
}
