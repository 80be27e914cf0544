//! Migrations: which there are, and which the database has.

use std::collections::BTreeSet;

use otp_core::fault::{FaultKind, Res};
use sqlx::migrate::{Migrate, Migration, Migrator};
use sqlx::{ConnectOptions, Row as _};

use crate::SqliteStore;
use crate::sql::{Conn, statements};
use crate::trouble::{Tried, Trouble};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

statements! {
    HAS_ANY = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'";
}

/// How the tables of a database stand to what this version works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    /// They are the same.
    Current,
    /// These migrations are still to be run, in this order, as `0001 start`.
    Pending(Vec<String>),
    /// A later version has migrated them; this one must leave them alone.
    Newer,
}

impl SqliteStore {
    /// How the tables stand. Changes nothing.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn schema(&self) -> Res<Schema> {
        let schema = async { schema(&mut self.writing.connect().await?).await };
        schema.await.map_err(|trouble: Trouble| trouble.fault("sql.schema"))
    }

    /// Runs the migrations that are pending, each in a transaction. Nothing to run is fine, and so is
    /// another process that runs them at the same time.
    ///
    /// # Errors
    /// `Misconfigured` when the database is of a later version, or a migration was changed since it
    /// was run; or when the database cannot be written.
    pub async fn migrate(&self) -> Res<()> {
        let migrate = async { migrate(&mut self.writing.connect().await?).await };
        migrate.await.map_err(|trouble: Trouble| trouble.fault("sql.migrate"))
    }
}

async fn migrate(conn: &mut Conn) -> Tried<()> {
    if MIGRATIONS.run(&mut *conn).await.is_ok() {
        return Ok(());
    }
    // Who comes second finds the tables made under his hands. Asked again, he finds nothing to do.
    let Err(error) = MIGRATIONS.run(&mut *conn).await else { return Ok(()) };
    if schema(conn).await? == Schema::Newer {
        return Err(Trouble::misconfigured("the database was made by a later version"));
    }
    Err(Trouble::new(FaultKind::Misconfigured, error))
}

async fn schema(conn: &mut Conn) -> Tried<Schema> {
    let has_any = sqlx::query(HAS_ANY).fetch_optional(&mut *conn).await?;
    let run: BTreeSet<i64> = match has_any.map(|row| row.try_get::<i64, _>(0)) {
        None => BTreeSet::new(),
        Some(_) => {
            let applied = conn.list_applied_migrations(&MIGRATIONS.table_name).await;
            let applied = applied.map_err(|error| Trouble::new(FaultKind::Misconfigured, error))?;
            applied.into_iter().map(|migration| migration.version).collect()
        }
    };
    if run.iter().any(|version| !MIGRATIONS.version_exists(*version)) {
        return Ok(Schema::Newer);
    }
    let pending: Vec<_> = MIGRATIONS.iter().filter(|migration| !run.contains(&migration.version)).map(name).collect();
    Ok(if pending.is_empty() { Schema::Current } else { Schema::Pending(pending) })
}

fn name(migration: &Migration) -> String {
    format!("{:04} {}", migration.version, migration.description)
}

#[cfg(test)]
mod tests {
    use sqlx::{Executor as _, SqlSafeStr as _};
    use tempfile::tempdir;

    use super::*;
    use crate::{challenges, connect, effects, ledger, limits, outbox, root, sessions, sweep, tenants, users, write};

    /// Every list there is. One that is missing here is not used there: the compiler says so.
    fn every_statement() -> Vec<&'static str> {
        [
            challenges::all_statements(),
            connect::statements(),
            effects::statements(),
            ledger::statements(),
            limits::statements(),
            outbox::all_statements(),
            root::statements(),
            statements(),
            sessions::all_statements(),
            sweep::statements(),
            tenants::all_statements(),
            users::statements(),
            write::statements(),
        ]
        .concat()
    }

    #[tokio::test]
    async fn every_statement_fits_the_tables() {
        let folder = tempdir().unwrap();
        let store = SqliteStore::connect(folder.path().join("otp.db")).await.unwrap();
        store.migrate().await.unwrap();
        let mut conn = store.writing.connect().await.unwrap();
        for text in every_statement() {
            let prepared = conn.prepare(text.into_sql_str()).await;
            assert!(prepared.is_ok(), "{text}: {prepared:?}");
        }
    }

    /// As SQLite plans them without statistics, and it never has any: none are gathered, for those of
    /// a small file would make it slow when it has grown.
    #[tokio::test]
    async fn no_statement_looks_through_a_table() {
        let meant = ["MIN(due_at)", "ORDER BY seq LIMIT", "sqlite_master", "WHERE leased_until IS NOT NULL"];
        let folder = tempdir().unwrap();
        let store = SqliteStore::connect(folder.path().join("otp.db")).await.unwrap();
        store.migrate().await.unwrap();
        let mut conn = store.writing.connect().await.unwrap();
        for text in every_statement().into_iter().filter(|text| !meant.iter().any(|part| text.contains(part))) {
            let explain =
                sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"))).fetch_all(&mut conn).await;
            for step in explain.unwrap().iter().map(|row| row.get::<String, _>("detail")) {
                let looks_through = step.starts_with("SCAN") && !step.contains("CONSTANT") && !step.contains("VALUES");
                let own = ["SCAN w", "SCAN o"].contains(&step.as_str());
                let of_tenant = step.ends_with("(tenant=? AND mode=?)");
                assert!(own || !(looks_through || of_tenant), "{text}\n{step}");
            }
        }
    }
}
