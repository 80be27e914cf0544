//! Counters of limits, for a service whose other data is elsewhere.

use std::fmt;
use std::path::Path;

use async_trait::async_trait;
use otp_core::fault::{Fault, Res};
use otp_core::limit::{Admission, Draw, Log, Usage, peek};
use otp_core::port::LimitStore;
use otp_core::time::Timestamp;
use serde::Serialize;

use crate::effects::Drawn;
use crate::persistence::Persistence;
use crate::scripts::ACQUIRE;
use crate::server::{HELD, Server, millis};

/// Counters of limits, in Redis. The rest is in a database, and so are effects: see
/// [`Stores::with_limits`](otp_core::port::Stores::with_limits).
#[derive(Clone)]
pub struct RedisLimits(Server);

impl RedisLimits {
    /// Connects to the server at `url`, `redis://USER:PASSWORD@HOST:PORT/DATABASE` or `rediss://…` for TLS,
    /// whose certificate is signed by a public root or, if `extra_roots` names a PEM file, by one of those.
    /// Reconnects by itself later on.
    ///
    /// # Errors
    /// `Misconfigured` when the URL cannot be read or the server may evict keys; `Denied` when it refuses us;
    /// `Unavailable` when it cannot be reached.
    pub async fn connect(url: &str, extra_roots: Option<&Path>) -> Res<Self> {
        Server::connect(url, extra_roots).await.map(Self)
    }

    /// The same, with `prefix` before every key: for several services on one server.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.0.keys.prefix = prefix.into();
        self
    }

    /// What the server keeps when it is killed, as it said when we connected.
    pub const fn persistence(&self) -> Persistence {
        self.0.persistence
    }
}

#[async_trait]
impl LimitStore for RedisLimits {
    /// Effects are left out: the domain has them written where they are kept.
    async fn acquire(&self, mut draws: Vec<Draw>, now: Timestamp) -> Res<Admission> {
        for draw in &mut draws {
            (draw.refused, draw.mark) = (Vec::new(), None);
        }
        self.0.acquire(draws, now).await
    }

    async fn usage(&self, draws: &[Draw], now: Timestamp) -> Res<Vec<Usage>> {
        self.0.usage(draws, now).await
    }
}

impl Server {
    /// Draws all or nothing; writes the refusing draw's effects if it refuses.
    pub(crate) async fn acquire(&self, draws: Vec<Draw>, now: Timestamp) -> Res<Admission> {
        const OP: &str = "redis.acquire";
        #[derive(Serialize)]
        struct Call {
            now: Timestamp,
            held: u64,
            outbox: String,
            draws: Vec<Drawn>,
        }
        if draws.is_empty() {
            return Ok(Admission::Admitted(Vec::new()));
        }
        let call =
            Call { now, held: millis(HELD), outbox: self.keys.outbox(), draws: self.keys.drawn(OP, &draws, now)? };
        let script = self.prepare(OP, &ACQUIRE, &draws, &call)?;
        let (by, logs): (usize, Vec<Vec<u8>>) = self.link.insist(OP, &script).await?;
        let usage = standing(OP, &draws, logs, now)?;
        // Lua counts from one; nothing is nought.
        Ok(by.checked_sub(1).map_or(Admission::Admitted(usage.clone()), |by| Admission::Refused { usage, by }))
    }

    /// How limits stand.
    pub(crate) async fn usage(&self, draws: &[Draw], now: Timestamp) -> Res<Vec<Usage>> {
        const OP: &str = "redis.usage";
        if draws.is_empty() {
            return Ok(Vec::new());
        }
        let mut command = redis::cmd("MGET");
        for draw in draws {
            command.arg(self.keys.limit(&draw.key));
        }
        let logs: Vec<Option<Vec<u8>>> = self.link.ask(OP, &command).await?;
        standing(OP, draws, logs.into_iter().map(Option::unwrap_or_default).collect(), now)
    }
}

/// How limits stand by their logs, as the domain works it out; no octets are an empty log.
pub(crate) fn standing(op: &'static str, draws: &[Draw], logs: Vec<Vec<u8>>, now: Timestamp) -> Res<Vec<Usage>> {
    let logs = logs.iter().map(|octets| Log::decode(octets)).collect::<Option<Vec<_>>>();
    let logs = logs.filter(|logs| logs.len() == draws.len());
    Ok(peek(draws, &logs.ok_or_else(|| Fault::corrupt(op, "a log does not read back"))?, now))
}

impl fmt::Debug for RedisLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimits").finish_non_exhaustive()
    }
}
