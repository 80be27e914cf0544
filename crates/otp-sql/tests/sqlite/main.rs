//! The SQLite engine against the suite every adapter passes, against the reference adapter, and in
//! what it promises besides.

#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has failed")]

mod batches;
mod conformance;
mod fixture;
mod leases;
mod listing;
mod migrations;
mod oracle;
mod processes;
mod quiet;
mod sweep;
