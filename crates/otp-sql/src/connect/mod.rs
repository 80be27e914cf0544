//! How a database is reached: to write it, to read it, to migrate it.

#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use crate::sql::{Conn, Engine};
use crate::trouble::Tried;

/// How a fault names the attempt.
pub(crate) const OP: &str = "sql.connect";

/// Statements a connection keeps prepared: more than there are.
const PREPARED: usize = 256;

/// One way to reach a database.
#[derive(Clone)]
pub(crate) enum Access {
    /// A file, opened so.
    #[cfg(feature = "sqlite")]
    Sqlite(Box<sqlx::sqlite::SqliteConnectOptions>),
    /// A server, and what a session there begins with.
    #[cfg(feature = "postgres")]
    Postgres(Box<sqlx::postgres::PgConnectOptions>, postgres::Session),
}

impl Access {
    /// To which engine.
    pub(crate) const fn engine(&self) -> Engine {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => Engine::Sqlite,
            #[cfg(feature = "postgres")]
            Self::Postgres(..) => Engine::Postgres,
        }
    }

    /// A connection.
    pub(crate) async fn connect(&self) -> Tried<Conn> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(options) => sqlite::connect(options).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(options, session) => postgres::connect(options, *session).await,
        }
    }
}
