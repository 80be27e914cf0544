//! The reference adapter behind a gate that can be shut: what the routes see when a store is down,
//! hangs or panics.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use otp_core::api_key::KeyHash;
use otp_core::challenge::{Challenge, Lookup};
use otp_core::config::OriginAccess;
use otp_core::effect::Effect;
use otp_core::email::EmailAddress;
use otp_core::fault::{Fault, FaultKind, Res};
use otp_core::id::{KeyId, SessionId, TenantId};
use otp_core::port::{
    Age, Attempt, Backlog, Begun, CallLease, CallStore, ChallengeStore, ChangeNumber, Changes, ConfigMark, Counted,
    Inserted, Lease, Leased, Metering, Opened, Outbox, Presented, Remembered, Replaced, Request, Revocation, Rotated,
    Rotation, SessionStore, Settled, Settlement, TenantCursor, TenantFilter, TenantStore,
};
use otp_core::realm::Realm;
use otp_core::session::LiveSession;
use otp_core::tenant::{Configured, Tenant, Version};
use otp_core::time::Timestamp;
use otp_memory::MemoryStore;

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The store answers with a fault of this kind, having done nothing.
    Fault(FaultKind),
    /// The store panics.
    Panic,
    /// The store never answers.
    Silence,
}

/// A store in trouble, or not.
pub(crate) struct Gate {
    pub(crate) store: Arc<MemoryStore>,
    trouble: Mutex<Option<(&'static str, Trouble)>>,
}

impl Gate {
    /// An open one before `store`.
    pub(crate) fn before(store: Arc<MemoryStore>) -> Self {
        Self { store, trouble: Mutex::new(None) }
    }

    /// From now on calls of `verb` meet `trouble`; of every verb, if it is empty.
    pub(crate) fn shut(&self, verb: &'static str, trouble: Trouble) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some((verb, trouble));
    }

    /// All is well again.
    pub(crate) fn open_up(&self) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn pass(&self, verb: &'static str) -> Res<()> {
        let trouble = *self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match trouble {
            Some((shut, trouble)) if shut.is_empty() || shut == verb => match trouble {
                Trouble::Fault(FaultKind::Unavailable) => Err(Fault::unavailable(verb, "connection refused")),
                Trouble::Fault(kind) => Err(Fault::new(kind, verb)),
                Trouble::Panic => panic!("{verb} panics because a test wants it to"),
                Trouble::Silence => {
                    std::future::pending::<()>().await;
                    Ok(())
                }
            },
            Some(_) | None => Ok(()),
        }
    }
}

#[async_trait]
impl Outbox for Gate {
    async fn claim(&self, now: Timestamp, lease: Duration, max: usize) -> Res<Vec<Leased>> {
        self.pass("claim").await?;
        self.store.claim(now, lease, max).await
    }

    async fn settle(&self, lease: Lease, how: Settlement, effects: Vec<Effect>, now: Timestamp) -> Res<Settled> {
        self.pass("settle").await?;
        self.store.settle(lease, how, effects, now).await
    }

    async fn append(&self, effects: Vec<Effect>, now: Timestamp) -> Res<()> {
        self.pass("append").await?;
        self.store.append(effects, now).await
    }

    async fn backlog(&self, now: Timestamp) -> Res<Backlog> {
        self.pass("backlog").await?;
        self.store.backlog(now).await
    }
}

#[async_trait]
impl ChallengeStore for Gate {
    async fn open(&self, request: Request, now: Timestamp) -> Res<Opened> {
        self.pass("open").await?;
        self.store.open(request, now).await
    }

    async fn foregone(&self, request: &Request, now: Timestamp) -> Res<bool> {
        self.pass("foregone").await?;
        self.store.foregone(request, now).await
    }

    async fn live(&self, by: &Lookup, now: Timestamp) -> Res<Vec<Challenge>> {
        self.pass("live").await?;
        ChallengeStore::live(&*self.store, by, now).await
    }

    async fn attempt(&self, presented: Presented, now: Timestamp) -> Res<Attempt> {
        self.pass("attempt").await?;
        self.store.attempt(presented, now).await
    }
}

#[async_trait]
impl Metering for Gate {
    async fn counts(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<Vec<Counted>> {
        self.pass("counts").await?;
        self.store.counts(realm, from, until).await
    }

    async fn unique_users(&self, realm: Realm, from: Timestamp, until: Timestamp) -> Res<u64> {
        self.pass("unique_users").await?;
        self.store.unique_users(realm, from, until).await
    }

    async fn users(&self, realm: Realm) -> Res<u64> {
        self.pass("users").await?;
        self.store.users(realm).await
    }
}

#[async_trait]
impl SessionStore for Gate {
    async fn live(&self, realm: Realm, session: SessionId, now: Timestamp) -> Res<Option<LiveSession>> {
        self.pass("session").await?;
        SessionStore::live(&*self.store, realm, session, now).await
    }

    async fn rotate(&self, rotation: Rotation, now: Timestamp) -> Res<Rotated> {
        self.pass("rotate").await?;
        self.store.rotate(rotation, now).await
    }

    async fn revoke(&self, revocation: Revocation, now: Timestamp) -> Res<u64> {
        self.pass("revoke").await?;
        self.store.revoke(revocation, now).await
    }
}

#[async_trait]
impl TenantStore for Gate {
    async fn by_api_key(&self, hash: &KeyHash) -> Res<Option<Tenant>> {
        self.pass("by_api_key").await?;
        self.store.by_api_key(hash).await
    }

    async fn get(&self, id: TenantId, age: Age) -> Res<Option<Tenant>> {
        self.pass("get").await?;
        self.store.get(id, age).await
    }

    async fn by_owner(&self, owner: &EmailAddress) -> Res<Option<Tenant>> {
        self.pass("by_owner").await?;
        self.store.by_owner(owner).await
    }

    async fn list(&self, filter: &TenantFilter, after: Option<TenantCursor>, max: usize) -> Res<Vec<Tenant>> {
        self.pass("list").await?;
        self.store.list(filter, after, max).await
    }

    async fn insert(&self, tenant: Tenant, effects: Vec<Effect>, now: Timestamp) -> Res<Inserted> {
        self.pass("insert").await?;
        self.store.insert(tenant, effects, now).await
    }

    async fn replace(&self, tenant: Tenant, expected: Version, effects: Vec<Effect>, now: Timestamp) -> Res<Replaced> {
        self.pass("replace").await?;
        self.store.replace(tenant, expected, effects, now).await
    }

    async fn access_of(&self, origin: &str) -> Res<OriginAccess> {
        self.pass("access_of").await?;
        self.store.access_of(origin).await
    }

    async fn changes_since(&self, since: ChangeNumber) -> Res<Changes> {
        self.pass("changes_since").await?;
        self.store.changes_since(since).await
    }

    async fn configurations(&self, tenant: TenantId, before: Option<u64>, max: usize) -> Res<Vec<ConfigMark>> {
        self.pass("configurations").await?;
        self.store.configurations(tenant, before, max).await
    }

    async fn configuration(&self, tenant: TenantId, number: u64) -> Res<Option<Configured>> {
        self.pass("configuration").await?;
        self.store.configuration(tenant, number).await
    }

    async fn reseal(&self, tenant: TenantId, anew: Configured) -> Res<bool> {
        self.pass("reseal").await?;
        TenantStore::reseal(&*self.store, tenant, anew).await
    }

    async fn touch(&self, tenant: TenantId, key: KeyId, at: Timestamp) -> Res<()> {
        self.pass("touch").await?;
        self.store.touch(tenant, key, at).await
    }

    async fn key_uses(&self, tenant: TenantId) -> Res<Vec<(KeyId, Timestamp)>> {
        self.pass("key_uses").await?;
        self.store.key_uses(tenant).await
    }
}

#[async_trait]
impl CallStore for Gate {
    async fn begin(&self, lease: CallLease, fingerprint: [u8; 32], now: Timestamp) -> Res<Begun> {
        self.pass("begin").await?;
        self.store.begin(lease, fingerprint, now).await
    }

    async fn give_back(&self, lease: CallLease, now: Timestamp) -> Res<()> {
        self.pass("give_back").await?;
        self.store.give_back(lease, now).await
    }

    async fn remember(&self, remembered: Remembered, now: Timestamp) -> Res<()> {
        self.pass("remember").await?;
        self.store.remember(remembered, now).await
    }
}
