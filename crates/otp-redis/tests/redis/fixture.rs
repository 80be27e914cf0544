//! Limits under a prefix nobody else uses, in front of a store in memory.

use std::sync::Arc;

use async_trait::async_trait;
use otp_core::fault::Res;
use otp_core::limit::{Admission, Draw, Usage};
use otp_core::port::{LimitStore, Outbox, Stores};
use otp_core::time::Timestamp;
use otp_memory::MemoryStore;
use otp_redis::RedisLimits;
use otp_testbed::stores::shared::redis_url;
use otp_testkit::samples::Samples;

/// Limits of one test; nothing if there is no server to have them on.
pub(crate) async fn limits() -> Option<RedisLimits> {
    let limits = RedisLimits::connect(&redis_url()?, None).await.unwrap();
    Some(limits.with_prefix(format!("{}:", Samples::random().word())))
}

/// Limits whose refusals are told elsewhere, as the domain does it.
struct Told {
    limits: RedisLimits,
    effects: Arc<MemoryStore>,
}

#[async_trait]
impl LimitStore for Told {
    async fn acquire(&self, draws: Vec<Draw>, now: Timestamp) -> Res<Admission> {
        let admission = self.limits.acquire(draws.clone(), now).await?;
        if let Admission::Refused { by, .. } = &admission {
            self.effects.append(draws[*by].refused.clone(), now).await?;
        }
        Ok(admission)
    }

    async fn usage(&self, draws: &[Draw], now: Timestamp) -> Res<Vec<Usage>> {
        self.limits.usage(draws, now).await
    }
}

/// Every port: limits in Redis, the rest in memory.
pub(crate) async fn stores() -> Option<Stores> {
    let effects = Arc::new(MemoryStore::default());
    let told = Told { limits: limits().await?, effects: effects.clone() };
    Some(Stores { limits: Arc::new(told), ..Stores::of(effects) })
}
