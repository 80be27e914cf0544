//! Migrations: which there are, and which the database has.

use otp_core::fault::{FaultKind, Res};
use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migration, Migrator};
use sqlx::{ConnectOptions, Connection};

use crate::SqliteStore;
use crate::sql::{Conn, statements};
use crate::trouble::{Tried, Trouble};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

statements! {
    BEGIN = "BEGIN IMMEDIATE";
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
    /// `Misconfigured` when a migration was changed since it was run; or when the database cannot be read.
    pub async fn schema(&self) -> Res<Schema> {
        self.look().await.map_err(|trouble| trouble.fault("sql.schema"))
    }

    /// Runs the migrations that are pending, all or none. Nothing to run is fine, and so is another
    /// process that runs them at the same time: the second waits, and finds nothing to do.
    ///
    /// # Errors
    /// `Misconfigured` when the database is of a later version, or a migration was changed since it
    /// was run; or when the database cannot be written.
    pub async fn migrate(&self) -> Res<()> {
        self.run_pending().await.map_err(|trouble| trouble.fault("sql.migrate"))
    }

    async fn look(&self) -> Tried<Schema> {
        let mut conn = self.writing.connect().await?;
        let any = sqlx::query(HAS_ANY).fetch_optional(&mut conn).await?;
        let applied = if any.is_some() { applied(&mut conn).await? } else { Vec::new() };
        Ok(match pending(&applied)? {
            None => Schema::Newer,
            Some(pending) if pending.is_empty() => Schema::Current,
            Some(pending) => Schema::Pending(pending.into_iter().map(name).collect()),
        })
    }

    async fn run_pending(&self) -> Tried<()> {
        let mut conn = self.writing.connect().await?;
        // Each migration has a transaction of its own, which becomes a savepoint of this one. This one
        // holds off other processes between looking what is pending and running it.
        let mut transaction = conn.begin_with(BEGIN).await?;
        transaction.ensure_migrations_table(&MIGRATIONS.table_name).await.map_err(failed)?;
        let pending = pending(&applied(&mut transaction).await?)?;
        for migration in pending.ok_or_else(|| Trouble::misconfigured("the database was made by a later version"))? {
            transaction.apply(&MIGRATIONS.table_name, migration).await.map_err(failed)?;
        }
        Ok(transaction.commit().await?)
    }
}

async fn applied(conn: &mut Conn) -> Tried<Vec<AppliedMigration>> {
    conn.list_applied_migrations(&MIGRATIONS.table_name).await.map_err(failed)
}

/// The migrations still to be run; nothing, if the database has some this version does not know.
fn pending(applied: &[AppliedMigration]) -> Tried<Option<Vec<&'static Migration>>> {
    if applied.iter().any(|applied| !MIGRATIONS.version_exists(applied.version)) {
        return Ok(None);
    }
    let mut pending = Vec::new();
    for migration in MIGRATIONS.iter() {
        match applied.iter().find(|applied| applied.version == migration.version) {
            Some(applied) if applied.checksum == migration.checksum => {}
            Some(_) => return Err(Trouble::misconfigured("a migration was changed after it was run")),
            None => pending.push(migration),
        }
    }
    Ok(Some(pending))
}

fn failed(error: MigrateError) -> Trouble {
    if let MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) = error {
        error.into()
    } else {
        Trouble::new(FaultKind::Misconfigured, error)
    }
}

fn name(migration: &Migration) -> String {
    format!("{:04} {}", migration.version, migration.description)
}

#[cfg(test)]
mod tests {
    use sqlx::{Executor as _, Row as _, SqlSafeStr as _};
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
