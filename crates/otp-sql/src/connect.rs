//! The file, and how it is opened.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use otp_core::fault::{FaultKind, Res};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Row as _};

use crate::sql::{Conn, statements};
use crate::trouble::{Tried, Trouble};

pub(crate) const OP: &str = "sql.connect";

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(5);
/// Statements a connection keeps prepared: more than there are.
const PREPARED: usize = 256;

statements! {
    JOURNAL = "PRAGMA journal_mode";
    SYNCHRONOUS = "PRAGMA synchronous";
}

/// What `PRAGMA synchronous` says when every commit is flushed to the disk.
const FULL: i64 = 2;

/// How the file at `path` is written: durably, in write-ahead mode, and without a word in the logs,
/// because statements carry what must not be there.
pub(crate) fn writing(path: &Path) -> SqliteConnectOptions {
    base(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .optimize_on_close(true, None)
}

/// How it is read.
pub(crate) fn reading(path: &Path) -> SqliteConnectOptions {
    base(path).read_only(true)
}

fn base(path: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).statement_cache_capacity(PREPARED);
    options.disable_statement_logging()
}

/// Connects to write, and makes sure that a commit will be what is promised: SQLite keeps silent
/// about a mode it could not take, on a network drive say.
pub(crate) async fn writer(options: &SqliteConnectOptions) -> Tried<Conn> {
    let mut conn = options.connect().await?;
    let journal: String = sqlx::query(JOURNAL).fetch_one(&mut conn).await?.try_get(0)?;
    let synchronous: i64 = sqlx::query(SYNCHRONOUS).fetch_one(&mut conn).await?.try_get(0)?;
    if journal != "wal" || synchronous != FULL {
        return Err(Trouble::misconfigured("the file system of the database supports no write-ahead log"));
    }
    Ok(conn)
}

/// Makes the file at `path`, and the folders it is in, unless it is there. Only its owner may read
/// what is made; what was there keeps its permissions.
pub(crate) async fn create(path: PathBuf) -> Res<()> {
    let created = tokio::task::spawn_blocking(move || create_now(&path)).await;
    let created = created.unwrap_or_else(|error| Err(io::Error::other(error)));
    created.map_err(|error| Trouble::new(FaultKind::Misconfigured, error).fault(OP))
}

fn create_now(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder)?;
    }
    let mut file = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    match file.write(true).create_new(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        // SQLite gives its other files the mode of this one.
        Ok(_) | Err(_) => Ok(()),
    }
}
