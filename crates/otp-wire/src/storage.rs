//! The system of record, from its URL.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use otp_core::fault::{Fault, Res};
use otp_core::port::Stores;
use otp_core::time::Timestamp;
pub use otp_sql::Schema;
use otp_sql::SqliteStore;
use secrecy::ExposeSecret;

use crate::config::{Config, ConfigError};

/// The opened system of record. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    sqlite: std::sync::Arc<SqliteStore>,
}

impl Storage {
    /// Opens the database of `config`, making the file and its folder if there are none. Migrates nothing.
    ///
    /// # Errors
    /// `Misconfigured` when the URL cannot be read or names an engine this build has not got;
    /// `Unavailable` when the file cannot be opened.
    pub async fn open(config: &Config) -> Res<Self> {
        let path = sqlite_path(config).map_err(|error| Fault::misconfigured("storage.open", error))?;
        Ok(Self { sqlite: std::sync::Arc::new(SqliteStore::connect(&path).await?) })
    }

    /// Every storage port.
    pub fn stores(&self) -> Stores {
        Stores::of(self.sqlite.clone())
    }

    /// How its schema stands against this binary.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn schema(&self) -> Res<Schema> {
        self.sqlite.schema().await
    }

    /// Applies pending migrations.
    ///
    /// # Errors
    /// `Misconfigured` when the database is of a newer version.
    pub async fn migrate(&self) -> Res<()> {
        self.sqlite.migrate().await
    }

    /// Fails unless the schema is exactly that of this binary.
    ///
    /// # Errors
    /// `Misconfigured`, saying what to do.
    pub async fn require_current(&self) -> Res<()> {
        let what = match self.schema().await? {
            Schema::Current => return Ok(()),
            Schema::Pending(_) => "migrations are pending: run `otp-server migrate up`",
            Schema::Newer => "the database is of a newer version: run that",
        };
        Err(Fault::misconfigured("storage.schema", what))
    }

    /// Gives back the leases of a server that was killed. Who calls this shows that no other runs.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn release_leases(&self, _: &Exclusive) -> Res<()> {
        let released = self.sqlite.release_leases().await?;
        if released > 0 {
            tracing::info!(released, "mails claimed by a server that is gone are sent again");
        }
        Ok(())
    }

    /// Deletes some of the rows that no longer matter; answers how many.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn sweep(&self, now: Timestamp) -> Res<u64> {
        self.sqlite.sweep(now).await
    }

    /// Writes what was handed in and closes the database.
    pub async fn close(&self) {
        self.sqlite.close().await;
    }
}

/// The right to be the one server of an embedded database, held until dropped or the process ends.
#[derive(Debug)]
pub struct Exclusive {
    _lock: File,
}

impl Exclusive {
    /// Takes it. The command line works beside a server and does not.
    ///
    /// # Errors
    /// [`ConfigError`] when another server has it, or the lock file cannot be made.
    pub fn of(config: &Config) -> Result<Self, ConfigError> {
        let path = sqlite_path(config)?;
        if let Some(folder) = path.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|error| format!("database: {}: {error}", folder.display()))?;
        }
        let lock = path.with_added_extension("lock");
        let failed = |error: std::io::Error| ConfigError::from(format!("database: {}: {error}", lock.display()));
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&lock).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _lock: file }),
            Err(TryLockError::WouldBlock) => Err(ConfigError::from(format!(
                "database: another server runs on {}: an embedded database takes one",
                path.display()
            ))),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

/// Where the embedded database is.
///
/// # Errors
/// [`ConfigError`] when the URL names another engine.
pub fn sqlite_path(config: &Config) -> Result<PathBuf, ConfigError> {
    let url = config.database.expose_secret();
    match url.split_once("://") {
        Some(("sqlite", path)) if !path.is_empty() && !path.contains('?') => Ok(Path::new(path).to_path_buf()),
        Some(("postgres" | "postgresql", _)) => Err(ConfigError::from(
            "database: postgres:// needs the feature `postgres`, which this build has not got".to_owned(),
        )),
        _ => Err(ConfigError::from("database: the URL is of the form sqlite://PATH".to_owned())),
    }
}
