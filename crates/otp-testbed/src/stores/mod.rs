//! Postgres and Redis of a test's own, which it may kill, and [`shared`] ones, which it may not.

pub(crate) mod daemon;
mod postgres;
mod processes;
mod redis;
pub mod shared;

pub use postgres::{Durability, Postgres};
pub use redis::{Persistence, Redis};
