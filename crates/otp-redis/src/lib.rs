//! Redis adapter of `otp-core`: limits for a service whose other data is in a database, and every port but
//! tenants for an application that has nothing else.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use otp_core::port::Stores;
//! use otp_memory::MemoryStore;
//! use otp_redis::RedisLimits;
//!
//! # async fn example() -> otp_core::fault::Res<()> {
//! let limits = RedisLimits::connect("redis://127.0.0.1:6379", None).await?;
//! // In earnest a database; see `otp-sql`.
//! let stores = Stores::of(Arc::new(MemoryStore::default())).with_limits(Arc::new(limits));
//! # Ok(())
//! # }
//! ```
//!
//! With Redis alone:
//!
#![doc = concat!("```no_run\n", include_str!("../examples/redis_alone.rs"), "```")]
//!
//! # How it is made
//! One Lua script a verb, run by Redis as one step, with the functions it shares in front of it (`scripts`). Rust
//! names the keys, writes the documents and works out the answer; a script reads what it needs to decide,
//! decides, and writes, effects included. Documents are texts no script reads. How limits stand after a call
//! is worked out by the domain itself, from the logs a script answers.
//!
//! A key of a tenant begins with the tenant in braces and the mode, `{cust_…}_live:`; the braces are what
//! Redis distributes keys by. The outbox and the root are one for all tenants, and limits over all tenants are
//! the service's own: one Redis is served, or one behind Sentinel or a proxy, and not Redis Cluster.
//!
//! Redis' own clock decides nothing: every verb is told the time, and a key's time to live only clears away what
//! has ended an hour before.
//!
//! # To add to it
//! - A verb: a script in `src/lua`, whose first lines say what it takes and answers, named in `scripts`; a
//!   function that runs it by `Server::run`; its cases in `otp-testkit`, run in `tests/redis`.
//! - An effect: its kind in `effects`, and in `effects.lua`.

mod connect;
mod effects;
mod keys;
mod limits;
mod link;
mod persistence;
mod scripts;
mod server;
mod store;
mod trouble;

pub use connect::reads;
pub use limits::RedisLimits;
pub use persistence::Persistence;
pub use store::RedisStore;
