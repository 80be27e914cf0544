//! Both engines against the suite every adapter passes, against the reference adapter, and in what
//! they promise besides.

#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has failed")]

mod batches;
mod conformance;
mod example;
mod fixture;
mod leases;
mod listing;
mod migrations;
mod nodes;
mod oracle;
mod sqlite;
mod sweep;
mod trails;
