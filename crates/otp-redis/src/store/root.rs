//! The root of the index keys, and master keys that are not in force any more.

use std::collections::BTreeMap;

use async_trait::async_trait;
use otp_core::fault::Res;
use otp_core::keys::{Kid, Sealed};
use otp_core::port::{RetiredKey, RootStore};
use otp_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::RedisStore;
use super::read::parse;
use crate::scripts::EXCHANGE;
use crate::server::document;

/// A retired key, but for its name.
#[derive(Serialize, Deserialize)]
struct Kept {
    sealed: Sealed,
    until: Option<Timestamp>,
}

#[async_trait]
impl RootStore for RedisStore {
    async fn keep(&self, candidate: Sealed) -> Res<Sealed> {
        const OP: &str = "redis.keep";
        // Answers what was there, and nothing if that is the candidate now.
        let mut command = redis::cmd("SET");
        command.arg(self.0.keys.root()).arg(candidate.as_bytes()).arg("NX").arg("GET");
        let before: Option<Vec<u8>> = self.0.link.ask(OP, &command).await?;
        Ok(before.map_or(candidate, Sealed::from_bytes))
    }

    async fn reseal(&self, seen: &Sealed, anew: Sealed) -> Res<bool> {
        let mut exchange = EXCHANGE.key(self.0.keys.root());
        self.0.link.run("redis.reseal_root", exchange.arg(seen.as_bytes()).arg(anew.as_bytes())).await
    }

    async fn retire(&self, RetiredKey { kid, sealed, until }: RetiredKey) -> Res<()> {
        const OP: &str = "redis.retire";
        let mut command = redis::cmd("HSET");
        command.arg(self.0.keys.retired()).arg(kid.as_u32()).arg(document(OP, &Kept { sealed, until })?);
        self.0.link.ask(OP, &command).await
    }

    async fn retired(&self, now: Timestamp) -> Res<Vec<RetiredKey>> {
        const OP: &str = "redis.retired";
        let mut command = redis::cmd("HGETALL");
        command.arg(self.0.keys.retired());
        let kept: BTreeMap<u32, String> = self.0.link.ask(OP, &command).await?;
        let key = |(kid, kept): (u32, String)| {
            let Kept { sealed, until } = parse(OP, &kept)?;
            Ok(RetiredKey { kid: Kid::from_u32(kid), sealed, until })
        };
        let mut keys = kept.into_iter().map(key).collect::<Res<Vec<_>>>()?;
        keys.retain(|key| key.until.is_none_or(|until| until > now));
        Ok(keys)
    }
}
