//! The SQLite engine against the suite every adapter passes, and in what it promises besides.

mod batches;
mod conformance;
mod fixture;
mod listing;
mod migrations;
mod processes;
mod quiet;
mod sweep;
