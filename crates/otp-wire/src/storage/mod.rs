//! The system of record, and where limits are kept, from their URLs.

mod clock;
mod database;
mod exclusive;
mod kv;

pub use clock::database_time;
pub use database::Database;
pub use exclusive::{Exclusive, NotExclusive};
pub use kv::{Kept, kv_is_apart, kv_keeps};
pub use otp_sql::Schema;

use std::fmt;
use std::sync::Arc;

use otp_core::fault::{Fault, Res};
use otp_core::keys::Sealed;
use otp_core::port::{LimitStore, Stores};
use otp_core::time::Timestamp;
use otp_sql::SqlStore;
#[cfg(feature = "postgres")]
use secrecy::ExposeSecret;

use crate::config::Config;

/// The opened system of record, and the store of limits if that is another. Cheap to clone.
#[derive(Clone)]
pub struct Storage {
    sql: Arc<SqlStore>,
    kv: Option<Arc<dyn LimitStore>>,
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").finish_non_exhaustive()
    }
}

impl Storage {
    /// Opens the database of `config`; a file and its folder are made if there are none. Migrates nothing.
    ///
    /// # Errors
    /// `Misconfigured` when the URL cannot be read or names an engine this build has not got; `Denied` when we are refused;
    /// `Unavailable` when the database cannot be opened or reached.
    pub async fn open(config: &Config) -> Res<Self> {
        let Self { sql, kv: _ } = Self::open_database(config).await?;
        Ok(Self { sql, kv: kv::open(config).await? })
    }

    /// Opens the database of `config` and nothing else, for who looks at one thing at a time: limits are drawn there,
    /// whatever `config` says of another store.
    ///
    /// # Errors
    /// As [`Storage::open`], of the database.
    pub async fn open_database(config: &Config) -> Res<Self> {
        let database = Database::of(config).map_err(|error| Fault::misconfigured("storage.open", error))?;
        let sql = match &database {
            #[cfg(feature = "sqlite")]
            Database::File(path) => SqlStore::sqlite(path).await?,
            #[cfg(feature = "postgres")]
            Database::Server(url) => SqlStore::postgres(url.expose_secret(), config.tls_ca_file.as_deref()).await?,
            // `Database::of` answers none that was not compiled in.
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => return Err(Fault::misconfigured("storage.open", "this build has not got that engine")),
        };
        Ok(Self { sql: Arc::new(sql), kv: None })
    }

    /// Every storage port.
    pub fn stores(&self) -> Stores {
        let stores = Stores::of(self.sql.clone());
        match &self.kv {
            Some(kv) => stores.with_limits(kv.clone()),
            None => stores,
        }
    }

    /// How its schema stands against this binary.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn schema(&self) -> Res<Schema> {
        self.sql.schema().await
    }

    /// Applies pending migrations.
    ///
    /// # Errors
    /// `Misconfigured` when the database is [`Schema::Outgrown`].
    pub async fn migrate(&self) -> Res<()> {
        self.sql.migrate().await
    }

    /// What every key that outlives the master key is derived from, as it is stored, if the first run was already. Changes
    /// nothing.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn root(&self) -> Res<Option<Sealed>> {
        self.sql.root().await
    }

    /// Fails unless the schema serves this binary.
    ///
    /// # Errors
    /// `Misconfigured`, saying what to do.
    pub async fn require_served(&self) -> Res<()> {
        let what = match self.schema().await? {
            Schema::Current | Schema::Extended => return Ok(()),
            Schema::Pending(_) => "migrations are pending: run `otp-server migrate up`",
            Schema::Outgrown => "the database is of a newer version, which this one cannot work with: run that",
        };
        Err(Fault::misconfigured("storage.schema", what))
    }

    /// Gives back the leases of a server that was killed. Who calls this shows that no other runs.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn release_leases(&self, _: &Exclusive) -> Res<()> {
        let released = self.sql.release_leases().await?;
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
        self.sql.sweep(now).await
    }

    /// Writes what was handed in and closes the database.
    pub async fn close(&self) {
        self.sql.close().await;
    }
}
