//! A database nobody else uses, on either engine, and the way past the store.

use std::path::PathBuf;
use std::sync::Arc;

use otp_core::port::Stores;
use otp_sql::SqlStore;
use otp_testbed::stores::shared::postgres_url;
use otp_testkit::samples::Samples;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor, PgConnection, Row, SqliteConnection};
use tempfile::{TempDir, tempdir};

/// Which engine a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// Makes each of these tests run on either engine.
macro_rules! on_each_engine {
    ($($test:ident)*) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test($crate::fixture::Fixture::without_tables($crate::fixture::Engine::Sqlite).await.unwrap()).await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test]
                async fn $test() {
                    let fixture = $crate::fixture::Fixture::without_tables($crate::fixture::Engine::Postgres).await;
                    if let Some(fixture) = fixture {
                        super::$test(fixture).await;
                    }
                }
            )*
        }
    };
}
pub(crate) use on_each_engine;

pub(crate) struct Fixture {
    pub(crate) store: SqlStore,
    place: Place,
}

/// Where the tables are.
pub(crate) enum Place {
    Folder(TempDir),
    /// A schema of its own, by a URL that leads to it.
    Schema(String),
}

impl Fixture {
    /// An empty database; nothing if there is no server to have it on.
    pub(crate) async fn without_tables(engine: Engine) -> Option<Self> {
        let place = match engine {
            Engine::Sqlite => Place::Folder(tempdir().unwrap()),
            Engine::Postgres => Place::Schema(schema(&postgres_url()?).await),
        };
        Some(Self { store: place.open().await, place })
    }

    /// The same with all its tables.
    pub(crate) async fn with_tables(self) -> Self {
        self.store.migrate().await.unwrap();
        self
    }

    /// A database with all its tables.
    pub(crate) async fn new(engine: Engine) -> Option<Self> {
        Some(Self::without_tables(engine).await?.with_tables().await)
    }

    pub(crate) fn engine(&self) -> Engine {
        match self.place {
            Place::Folder(_) => Engine::Sqlite,
            Place::Schema(_) => Engine::Postgres,
        }
    }

    /// The file of the embedded engine.
    pub(crate) fn path(&self) -> PathBuf {
        match &self.place {
            Place::Folder(folder) => file(folder),
            Place::Schema(_) => panic!("a schema is no file"),
        }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        match &self.place {
            Place::Folder(folder) => format!("sqlite://{}", file(folder).display()),
            Place::Schema(url) => url.clone(),
        }
    }

    /// A store of another process, as far as the database can tell.
    pub(crate) async fn beside(&self) -> SqlStore {
        self.place.open().await
    }

    /// A connection that goes past every store.
    pub(crate) async fn raw(&self) -> Raw {
        match &self.place {
            Place::Folder(folder) => Raw::Sqlite(raw_sqlite(folder).await),
            Place::Schema(url) => Raw::Postgres(raw_postgres(url).await),
        }
    }

    /// A connection to the file that goes past every store.
    pub(crate) async fn raw_file(&self) -> SqliteConnection {
        match &self.place {
            Place::Folder(folder) => raw_sqlite(folder).await,
            Place::Schema(_) => panic!("a schema is no file"),
        }
    }

    /// Runs a statement past every store; answers how many rows it wrote.
    pub(crate) async fn execute(&self, text: &str) -> u64 {
        self.raw().await.execute(text).await
    }

    /// Rows in a table.
    pub(crate) async fn rows(&self, table: &str) -> i64 {
        self.raw().await.number(&format!("SELECT COUNT(*) FROM {table}")).await
    }

    /// `octets` as they are written down in a statement.
    pub(crate) fn literal(&self, octets: &[u8]) -> String {
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        match self.engine() {
            Engine::Sqlite => format!("X'{hex}'"),
            Engine::Postgres => format!("'\\x{hex}'"),
        }
    }
}

impl Place {
    async fn open(&self) -> SqlStore {
        match self {
            Self::Folder(folder) => SqlStore::sqlite(file(folder)).await.unwrap(),
            Self::Schema(url) => SqlStore::postgres(url, None).await.unwrap(),
        }
    }
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("otp.db")
}

/// Makes a schema on the server at `url`; answers the URL that leads to it.
async fn schema(url: &str) -> String {
    let name = format!("t_{}", Samples::random().word());
    raw_postgres(url).await.execute(sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"))).await.unwrap();
    format!("{url}?options=-c%20search_path%3D{name}")
}

// Both are silent, because one test listens to all of them.

async fn raw_sqlite(folder: &TempDir) -> SqliteConnection {
    SqliteConnectOptions::new().filename(file(folder)).disable_statement_logging().connect().await.unwrap()
}

async fn raw_postgres(url: &str) -> PgConnection {
    url.parse::<PgConnectOptions>().unwrap().disable_statement_logging().connect().await.unwrap()
}

/// A connection of the driver's own.
pub(crate) enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    pub(crate) async fn execute(&mut self, text: &str) -> u64 {
        let text = sqlx::AssertSqlSafe(text.to_owned());
        match self {
            Self::Sqlite(conn) => conn.execute(text).await.unwrap().rows_affected(),
            Self::Postgres(conn) => conn.execute(text).await.unwrap().rows_affected(),
        }
    }

    pub(crate) async fn number(&mut self, text: &str) -> i64 {
        let text = sqlx::AssertSqlSafe(text.to_owned());
        match self {
            Self::Sqlite(conn) => conn.fetch_one(text).await.unwrap().get(0),
            Self::Postgres(conn) => conn.fetch_one(text).await.unwrap().get(0),
        }
    }
}

/// A store with all its tables behind every port, and the place it must not outlive.
pub(crate) async fn stores(engine: Engine) -> Option<(Stores, Place)> {
    let Fixture { store, place } = Fixture::new(engine).await?;
    Some((Stores::of(Arc::new(store)), place))
}
