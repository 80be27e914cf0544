//! The file, and how it is opened.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use otp_core::fault::{FaultKind, Res};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::{Access, OP, PREPARED};
use crate::sql::{Conn, query, statements};
use crate::trouble::{Tried, Trouble};

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(5);
/// Pages the writer keeps, in KiB, counted from below zero: those of the indexes a sign-in changes at
/// random places.
const CACHE: &str = "-16384";

statements! {
    JOURNAL = "SELECT journal_mode FROM pragma_journal_mode";
    SYNCHRONOUS = "SELECT synchronous FROM pragma_synchronous";
}

/// Pages in the log before it is copied into the file. A page that changes with every batch is copied
/// once for all of them; the log takes as much of the disk (32 MiB), and of the time to open after a crash.
const CHECKPOINT: &str = "8192";

/// What `PRAGMA synchronous` says when every commit is flushed to the disk.
const FULL: i64 = 2;

/// How the file at `path` is written: durably, in write-ahead mode, and without a word in the logs,
/// because statements carry what must not be there.
pub(crate) fn writing(path: &Path) -> Access {
    let options = base(path).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    // What a statement needs to undo itself half-way would otherwise go to a file of its own.
    let options = options.pragma("temp_store", "MEMORY").pragma("cache_size", CACHE);
    // What is deleted is overwritten: whoever is erased must not be found in the free pages of the file.
    let options = options.pragma("secure_delete", "ON");
    Access::Sqlite(Box::new(options.pragma("wal_autocheckpoint", CHECKPOINT)))
}

/// How it is read.
pub(crate) fn reading(path: &Path) -> Access {
    Access::Sqlite(Box::new(base(path).read_only(true)))
}

fn base(path: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).statement_cache_capacity(PREPARED);
    options.foreign_keys(true).disable_statement_logging()
}

/// Opens the file.
pub(super) async fn connect(options: &SqliteConnectOptions) -> Tried<Conn> {
    Ok(Conn::Sqlite(options.connect().await?))
}

/// Connects to write, and makes sure that a commit will be what is promised: SQLite keeps silent
/// about a mode it could not take, on a network drive say.
pub(crate) async fn writer(access: &Access) -> Tried<Conn> {
    let mut conn = access.connect().await?;
    let journal: String = query(&JOURNAL).fetch_one(&mut conn).await?.text("journal_mode")?;
    let synchronous: i64 = query(&SYNCHRONOUS).fetch_one(&mut conn).await?.number("synchronous")?;
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
    created.map_err(|error| {
        let is_denied = matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem);
        let kind = if is_denied { FaultKind::Denied } else { FaultKind::Misconfigured };
        Trouble::new(kind, error).fault(OP)
    })
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
        // SQLite gives its other files the mode of this one.
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => accessible(path),
        Err(error) => Err(error),
    }
}

/// Whether the file may be read and written: SQLite only says that it could not open it. Asked by its name, because
/// to open and close it here would let go of the locks this process has on it.
fn accessible(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    rustix::fs::access(path, rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::{TempDir, tempdir};

    use super::*;
    use crate::sql::Text;

    static MAKE: Text = Text::new("CREATE TABLE t (x)");
    static DURABILITY: Text = Text::new("SELECT synchronous AS value FROM pragma_synchronous");
    static FOREIGN_KEYS: Text = Text::new("SELECT foreign_keys AS value FROM pragma_foreign_keys");
    static BUSY_TIMEOUT: Text = Text::new("SELECT timeout AS value FROM pragma_busy_timeout");

    async fn fresh() -> (TempDir, PathBuf) {
        let folder = tempdir().unwrap();
        let path = folder.path().join("a/b/otp.db");
        create(path.clone()).await.unwrap();
        (folder, path)
    }

    #[tokio::test]
    async fn commits_are_flushed_and_writers_wait() {
        let (_folder, path) = fresh().await;
        let mut conn = writer(&writing(&path)).await.unwrap();
        let pragmas: [(&'static Text, i64); 3] = [(&DURABILITY, 2), (&FOREIGN_KEYS, 1), (&BUSY_TIMEOUT, 5000)];
        for (pragma, value) in pragmas {
            let row = query(pragma).fetch_one(&mut conn).await.unwrap();
            assert_eq!(row.number::<i64>("value").unwrap(), value);
        }
    }

    #[tokio::test]
    async fn without_a_write_ahead_log_nothing_is_promised() {
        let in_memory = SqliteConnectOptions::new().in_memory(true).journal_mode(SqliteJournalMode::Wal);
        let refused = writer(&Access::Sqlite(Box::new(in_memory))).await.err().map(|trouble| trouble.kind());
        assert_eq!(refused, Some(FaultKind::Misconfigured));
    }

    #[tokio::test]
    async fn readers_cannot_write() {
        let (_folder, path) = fresh().await;
        let _writer = writer(&writing(&path)).await.unwrap();
        let mut reader = reading(&path).connect().await.unwrap();
        let written = query(&MAKE).execute(&mut reader).await;
        assert_eq!(written.map_err(|trouble| trouble.kind()).err(), Some(FaultKind::Denied));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_is_made_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let (folder, path) = fresh().await;
        let mut conn = writer(&writing(&path)).await.unwrap();
        query(&MAKE).execute(&mut conn).await.unwrap();
        let mode = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(["a", "a/b"].map(mode), [0o700; 2]);
        assert_eq!(["a/b/otp.db", "a/b/otp.db-wal", "a/b/otp.db-shm"].map(mode), [0o600; 3]);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_is_there_is_left_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let (_folder, path) = fresh().await;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::fs::write(&path, b"SQLite format 3\0").unwrap();
        create(path.clone()).await.unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::read(&path).unwrap(), b"SQLite format 3\0");
    }
}
