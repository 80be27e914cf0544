//! Migrations: which there are, which the database has, and whom it serves.

use otp_core::fault::{FaultKind, Res};
use sqlx::Connection;
use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migration, Migrator};

use crate::SqlStore;
use crate::sql::{Conn, Engine, query, statements};
use crate::trouble::{Tried, Trouble};

statements! {
    FLOOR = "SELECT floor FROM schema_floor";
}

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
        /// Whoever waits for a table has everybody else wait behind him. The nodes wait for three seconds.
        NO_LONGER = "SELECT set_config('lock_timeout', '2s', true) AS one";
    }
}

/// How the tables of a database stand to what this version works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    /// They are the same.
    Current,
    /// These migrations are still to be run, in this order, as `0001 start`.
    Pending(Vec<String>),
    /// A later version has added to them. This one works on them as before.
    Extended,
    /// A later version has taken away what this one works with, which must leave them alone.
    Outgrown,
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
    /// process that runs them at the same time: the second waits, and finds nothing to do. Others may work on
    /// the database meanwhile.
    ///
    /// # Errors
    /// `Misconfigured` when the database is [`Schema::Outgrown`], or a migration was changed since it
    /// was run; `Unavailable` when somebody holds a table for longer than others may wait for it.
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
        Ok(match Standing::of(known, &applied)? {
            Standing::Behind(pending) if pending.is_empty() => Schema::Current,
            Standing::Behind(pending) => Schema::Pending(pending.into_iter().map(name).collect()),
            Standing::Ahead { newest } => {
                let floor: i64 = query(&FLOOR).fetch_one(&mut conn).await?.number("floor")?;
                if floor <= newest { Schema::Extended } else { Schema::Outgrown }
            }
            Standing::Astray => Schema::Outgrown,
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
                transaction.commit().await?;
            }
            #[cfg(feature = "postgres")]
            Conn::Postgres(mut conn) => {
                let mut transaction = conn.begin().await?;
                for begin in [&postgres::LOCK, &postgres::NO_LONGER] {
                    sqlx::query(begin.on(Engine::Postgres)).execute(&mut *transaction).await?;
                }
                apply(&mut *transaction, &POSTGRES).await?;
                transaction.commit().await?;
            }
        }
        match self.look().await? {
            Schema::Outgrown => Err(Trouble::misconfigured("a later version has taken away what this one works with")),
            Schema::Current | Schema::Pending(_) | Schema::Extended => Ok(()),
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

/// Runs what is pending. A database that a later version has migrated is left as it is.
async fn apply(conn: &mut impl Migrate, known: &'static Migrator) -> Tried<()> {
    conn.ensure_migrations_table(&known.table_name).await.map_err(failed)?;
    let applied = conn.list_applied_migrations(&known.table_name).await.map_err(failed)?;
    if let Standing::Behind(pending) = Standing::of(known, &applied)? {
        for migration in pending {
            conn.apply(&known.table_name, migration).await.map_err(failed)?;
        }
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

/// How the migrations a database has stand to those there are.
enum Standing {
    /// It has no others, and these are still to be run.
    Behind(Vec<&'static Migration>),
    /// It has all of them, of which this is the newest, and some this version does not know.
    Ahead { newest: i64 },
    /// It has some this version does not know and lacks some it does: another line of descent.
    Astray,
}

impl Standing {
    fn of(known: &'static Migrator, applied: &[AppliedMigration]) -> Tried<Self> {
        let mut pending = Vec::new();
        for migration in known.iter() {
            match applied.iter().find(|applied| applied.version == migration.version) {
                Some(applied) if applied.checksum == migration.checksum => {}
                Some(_) => return Err(Trouble::misconfigured("a migration was changed after it was run")),
                None => pending.push(migration),
            }
        }
        let newest = known.iter().map(|migration| migration.version).max().unwrap_or_default();
        let is_ahead = applied.iter().any(|applied| !known.version_exists(applied.version));
        Ok(match (is_ahead, pending.is_empty()) {
            (false, _) => Self::Behind(pending),
            (true, true) => Self::Ahead { newest },
            (true, false) => Self::Astray,
        })
    }
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
            statements(engine),
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
    const MEANT: [&str; 10] = [
        "MIN(due_at)",
        "DELETE FROM outbox\n        WHERE tenant",
        "ORDER BY seq LIMIT",
        "ORDER BY number LIMIT",
        "sqlite_master",
        "pg_class",
        "pg_advisory",
        "WHERE leased_until IS NOT NULL",
        "changes",
        "schema_floor",
    ];

    /// Whether binaries from before a migration could miss something after it, as far as its words tell.
    fn takes_away(migration: &str) -> bool {
        let words = migration.to_uppercase();
        ["DROP ", "RENAME ", " SET NOT NULL", " TYPE ", "ADD CONSTRAINT"].iter().any(|taken| words.contains(taken))
            || words
                .split(';')
                .any(|it| it.contains("ADD COLUMN") && it.contains("NOT NULL") && !it.contains("DEFAULT"))
    }

    #[test]
    fn what_takes_away_raises_the_floor() {
        const SINCE: i64 = 10;
        let old = |migration: &Migration| migration.version < SINCE && takes_away(migration.sql.as_str());
        for engine in [
            #[cfg(feature = "sqlite")]
            Engine::Sqlite,
            #[cfg(feature = "postgres")]
            Engine::Postgres,
        ] {
            let known = migrations(engine);
            assert!(known.iter().any(old), "there were such before there was a floor, and they are recognised");
            for migration in known.iter().filter(|migration| migration.version > SINCE) {
                let sql = migration.sql.as_str();
                assert!(!takes_away(sql) || sql.contains("UPDATE schema_floor SET floor"), "{}", name(migration));
            }
        }
        assert!(takes_away("ALTER TABLE users ADD COLUMN nick TEXT NOT NULL"));
        assert!(!takes_away("ALTER TABLE users ADD COLUMN nick TEXT; CREATE INDEX users_by_nick ON users (nick)"));
    }

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
