//! Real servers for tests, on loopback: each test starts what it needs and drops it at its end.
//!
//! [`stores`] are Postgres and Redis; `service` (with the feature of that name) are our own binaries; [`browser`] shows a page.
//!
//! ```no_run
//! use otp_testbed::stores::{Durability, Postgres};
//!
//! let postgres = Postgres::start(Durability::Full);
//! postgres.psql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)");
//! postgres.kill();
//! postgres.restart();
//! assert_eq!(postgres.psql("SELECT n FROM kept"), "42");
//! ```
//!
//! To add a server: a module beside `stores::redis`, which says how it is started, how it is asked whether
//! it answers, and which signal ends it. The rest is the same for all.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

pub mod browser;
pub mod port;
pub mod python;
#[cfg(feature = "service")]
pub mod service;
pub mod stores;

/// How long a test waits for what never comes before it fails and says so, instead of hanging. No
/// measure of anything: the machine may be busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(60);
