//! The conformance suite: what every adapter of the storage ports must do, as cases.
//!
//! A case is named in the contract of the port method it shows. Each takes a store, works with
//! tenants of its own, and panics when the contract is broken. [`conformance!`](crate::conformance!)
//! makes a test of each.

pub mod analytics;
pub mod audit_trail;
pub mod call_store;
mod cases;
pub mod challenge_store;
pub mod erasure;
mod fixture;
pub mod ledger;
pub mod limit_store;
pub mod outbox;
mod race;
pub mod session_store;
pub mod surroundings;
pub mod tenant_store;
pub mod traffic_log;
mod trail;
pub mod user_store;
mod world;

pub use fixture::{Fixture, run};
pub use race::ROUNDS;
