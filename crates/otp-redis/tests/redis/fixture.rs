//! Stores under a prefix nobody else uses, in front of one in memory.

use std::sync::Arc;

use async_trait::async_trait;
use otp_core::api_key::KeyHash;
use otp_core::config::OriginAccess;
use otp_core::effect::Effect;
use otp_core::email::EmailAddress;
use otp_core::fault::Res;
use otp_core::id::{KeyId, TenantId};
use otp_core::limit::{Admission, Draw, Usage};
use otp_core::port::{
    Age, ChangeNumber, Changes, ConfigMark, Inserted, LimitStore, Outbox, Replaced, Stores, TenantCursor, TenantFilter,
    TenantStore,
};
use otp_core::tenant::{Configured, Tenant, Version};
use otp_core::time::Timestamp;
use otp_memory::MemoryStore;
use otp_redis::{RedisLimits, RedisStore};
use otp_testbed::stores::shared::redis_url;
use otp_testkit::samples::Samples;

/// Limits of one test; nothing if there is no server to have them on.
pub(crate) async fn limits() -> Option<RedisLimits> {
    let limits = RedisLimits::connect(&redis_url()?, None).await.unwrap();
    Some(limits.with_prefix(prefix()))
}

/// Limits whose effects are written elsewhere, as the domain does it.
struct Told {
    limits: RedisLimits,
    effects: Arc<MemoryStore>,
}

#[async_trait]
impl LimitStore for Told {
    async fn acquire(&self, draws: Vec<Draw>, now: Timestamp) -> Res<Admission> {
        let admission = self.limits.acquire(draws.clone(), now).await?;
        self.effects.append(admission.effects(&draws), now).await?;
        Ok(admission)
    }

    async fn usage(&self, draws: &[Draw], now: Timestamp) -> Res<Vec<Usage>> {
        self.limits.usage(draws, now).await
    }
}

/// Limits in Redis, the rest in memory.
pub(crate) async fn limits_alone() -> Option<Stores> {
    let effects = Arc::new(MemoryStore::default());
    let told = Told { limits: limits().await?, effects: effects.clone() };
    Some(Stores { limits: Arc::new(told), ..Stores::of(effects) })
}

/// Everything in Redis but tenants.
pub(crate) async fn everything() -> Option<Stores> {
    let store = Arc::new(RedisStore::connect(&redis_url()?, None).await.unwrap().with_prefix(prefix()));
    let memory = Arc::new(MemoryStore::default());
    Some(Stores {
        challenges: store.clone(),
        limits: store.clone(),
        sessions: store.clone(),
        users: store.clone(),
        metering: store.clone(),
        audit: store.clone(),
        roots: store.clone(),
        tenants: Arc::new(Tenants { tenants: memory.clone(), effects: store }),
        ..Stores::of(memory)
    })
}

/// Tenants in memory, whose changes are told in Redis, so that there is one trail.
struct Tenants {
    tenants: Arc<MemoryStore>,
    effects: Arc<RedisStore>,
}

#[async_trait]
impl TenantStore for Tenants {
    async fn by_api_key(&self, hash: &KeyHash) -> Res<Option<Tenant>> {
        self.tenants.by_api_key(hash).await
    }

    async fn get(&self, id: TenantId, age: Age) -> Res<Option<Tenant>> {
        self.tenants.get(id, age).await
    }

    async fn by_owner(&self, owner: &EmailAddress) -> Res<Option<Tenant>> {
        self.tenants.by_owner(owner).await
    }

    async fn list(&self, filter: &TenantFilter, after: Option<TenantCursor>, max: usize) -> Res<Vec<Tenant>> {
        self.tenants.list(filter, after, max).await
    }

    async fn insert(&self, tenant: Tenant, effects: Vec<Effect>, now: Timestamp) -> Res<Inserted> {
        let (answers, effects) = apart(effects);
        let inserted = self.tenants.insert(tenant, answers, now).await?;
        if inserted == Inserted::Inserted {
            self.effects.append(effects, now).await?;
        }
        Ok(inserted)
    }

    async fn replace(&self, tenant: Tenant, expected: Version, effects: Vec<Effect>, now: Timestamp) -> Res<Replaced> {
        let (answers, effects) = apart(effects);
        let replaced = self.tenants.replace(tenant, expected, answers, now).await?;
        if replaced == Replaced::Replaced {
            self.effects.append(effects, now).await?;
        }
        Ok(replaced)
    }

    async fn access_of(&self, origin: &str) -> Res<OriginAccess> {
        self.tenants.access_of(origin).await
    }

    async fn changes_since(&self, since: ChangeNumber) -> Res<Changes> {
        self.tenants.changes_since(since).await
    }

    async fn configurations(&self, tenant: TenantId, before: Option<u64>, max: usize) -> Res<Vec<ConfigMark>> {
        self.tenants.configurations(tenant, before, max).await
    }

    async fn configuration(&self, tenant: TenantId, number: u64) -> Res<Option<Configured>> {
        self.tenants.configuration(tenant, number).await
    }

    async fn reseal(&self, tenant: TenantId, anew: Configured) -> Res<bool> {
        TenantStore::reseal(&*self.tenants, tenant, anew).await
    }

    async fn touch(&self, tenant: TenantId, key: KeyId, at: Timestamp) -> Res<()> {
        self.tenants.touch(tenant, key, at).await
    }

    async fn key_uses(&self, tenant: TenantId) -> Res<Vec<(KeyId, Timestamp)>> {
        self.tenants.key_uses(tenant).await
    }
}

/// The answers of calls, which are kept with tenants, and all else.
fn apart(effects: Vec<Effect>) -> (Vec<Effect>, Vec<Effect>) {
    effects.into_iter().partition(|effect| matches!(effect, Effect::Remember(_)))
}

fn prefix() -> String {
    format!("{}:", Samples::random().word())
}
