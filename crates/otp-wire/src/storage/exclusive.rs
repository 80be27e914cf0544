//! An embedded database takes one server.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::DirBuilderExt;

use super::Database;
use crate::config::{Config, ConfigError};

/// The right to be the one server of an embedded database, held until dropped or the process ends.
#[derive(Debug)]
pub struct Exclusive {
    _lock: File,
}

impl Exclusive {
    /// Takes it, if the database is embedded: on another nobody needs it. The command line works beside
    /// a server and does not.
    ///
    /// # Errors
    /// [`ConfigError`] when another server has it, or the lock file cannot be made.
    pub fn of(config: &Config) -> Result<Option<Self>, ConfigError> {
        let Database::File(path) = Database::of(config)? else { return Ok(None) };
        if let Some(folder) = path.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|error| format!("database: {}: {error}", folder.display()))?;
        }
        let lock = path.with_added_extension("lock");
        let failed = |error: std::io::Error| ConfigError::from(format!("database: {}: {error}", lock.display()));
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&lock).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _lock: file })),
            Err(TryLockError::WouldBlock) => Err(ConfigError::from(format!(
                "database: another server runs on {}: an embedded database takes one; several need Postgres",
                path.display()
            ))),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}
