//! The stores that are measured, each started for it alone.

use std::fmt;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use otp_testbed::stores::{Durability, Persistence, Postgres, Redis};
use tempfile::TempDir;

use crate::process;

/// What the service keeps its data in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
    /// A server, and another one for limits.
    PostgresRedis,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "Postgres",
            Self::PostgresRedis => "Postgres, limits in Redis",
        })
    }
}

/// Where a database is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The system of record, as the configuration names it.
    pub(crate) database: String,
    /// Where limits are, if that is somewhere else.
    pub(crate) kv: Option<String>,
}

/// The stores of one engine, running.
#[derive(Debug)]
pub(crate) struct Stores {
    folder: TempDir,
    postgres: Option<Postgres>,
    redis: Option<Redis>,
}

impl Stores {
    /// Starts what `engine` needs. Everything that is answered will be on disk, but for limits: losing the
    /// last second of those is what operators are advised to risk.
    pub(crate) fn start(engine: Engine) -> Result<Self> {
        let postgres = (engine != Engine::Sqlite).then(|| Postgres::start(Durability::Full));
        let redis = (engine == Engine::PostgresRedis).then(|| Redis::start(Persistence::EverySecond));
        Ok(Self { folder: tempfile::tempdir()?, postgres, redis })
    }

    /// Makes an empty database; on SQLite, a name for one. Redis is emptied.
    pub(crate) fn fresh(&self, name: &str) -> Place {
        let database = match &self.postgres {
            Some(postgres) => postgres.create_database(name),
            None => format!("sqlite://{}", self.folder.path().join(name).display()),
        };
        if let Some(redis) = &self.redis {
            redis.cli(&["FLUSHALL"]);
        }
        Place { database, kv: self.redis.as_ref().map(Redis::url) }
    }

    /// Processor time its servers have used. A file has none: it is written by whoever uses it.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let postgres = self.postgres.as_ref().map(Postgres::process_ids);
        let redis = self.redis.as_ref().map(Redis::process_ids);
        process::cpu_of(&[postgres, redis].into_iter().flatten().flatten().collect::<Vec<_>>())
    }
}
