//! The SQLite engine against the suite every adapter passes, against the reference adapter, and in
//! what only it promises.

mod conformance;
