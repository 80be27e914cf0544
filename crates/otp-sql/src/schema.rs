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
        self.migrate_with(&MIGRATIONS).await.map_err(|trouble| trouble.fault("sql.migrate"))
    }

    async fn migrate_with(&self, migrations: &Migrator) -> Tried<()> {
        let mut conn = self.writing.connect().await?;
        let Err(error) = migrations.run(&mut conn).await else { return Ok(()) };
        // Who comes second finds the tables there; that is as good as having made them.
        match schema(&mut conn).await {
            Ok(Schema::Current) => Ok(()),
            Ok(Schema::Newer) => Err(Trouble::misconfigured("the database was made by a later version")),
            Ok(Schema::Pending(_)) | Err(_) => Err(Trouble::new(FaultKind::Misconfigured, error)),
        }
    }
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
