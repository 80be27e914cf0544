//! Redis adapter of `otp-core`: limits, for a service whose other data is in a database.
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
//! # How it is made
//! One Lua script a verb, run by Redis as one step: `acquire` reads the logs of all limits of a call,
//! decides and spends. The arithmetic is that of [`otp_core::limit::decide`]; it stands in the script a second
//! time because a script cannot call it, and a test compares the two on the real server. How limits stand
//! afterwards is worked out here again, by the domain itself, from the logs the script answers.
//!
//! A key of a tenant's limit begins with the tenant in braces and the mode, `{cust_…}_live:`; the braces are
//! what Redis distributes keys by. Limits over all tenants are the service's own, so a call may draw
//! from two tenants: one Redis is served, or one behind Sentinel or a proxy, and not Redis Cluster.
//! Redis' own clock decides nothing: keys have a time to live that only clears away what has long ended.
//!
//! Effects are not written here: with [`Stores::with_limits`](otp_core::port::Stores::with_limits) the domain has those of a
//! refusal written where effects are.
//!
//! # To add to it
//! A verb: a script in `src/lua`, whose first lines say what it takes and answers; a function that runs it by
//! `Link::run`; its cases in `otp-testkit`, run in `tests/redis`.

mod connect;
mod key;
mod limits;
mod link;
mod persistence;
mod trouble;

pub use limits::RedisLimits;
pub use persistence::Persistence;
