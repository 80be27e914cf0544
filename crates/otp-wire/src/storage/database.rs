//! Which database the configuration names.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::config::{Config, ConfigError};

/// The system of record, as its URL names it.
#[derive(Debug, Clone)]
pub enum Database {
    /// `sqlite://PATH`: a file, with one server on it.
    File(PathBuf),
    /// `postgres://…`: a server, with any number of nodes on it.
    Server(SecretString),
}

impl Database {
    /// That of `config`. Connects to nothing.
    ///
    /// # Errors
    /// [`ConfigError`] when the URL cannot be read, or names an engine this build has not got.
    pub fn of(config: &Config) -> Result<Self, ConfigError> {
        let url = config.database.expose_secret();
        let database = match url.split_once("://") {
            Some(("sqlite", path)) if !path.is_empty() && !path.contains('?') => {
                built_in(cfg!(feature = "sqlite"), "sqlite").map(|()| Self::File(Path::new(path).to_path_buf()))
            }
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => {
                built_in(cfg!(feature = "postgres"), "postgres")
                    .and_then(|()| readable(url))
                    .map(|()| Self::Server(config.database.clone()))
            }
            _ => Err("database: the URL is of the form sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME".to_owned()),
        };
        Ok(database?)
    }
}

/// Whether the driver reads `url`, which knows best. What it says is dropped: it may quote the URL, and with it a password.
#[cfg(feature = "postgres")]
fn readable(url: &str) -> Result<(), String> {
    url.parse::<sqlx::postgres::PgConnectOptions>().map(drop).map_err(|_| {
        "database: the URL cannot be read: it is of the form postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=verify-full, \
         with %XX for whatever is no letter or digit in a password"
            .to_owned()
    })
}

#[cfg(not(feature = "postgres"))]
fn readable(_: &str) -> Result<(), String> {
    Ok(())
}

/// A feature decides what can be wired, the scheme what is.
fn built_in(is: bool, engine: &str) -> Result<(), String> {
    if is {
        return Ok(());
    }
    Err(format!("database: {engine}:// needs the feature `{engine}`, which this build has not got"))
}
