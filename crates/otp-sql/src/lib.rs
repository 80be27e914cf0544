//! SQL adapter of every storage port of `otp-core`, on SQLite and Postgres: the system of record.
//!
//! ```
//! use std::sync::Arc;
//!
//! use otp_core::id::TenantId;
//! use otp_core::port::{Inserted, Stores, TenantStore};
//! use otp_core::tenant::Tenant;
//! use otp_core::time::Timestamp;
//! use otp_sql::{Schema, SqlStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let store = Arc::new(SqlStore::sqlite(folder.path().join("otp.db")).await?);
//! store.migrate().await?;
//! assert_eq!(store.schema().await?, Schema::Current);
//!
//! let now = Timestamp::from_millis(1_700_000_000_000);
//! let tenant = Tenant::new(TenantId::from_u128(1), "Example", "free", now);
//! assert_eq!(store.insert(tenant.clone(), vec![], now).await?, Inserted::Inserted);
//!
//! let stores = Stores::of(store.clone());
//! assert_eq!(stores.tenants.get(tenant.id, otp_core::port::Age::Fresh).await?, Some(tenant));
//! store.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! On Postgres it is `SqlStore::postgres("postgres://…", None)`; everything else is the same.
//!
//! # How it is made
//! Reads go to a few connections that cannot write, one statement each. Everything that changes is a
//! verb handed to the one writer in `write`, who commits whoever waits together (group commit) and
//! answers once that is on disk. The frequent verbs decide in memory on rows read for all members of
//! a batch, each table in one statement, and leave rows to be written the same way; the others run
//! statements of their own in the same transaction. Effects are added up in `effects` and nowhere else.
//!
//! The engines differ in four places: how they are reached (`connect`), how a transaction begins
//! (`write::batch`), how rows are passed (`sql::many`) and which are locked (`sql::text`). No other module
//! knows which it runs on. On SQLite a batch holds the lock of all writers; on Postgres it locks the rows
//! it decides on, in one order, and is written again if another node was quicker on a row that was not
//! there yet.
//!
//! Statements are declared by the `statements!` list at the top of their module, and bound and read
//! through `sql`. There is one text for both engines: `$1`, `{rows}` for many rows, `{postgres: FOR UPDATE …}` for
//! what has to be held there, `ON CONFLICT … DO UPDATE` with qualified names, `RETURNING`, times and truths as whole
//! numbers, documents as texts.
//!
//! # To add to it
//! - A read: a text in the list of its port's module, and a call of the readers.
//! - A verb: a struct with what it is called with, an implementation of `Verb`, a call of the writer.
//!   A frequent one gets its rows by `WorkingSet`, a rare one by the connection it is handed.
//! - A table: a new migration for each engine, under one name, never a change of one that has been run;
//!   if its rows end, `sweep`.

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("otp-sql needs an engine: feature `sqlite` or `postgres`");

mod analytics;
mod calls;
mod challenges;
mod connect;
mod effects;
mod erasure;
mod limits;
mod outbox;
mod readers;
mod room;
mod root;
mod schema;
mod sessions;
mod sql;
mod store;
mod sweep;
mod tenants;
mod traffic;
mod trails;
mod trouble;
mod users;
mod write;

pub use schema::Schema;
pub use store::SqlStore;
