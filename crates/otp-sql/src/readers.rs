//! The connections that read.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use otp_core::fault::Res;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::connect::Access;
use crate::sql::{Conn, Query, Row};
use crate::trouble::{Tried, Trouble};

/// Reads at a time. On SQLite each has a thread of its own, on Postgres a process.
const READERS: u32 = 4;
/// How long a read may take. An engine gives up its own waits before; this is for one that has frozen.
const PATIENCE: Duration = Duration::from_secs(8);

/// A few connections that cannot write. A read sees all that was committed before it began.
///
/// `sqlx::Pool` would do, but tests a connection each time it is given back, which costs as much as
/// the read itself.
pub(crate) struct Readers {
    access: Access,
    free: Mutex<Vec<Conn>>,
    permits: Semaphore,
}

impl Readers {
    /// None yet: they connect by `access` when they are needed.
    pub(crate) fn new(access: Access) -> Self {
        Self { access, free: Mutex::new(Vec::new()), permits: Semaphore::new(READERS as usize) }
    }

    /// All rows of an answer.
    pub(crate) async fn all(&self, op: &'static str, query: Query) -> Res<Vec<Row>> {
        self.fetch(query).await.map_err(|trouble| trouble.fault(op))
    }

    /// The one row of an answer, if there is one.
    pub(crate) async fn one(&self, op: &'static str, query: Query) -> Res<Option<Row>> {
        Ok(self.all(op, query).await?.pop())
    }

    /// The one row of an answer that always has one.
    pub(crate) async fn only(&self, op: &'static str, query: Query) -> Res<Row> {
        self.one(op, query).await?.ok_or_else(|| Trouble::from(sqlx::Error::RowNotFound).fault(op))
    }

    async fn fetch(&self, query: Query) -> Tried<Vec<Row>> {
        let closed = |_| Trouble::unavailable("the store is closed");
        let _permit = self.permits.acquire().await.map_err(closed)?;
        // Held back while it reads: of a read that is dropped half-way, the connection may still get the
        // answer. The next one must not take that for its own.
        let idle = self.free().pop();
        let reading = async {
            if let Some(conn) = idle {
                let rows = self.fetch_on(conn, query.clone()).await;
                if !rows.as_ref().is_err_and(Trouble::is_hang_up) {
                    return rows;
                }
                // It ended while nobody read, and so did those beside it. The store may be back since.
                self.free().clear();
            }
            self.fetch_on(self.access.connect().await?, query).await
        };
        timeout(PATIENCE, reading).await.unwrap_or_else(|_| Err(Trouble::unavailable("the database does not answer")))
    }

    /// Reads on `conn`, and keeps it for the next unless it is to blame for what came of that.
    async fn fetch_on(&self, mut conn: Conn, query: Query) -> Tried<Vec<Row>> {
        let rows = query.fetch_all(&mut conn).await;
        if !rows.as_ref().is_err_and(Trouble::is_of_connection) {
            self.free().push(conn);
        }
        rows
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
            if let Err(trouble) = conn.close().await {
                tracing::warn!(%trouble, "a reader did not close cleanly");
            }
        }
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use std::task::{Context, Waker};

    use futures::FutureExt as _;
    use futures::future::join_all;
    use tempfile::{TempDir, tempdir};

    use super::*;
    use crate::connect::sqlite;
    use crate::sql::{Text, query};

    static ONE: Text = Text::new("SELECT 1");
    static ENDLESS: Text =
        Text::new("WITH RECURSIVE t (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t) SELECT n FROM t");

    async fn fresh() -> (TempDir, Readers) {
        let folder = tempdir().unwrap();
        let path = folder.path().join("otp.db");
        sqlite::create(path.clone()).await.unwrap();
        (folder, Readers::new(sqlite::reading(&path)))
    }

    #[tokio::test]
    async fn connections_are_few_and_used_again() {
        let (_folder, readers) = fresh().await;
        let reads = (0..50).map(|_| readers.all("test.read", query(&ONE)));
        assert!(join_all(reads).await.iter().all(Result::is_ok));
        let connected = readers.free().len();
        assert!((1..=READERS as usize).contains(&connected));
        readers.all("test.read", query(&ONE)).await.unwrap();
        assert_eq!(readers.free().len(), connected);
    }

    #[tokio::test]
    async fn a_read_that_is_dropped_takes_its_connection_along() {
        let (_folder, readers) = fresh().await;
        readers.all("test.read", query(&ONE)).await.unwrap();
        let mut read = readers.all("test.read", query(&ENDLESS)).boxed();
        assert!(read.poll_unpin(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(readers.free().is_empty());
        drop(read);
        assert!(readers.free().is_empty(), "it may still get the answer");
        assert_eq!(readers.all("test.read", query(&ONE)).await.unwrap().len(), 1);
    }
}
