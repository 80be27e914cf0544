//! SQL adapter of every storage port of `otp-core`, on SQLite: the system of record.
//!
//! ```
//! use std::sync::Arc;
//!
//! use otp_core::id::TenantId;
//! use otp_core::port::{Inserted, Stores, TenantStore};
//! use otp_core::tenant::Tenant;
//! use otp_core::time::Timestamp;
//! use otp_sql::{Schema, SqliteStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let store = Arc::new(SqliteStore::connect(folder.path().join("otp.db")).await?);
//! store.migrate().await?;
//! assert_eq!(store.schema().await?, Schema::Current);
//!
//! let now = Timestamp::from_millis(1_700_000_000_000);
//! let tenant = Tenant::new(TenantId::from_u128(1), "Example", "free", now);
//! assert_eq!(store.insert(tenant.clone(), vec![], now).await?, Inserted::Inserted);
//!
//! let stores = Stores::of(store.clone());
//! assert_eq!(stores.tenants.get(tenant.id).await?, Some(tenant));
//! store.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # How it is made
//! Reads go to a few connections that cannot write, one statement each. Everything that changes is a
//! verb handed to the one writer in `write`, who commits whoever waits together (group commit) and
//! answers once that is on disk. The frequent verbs decide in memory on rows read for all members of
//! a batch, each table in one statement, and leave rows to be written the same way; the others run
//! statements of their own in the same transaction. Effects are added up in `effects` and nowhere else.
//!
//! Statements are declared by the `statements!` list at the top of their module, and bound and read
//! through `sql`. Their texts keep to what SQLite and Postgres share where they can: `$1`, `ON CONFLICT
//! … DO UPDATE` with qualified names, `RETURNING`.
//!
//! # To add to it
//! - A read: a text in the list of its port's module, and a call of the readers.
//! - A verb: a struct with what it is called with, an implementation of `Verb`, a call of the writer.
//!   A frequent one gets its rows by `WorkingSet`, a rare one by the connection it is handed.
//! - A table: a new migration, never a change of one that has been run; if its rows end, `sweep`.

#[cfg(not(feature = "sqlite"))]
compile_error!("otp-sql needs an engine: feature `sqlite`");

mod challenges;
mod connect;
mod effects;
mod ledger;
mod limits;
mod outbox;
mod readers;
mod root;
mod schema;
mod sessions;
mod sql;
mod store;
mod sweep;
mod tenants;
mod trouble;
mod users;
mod write;

pub use schema::Schema;
pub use store::SqliteStore;
