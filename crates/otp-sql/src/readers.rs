//! The connections that read.

use std::sync::{Mutex, PoisonError};

use otp_core::fault::Res;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::sql::{Conn, Query, Row};
use crate::trouble::{Tried, Trouble};

/// Reads at a time; each connection has a thread of its own.
const READERS: u32 = 4;

/// A few connections that cannot write. A read sees all that was committed before it began.
///
/// `sqlx::Pool` would do, but tests a connection each time it is given back, which costs as much as
/// the read itself.
pub(crate) struct Readers {
    options: SqliteConnectOptions,
    free: Mutex<Vec<Conn>>,
    permits: Semaphore,
}

impl Readers {
    /// None yet: they connect by `options` when they are needed.
    pub(crate) fn new(options: SqliteConnectOptions) -> Self {
        Self { options, free: Mutex::new(Vec::new()), permits: Semaphore::new(READERS as usize) }
    }

    /// All rows of an answer.
    pub(crate) async fn all(&self, op: &'static str, query: Query<'_>) -> Res<Vec<Row>> {
        self.fetch(query).await.map_err(|trouble| trouble.fault(op))
    }

    /// The one row of an answer, if there is one.
    pub(crate) async fn one(&self, op: &'static str, query: Query<'_>) -> Res<Option<Row>> {
        Ok(self.all(op, query).await?.pop())
    }

    /// The one row of an answer that always has one.
    pub(crate) async fn only(&self, op: &'static str, query: Query<'_>) -> Res<Row> {
        self.one(op, query).await?.ok_or_else(|| Trouble::from(sqlx::Error::RowNotFound).fault(op))
    }

    async fn fetch(&self, query: Query<'_>) -> Tried<Vec<Row>> {
        let closed = |_| Trouble::unavailable("the store is closed");
        let mut reader =
            Reader { _permit: self.permits.acquire().await.map_err(closed)?, readers: self, conn: self.free().pop() };
        let conn = match &mut reader.conn {
            Some(conn) => conn,
            none => none.insert(self.options.connect().await?),
        };
        let rows = query.fetch_all(conn).await;
        if rows.as_ref().is_err_and(|error| error.as_database_error().is_none()) {
            reader.conn = None;
        }
        Ok(rows?)
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Conn>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the reads under way, and takes no more.
    pub(crate) async fn close(&self) {
        let all = self.permits.acquire_many(READERS).await;
        self.permits.close();
        drop(all);
        let free = std::mem::take(&mut *self.free());
        for conn in free {
            if let Err(error) = conn.close().await {
                tracing::warn!(%error, "a reader did not close cleanly");
            }
        }
    }
}

/// The right to read, and what with. A read that is dropped half-way is over for the connection too,
/// so that goes back all the same.
struct Reader<'a> {
    conn: Option<Conn>,
    readers: &'a Readers,
    _permit: SemaphorePermit<'a>,
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.readers.free().extend(self.conn.take());
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use futures::FutureExt as _;
    use futures::future::join_all;
    use tempfile::{TempDir, tempdir};

    use super::*;
    use crate::connect;

    async fn fresh() -> (TempDir, Readers) {
        let folder = tempdir().unwrap();
        let path = folder.path().join("otp.db");
        connect::create(path.clone()).await.unwrap();
        (folder, Readers::new(connect::reading(&path)))
    }

    #[tokio::test]
    async fn connections_are_few_and_used_again() {
        let (_folder, readers) = fresh().await;
        let reads = (0..50).map(|_| readers.all("test.read", sqlx::query("SELECT 1")));
        assert!(join_all(reads).await.iter().all(Result::is_ok));
        let connected = readers.free().len();
        assert!((1..=READERS as usize).contains(&connected));
        readers.all("test.read", sqlx::query("SELECT 1")).await.unwrap();
        assert_eq!(readers.free().len(), connected);
    }

    #[tokio::test]
    async fn a_read_that_is_dropped_gives_its_connection_back() {
        let (_folder, readers) = fresh().await;
        readers.all("test.read", sqlx::query("SELECT 1")).await.unwrap();
        let endless = "WITH RECURSIVE t (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t) SELECT n FROM t";
        let mut read = readers.all("test.read", sqlx::query(endless)).boxed();
        assert!(read.poll_unpin(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(readers.free().is_empty());
        drop(read);
        assert_eq!(readers.free().len(), 1);
        assert_eq!(readers.all("test.read", sqlx::query("SELECT 1")).await.unwrap().len(), 1);
    }
}
