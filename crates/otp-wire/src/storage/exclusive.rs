//! An embedded database takes one server.

use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::Database;
use crate::config::{Config, ConfigError};

/// The right to be the one server of an embedded database, held until dropped or the process ends.
#[derive(Debug)]
pub struct Exclusive {
    _lock: File,
}

/// Why somebody is not the one server.
#[derive(Debug)]
pub enum NotExclusive {
    /// The configuration names no database, a place where none can be, or one that has its server.
    Config(ConfigError),
    /// The folder or the lock file is somebody else's.
    Denied(String),
}

impl fmt::Display for NotExclusive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Denied(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for NotExclusive {}

impl From<ConfigError> for NotExclusive {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl Exclusive {
    /// Takes it, if the database is embedded: on another nobody needs it. The command line works beside
    /// a server and does not.
    ///
    /// # Errors
    /// [`NotExclusive`], when another server has it, or the lock file cannot be made.
    pub fn of(config: &Config) -> Result<Option<Self>, NotExclusive> {
        let Database::File(path) = Database::of(config)? else { return Ok(None) };
        if let Some(folder) = path.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|error| failed(folder, &error))?;
        }
        let lock = path.with_added_extension("lock");
        let open = OpenOptions::new().write(true).create(true).truncate(false).open(&lock);
        let file = open.map_err(|error| failed(&lock, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _lock: file })),
            Err(TryLockError::WouldBlock) => Err(ConfigError::from(format!(
                "database: another server runs on {}: an embedded database takes one; several need Postgres",
                path.display()
            ))
            .into()),
            Err(TryLockError::Error(error)) => Err(failed(&lock, &error)),
        }
    }
}

/// As a database that cannot be opened ends a command: whoever is not let in is told from who has named a wrong place.
fn failed(path: &Path, error: &io::Error) -> NotExclusive {
    let text = format!("database: {}: {error}", path.display());
    if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) {
        return NotExclusive::Denied(format!("{text}; run it as the user who owns the database"));
    }
    NotExclusive::Config(text.into())
}
