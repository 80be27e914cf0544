//! The store itself: opened, closed.

use std::fmt;
use std::path::Path;

use otp_core::fault::Res;

use crate::connect::{self, Access};
use crate::readers::Readers;
use crate::sql::{Conn, Engine};
use crate::write::{Line, Writer};

/// Every storage port, durably: what is answered is on disk.
///
/// On SQLite other processes may use the file at the same time; who finds it being written waits up to
/// five seconds. On Postgres any number of nodes write the same database. Either way this one writes in a
/// task of its own, so it has to be opened within a tokio runtime.
pub struct SqlStore {
    pub(crate) migrating: Access,
    pub(crate) writer: Writer,
    pub(crate) readers: Readers,
}

impl SqlStore {
    /// Opens the SQLite file at `path`; makes it, and its folder, if they are missing, for their owner's
    /// eyes only. Runs no migration.
    ///
    /// # Errors
    /// `Misconfigured` when it cannot be made or supports no write-ahead log; `Denied` when it is not ours to write;
    /// otherwise when it cannot be opened.
    #[cfg(feature = "sqlite")]
    pub async fn sqlite(path: impl AsRef<Path>) -> Res<Self> {
        let path = path.as_ref();
        connect::sqlite::create(path.to_owned()).await?;
        let writing = connect::sqlite::writing(path);
        let conn = connect::sqlite::writer(&writing).await.map_err(|trouble| trouble.fault(connect::OP))?;
        Ok(Self::over(conn, &writing, connect::sqlite::reading(path), writing.clone()))
    }

    /// Connects to the Postgres database at `url`, `postgres://USER:PASSWORD@HOST:PORT/DATABASE` with the
    /// parameters of libpq (`?sslmode=verify-full`). Certificates may also be signed by the roots of the
    /// PEM file `extra_roots`. Runs no migration. Reconnects by itself later on.
    ///
    /// # Errors
    /// `Misconfigured` when the URL cannot be read, `Denied` when the server refuses us; `Unavailable` when it cannot
    /// be reached.
    #[cfg(feature = "postgres")]
    pub async fn postgres(url: &str, extra_roots: Option<&Path>) -> Res<Self> {
        use connect::postgres::{Session, access, options};
        let options = options(url, extra_roots)?;
        let writing = access(&options, Session::Writing);
        let conn = writing.connect().await.map_err(|trouble| trouble.fault(connect::OP))?;
        Ok(Self::over(conn, &writing, access(&options, Session::Reading), access(&options, Session::Migrating)))
    }

    fn over(conn: Conn, writing: &Access, reading: Access, migrating: Access) -> Self {
        let writer = Writer::start(Line::new(writing.clone(), conn));
        Self { writer, readers: Readers::new(reading), migrating }
    }

    /// On which engine it is.
    pub(crate) const fn engine(&self) -> Engine {
        self.migrating.engine()
    }

    /// Writes what was handed in, answers it, and closes the database. Verbs called later find the store
    /// unavailable.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

impl fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlStore").finish_non_exhaustive()
    }
}
