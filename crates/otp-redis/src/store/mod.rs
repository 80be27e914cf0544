//! Every port but tenants, for who has nothing else than Redis.

mod attempt;
mod ledger;
mod open;
mod outbox;
mod read;
mod root;
mod sessions;
mod users;

use std::fmt;
use std::path::Path;

use async_trait::async_trait;
use otp_core::challenge::{Challenge, Lookup};
use otp_core::fault::Res;
use otp_core::limit::{Admission, Draw, Usage};
use otp_core::port::{Attempt, ChallengeStore, LimitStore, Opened, Presented, Request};
use otp_core::time::Timestamp;

use crate::persistence::Persistence;
use crate::server::Server;

/// Challenges, their outbox, limits, sessions, users, usage, the audit trail and the root, in Redis.
/// Tenants are not kept here: who embeds the domain names them in each call.
#[derive(Clone)]
pub struct RedisStore(pub(crate) Server);

impl RedisStore {
    /// Connects as [`RedisLimits::connect`](crate::RedisLimits::connect) does.
    ///
    /// # Errors
    /// As there.
    pub async fn connect(url: &str, extra_roots: Option<&Path>) -> Res<Self> {
        Server::connect(url, extra_roots).await.map(Self)
    }

    /// The same, with `prefix` before every key: for several services on one server.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.0.keys.prefix = prefix.into();
        self
    }

    /// What the server keeps when it is killed, as it said when we connected. Challenges and sessions
    /// it forgets are gone: only [`Persistence::Always`] keeps all that was answered.
    pub const fn persistence(&self) -> Persistence {
        self.0.persistence
    }
}

#[async_trait]
impl ChallengeStore for RedisStore {
    async fn open(&self, request: Request, now: Timestamp) -> Res<Opened> {
        open::open(&self.0, request, now).await
    }

    async fn foregone(&self, request: &Request, now: Timestamp) -> Res<bool> {
        open::foregone(&self.0, request, now).await
    }

    async fn live(&self, by: &Lookup, now: Timestamp) -> Res<Vec<Challenge>> {
        read::live(&self.0, by, now).await
    }

    async fn attempt(&self, presented: Presented, now: Timestamp) -> Res<Attempt> {
        attempt::attempt(&self.0, presented, now).await
    }
}

#[async_trait]
impl LimitStore for RedisStore {
    async fn acquire(&self, draws: Vec<Draw>, now: Timestamp) -> Res<Admission> {
        self.0.acquire(draws, now).await
    }

    async fn usage(&self, draws: &[Draw], now: Timestamp) -> Res<Vec<Usage>> {
        self.0.usage(draws, now).await
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").finish_non_exhaustive()
    }
}
