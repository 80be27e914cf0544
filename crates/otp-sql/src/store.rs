//! The store itself: opened, closed.

use std::fmt;
use std::path::Path;

use otp_core::fault::Res;
use sqlx::sqlite::SqliteConnectOptions;

use crate::connect;
use crate::readers::Readers;
use crate::write::{Line, Writer};

/// Every storage port, in one SQLite file and durably: what is answered is on disk.
///
/// Other processes may use the file at the same time; who finds it being written waits up to five
/// seconds. Writes in a task of its own, so it has to be opened within a tokio runtime.
pub struct SqliteStore {
    pub(crate) writing: SqliteConnectOptions,
    pub(crate) writer: Writer,
    pub(crate) readers: Readers,
}

impl SqliteStore {
    /// Opens the file at `path`; makes it, and its folder, if they are missing, for their owner's eyes
    /// only. Runs no migration.
    ///
    /// # Errors
    /// `Misconfigured` when it cannot be made or supports no write-ahead log; otherwise when it cannot
    /// be opened.
    pub async fn connect(path: impl AsRef<Path>) -> Res<Self> {
        let path = path.as_ref();
        connect::create(path.to_owned()).await?;
        let writing = connect::writing(path);
        let conn = connect::writer(&writing).await.map_err(|trouble| trouble.fault(connect::OP))?;
        Ok(Self {
            writer: Writer::start(Line::new(writing.clone(), conn)),
            readers: Readers::new(connect::reading(path)),
            writing,
        })
    }

    /// Writes what was handed in, answers it, and closes the file. Verbs called later find the store
    /// unavailable.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}
