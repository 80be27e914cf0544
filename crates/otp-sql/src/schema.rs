//! Migrations: which there are, and which the database has.

use otp_core::fault::{FaultKind, Res};
use sqlx::Connection;
use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migration, Migrator};

use crate::SqlStore;
use crate::sql::{Conn, Engine, query};
use crate::trouble::{Tried, Trouble};

#[cfg(feature = "sqlite")]
static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
#[cfg(feature = "postgres")]
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

#[cfg(feature = "sqlite")]
mod sqlite {
    use crate::sql::statements;

    statements! {
        HAS_ANY = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'";
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use crate::sql::statements;

    statements! {
        HAS_ANY = "SELECT 1 AS one FROM pg_class WHERE oid = to_regclass('_sqlx_migrations')";
        /// Held until the transaction ends. The number is this project's own: `otp` in ASCII.
        LOCK = "SELECT 1 AS one FROM pg_advisory_xact_lock(7304304)";
    }
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

impl SqlStore {
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
        let mut conn = self.migrating.connect().await?;
        let known = migrations(self.engine());
        let has_any = query(match self.engine() {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => &sqlite::HAS_ANY,
            #[cfg(feature = "postgres")]
            Engine::Postgres => &postgres::HAS_ANY,
        });
        let any = has_any.fetch_optional(&mut conn).await?;
        let applied = if any.is_some() { applied(&mut conn, known).await? } else { Vec::new() };
        Ok(match pending(known, &applied)? {
            None => Schema::Newer,
            Some(pending) if pending.is_empty() => Schema::Current,
            Some(pending) => Schema::Pending(pending.into_iter().map(name).collect()),
        })
    }

    /// Each migration has a transaction of its own, which becomes a savepoint of one around all. That one
    /// holds off other processes between looking what is pending and running it.
    async fn run_pending(&self) -> Tried<()> {
        match self.migrating.connect().await? {
            #[cfg(feature = "sqlite")]
            Conn::Sqlite(mut conn) => {
                let mut transaction = conn.begin_with("BEGIN IMMEDIATE").await?;
                apply(&mut *transaction, &SQLITE).await?;
                Ok(transaction.commit().await?)
            }
            #[cfg(feature = "postgres")]
            Conn::Postgres(mut conn) => {
                let mut transaction = conn.begin().await?;
                sqlx::query(postgres::LOCK.on(Engine::Postgres)).execute(&mut *transaction).await?;
                apply(&mut *transaction, &POSTGRES).await?;
                Ok(transaction.commit().await?)
            }
        }
    }
}

fn migrations(engine: Engine) -> &'static Migrator {
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => &SQLITE,
        #[cfg(feature = "postgres")]
        Engine::Postgres => &POSTGRES,
    }
}

async fn apply(conn: &mut impl Migrate, known: &'static Migrator) -> Tried<()> {
    conn.ensure_migrations_table(&known.table_name).await.map_err(failed)?;
    let applied = conn.list_applied_migrations(&known.table_name).await.map_err(failed)?;
    let pending = pending(known, &applied)?;
    for migration in pending.ok_or_else(|| Trouble::misconfigured("the database was made by a later version"))? {
        conn.apply(&known.table_name, migration).await.map_err(failed)?;
    }
    Ok(())
}

async fn applied(conn: &mut Conn, known: &Migrator) -> Tried<Vec<AppliedMigration>> {
    let applied = match conn {
        #[cfg(feature = "sqlite")]
        Conn::Sqlite(conn) => conn.list_applied_migrations(&known.table_name).await,
        #[cfg(feature = "postgres")]
        Conn::Postgres(conn) => conn.list_applied_migrations(&known.table_name).await,
    };
    applied.map_err(failed)
}

/// The migrations still to be run; nothing, if the database has some this version does not know.
fn pending(known: &'static Migrator, applied: &[AppliedMigration]) -> Tried<Option<Vec<&'static Migration>>> {
    if applied.iter().any(|applied| !known.version_exists(applied.version)) {
        return Ok(None);
    }
    let mut pending = Vec::new();
    for migration in known.iter() {
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

    use super::*;
    #[cfg(feature = "sqlite")]
    use crate::connect;
    use crate::{
        analytics, calls, challenges, effects, erasure, limits, outbox, room, root, sessions, sweep, tenants, traffic,
        trails, users,
    };

    /// Every list there is. One that is missing here is not used there: the compiler says so.
    fn every_statement(engine: Engine) -> Vec<&'static str> {
        let of_engine = match engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => [sqlite::statements(engine), connect::sqlite::statements(engine)].concat(),
            #[cfg(feature = "postgres")]
            Engine::Postgres => postgres::statements(engine),
        };
        [
            of_engine,
            analytics::all_statements(engine),
            calls::statements(engine),
            challenges::all_statements(engine),
            effects::statements(engine),
            erasure::statements(engine),
            limits::statements(engine),
            outbox::all_statements(engine),
            room::statements(engine),
            root::statements(engine),
            sessions::all_statements(engine),
            sweep::statements(engine),
            tenants::all_statements(engine),
            traffic::statements(engine),
            trails::all_statements(engine),
            users::statements(engine),
        ]
        .concat()
    }

    /// Those that are meant to look through a table: it is small, or they stop soon.
    const MEANT: [&str; 9] = [
        "MIN(due_at)",
        "DELETE FROM outbox\n        WHERE tenant",
        "ORDER BY seq LIMIT",
        "ORDER BY number LIMIT",
        "sqlite_master",
        "pg_class",
        "pg_advisory",
        "WHERE leased_until IS NOT NULL",
        "changes",
    ];

    fn to_be_planned(engine: Engine) -> impl Iterator<Item = &'static str> {
        every_statement(engine).into_iter().filter(|text| !MEANT.iter().any(|part| text.contains(part)))
    }

    #[cfg(feature = "sqlite")]
    mod on_sqlite {
        use sqlx::SqliteConnection;
        use tempfile::{TempDir, tempdir};

        use super::*;

        async fn migrated() -> (TempDir, SqliteConnection) {
            let folder = tempdir().unwrap();
            let store = SqlStore::sqlite(folder.path().join("otp.db")).await.unwrap();
            store.migrate().await.unwrap();
            let Conn::Sqlite(conn) = store.migrating.connect().await.unwrap() else { unreachable!() };
            (folder, conn)
        }

        #[tokio::test]
        async fn every_statement_fits_the_tables() {
            let (_folder, mut conn) = migrated().await;
            for text in every_statement(Engine::Sqlite) {
                let prepared = conn.prepare(text.into_sql_str()).await;
                assert!(prepared.is_ok(), "{text}: {prepared:?}");
            }
        }

        /// As SQLite plans them without statistics, and it never has any: none are gathered, for those of
        /// a small file would make it slow when it has grown.
        #[tokio::test]
        async fn no_statement_looks_through_a_table() {
            let (_folder, mut conn) = migrated().await;
            for text in to_be_planned(Engine::Sqlite) {
                let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"));
                let explain = sqlx::query(explain).fetch_all(&mut conn).await;
                for step in explain.unwrap().iter().map(|row| row.get::<String, _>("detail")) {
                    let of_rows = ["CONSTANT", "VALUES", "pragma_"].iter().any(|part| step.contains(part));
                    let looks_through = step.starts_with("SCAN") && !of_rows;
                    // Of one table that is the whole key.
                    let of_tenant = step.ends_with("(tenant=? AND mode=?)") && !text.contains("user_counts");
                    let own = ["SCAN w", "SCAN o", "SCAN f", "SCAN u"].contains(&step.as_str());
                    assert!(own || !(looks_through || of_tenant), "{text}\n{step}");
                }
            }
        }
    }

    #[cfg(feature = "postgres")]
    mod on_postgres {
        use sqlx::PgConnection;

        use super::*;
        use crate::connect::postgres::{Session, access, options};

        /// A connection as the writer has one, to a schema of its own; nothing if there is no server.
        async fn migrated(name: &str) -> Option<PgConnection> {
            let url = otp_testbed::stores::shared::postgres_url()?;
            let mut conn = PgConnection::connect(&url).await.unwrap();
            let make = format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}");
            conn.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(make))).await.unwrap();
            let url = format!("{url}?options=-c%20search_path%3D{name}");
            let store = SqlStore::postgres(&url, None).await.unwrap();
            store.migrate().await.unwrap();
            let writing = access(&options(&url, None).unwrap(), Session::Writing);
            let Conn::Postgres(conn) = writing.connect().await.unwrap() else { unreachable!() };
            Some(conn)
        }

        #[tokio::test]
        async fn every_statement_fits_the_tables() {
            let Some(mut conn) = migrated("every_statement").await else { return };
            for text in every_statement(Engine::Postgres) {
                let prepared = conn.prepare(text.into_sql_str()).await;
                assert!(prepared.is_ok(), "{text}: {prepared:?}");
            }
        }

        /// As the writer's sessions plan them: once, for any arguments, without regard to statistics.
        #[tokio::test]
        async fn no_statement_looks_through_a_table() {
            let Some(mut conn) = migrated("no_statement").await else { return };
            for (number, text) in to_be_planned(Engine::Postgres).enumerate() {
                let arguments = (1..20).take_while(|n| text.contains(&format!("${n}"))).map(|_| "NULL");
                let arguments = arguments.collect::<Vec<_>>().join(", ");
                let call = if arguments.is_empty() { String::new() } else { format!("({arguments})") };
                let prepare = format!("PREPARE s{number} AS {text}");
                conn.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(prepare))).await.unwrap();
                let explain = sqlx::AssertSqlSafe(format!("EXPLAIN EXECUTE s{number}{call}"));
                let plan = conn.fetch_all(sqlx::raw_sql(explain)).await.unwrap();
                for step in plan.iter().map(|row| row.get::<String, _>(0)) {
                    assert!(!step.contains("Seq Scan"), "{text}\n{step}");
                }
            }
        }
    }
}
