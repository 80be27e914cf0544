//! Counters of limits.

use std::fmt;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use otp_core::fault::{Fault, Res};
use otp_core::limit::{Admission, Draw, Log, Usage, peek, refusing};
use otp_core::port::LimitStore;
use otp_core::time::Timestamp;
use redis::Script;

use crate::link::Link;
use crate::persistence::{self, Persistence};
use crate::{connect, key};

static ACQUIRE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/acquire.lua")));

/// How long an ended log is still held: a clock that steps back by less finds it alive again.
const HELD: Duration = Duration::from_secs(3600);

/// Counters of limits, in Redis. It writes no effects: see [`Stores::with_limits`](otp_core::port::Stores::with_limits).
#[derive(Clone)]
pub struct RedisLimits {
    link: Link,
    prefix: String,
    persistence: Persistence,
}

impl RedisLimits {
    /// Connects to the server at `url`, `redis://USER:PASSWORD@HOST:PORT/DATABASE` or `rediss://…` for TLS,
    /// whose certificate is signed by a public root or, if `extra_roots` names a PEM file, by one of those.
    /// Reconnects by itself later on.
    ///
    /// # Errors
    /// `Misconfigured` when the URL cannot be read, the server refuses us, or it may evict keys;
    /// `Unavailable` when it cannot be reached.
    pub async fn connect(url: &str, extra_roots: Option<&Path>) -> Res<Self> {
        let link = Link::new(connect::connect(url, extra_roots).await?);
        let persistence = persistence::ask(&link).await?;
        Ok(Self { link, prefix: String::new(), persistence })
    }

    /// The same, with `prefix` before every key: for several services on one server.
    #[must_use]
    pub fn with_prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// What the server keeps when it is killed, as it said when we connected.
    pub const fn persistence(&self) -> Persistence {
        self.persistence
    }
}

#[async_trait]
impl LimitStore for RedisLimits {
    async fn acquire(&self, draws: Vec<Draw>, now: Timestamp) -> Res<Admission> {
        const OP: &str = "redis.acquire";
        if draws.is_empty() {
            return Ok(Admission::Admitted(Vec::new()));
        }
        let mut script = ACQUIRE.prepare_invoke();
        script.arg(now.as_millis()).arg(millis(HELD));
        for draw in &draws {
            script.key(key::limit(&self.prefix, &draw.key)).arg(draw.limit).arg(millis(draw.window));
        }
        let (drawn, logs): (bool, Vec<Vec<u8>>) = self.link.run(OP, &script).await?;
        let usage = peek(&draws, &read(OP, &draws, logs)?, now);
        if drawn {
            return Ok(Admission::Admitted(usage));
        }
        let by = refusing(&usage).ok_or_else(|| Fault::corrupt(OP, "refused by no limit"))?;
        Ok(Admission::Refused { usage, by })
    }

    async fn usage(&self, draws: &[Draw], now: Timestamp) -> Res<Vec<Usage>> {
        const OP: &str = "redis.usage";
        if draws.is_empty() {
            return Ok(Vec::new());
        }
        let mut command = redis::cmd("MGET");
        for draw in draws {
            command.arg(key::limit(&self.prefix, &draw.key));
        }
        let logs: Vec<Option<Vec<u8>>> = self.link.ask(OP, &command).await?;
        let logs = logs.into_iter().map(Option::unwrap_or_default).collect();
        Ok(peek(draws, &read(OP, draws, logs)?, now))
    }
}

/// The log of each draw; no octets are an empty one.
fn read(op: &'static str, draws: &[Draw], logs: Vec<Vec<u8>>) -> Res<Vec<Log>> {
    let logs = logs.iter().map(|octets| Log::decode(octets)).collect::<Option<Vec<_>>>();
    logs.filter(|logs| logs.len() == draws.len()).ok_or_else(|| Fault::corrupt(op, "a log does not read back"))
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Debug for RedisLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimits").finish_non_exhaustive()
    }
}
